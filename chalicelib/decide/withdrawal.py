"""Which of our own routes have to go: those to a peering that is gone, and those to CIDRs that the peer gave up.

Only routes that the ledger remembers are deleted, and only where they carry nothing any more. A route that merely fell out
of the policy stays until a person removes it: an error in a policy must not cut running traffic.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.decide.cidr import overlaps, sort_key
from chalicelib.model.actions import DeleteRoute
from chalicelib.model.facts import LedgerRoute, Peering, PeeringFacts, Route, RouteTable, Side, SideFacts
from chalicelib.model.network import Network


def stale_routes(
    side: SideFacts, peer_cidrs: tuple[Network, ...], peering: Peering
) -> tuple[tuple[RouteTable, Route], ...]:
    """The routes of a side that lead to the peering but reach no CIDR of the peer."""
    alive = () if peering.status.gone else peer_cidrs
    if not alive and not peering.status.gone:
        return ()  # what the peer has is not known; absence of knowledge is not absence
    return tuple(
        (table, route)
        for table in side.tables
        for route in table.routes
        if route.target == peering.peering_id
        and route.prefix_list is None
        and not any(overlaps(route.destination, cidr) for cidr in alive)
    )


def plan_withdrawal(facts: PeeringFacts, peer_cidrs: Mapping[Side, tuple[Network, ...]]) -> tuple[DeleteRoute, ...]:
    """The deletions of stale routes that the ledger remembers as ours, in a stable order."""
    ours = frozenset(facts.ledger.routes) if facts.ledger else frozenset[LedgerRoute]()
    deletions = []
    for side in facts.sides:
        for table, route in stale_routes(side, peer_cidrs[side.side], facts.peering):
            remembered = LedgerRoute(
                place=side.ref.place,
                table_id=table.table_id,
                destination=route.destination,
                peering_id=facts.peering.peering_id,
            )
            if remembered in ours:
                deletions.append(
                    DeleteRoute(
                        place=side.ref.place,
                        table_id=table.table_id,
                        destination=route.destination,
                        peering_id=facts.peering.peering_id,
                    )
                )
    return tuple(sorted(deletions, key=lambda d: (d.place, d.table_id, sort_key(d.destination))))
