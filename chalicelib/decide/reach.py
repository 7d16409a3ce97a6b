"""The proof that packets would arrive: the longest prefix in every selected table leads to the peering, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.decide.cidr import Relation, relation, sort_key
from chalicelib.decide.routes import WantedRoute
from chalicelib.model.facts import PeeringFacts, Route, RouteState, RouteTable, SideFacts
from chalicelib.model.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What one table does with traffic to one destination. ``obstacle`` is None where all of it reaches the peering."""

    wanted: WantedRoute
    subnets: tuple[str, ...]
    obstacle: str | None = None

    def __str__(self) -> str:
        where = f"{self.wanted.side} {self.wanted.table_id}"
        subnets = f" ({', '.join(self.subnets)})" if self.subnets else ""
        if self.obstacle:
            return f"{where}{subnets}: {self.wanted.destination} is blocked: {self.obstacle}"
        return f"{where}{subnets}: {self.wanted.destination} reaches the peering"


def judge_reach(facts: PeeringFacts, wanted: Iterable[WantedRoute]) -> tuple[Path, ...]:
    """One path for every wanted route, over the tables as they are in ``facts``."""
    peering_id = facts.peering.peering_id
    paths = []
    for one in wanted:
        side = facts.side(one.side)
        table = next((table for table in side.tables if table.table_id == one.table_id), None)
        if table is None:
            paths.append(Path(wanted=one, subnets=(), obstacle=f"route table {one.table_id} is gone"))
            continue
        obstacle = blocking(table.routes, one.destination, peering_id)
        paths.append(Path(wanted=one, subnets=subnets_of(table, side), obstacle=obstacle))
    return tuple(paths)


def best_route(routes: Iterable[Route], destination: Network) -> Route | None:
    """The route that the whole of ``destination`` follows.

    The longest prefix around it; of the same destination a static route comes before one of a prefix list, and that before
    a propagated one (VPC guide, "Route priority").
    """
    around = [r for r in routes if relation(r.destination, destination) in {Relation.EQUAL, Relation.AROUND}]
    return max(
        around,
        key=lambda route: (
            route.destination.prefixlen,
            not route.propagated,
            route.prefix_list is None,
            route.target,
        ),
        default=None,
    )


def blocking(routes: Iterable[Route], destination: Network, peering_id: str) -> str | None:
    """The route that keeps traffic (or a part of it) from the peering, in words; None where nothing does."""
    routes = sorted(routes, key=lambda route: (sort_key(route.destination), route.target))
    best = best_route(routes, destination)
    if best is None:
        return "no route leads there"
    if best.target != peering_id:
        return f"{best.destination} -> {best.target} is the longest prefix"
    if best.state is not RouteState.ACTIVE:
        return f"{best.destination} -> {best.target} is a {best.state}"
    for route in routes:
        if relation(route.destination, destination) is Relation.INSIDE and route.target != peering_id:
            return f"{route.destination} -> {route.target} is more specific"
    return None


def subnets_of(table: RouteTable, side: SideFacts) -> tuple[str, ...]:
    """The subnets that use a table; the implicit ones of the main table are known only where subnets were read."""
    explicit = {subnet for each in side.tables for subnet in each.subnets}
    implicit = [s.subnet_id for s in side.subnets or () if s.subnet_id not in explicit] if table.main else []
    told = (*sorted(table.subnets), *sorted(implicit))
    if table.main and side.subnets is None:
        return (*told, "every subnet without its own table")
    return told
