"""Arithmetic on CIDRs: overlap, containment, longest prefix, and which ranges are for private use."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network

from chalicelib.model.network import Network

RFC1918: tuple[Network, ...] = tuple(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))

# Ranges that a route to a peer must not lead to unless the policy names them: RFC 6890 and its registries.
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "'this network'"),
        ("100.64.0.0/10", "shared address space"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("198.18.0.0/15", "benchmarking"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::1/128", "loopback"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)


class Relation(StrEnum):
    """How an existing destination lies to a wanted one."""

    EQUAL = "equal"
    INSIDE = "inside"
    AROUND = "around"
    DISJOINT = "disjoint"


def overlaps(one: Network, other: Network) -> bool:
    """Do two CIDRs share an address? IPv4 and IPv6 never do."""
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    return isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.overlaps(other)


def within(inner: Network, outer: Network) -> bool:
    """Does every address of ``inner`` lie in ``outer``?"""
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def within_any(inner: Network, outers: Iterable[Network]) -> bool:
    return any(within(inner, outer) for outer in outers)


def relation(existing: Network, wanted: Network) -> Relation:
    if existing == wanted:
        return Relation.EQUAL
    if within(existing, wanted):
        return Relation.INSIDE
    if within(wanted, existing):
        return Relation.AROUND
    return Relation.DISJOINT


def is_rfc1918(cidr: Network) -> bool:
    return within_any(cidr, RFC1918)


def is_default(cidr: Network) -> bool:
    return cidr.prefixlen == 0


def unfit_range(cidr: Network) -> str | None:
    """What kind of range this is, if a route to it needs the policy's explicit word; None for private addresses.

    IPv6 blocks of VPCs are global unicast; they are as fit as RFC 1918, because the policy switches IPv6 on by its own key.
    """
    if is_default(cidr):
        return "the default route"
    special = next((what for net, what in _SPECIAL if overlaps(cidr, net)), None)
    if special:
        return special
    if is_rfc1918(cidr) or isinstance(cidr, IPv6Network):
        return None
    return "public addresses"


def names_range(named: Iterable[Network], cidr: Network) -> bool:
    """Does the policy name this range itself? An entry that also spans private addresses names nothing in particular."""
    return any(within(cidr, net) and unfit_range(net) == unfit_range(cidr) and not _spans_private(net) for net in named)


def _spans_private(cidr: Network) -> bool:
    """172.0.0.0/8 and 192.0.0.0/8 are mostly public; whoever writes them means the private part."""
    return any(overlaps(cidr, private) for private in RFC1918)


def sort_key(cidr: Network) -> tuple[int, int, int]:
    """The one order in which CIDRs are listed: IPv4 first, then by address, then wide before narrow."""
    return (cidr.version, int(cidr.network_address), cidr.prefixlen)


def ordered(cidrs: Iterable[Network]) -> tuple[Network, ...]:
    return tuple(sorted(set(cidrs), key=sort_key))


def listed(cidrs: Iterable[Network]) -> str:
    """CIDRs as words of a sentence."""
    return ", ".join(str(cidr) for cidr in ordered(cidrs)) or "none"
