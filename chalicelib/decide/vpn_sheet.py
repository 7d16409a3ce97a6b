"""The set-up sheet of a VPN connection: what a team must know to configure its device, and what is still lacking. Pure.

It names the keys' place and never a key: whoever configures the device fetches them with the command that it gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_interface

from chalicelib.decide.tunnel_remedy import device_type, initiator, sample_step
from chalicelib.decide.vpn_case import Case, options_of
from chalicelib.decide.vpn_findings import Finding
from chalicelib.decide.vpn_redundancy import judge_redundancy
from chalicelib.decide.vpn_setup import judge_setup
from chalicelib.model.vpn import TUNNELS, ConnectionState, Tunnel


def setup_sheet(case: Case) -> tuple[str, ...]:
    """The sheet, line by line."""
    connection = case.connection
    gateway = case.customer_gateway
    address = gateway.address if gateway and gateway.address else "none registered"
    nat = "required" if connection.accelerated else "only where the device is behind NAT"
    return (
        f"VPN {connection.connection_id} ({connection.name}) in {connection.place}, {connection.gateway}",
        f"1. Device: {_device(case)}",
        f"2. Outside address of the device: {address}; it must not change",
        f"3. Routing: {_routing(case)}",
        f"4. Tunnels, both to be configured ({initiator(case, connection.tunnels)}):",
        *(f"   {line}" for tunnel in connection.tunnels for line in _tunnel_lines(tunnel)),
        *(["   AWS has not told both tunnels yet"] if len(connection.tunnels) < TUNNELS else []),
        f"5. Firewall, with each outside address, both directions: UDP 500, IP protocol 50 (ESP), UDP 4500 ({nat})",
        sample_step(case, "Keys and full configuration, into a file to keep secret"),
        *(f"Still lacking: {one.says}" for one in lacks(case)),
    )


def _device(case: Case) -> str:
    named = zip(("vendor", "platform", "software"), device_type(case), strict=True)
    return "; ".join(f"{word} {value or f'not said (tag the customer gateway: {word})'}" for word, value in named)


def _routing(case: Case) -> str:
    connection, gateway = case.connection, case.customer_gateway
    if connection.static:
        return f"static; routes on AWS's side: {', '.join(connection.routes) or 'none yet'}"
    ours = case.snapshot.asns.get(connection.gateway.id, "unknown")
    return f"BGP, device ASN {gateway.asn if gateway and gateway.asn else 'unknown'}, AWS ASN {ours}"


def lacks(case: Case) -> tuple[Finding, ...]:
    """What the connection would lack if its tunnels were up, of a connection that is still being made too."""
    settled = replace(case.connection, state=ConnectionState.AVAILABLE)
    others = tuple(one for one in case.snapshot.connections if one.connection_id != settled.connection_id)
    supposed = replace(case, connection=settled, snapshot=replace(case.snapshot, connections=(*others, settled)))
    return (*judge_redundancy(supposed), *judge_setup(supposed, ()))


def _tunnel_lines(tunnel: Tunnel) -> Iterator[str]:
    options = options_of(tunnel)
    inside = options.inside_cidr
    yield f"{tunnel.address}: inside {_inside(inside) if inside else 'not told'}"
    yield (
        f"  {', '.join(options.ike_versions)}; {', '.join(options.algorithms)}; "
        f"groups {', '.join(map(str, options.dh_groups))}; DPD {options.dpd_seconds} s, then {options.dpd_action}"
    )


def _inside(cidr: str) -> str:
    """AWS takes the first address inside, the device the second (Site-to-Site VPN guide, "Tunnel options")."""
    try:
        network = ip_interface(cidr).network
        return f"{cidr}, AWS {network[1]}, device {network[2]}"
    except (ValueError, IndexError):
        return f"{cidr} (not a network as we know it)"
