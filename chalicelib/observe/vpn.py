"""What EC2 says of VPN connections, as facts. It reads and never decides.

DescribeVpnConnections answers with the pre-shared keys and with the XML configuration in clear. They end here: a fact is built
from named keys alone, and the answer itself is neither kept nor logged nor put into an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from chalicelib.clients import Clients
from chalicelib.model.errors import NetreflexError
from chalicelib.model.network import Place, Tags
from chalicelib.model.vpn import (
    Connection,
    ConnectionState,
    CustomerGateway,
    Gateway,
    GatewayKind,
    Telemetry,
    Tunnel,
    TunnelOptions,
    TunnelStatus,
    VpnSnapshot,
)
from chalicelib.observe.vpn_alarms import describe_tunnel_alarms
from chalicelib.sessions import translated

T = TypeVar("T")
_GATEWAYS = (
    ("TransitGatewayId", GatewayKind.TRANSIT),
    ("VpnGatewayId", GatewayKind.VIRTUAL_PRIVATE),
    ("CoreNetworkArn", GatewayKind.CORE_NETWORK),
    ("VpnConcentratorId", GatewayKind.CONCENTRATOR),
)
_MESSAGE = 200  # characters of AWS's free text that are kept


def look(clients: Clients, place: Place) -> VpnSnapshot:
    """All connections of a place with their devices, gateways and alarms, in a number of reads that does not grow with them.

    Raises where the connections cannot be read; any other part that cannot be read is left out and noted.
    """
    ec2 = clients.client("ec2", place)
    notes: list[str] = []
    connections = describe_connections(ec2, place)
    kinds = {one.gateway.kind for one in connections if not one.state.gone}
    asns: dict[str, str] = {}
    if GatewayKind.VIRTUAL_PRIVATE in kinds:
        asns |= attempt(notes, lambda: _virtual_gateway_asns(ec2, place)) or {}
    if GatewayKind.TRANSIT in kinds:
        asns |= attempt(notes, lambda: _transit_gateway_asns(ec2, place)) or {}
    gateways = attempt(notes, lambda: describe_customer_gateways(ec2, place)) if kinds else {}
    alarms = attempt(notes, lambda: describe_tunnel_alarms(clients.client("cloudwatch", place), place))
    return VpnSnapshot(
        place=place, connections=connections, customer_gateways=gateways, asns=asns, alarms=alarms, notes=tuple(notes)
    )


def attempt(notes: list[str], read: Callable[[], T]) -> T | None:
    """A read that the judgement can do without; why it failed goes to the notes, once."""
    try:
        return read()
    except NetreflexError as error:
        if str(error) not in notes:
            notes.append(str(error))
        return None


def describe_connections(client: Any, place: Place) -> tuple[Connection, ...]:  # noqa: ANN401
    """Every connection of a place, deleted ones that linger too. EC2 has no pages here (EC2 API reference)."""
    with translated(place.account, "ec2:DescribeVpnConnections"):
        answer = client.describe_vpn_connections()
    return tuple(connection_fact(one, place) for one in answer.get("VpnConnections", ()))


def describe_customer_gateways(client: Any, place: Place) -> dict[str, CustomerGateway]:  # noqa: ANN401
    """Every customer gateway of a place by id; no pages here either."""
    with translated(place.account, "ec2:DescribeCustomerGateways"):
        answer = client.describe_customer_gateways()
    return {one["CustomerGatewayId"]: _customer_gateway(one) for one in answer.get("CustomerGateways", ())}


def connection_fact(answer: Mapping[str, Any], place: Place) -> Connection:
    """One element of DescribeVpnConnections, without the secrets in it. Telemetry is joined by outside address."""
    options = answer.get("Options") or {}
    rows = answer.get("VgwTelemetry") or ()
    tunnels, unplaced = _tunnels(options.get("TunnelOptions") or (), rows)
    return Connection(
        place=place,
        connection_id=answer["VpnConnectionId"],
        state=ConnectionState.of(answer.get("State", "")),
        customer_gateway_id=answer.get("CustomerGatewayId", ""),
        gateway=_gateway(answer),
        static=bool(options.get("StaticRoutesOnly", False)),
        accelerated=bool(options.get("EnableAcceleration", False)),
        outside=options.get("OutsideIpAddressType") or "PublicIpv4",
        customer_cidr=options.get("LocalIpv4NetworkCidr") or options.get("LocalIpv6NetworkCidr") or "",
        routes=tuple(
            sorted(
                one["DestinationCidrBlock"]
                for one in answer.get("Routes") or ()
                if one.get("DestinationCidrBlock") and one.get("State") not in {"deleting", "deleted"}
            )
        ),
        tunnels=tunnels,
        unplaced=unplaced,
        tags=tags_of(answer),
    )


def _tunnels(options: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[Tunnel, ...], int]:
    """Options and telemetry by outside address, whatever order each comes in; and how many rows no address can claim."""
    placed = [row for row in rows if row.get("OutsideIpAddress")]
    counts = Counter(row["OutsideIpAddress"] for row in placed)
    told = {row["OutsideIpAddress"]: _telemetry(row) for row in placed if counts[row["OutsideIpAddress"]] == 1}
    set_up = {one["OutsideIpAddress"]: _options(one) for one in options if one.get("OutsideIpAddress")}
    addresses = sorted({*set_up, *counts})
    tunnels = tuple(
        Tunnel(address=address, telemetry=told.get(address), options=set_up.get(address)) for address in addresses
    )
    unplaced = sum(1 for row in rows if not row.get("OutsideIpAddress")) + sum(n - 1 for n in counts.values())
    return tunnels, unplaced


def _telemetry(row: Mapping[str, Any]) -> Telemetry:
    changed, routes = row.get("LastStatusChange"), row.get("AcceptedRouteCount")
    return Telemetry(
        status=TunnelStatus.of(str(row.get("Status", ""))),
        message=_words(row.get("StatusMessage")),
        changed_at=changed if isinstance(changed, datetime) and changed.tzinfo else None,
        routes=routes if isinstance(routes, int) else None,
        certificate_arn=str(row.get("CertificateArn") or ""),
    )


def _options(answer: Mapping[str, Any]) -> TunnelOptions:
    defaults = TunnelOptions()
    logs = (answer.get("LogOptions") or {}).get("CloudWatchLogOptions") or {}
    return TunnelOptions(
        inside_cidr=answer.get("TunnelInsideCidr") or answer.get("TunnelInsideIpv6Cidr") or "",
        startup=answer.get("StartupAction") or defaults.startup,
        dpd_action=answer.get("DpdTimeoutAction") or defaults.dpd_action,
        dpd_seconds=answer.get("DpdTimeoutSeconds") or defaults.dpd_seconds,
        ike_versions=tuple(_values(answer, "IkeVersions")) or defaults.ike_versions,
        algorithms=tuple(
            dict.fromkeys(
                value
                for phase in ("Phase1", "Phase2")
                for sort in ("Encryption", "Integrity")
                for value in _values(answer, f"{phase}{sort}Algorithms")
            )
        )
        or defaults.algorithms,
        dh_groups=tuple(
            sorted(
                {int(value) for phase in ("Phase1", "Phase2") for value in _values(answer, f"{phase}DHGroupNumbers")}
            )
        )
        or defaults.dh_groups,
        log_group=_log_group(logs.get("LogGroupArn") or ""),
        logs=bool(logs.get("LogEnabled", False)),
        bgp_logs=bool(logs.get("BgpLogEnabled", False)),
        lifecycle_control=bool(answer.get("EnableTunnelLifecycleControl", False)),
    )


def _values(answer: Mapping[str, Any], key: str) -> Iterator[Any]:
    return (one["Value"] for one in answer.get(key) or () if "Value" in one)


def _log_group(arn: str) -> str:
    """The name in ``arn:aws:logs:eu-west-1:111122223333:log-group:NAME:*``."""
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _gateway(answer: Mapping[str, Any]) -> Gateway:
    association = str(answer.get("GatewayAssociationState") or "")
    for key, kind in _GATEWAYS:
        if answer.get(key):
            return Gateway(kind=kind, id=answer[key], association=association)
    return Gateway(kind=GatewayKind.NONE, association=association)


def _customer_gateway(answer: Mapping[str, Any]) -> CustomerGateway:
    return CustomerGateway(
        gateway_id=answer["CustomerGatewayId"],
        address=answer.get("IpAddress") or "",
        asn=str(answer.get("BgpAsnExtended") or answer.get("BgpAsn") or ""),
        device=answer.get("DeviceName") or "",
        certificate_arn=answer.get("CertificateArn") or "",
        state=answer.get("State") or "",
        tags=tags_of(answer),
    )


def _virtual_gateway_asns(client: Any, place: Place) -> dict[str, str]:  # noqa: ANN401
    with translated(place.account, "ec2:DescribeVpnGateways"):
        answer = client.describe_vpn_gateways()
    return {one["VpnGatewayId"]: str(one.get("AmazonSideAsn", "")) for one in answer.get("VpnGateways", ())}


def _transit_gateway_asns(client: Any, place: Place) -> dict[str, str]:  # noqa: ANN401
    with translated(place.account, "ec2:DescribeTransitGateways"):
        pages = client.get_paginator("describe_transit_gateways").paginate()
        return {
            one["TransitGatewayId"]: str((one.get("Options") or {}).get("AmazonSideAsn", ""))
            for page in pages
            for one in page.get("TransitGateways", ())
        }


def tags_of(answer: Mapping[str, Any]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}


def _words(text: object) -> str:
    """AWS's free text, bounded and printable."""
    return "".join(one for one in str(text or "")[:_MESSAGE] if one.isprintable()).strip()
