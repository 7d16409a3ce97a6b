"""Hypothesis strategies: peerings in every state, between VPCs whose tables hold everything that may be in the way.

All addresses come from a small pool, so that CIDRs, routes and portions meet often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG, cidrs_hash
from chalicelib.decide.quotas import ACTIVE_PEERINGS, ROUTES_PER_TABLE
from chalicelib.model.facts import (
    Ledger,
    LedgerRoute,
    Peering,
    PeeringFacts,
    PeeringStatus,
    Quota,
    Route,
    RouteState,
    RouteTable,
    Side,
    SideFacts,
)
from chalicelib.model.network import Network, VpcRef
from chalicelib.model.policy import (
    DnsResolution,
    Match,
    Policy,
    Rule,
    RuleDecision,
    SideRoutes,
    Tables,
    TablesBySubnetTag,
    TablesByTag,
)
from tests.decide.build import (
    DEAD_PCX,
    DEV,
    NOW,
    OTHER_PCX,
    PCX,
    apps,
    facts,
    foreign,
    nets,
    other_peering,
    policy,
    rule,
    subnet,
    tidb,
    vpc,
)

T = TypeVar("T")
CIDRS = {
    Side.REQUESTER: nets("10.20.0.0/16", "10.21.0.0/24", "100.64.0.0/20", "2001:db8:20::/56"),
    Side.ACCEPTER: nets("10.40.0.0/16", "10.41.0.0/20", "203.0.113.0/24", "2001:db8:40::/56"),
}
PORTIONS = {
    Side.REQUESTER: nets("10.20.8.0/22", "10.21.0.0/24", "100.64.0.0/24", "2001:db8:20:1::/64", "10.99.0.0/24"),
    Side.ACCEPTER: nets("10.40.8.0/22", "10.41.0.0/20", "203.0.113.0/25", "2001:db8:40:1::/64", "10.99.0.0/24"),
}
ELSEWHERE = nets("0.0.0.0/0", "::/0", "10.0.0.0/8", "10.40.0.0/14", "10.40.9.0/24", "192.168.0.0/16", "2001:db8::/32")
TARGETS = ("igw-1", "nat-1", "tgw-1", "vgw-1", OTHER_PCX, DEAD_PCX, PCX)
TAGS = ("a", "b")
QUOTAS = (ACTIVE_PEERINGS, ROUTES_PER_TABLE)
RARELY = st.integers(0, 7).map(lambda number: number == 1)  # hypothesis likes zeros
OFTEN = st.integers(0, 7).map(lambda number: number < 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Facts and the policy over them."""

    facts: PeeringFacts
    policy: Policy


