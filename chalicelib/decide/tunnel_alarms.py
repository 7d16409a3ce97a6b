"""Which alarms on VPN tunnels there should be, and how netreflex sets them. Pure.

An alarm is ours by its mark; one that only has a name like ours is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model.actions import TUNNEL_ALARM_PREFIX, DeleteTunnelAlarm, PutTunnelAlarm
from chalicelib.model.plan import Plan, Refusal, RefusalKind
from chalicelib.model.policy import VpnPolicy
from chalicelib.model.vpn import TUNNELS, Connection, ConnectionState, VpnSnapshot

MARK = "Made by netreflex"
_NAME = re.compile(rf"{TUNNEL_ALARM_PREFIX}(?P<id>[0-9a-f]{{8,17}})-[0-9a-fA-F.:]{{2,45}}", re.ASCII)
_WATCHED = frozenset({ConnectionState.AVAILABLE, ConnectionState.MODIFYING})


def plan_alarms(snapshot: VpnSnapshot, policy: VpnPolicy) -> Plan:
    """What to make and what to delete in a place, so that each tunnel of each live connection has its alarm.

    Where the alarms could not be read there is no plan: the next run looks again.
    """
    if snapshot.alarms is None:
        return Plan()
    held = {alarm.name: alarm for alarm in snapshot.alarms}
    wanted = {action.name: action for action in _wanted(snapshot)} if policy.alarms else {}
    refusals = tuple(_taken(action) for name, action in wanted.items() if name in held and not held[name].ours)
    missing = [
        action for name, action in wanted.items() if name not in held or (held[name].ours and not held[name].fits)
    ]
    unsettled = {one.connection_id for one in snapshot.connections if _unsettled(one)} if policy.alarms else set()
    gone = [
        DeleteTunnelAlarm(place=snapshot.place, name=name)
        for name in sorted(held)
        if held[name].ours and name not in wanted and alarm_connection(name) not in unsettled
    ]
    unchanged = len(wanted) - len(refusals) - len(missing)
    return Plan(actions=(*missing, *gone), unchanged=unchanged, refusals=refusals)


def _taken(action: PutTunnelAlarm) -> Refusal:
    return Refusal(
        kind=RefusalKind.CONFLICT,
        action=action,
        reason=f"an alarm {action.name} is there that netreflex did not make",
        remedy="rename that alarm, or set vpn.alarms: false",
    )


def _wanted(snapshot: VpnSnapshot) -> Iterator[PutTunnelAlarm]:
    for one in snapshot.connections:
        if one.state in _WATCHED:
            for tunnel in one.tunnels:
                yield PutTunnelAlarm(place=snapshot.place, connection_id=one.connection_id, address=tunnel.address)


def _unsettled(one: Connection) -> bool:
    """Not all its tunnels are known now, so none of its alarms may be called superfluous."""
    return not one.state.gone and (one.state not in _WATCHED or len(one.tunnels) < TUNNELS)


def alarm_connection(name: str) -> str | None:
    """The connection whose tunnel an alarm of ours is on, by its name."""
    found = _NAME.fullmatch(name)
    return f"vpn-{found['id']}" if found else None


def alarm_settings(connection_id: str, address: str) -> dict[str, Any]:
    """The alarm on one tunnel: down for three periods of five minutes; silence counts as down.

    One tunnel per alarm: over a whole connection a maximum hides a single loss, and an average cannot tell one from both
    (Site-to-Site VPN guide, "Create CloudWatch alarms").
    """
    return {
        "Namespace": "AWS/VPN",
        "MetricName": "TunnelState",
        "Dimensions": [{"Name": "TunnelIpAddress", "Value": address}, {"Name": "VpnId", "Value": connection_id}],
        "Statistic": "Maximum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 3,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }


def is_ours(alarm: Mapping[str, Any]) -> bool:
    return str(alarm.get("AlarmDescription", "")).startswith(MARK)


def fits(alarm: Mapping[str, Any]) -> bool:
    """Is the alarm set as we set it for the tunnel in its dimensions?"""
    named = {one["Name"]: one["Value"] for one in alarm.get("Dimensions", ())}
    wanted = alarm_settings(named.get("VpnId", ""), named.get("TunnelIpAddress", ""))
    dimensions = sorted(alarm.get("Dimensions", ()), key=lambda one: str(one["Name"]))
    return dimensions == wanted.pop("Dimensions") and all(alarm.get(key) == value for key, value in wanted.items())
