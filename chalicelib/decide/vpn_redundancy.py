"""Whether one customer device carries everything between a gateway and a remote side. Pure.

AWS does not say which connections lead to the same place. We take for the same remote side, in this order: the tag
``netreflex:site``, equal static routes, an equal customer CIDR of the tunnel options, an equal BGP ASN of the devices.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.decide.vpn_case import Case
from chalicelib.decide.vpn_findings import Finding
from chalicelib.model.vpn import Connection, ConnectionState, GatewayKind, VpnProblem, VpnSnapshot

SITE_TAG = "netreflex:site"
LIVE = frozenset({ConnectionState.AVAILABLE, ConnectionState.MODIFYING, ConnectionState.UNKNOWN})
_ANY_CIDR = frozenset({"", "0.0.0.0/0", "::/0"})


def judge_redundancy(case: Case) -> Iterator[Finding]:
    """Where the devices could not be read, nothing is claimed."""
    connection, snapshot = case.connection, case.snapshot
    gateway = connection.gateway
    if snapshot.customer_gateways is None or gateway.kind is GatewayKind.NONE or case.one_device_allowed:
        return
    group = together(snapshot, connection)
    devices = {device_of(snapshot, one) for one in group}
    if len(devices) > 1 or snapshot.direct_connect.get(gateway.id):
        return
    word = remote_side(snapshot, connection)[1]
    unread = "" if gateway.id in snapshot.direct_connect else " (whether Direct Connect is there was not read)"
    names = ", ".join(sorted(one.connection_id for one in group))
    device = device_of(snapshot, connection)
    yield case.found(
        VpnProblem.CGW_SINGLE_POINT_OF_FAILURE,
        f"one device, {device}, carries all that goes between {gateway} and {word}{unread}",
        evidence=f"connections {names}: customer device {device}; same remote side by {word}",
        remedy=(
            "Make a second VPN connection (it is billed) on a second device; both advertise the same prefixes over BGP.",
            f"If another connection leads to the same place, give both the tag {SITE_TAG} with one value.",
            "If one device is enough here, say so in the policy: vpn.single_device_ok.",
        ),
    )


def remote_side(snapshot: VpnSnapshot, connection: Connection) -> tuple[str, str]:
    """What is on the other end, as a key to compare by, and in words."""
    gateway = snapshot.customer_gateway(connection)
    site = connection.tags.get(SITE_TAG) or (gateway.tags.get(SITE_TAG) if gateway else None)
    if site:
        return f"site {site}", f"site {site}"
    if connection.static and connection.routes:
        routes = ", ".join(sorted(connection.routes))
        return f"routes {routes}", routes
    if connection.customer_cidr not in _ANY_CIDR:
        return f"cidr {connection.customer_cidr}", connection.customer_cidr
    if gateway is not None and gateway.asn:
        return f"asn {gateway.asn}", f"ASN {gateway.asn}"
    return f"device {device_of(snapshot, connection)}", f"the network behind {device_of(snapshot, connection)}"


def device_of(snapshot: VpnSnapshot, connection: Connection) -> str:
    """The device by its address: two customer gateway objects with one address are still one device."""
    gateway = snapshot.customer_gateway(connection)
    if gateway is None:
        return connection.customer_gateway_id or "unknown"
    return gateway.address or gateway.certificate_arn or gateway.gateway_id


def together(snapshot: VpnSnapshot, connection: Connection) -> tuple[Connection, ...]:
    """The live connections between the same gateway and the same remote side, this one among them."""
    side = remote_side(snapshot, connection)[0]
    return tuple(
        one
        for one in snapshot.connections
        if one.gateway.id == connection.gateway.id and one.state in LIVE and remote_side(snapshot, one)[0] == side
    )
