"""Head-room: what would not fit is refused before anything is done, and a quota is asked only where it decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from chalicelib.decide.case import Questions, open_questions
from chalicelib.decide.quotas import ACTIVE_PEERINGS, ROUTES_PER_TABLE
from chalicelib.model.actions import AcceptPeering
from chalicelib.model.facts import Peering, PeeringFacts, PeeringStatus, PrefixList, Quota, Route, Side, SideFacts
from chalicelib.model.network import VpcRef
from chalicelib.model.plan import Decision, RefusalKind
from chalicelib.model.policy import RuleDecision
from tests.decide.build import (
    APPS,
    APPS_MAIN,
    DATA,
    DEAD_PCX,
    PCX,
    TIDB,
    active,
    apps,
    create,
    facts,
    foreign,
    other_peering,
    plan,
    policy,
    route,
    rule,
    table,
    tidb,
)


def filler(count: int, *, version: int = 4, propagated: bool = False) -> list[Route]:
    """So many routes that are nobody's obstacle."""
    form = "192.168.{:d}.0/24" if version == 4 else "2001:db8:ffff:{:x}::/64"
    return [route(form.format(number), "tgw-1", propagated=propagated) for number in range(count)]


def peerings(count: int, status: PeeringStatus = PeeringStatus.ACTIVE, ref: VpcRef = APPS) -> tuple[Peering, ...]:
    return tuple(other_peering(f"pcx-{number:017x}", status, ref) for number in range(count))


def routes_quota(value: int) -> Quota:
    return Quota(code=ROUTES_PER_TABLE, value=value, source="Service Quotas")


def peerings_quota(value: int) -> Quota:
    return Quota(code=ACTIVE_PEERINGS, value=value, source="Service Quotas")


@pytest.mark.parametrize(
    ("held", "quota", "fits"),
    [
        pytest.param(48, None, True, id="under what every account has at least"),
        pytest.param(49, None, True, id="exactly what every account has at least"),
        pytest.param(50, None, False, id="over it, as long as the real quota is not known"),
        pytest.param(62, 64, True, id="under a known quota"),
        pytest.param(63, 64, True, id="the last place of a known quota"),
        pytest.param(64, 64, False, id="one over a known quota"),
    ],
)
def test_a_table_takes_routes_up_to_its_quota(held: int, quota: int | None, *, fits: bool) -> None:
    quotas = (routes_quota(quota),) if quota else ()
    side = apps(routes=filler(held - 1), quotas=quotas)  # the local route counts too

    decision = plan(facts(side))

    assert decision.decision is (Decision.APPROVED if fits else Decision.HELD)
    assert [refusal.kind for refusal in decision.plan.refusals] == ([] if fits else [RefusalKind.QUOTA])


def test_the_refusal_of_an_overflow_names_the_table_and_the_remedy() -> None:
    decision = plan(facts(apps(routes=filler(63), quotas=(routes_quota(64),))))

    [refusal] = decision.plan.refusals
    assert refusal.action == create("10.40.0.0/16")
    assert refusal.reason == f"{APPS_MAIN} would hold 65 IPv4 routes, 64 are allowed (Service Quotas)"
    assert "several subnets, each with a custom route table of its own" in refusal.remedy
    assert "L-93826ACB (at most 1000)" in refusal.remedy
    assert decision.plan.actions == ()


def test_ipv4_and_ipv6_routes_are_counted_apart() -> None:
    both = ("10.40.0.0/16", "2001:db8::/56")
    full_of_ipv6 = apps(routes=filler(64, version=6), quotas=(routes_quota(64),))

    assert plan(facts(full_of_ipv6)).decision is Decision.APPROVED

    [refusal] = plan(facts(full_of_ipv6, tidb(*both)), rule(ipv6=True)).plan.refusals
    assert refusal.action == create("2001:db8::/56")
    assert "65 IPv6 routes" in refusal.reason


def test_propagated_routes_are_not_counted() -> None:
    assert plan(facts(apps(routes=filler(100, propagated=True)))).decision is Decision.APPROVED


def listed(list_id: str, entries: int, version: int = 4) -> list[Route]:
    """The routes that a table shows of one route to a prefix list."""
    return [replace(one, prefix_list=list_id) for one in filler(entries, version=version)]


