"""Which routes a side of a peering needs: from which tables, to what. What they meet there is in ``route_conflicts``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from chalicelib.decide.approval import unmatched_tag
from chalicelib.decide.cidr import (
    listed,
    names_range,
    ordered,
    overlaps,
    unfit_range,
    within_any,
)
from chalicelib.decide.route_conflicts import judge_route
from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.facts import RouteTable, Side, SideFacts
from chalicelib.model.network import Network, Place
from chalicelib.model.plan import Refusal, RefusalKind
from chalicelib.model.policy import Rule, SideRoutes, TablesByTag

NO_OVERLAP = (  # only a secondary CIDR can be taken out of a VPC (VPC guide, "VPC CIDR blocks")
    "ask again between VPCs whose CIDRs do not overlap (a secondary CIDR that nothing uses may be removed first); "
    "for one service alone, PrivateLink needs no peering"
)
_NOWHERE = IPv4Network("0.0.0.0/32")  # the destination of a refusal that has none


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRoute:
    """A destination that must lead to the peering from one route table, whether the route is there already or not."""

    side: Side
    place: Place
    table_id: str
    destination: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class SidePlan:
    """What one side needs: the routes to make, those that are right already, and what stands in the way."""

    wanted: tuple[WantedRoute, ...] = ()
    actions: tuple[CreateRoute | ReplaceRoute, ...] = ()
    unchanged: int = 0
    refusals: tuple[Refusal, ...] = ()


def side_routes(rule: Rule, side: Side) -> SideRoutes:
    return rule.routes.requester if side is Side.REQUESTER else rule.routes.accepter


def choose_tables(side: SideFacts, choice: SideRoutes) -> tuple[RouteTable, ...]:
    """The route tables of a side that the policy selects, in the order of their ids."""
    tables = choice.tables
    if tables == "all":
        chosen: Iterable[RouteTable] = side.tables
    elif tables == "main":
        chosen = (table for table in side.tables if table.main)
    elif isinstance(tables, TablesByTag):
        chosen = (table for table in side.tables if unmatched_tag(table.tags, tables.tags) is None)
    else:
        subnets = [subnet for subnet in side.subnets or () if unmatched_tag(subnet.tags, tables.subnet_tags) is None]
        chosen_ids = {table_of_subnet(subnet.subnet_id, side.tables) for subnet in subnets}
        chosen = (table for table in side.tables if table.table_id in chosen_ids)
    return tuple(sorted((table for table in chosen if not table.edge), key=lambda table: table.table_id))


def table_of_subnet(subnet_id: str, tables: Iterable[RouteTable]) -> str | None:
    """A subnet without an explicit association uses the main route table (VPC guide, "Subnet route tables")."""
    main = None
    for table in tables:
        if subnet_id in table.subnets:
            return table.table_id
        if table.main:
            main = table.table_id
    return main


def destinations(choice: SideRoutes, peer_cidrs: Iterable[Network], *, ipv6: bool) -> tuple[Network, ...]:
    """The CIDRs of the peer that this side routes: the policy's portions, or all of them."""
    return ordered(cidr for cidr in choice.to or peer_cidrs if ipv6 or cidr.version == 4)  # noqa: PLR2004 - IPv4


def plan_side(
    side: SideFacts, rule: Rule, peering_id: str, peer_cidrs: tuple[Network, ...], live: frozenset[str]
) -> SidePlan:
    """The routes of one side. ``live`` are the peerings that still exist, as far as this side can see."""
    choice = side_routes(rule, side.side)
    tables = choose_tables(side, choice)
    wanted_cidrs = destinations(choice, peer_cidrs, ipv6=rule.routes.ipv6)
    refusals = [*_choice_refusals(side, rule, peering_id, tables, wanted_cidrs)]
    actions: list[CreateRoute | ReplaceRoute] = []
    wanted: list[WantedRoute] = []
    unchanged = 0
    for table in tables:
        for destination in wanted_cidrs:
            create = CreateRoute(
                place=side.ref.place, table_id=table.table_id, destination=destination, peering_id=peering_id
            )
            refused = destination_refusal(create, side, rule, peer_cidrs)
            verdict = refused or judge_route(create, table.routes, live)
            if isinstance(verdict, Refusal):
                refusals.append(verdict)
                continue
            if verdict is None:
                unchanged += 1
            else:
                actions.append(verdict)
            wanted.append(
                WantedRoute(side=side.side, place=side.ref.place, table_id=table.table_id, destination=destination)
            )
    return SidePlan(
        wanted=tuple(wanted), actions=tuple(actions), unchanged=unchanged, refusals=tuple(dict.fromkeys(refusals))
    )


def _choice_refusals(
    side: SideFacts,
    rule: Rule,
    peering_id: str,
    tables: tuple[RouteTable, ...],
    wanted_cidrs: tuple[Network, ...],
) -> Iterator[Refusal]:
    """The policy's choice of tables or destinations may select nothing; then this side would never be reached."""
    nowhere = CreateRoute(
        place=side.ref.place,
        table_id="none",
        destination=next(iter(wanted_cidrs), _NOWHERE),
        peering_id=peering_id,
    )
    if not tables:
        yield Refusal(
            kind=RefusalKind.TABLES,
            action=nowhere,
            reason=f"no route table of {side.ref} is selected by routes.{side.side}.tables of rule {rule.name}",
            remedy="tag a route table or a subnet as the rule asks, or choose `all` or `main`",
        )
    if not wanted_cidrs:
        yield Refusal(
            kind=RefusalKind.DESTINATION,
            action=nowhere,
            reason=f"rule {rule.name} leaves no CIDR to route from the {side.side} to its peer",
            remedy="name portions under `to`, or set `ipv6: true` if the peer has IPv6 CIDRs alone",
        )


def destination_refusal(
    create: CreateRoute, side: SideFacts, rule: Rule, peer_cidrs: tuple[Network, ...]
) -> Refusal | None:
    """Why a destination must not be routed from this side, whatever its tables hold; None where it may be."""
    cidr = create.destination
    peer_match = rule.accepter if side.side is Side.REQUESTER else rule.requester
    named = (*side_routes(rule, side.side).to, *peer_match.cidrs_within)
    own = next((mine for mine in ordered(side.vpc.cidrs) if overlaps(mine, cidr)), None) if side.vpc else None
    if not within_any(cidr, peer_cidrs):
        return Refusal(
            kind=RefusalKind.DESTINATION,
            action=create,
            reason=f"{cidr} is not inside a CIDR of the peer ({listed(peer_cidrs)})",
            remedy=f"correct routes.{side.side}.to of rule {rule.name}",
        )
    unfit = unfit_range(cidr)
    if unfit and not names_range(named, cidr):
        return Refusal(
            kind=RefusalKind.RANGE,
            action=create,
            reason=f"{cidr} is {unfit}, which rule {rule.name} does not name",
            remedy=f"if it is meant, name {cidr} under routes.{side.side}.to or {side.side.other}.cidrs_within",
        )
    if own:
        return Refusal(
            kind=RefusalKind.OVERLAP,
            action=create,
            reason=f"{cidr} overlaps {own}, a CIDR of the {side.side}'s own VPC {side.ref.vpc_id}",
            remedy=NO_OVERLAP,
        )
    return None
