"""What one destination meets in one route table: nothing, a route that is right already, or one that is not ours to touch.

A route is added only where it meets nothing: no route of another target to the same destination, inside it or around it
(longest prefix decides, VPC guide "Route priority", so each of the three would change where some traffic goes). Two
exceptions: the default route lies around everything and stays the fallback it was; and a blackhole of the very same
destination whose peering is gone is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.decide.cidr import Relation, is_default, relation, sort_key
from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.facts import Route, RouteState
from chalicelib.model.plan import Refusal, RefusalKind

PEERING_PREFIX = "pcx-"


def judge_route(
    create: CreateRoute, routes: Iterable[Route], live: frozenset[str]
) -> CreateRoute | ReplaceRoute | Refusal | None:
    """What to do about one destination in one table: create, replace, refuse, or None where it is right already."""
    related = [(relation(route.destination, create.destination), route) for route in sorted(routes, key=_route_key)]
    equal = next((route for how, route in related if how is Relation.EQUAL and not _leads_there(route, create)), None)
    present = any(how is Relation.EQUAL and _leads_there(route, create) for how, route in related)
    for how, route in related:
        if _stands_in_the_way(how, route, create) and not (route is equal and _is_dead(route, live)):
            return _conflict(create, how, route)
    if equal is not None:  # before what is present: a static blackhole wins over a prefix list that leads there
        return ReplaceRoute(
            place=create.place,
            table_id=create.table_id,
            destination=create.destination,
            peering_id=create.peering_id,
            was=equal.target,
        )
    return None if present else create


def _route_key(route: Route) -> tuple[tuple[int, int, int], bool, str, str]:
    """One order for the routes of a table, so that the same obstacle is named every time."""
    return sort_key(route.destination), route.propagated, route.prefix_list or "", route.target


def _leads_there(route: Route, create: CreateRoute) -> bool:
    """Does it lead to our peering already? Through a prefix list is as good as by itself."""
    return route.target == create.peering_id


def _stands_in_the_way(how: Relation, route: Route, create: CreateRoute) -> bool:
    if how is Relation.DISJOINT or _leads_there(route, create):
        return False
    return not (how is Relation.AROUND and is_default(route.destination))


def _is_dead(route: Route, live: frozenset[str]) -> bool:
    """A blackhole of a peering that no longer exists; a static one, not one that a prefix list brings."""
    return (
        route.state is RouteState.BLACKHOLE
        and route.target.startswith(PEERING_PREFIX)
        and route.target not in live
        and route.prefix_list is None
        and not route.propagated
    )


_HOW_IN_WORDS = {
    Relation.EQUAL: "has the same destination",
    Relation.INSIDE: "is more specific and would keep that part of the traffic",
    Relation.AROUND: "is wider and would lose that part of its traffic",
}


def _conflict(create: CreateRoute, how: Relation, route: Route) -> Refusal:
    notes = [
        note
        for note, holds in (
            ("blackhole", route.state is RouteState.BLACKHOLE),
            ("propagated", route.propagated),
            (f"from prefix list {route.prefix_list}", route.prefix_list is not None),
        )
        if holds
    ]
    told = f"{route.destination} -> {route.target}" + (f" ({', '.join(notes)})" if notes else "")
    kind = RefusalKind.OVERLAP if route.local else RefusalKind.CONFLICT
    return Refusal(
        kind=kind,
        action=create,
        reason=f"{create.destination} in {create.table_id}: the route {told} {_HOW_IN_WORDS[how]}",
        remedy="netreflex leaves it alone: remove or narrow that route, or route another portion of the peer",
    )
