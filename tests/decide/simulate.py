"""A VPC router of a few lines: what a plan makes of the facts, and where a packet then goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network

from chalicelib.decide.peering import PeeringDecision
from chalicelib.model.actions import (
    AcceptPeering,
    Action,
    CreateRoute,
    DeleteRoute,
    EnableDnsResolution,
    RejectPeering,
    ReplaceRoute,
    TagPeering,
)
from chalicelib.model.facts import (
    Ledger,
    LedgerRoute,
    Peering,
    PeeringFacts,
    PeeringStatus,
    Route,
    RouteTable,
    Side,
    SideFacts,
)

Address = IPv4Address | IPv6Address


def performed(facts: PeeringFacts, decision: PeeringDecision) -> PeeringFacts:
    """The facts as they are after every action of a plan succeeded, and after what is ours was remembered."""
    actions = decision.plan.actions
    peering = facts.peering
    for action in actions:
        peering = _peering_after(peering, action)
    requester, accepter = (_side_after(side, peering, actions) for side in facts.sides)
    return PeeringFacts(peering=peering, requester=requester, accepter=accepter, ledger=_memory(facts, decision))


def _peering_after(peering: Peering, action: Action) -> Peering:
    if isinstance(action, AcceptPeering):
        return replace(peering, status=PeeringStatus.ACTIVE)
    if isinstance(action, RejectPeering):
        return replace(peering, status=PeeringStatus.REJECTED)
    if isinstance(action, EnableDnsResolution):
        end = replace(peering.end(action.side), dns_resolution=True)
        return replace(peering, requester=end) if action.side is Side.REQUESTER else replace(peering, accepter=end)
    return peering


def _side_after(side: SideFacts, peering: Peering, actions: Iterable[Action]) -> SideFacts:
    tags = dict(side.view.tags) if side.view else {}
    tables = {one.table_id: one for one in side.tables}
    for action in actions:
        if action.place != side.ref.place:
            continue
        if isinstance(action, TagPeering):
            tags |= dict(action.tags)
        elif isinstance(action, CreateRoute | ReplaceRoute | DeleteRoute) and action.table_id in tables:
            tables[action.table_id] = _table_after(tables[action.table_id], action)
    view = replace(peering, tags=tags) if side.view else None
    return replace(side, view=view, tables=tuple(tables.values()))


def _table_after(table: RouteTable, action: CreateRoute | ReplaceRoute | DeleteRoute) -> RouteTable:
    """As EC2 does it: a static route has one target per destination; prefix lists and propagation are apart."""
    static = [r for r in table.routes if r.prefix_list is None and not r.propagated]
    there = [r for r in static if r.destination == action.destination]
    if isinstance(action, CreateRoute):
        assert not there, f"RouteAlreadyExists: {action.describe()}"
    else:
        assert there, f"InvalidRoute.NotFound: {action.describe()}"
    routes = tuple(r for r in table.routes if r not in there)
    if not isinstance(action, DeleteRoute):
        routes = (*routes, Route(destination=action.destination, target=action.peering_id))
    return replace(table, routes=routes)


def _memory(facts: PeeringFacts, decision: PeeringDecision) -> Ledger | None:
    made = [action for action in decision.plan.actions if isinstance(action, CreateRoute | ReplaceRoute)]
    marks = any(isinstance(action, TagPeering) for action in decision.plan.actions)
    if not made and not marks:
        return facts.ledger
    routes = [
        LedgerRoute(place=one.place, table_id=one.table_id, destination=one.destination, peering_id=one.peering_id)
        for one in made
    ]
    before = facts.ledger.routes if facts.ledger else ()
    return Ledger(routes=tuple(dict.fromkeys((*before, *routes))), approved=decision.approved)


def target_of(table: RouteTable, address: Address) -> str | None:
    """Where the table sends a packet: the longest prefix, then static, then a prefix list, then propagated."""
    host = ip_network(address)
    best = max(
        (r for r in table.routes if r.destination.version == host.version and address in r.destination),
        key=lambda r: (r.destination.prefixlen, not r.propagated, r.prefix_list is None, r.target),
        default=None,
    )
    return best.target if best else None
