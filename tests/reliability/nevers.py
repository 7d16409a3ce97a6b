"""What netreflex must never do, checked against what AWS holds before and after one run (docs/architecture.md, README).

Accepting strangers, acting on half of what fits, routing what is not allowed, touching what is not its own: each is a
function that raises Broken. That no secret leaves and no alert is lost is seen only at the end of a history, and that no
socket leads elsewhere is the whole suite's rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

ROUTE = tuple[str, str, str]  # VPC, destination, target
SERVICE = "tidb"
STRANGERS = frozenset({"stranger"})


class Broken(AssertionError):
    """One of the nevers happened."""


@dataclass(frozen=True)
class Seen:
    """What AWS holds at one moment: peerings with their requester and status, and the routes of all tables."""

    peerings: Mapping[str, tuple[str, str]]
    routes: frozenset[ROUTE]

    def ours(self) -> Iterator[ROUTE]:
        """The routes to peerings, all of which netreflex made."""
        return (route for route in self.routes if route[2].startswith("pcx-"))


def strangers_are_not_let_in(_before: Seen, after: Seen, _cidrs: Mapping[str, str], _others: frozenset[ROUTE]) -> None:
    for peering_id, (name, code) in after.peerings.items():
        if name in STRANGERS and code == "active":
            raise Broken(f"{peering_id} of a stranger is active")


def what_waits_has_no_routes(_before: Seen, after: Seen, _cidrs: Mapping[str, str], _others: frozenset[ROUTE]) -> None:
    waiting = {one for one, (_, code) in after.peerings.items() if code == "pending-acceptance"}
    for route in after.ours():
        if route[2] in waiting:
            raise Broken(f"{route} leads to a request that waits")


def what_does_not_fit_is_not_accepted(
    before: Seen, after: Seen, cidrs: Mapping[str, str], _others: frozenset[ROUTE]
) -> None:
    """Both sides are looked at before the accept: a route of somebody else in the way of either forbids it."""
    for peering_id, (name, code) in after.peerings.items():
        if code != "active" or before.peerings.get(peering_id, ("", ""))[1] != "pending-acceptance":
            continue
        wanted = {name: net(cidrs[SERVICE]), SERVICE: net(cidrs[name])}
        for vpc, destination, target in before.routes:
            if vpc in wanted and not target.startswith("pcx-") and net(destination).overlaps(wanted[vpc]):
                raise Broken(f"{peering_id} was accepted, although {vpc} routes {destination} to {target}")


def what_others_made_stays(_before: Seen, after: Seen, _cidrs: Mapping[str, str], others: frozenset[ROUTE]) -> None:
    for route in others - after.routes:
        raise Broken(f"{route}, which is not ours, is gone")


def only_what_is_allowed_is_routed(
    before: Seen, after: Seen, cidrs: Mapping[str, str], others: frozenset[ROUTE]
) -> None:
    """To the CIDRs of the peer that were approved, and never beside a route of somebody else."""
    for name, destination, target in set(after.ours()) - set(before.ours()):
        allowed = cidrs[after.peerings[target][0]] if name == SERVICE else cidrs[SERVICE]
        if destination != allowed:
            raise Broken(f"{name} got a route to {destination}, where {allowed} is allowed")
        for vpc, other, elsewhere in others:
            if vpc == name and net(other).overlaps(net(destination)):
                raise Broken(f"{name} got a route to {destination} beside {other} -> {elsewhere}")


NEVERS = (
    strangers_are_not_let_in,
    what_waits_has_no_routes,
    what_does_not_fit_is_not_accepted,
    what_others_made_stays,
    only_what_is_allowed_is_routed,
)


def net(text: str) -> IPv4Network:
    found = ip_network(text)
    assert isinstance(found, IPv4Network)
    return found