def with_lists(*sizes: PrefixList, known: bool = True, more: Iterable[Route] = (), endpoints: int = 0) -> SideFacts:
    """A requester whose table names prefix lists, each of which has three entries."""
    routes = [route("10.20.0.0/16", "local"), *more]
    for size in sizes:
        routes += listed(size.list_id, 3, size.version)
    main = table(APPS_MAIN, *routes, main=True, prefix_lists=tuple(one.list_id for one in sizes), endpoints=endpoints)
    return apps(tables=(main,), quotas=(routes_quota(50),), prefix_lists=sizes if known else None)


def pl(max_entries: int | None, version: int = 4, list_id: str = "pl-1") -> PrefixList:
    return PrefixList(list_id=list_id, version=version, max_entries=max_entries)


@pytest.mark.parametrize(
    ("side", "fits"),
    [
        pytest.param(with_lists(pl(48)), True, id="the local route, 48 of the list, and ours"),
        pytest.param(with_lists(pl(49)), False, id="one more than there is room for"),
        pytest.param(with_lists(pl(20), pl(29, list_id="pl-2")), False, id="two lists together"),
        pytest.param(with_lists(pl(49, version=6)), True, id="IPv6 takes no room from IPv4"),
        pytest.param(with_lists(pl(None), more=filler(45)), True, id="the entries, where AWS tells no size"),
        pytest.param(with_lists(pl(None), more=filler(46)), False, id="the entries that do not fit"),
        pytest.param(with_lists(pl(46), endpoints=2), True, id="a gateway endpoint takes the room of one route"),
        pytest.param(with_lists(pl(46), endpoints=3), False, id="and a third one is too many"),
    ],
)
def test_a_prefix_list_takes_up_the_most_entries_that_it_may_have(side: SideFacts, *, fits: bool) -> None:
    assert plan(facts(side)).decision is (Decision.APPROVED if fits else Decision.HELD)


def test_the_refusal_says_how_much_room_the_prefix_lists_take_up() -> None:
    [refusal] = plan(facts(with_lists(pl(60), pl(5, list_id="pl-2"), pl(9, version=6, list_id="pl-6")))).plan.refusals

    assert refusal.reason == (
        f"{APPS_MAIN} would hold 67 IPv4 routes (prefix lists count with their max entries: pl-1 as 60, pl-2 as 5), "
        "50 are allowed (Service Quotas)"
    )


def test_the_sizes_of_prefix_lists_are_asked_before_the_quotas_and_only_where_a_route_is_new() -> None:
    unknown = with_lists(pl(9), known=False, more=filler(60))
    settled = replace(with_lists(pl(9), known=False), tables=(*with_lists(pl(9)).tables,))
    there = replace(settled.tables[0], routes=(*settled.tables[0].routes, route("10.40.0.0/16", PCX)))

    assert open_questions(facts(unknown), policy()) == Questions(prefix_lists=frozenset({Side.REQUESTER}))
    assert not open_questions(facts(replace(settled, tables=(there,))), policy())


def test_a_size_that_is_not_known_is_told_with_the_approval() -> None:
    refused = replace(with_lists(pl(9)), prefix_lists=())

    assert plan(facts(refused)).reasons[-1] == (
        "how many entries pl-1 may have is not known (ec2:DescribeManagedPrefixLists did not tell); those that it has "
        "were counted"
    )


def test_a_replaced_blackhole_takes_no_new_place() -> None:
    dead = route("10.40.0.0/16", DEAD_PCX, blackhole=True)

    decision = plan(facts(apps(routes=[*filler(62), dead], quotas=(routes_quota(64),))))

    assert decision.decision is Decision.APPROVED


def test_only_the_table_that_overflows_is_named() -> None:
    full = table("rtb-full", route("10.20.0.0/16", "local"), *filler(50))
    side = apps(tables=(table(APPS_MAIN, route("10.20.0.0/16", "local"), main=True), full), quotas=(routes_quota(51),))

    assert [refusal.action for refusal in plan(facts(side)).plan.refusals] == [create("10.40.0.0/16", "rtb-full")]


