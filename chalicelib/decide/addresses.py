"""Which addresses a probe may visit. Pure.

Whoever may edit a distribution or a DNS record chooses where netreflex connects to. So every address is held against this
before a socket is opened: public ones pass, private ones only where the policy lists their network, and nothing ever
reaches this machine, its metadata service or a neighbour on the link, in whatever disguise (OWASP, SSRF prevention).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from chalicelib.model.network import Network

# What no policy can open. 100.64.0.0/10 carries AWS's own services in some places; fd00:ec2::/32 is its metadata.
NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/127",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "fd00:ec2::/32",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)
PORTS = (443, range(1024, 65536))  # what CloudFront itself allows as HTTPSPort, but for 80


def refusal(address: str, private: Iterable[Network] = ()) -> str:
    """Why this address must not be visited; empty where it may be. ``private`` are networks that the policy opens."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address[:60]} is not an address"
    if isinstance(found, IPv6Address) and _carries_ipv4(found):
        return f"{found} carries an IPv4 address inside"
    if any(found in network for network in NEVER if network.version == found.version):
        return f"{found} belongs to this machine, its link, its metadata service, or to nobody"
    if any(found in network for network in private if network.version == found.version):
        return ""
    return "" if _public(found) else f"{found} is not public, and the policy does not list its network in probe_private"


def port_refusal(port: int) -> str:
    """Why this port must not be visited; empty where it may be."""
    single, high = PORTS
    return "" if port == single or port in high else f"CloudFront allows no HTTPS port {port}"


def _carries_ipv4(found: IPv6Address) -> bool:
    return found.ipv4_mapped is not None or found.sixtofour is not None or found.teredo is not None


def _public(found: IPv4Address | IPv6Address) -> bool:
    closed = found.is_private or found.is_reserved or found.is_multicast
    return found.is_global and not closed and not found.is_loopback and not found.is_link_local