def some(pool: Sequence[T], *, least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(st.sampled_from(pool), min_size=least, max_size=len(pool), unique=True).map(tuple)


@st.composite
def route_tables(draw: st.DrawFn, side: Side, ref: VpcRef, own: tuple[Network, ...]) -> tuple[RouteTable, ...]:
    """Up to three tables as EC2 could hold them: the local routes, and one static route a destination."""
    routes_there = harmless_routes(side) if draw(OFTEN) else st.one_of(harmless_routes(side), any_routes(side))
    tables = []
    for number in range(draw(st.integers(1, 3))):
        routes = [Route(destination=cidr, target="local") for cidr in own]
        for new in draw(st.lists(routes_there, max_size=4)):
            if not (_static(new) and any(r.destination == new.destination and _static(r) for r in routes)):
                routes.append(new)
        tables.append(
            RouteTable(
                table_id=f"rtb-{side}-{number}",
                vpc_id=ref.vpc_id,
                main=number == 0,
                edge=number > 0 and draw(RARELY),
                subnets=(f"subnet-{side}-{number}",) if number else (),
                tags={"name": draw(st.sampled_from(TAGS))},
                routes=tuple(routes),
            )
        )
    return tuple(tables)


def _static(route: Route) -> bool:
    return route.prefix_list is None and not route.propagated


def harmless_routes(side: Side) -> st.SearchStrategy[Route]:
    """Routes that a plan has to live with: defaults, ours of today and of yesterday, and what dead peerings left behind."""
    peer = (*CIDRS[side.other], *PORTIONS[side.other])
    return st.one_of(
        st.builds(Route, destination=st.sampled_from(nets("0.0.0.0/0", "::/0")), target=st.just("igw-1")),
        st.builds(Route, destination=st.sampled_from(peer), target=st.just(PCX), state=st.sampled_from(RouteState)),
        st.builds(
            Route,
            destination=st.sampled_from(CIDRS[side.other]),
            target=st.just(DEAD_PCX),
            state=st.just(RouteState.BLACKHOLE),
        ),
        st.builds(Route, destination=st.sampled_from(peer), target=st.just(PCX), prefix_list=st.just("pl-1")),
    )


def any_routes(side: Side) -> st.SearchStrategy[Route]:
    destinations = st.sampled_from((*CIDRS[side.other], *PORTIONS[side.other], *ELSEWHERE))
    return st.one_of(
        st.builds(
            Route,
            destination=destinations,
            target=st.sampled_from(TARGETS),
            state=st.sampled_from(RouteState),
            prefix_list=st.sampled_from([None, None, None, "pl-1"]),
        ),
        st.builds(Route, destination=destinations, target=st.just("vgw-1"), propagated=st.just(True)),  # noqa: FBT003
    )


@st.composite
def sides(draw: st.DrawFn, side: Side) -> SideFacts:
    plain = apps() if side is Side.REQUESTER else tidb()
    if draw(RARELY):
        return foreign(plain)
    own = draw(some(CIDRS[side], least=1))
    others = [other_peering(OTHER_PCX, ref=plain.ref)]
    if draw(st.booleans()):
        others.append(other_peering(DEAD_PCX, draw(st.sampled_from(PeeringStatus)), plain.ref))
    quotas = [Quota(code=code, value=draw(st.integers(3, 60)), source="drawn") for code in QUOTAS if draw(RARELY)]
    return replace(
        plain,
        vpc=vpc(plain.ref, *map(str, own), name=draw(st.sampled_from(TAGS))),
        tables=draw(route_tables(side, plain.ref, own)),
        subnets=tuple(subnet(f"subnet-{side}-{n}", plain.ref, name=draw(st.sampled_from(TAGS))) for n in range(4)),
        others=tuple(others),
        quotas=tuple(quotas),
    )


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    """Mostly rules that approve the dev account; of the rest some approve others, or hold, or reject."""
    table_choices: list[Tables] = [
        "all",
        "all",
        "main",
        TablesByTag(tags={"name": "a"}),
        TablesBySubnetTag(subnet_tags={"name": "a"}),
    ]

    def within(side: Side) -> tuple[Network, ...]:
        named = nets("10.0.0.0/8", *map(str, CIDRS[side]))
        return draw(st.sampled_from([(), named, named[: 1 + draw(st.integers(0, 4))]]))

    def routes(to: Side) -> SideRoutes:
        return SideRoutes(
            tables=draw(st.sampled_from(table_choices)), to=draw(some(PORTIONS[to])) if draw(RARELY) else ()
        )

    accounts = (DEV.account,) if draw(OFTEN) else draw(st.sampled_from([(), ("999999999999",)]))
    return rule(
        name,
        RuleDecision.APPROVE if draw(OFTEN) else draw(st.sampled_from(RuleDecision)),
        requester=Match(accounts=accounts, cidrs_within=within(Side.REQUESTER)),
        accepter=Match(cidrs_within=within(Side.ACCEPTER)),
        to_tidb=routes(Side.ACCEPTER),
        to_apps=routes(Side.REQUESTER),
        ipv6=draw(st.booleans()),
        dns_resolution=draw(st.sampled_from(DnsResolution)),
    )


@st.composite
def scenes(draw: st.DrawFn, *statuses: PeeringStatus) -> Scene:
    """A peering with everything that a decision may ask for already answered."""
    status = draw(st.sampled_from(statuses or tuple(PeeringStatus)))
    requester, accepter = draw(sides(Side.REQUESTER)), draw(sides(Side.ACCEPTER))
    seen = facts(
        requester,
        accepter,
        status=status,
        expires_at=NOW + timedelta(days=6 if draw(OFTEN) else -6),
        dns=(draw(st.sampled_from([None, False, True])), draw(st.sampled_from([None, False, True]))),
        ledger=draw(ledgers(requester, accepter)),
    )
    if draw(st.booleans()):
        seen = draw(with_tags(seen))
    names = ("first", "second")[: draw(st.integers(1, 2))]
    return Scene(facts=seen, policy=policy(*(draw(rules(name)) for name in names)))


@st.composite
def ledgers(draw: st.DrawFn, *both: SideFacts) -> Ledger:
    there = [
        LedgerRoute(place=side.ref.place, table_id=table.table_id, destination=one.destination, peering_id=PCX)
        for side in both
        for table in side.tables
        for one in table.routes
        if one.target == PCX or draw(RARELY)
    ]
    owned = draw(some(list(dict.fromkeys(there)))) if there else ()
    now = tuple(cidr for side in both if side.vpc for cidr in side.vpc.cidrs)
    return Ledger(routes=owned, approved=draw(some(now)) if now else ())


@st.composite
def with_tags(draw: st.DrawFn, seen: PeeringFacts) -> PeeringFacts:
    """The marks of an earlier run, some of them perhaps lost or out of date."""
    assert seen.ledger is not None
    approved = seen.ledger.approved if draw(st.booleans()) else draw(some(CIDRS[Side.ACCEPTER]))
    tags = {RULE_TAG: "first", CIDRS_TAG: cidrs_hash(approved), VERSION_TAG: "0.0.1"}
    kept = {key: value for key, value in tags.items() if not draw(RARELY)}

    def tagged(side: SideFacts) -> SideFacts:
        return replace(side, view=replace(side.view, tags=kept)) if side.view else side

    return replace(seen, requester=tagged(seen.requester), accepter=tagged(seen.accepter))


@st.composite
def shuffled(draw: st.DrawFn, seen: PeeringFacts) -> PeeringFacts:
    """The same facts, as AWS might have listed them in another order."""

    def mixed(items: Sequence[T]) -> tuple[T, ...]:
        return tuple(draw(st.permutations(list(items))))

    def table(one: RouteTable) -> RouteTable:
        return replace(one, routes=mixed(one.routes), subnets=mixed(one.subnets))

    def side(one: SideFacts) -> SideFacts:
        return replace(
            one,
            vpc=replace(one.vpc, cidrs=mixed(one.vpc.cidrs)) if one.vpc else None,
            tables=mixed([table(each) for each in one.tables]),
            subnets=None if one.subnets is None else mixed(one.subnets),
            others=mixed(one.others),
        )

    def peering(one: Peering) -> Peering:
        ends: dict[str, Any] = {
            "requester": replace(one.requester, cidrs=mixed(one.requester.cidrs)),
            "accepter": replace(one.accepter, cidrs=mixed(one.accepter.cidrs)),
        }
        return replace(one, **ends)

    ledger = seen.ledger and Ledger(routes=mixed(seen.ledger.routes), approved=mixed(seen.ledger.approved))
    return PeeringFacts(
        peering=peering(seen.peering), requester=side(seen.requester), accepter=side(seen.accepter), ledger=ledger
    )