@pytest.mark.parametrize(
    ("held", "status", "quota", "fits"),
    [
        pytest.param(49, PeeringStatus.ACTIVE, None, True, id="the fiftieth"),
        pytest.param(50, PeeringStatus.ACTIVE, 51, True, id="the last of a raised quota"),
        pytest.param(50, PeeringStatus.ACTIVE, 50, False, id="one over"),
        pytest.param(50, PeeringStatus.PROVISIONING, 50, False, id="those being set up count"),
        pytest.param(60, PeeringStatus.PENDING, None, True, id="requests do not count"),
        pytest.param(60, PeeringStatus.DELETED, None, True, id="what is gone does not count"),
    ],
)
def test_a_vpc_takes_active_peerings_up_to_its_quota(
    held: int, status: PeeringStatus, quota: int | None, *, fits: bool
) -> None:
    quotas = (peerings_quota(quota),) if quota else ()
    decision = plan(facts(apps(others=peerings(held, status), quotas=quotas)))

    assert (decision.decision is Decision.APPROVED) is fits


def test_the_refusal_of_one_peering_too_many_names_the_vpc_and_the_remedy() -> None:
    decision = plan(facts(accepter=tidb(others=peerings(125, ref=TIDB), quotas=(peerings_quota(125),))))

    [refusal] = decision.plan.refusals
    assert refusal.action == AcceptPeering(place=DATA, peering_id=PCX)
    assert refusal.reason == f"{TIDB.vpc_id} would have 126 active peerings, 125 are allowed (Service Quotas)"
    assert refusal.remedy == f"delete unused peerings of {TIDB.vpc_id}, or ask to raise L-7E9ECCDB (at most 125)"


def test_peerings_are_not_counted_again_once_this_one_is_active() -> None:
    crowded = active(apps(others=peerings(60)))

    assert not open_questions(crowded, policy())
    assert plan(crowded).decision is Decision.APPROVED


@pytest.mark.parametrize(
    ("seen", "asked"),
    [
        pytest.param(facts(), set(), id="nothing where the least suffices"),
        pytest.param(facts(apps(routes=filler(48))), set(), id="nothing at the least that every account has"),
        pytest.param(
            facts(apps(routes=filler(49))), {(Side.REQUESTER, ROUTES_PER_TABLE)}, id="routes of the side that has many"
        ),
        pytest.param(
            facts(accepter=tidb(others=peerings(50, ref=TIDB))),
            {(Side.ACCEPTER, ACTIVE_PEERINGS)},
            id="peerings of the side that has many",
        ),
        pytest.param(
            facts(apps(routes=filler(49), others=peerings(50)), tidb(routes=filler(49))),
            {(Side.REQUESTER, ROUTES_PER_TABLE), (Side.REQUESTER, ACTIVE_PEERINGS), (Side.ACCEPTER, ROUTES_PER_TABLE)},
            id="whatever might not fit, all at once",
        ),
        pytest.param(facts(apps(routes=filler(49), quotas=(routes_quota(500),))), set(), id="nothing twice"),
        pytest.param(
            facts(apps(routes=[*filler(60), route("10.40.0.0/16", PCX)])), set(), id="nothing where no route is new"
        ),
        pytest.param(facts(foreign(apps()), tidb()), set(), id="nothing of an account that is not ours"),
        pytest.param(
            facts(apps(routes=filler(60)), foreign(tidb())), set(), id="nothing where the other owner has to accept"
        ),
        pytest.param(
            facts(apps(routes=filler(60)), status=PeeringStatus.DELETED), set(), id="nothing for a peering that is gone"
        ),
        pytest.param(
            facts(apps(routes=filler(60)), status=PeeringStatus.UNKNOWN),
            set(),
            id="nothing for a status we do not know",
        ),
    ],
)
def test_a_quota_is_asked_only_where_it_decides(seen: PeeringFacts, asked: set[tuple[Side, str]]) -> None:
    assert open_questions(seen, policy()) == Questions(quotas=frozenset(asked))


def test_nothing_is_asked_for_a_request_that_no_rule_approves() -> None:
    held = policy(rule(decision=RuleDecision.HOLD))

    assert not open_questions(facts(apps(routes=filler(60))), held)


def test_where_a_quota_comes_from_is_told_with_the_approval() -> None:
    asked = Quota(
        code=ROUTES_PER_TABLE,
        value=500,
        source="documented default; servicequotas:GetServiceQuota answered AccessDenied",
    )

    decision = plan(facts(apps(routes=filler(60), quotas=(asked,))))

    assert decision.reasons == (
        "rule dev-to-tidb decides: approve",
        "routes per route table in 111122223333/eu-west-1: 500 (documented default; servicequotas:GetServiceQuota answered AccessDenied)",
    )
