"""An event about VPN connections becomes a trigger, or is ignored with a reason; it never becomes an exception.

Four sources tell of tunnels, and none of them is believed: of each only the connections, the outside addresses and the
places are taken, each held against the pattern of its kind. The state is read from AWS afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address

from chalicelib.intake.parse import mapping, places_of, quoted, time_of, unfit_call
from chalicelib.intake.patterns import (
    ALARM_STATE,
    CLOUDTRAIL,
    HEALTH,
    NETWORK_MANAGER,
    TUNNEL_METRIC,
    VPN_EVENT_NAMES,
    VPN_NAMESPACE,
)
from chalicelib.model.actions import TUNNEL_ALARM_PREFIX
from chalicelib.model.network import Place
from chalicelib.model.triggers import (
    Ignored,
    TunnelAlarmChanged,
    TunnelStatusTold,
    VpnChanged,
    VpnCreated,
    VpnHealthTold,
    VpnTrigger,
)
from chalicelib.model.vpn import VPN_ID

Json = Mapping[str, object]
_VPN_ARN = re.compile(
    r"arn:aws[a-z-]*:ec2:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):vpn-connection/(?P<id>vpn-[0-9a-f]{8,17})",
    re.ASCII,
)
_OUR_ALARM = re.compile(rf"{TUNNEL_ALARM_PREFIX}([0-9a-f]{{8,17}})-", re.ASCII)
_MOST = 200  # names taken from one event; a page of Health holds fewer
_STATES = frozenset({"ALARM", "OK", "INSUFFICIENT_DATA"})


def parse_vpn_event(event: object) -> VpnTrigger | Ignored:
    """The trigger of an event that the VPN rule let in."""
    envelope = mapping(event)
    detail = mapping(envelope.get("detail"))
    kind = envelope.get("detail-type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        return Ignored(reason=f"{quoted(kind)} is not an event about VPN connections that netreflex knows")
    return reader(envelope, detail)


def _alarm(envelope: Json, detail: Json) -> VpnTrigger | Ignored:
    """Any state, muted or not: what an alarm says does not decide, and muting it concerns its own actions."""
    if envelope.get("source") != "aws.cloudwatch":
        return Ignored(reason=f"an alarm's state told by {quoted(envelope.get('source'))}")
    state = mapping(detail.get("state")).get("value")
    if not isinstance(state, str) or state not in _STATES:
        return Ignored(reason=f"{quoted(state)} is not a state of an alarm")
    configuration = mapping(detail.get("configuration"))
    dimensions = [mapping(one.get("dimensions")) for one in _tunnel_metrics(configuration)]
    rule = configuration.get("alarmRule")
    composed = [f"vpn-{found}" for found in _OUR_ALARM.findall(rule)] if isinstance(rule, str) else []
    if not dimensions and not composed:
        return Ignored(reason="the alarm is not about VPN tunnels")
    return _trigger(
        TunnelAlarmChanged,
        connections=[*(one.get("VpnId") for one in dimensions), *composed],
        addresses=[one.get("TunnelIpAddress") for one in dimensions],
        places=places_of([(envelope.get("account"), envelope.get("region"))]),
        at=time_of(envelope.get("time")),
    )


def _tunnel_metrics(configuration: Json) -> Iterator[Json]:
    metrics = configuration.get("metrics")
    for one in metrics[:_MOST] if isinstance(metrics, list) else ():
        metric = mapping(mapping(mapping(one).get("metricStat")).get("metric"))
        if metric.get("namespace") == VPN_NAMESPACE and metric.get("name") == TUNNEL_METRIC:
            yield metric


def _health(envelope: Json, detail: Json) -> VpnTrigger | Ignored:
    """AWS Health; the impacted Region is ``eventRegion``, the envelope's may be the backup's."""
    if envelope.get("source") != "aws.health" or detail.get("service") != "VPN":
        return Ignored(reason=f"a Health event of {quoted(detail.get('service'))}, not of VPN")
    entities = detail.get("affectedEntities")
    named = [mapping(one).get("entityValue") for one in entities[:_MOST]] if isinstance(entities, list) else []
    resources = envelope.get("resources")
    named += resources[:_MOST] if isinstance(resources, list) else []
    arns = [found for one in named if isinstance(one, str) and (found := _VPN_ARN.fullmatch(one))]
    region = detail.get("eventRegion") or envelope.get("region")
    accounts = (detail.get("affectedAccount"), envelope.get("account"))
    return _trigger(
        VpnHealthTold,
        connections=[*named, *(found["id"] for found in arns)],
        places=places_of([(account, region) for account in accounts]),
        at=time_of(envelope.get("time")),
    )


def _network_manager(envelope: Json, detail: Json) -> VpnTrigger | Ignored:
    """Network Manager tells everything in us-west-2, and spells its keys in two ways."""
    if envelope.get("source") != "aws.networkmanager":
        return Ignored(reason=f"a Network Manager event of {quoted(envelope.get('source'))}")
    change = _either(detail, "changeType")
    if not isinstance(change, str) or not change.upper().replace("_", "-").startswith("VPN-CONNECTION-"):
        return Ignored(reason=f"{quoted(change)} is not about a VPN connection")
    resources = envelope.get("resources")
    arns = [_either(detail, "vpnConnectionArn"), *(resources[:_MOST] if isinstance(resources, list) else ())]
    found = [match for arn in arns if isinstance(arn, str) and (match := _VPN_ARN.fullmatch(arn))]
    pairs: list[tuple[object, object]] = [(match["account"], match["region"]) for match in found]
    return _trigger(
        TunnelStatusTold,
        connections=[match["id"] for match in found],
        addresses=[_either(detail, "outsideIpAddress")],
        places=places_of(pairs or [(envelope.get("account"), _either(detail, "region"))]),
        at=time_of(envelope.get("time")),
    )


def _either(detail: Json, key: str) -> object:
    """A value by its camelCase key or by the kebab-case one of older events."""
    kebab = re.sub(r"[A-Z]", lambda found: f"-{found[0].lower()}", key)
    return detail.get(key, detail.get(kebab))


def _call(envelope: Json, detail: Json) -> VpnTrigger | Ignored:
    unfit = unfit_call(envelope, detail)
    if unfit:
        return Ignored(reason=unfit)
    name = detail.get("eventName")
    if name not in VPN_EVENT_NAMES:
        return Ignored(reason=f"{quoted(name)} is not a call that netreflex reacts to")
    asked, answered = mapping(detail.get("requestParameters")), mapping(detail.get("responseElements"))
    connections = [*_ids(asked), *_ids(answered)]
    if not any(isinstance(one, str) and VPN_ID.fullmatch(one) for one in connections):
        return Ignored(reason=f"the {name} event names no VPN connection")
    region = detail.get("awsRegion")
    return _trigger(
        VpnCreated if name == "CreateVpnConnection" else VpnChanged,
        connections=connections,
        places=places_of([(envelope.get("account"), envelope.get("region")), (envelope.get("account"), region)]),
        at=time_of(envelope.get("time")),
    )


def _ids(elements: Json) -> Iterator[object]:
    """CloudTrail shows EC2's newer calls inside an element named after them, its older ones flat."""
    for one in (elements, *(mapping(inner) for inner in elements.values())):
        for key in ("vpnConnectionId", "VpnConnectionId"):
            yield one.get(key)
            yield mapping(one.get("vpnConnection")).get(key)


_READERS: dict[str, Callable[[Json, Json], VpnTrigger | Ignored]] = {
    ALARM_STATE: _alarm,
    HEALTH: _health,
    NETWORK_MANAGER: _network_manager,
    CLOUDTRAIL: _call,
}


def _trigger(
    kind: type[VpnTrigger],
    *,
    connections: Iterable[object],
    places: tuple[Place, ...],
    at: datetime | None,
    addresses: Iterable[object] = (),
) -> VpnTrigger | Ignored:
    if not places:
        return Ignored(reason="the event names no account and Region")
    ids = (one for one in connections if isinstance(one, str) and VPN_ID.fullmatch(one))
    outside = (str(one) for one in map(_address, addresses) if one is not None)
    return kind(connections=tuple(dict.fromkeys(ids)), addresses=tuple(dict.fromkeys(outside)), places=places, at=at)


def _address(value: object) -> object:
    try:
        return ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None
