"""Routes meet nothing: relation and target of what is there decide whether a destination is created, replaced or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.decide.route_conflicts import judge_route
from chalicelib.decide.routes import plan_side
from chalicelib.model.actions import CreateRoute, ReplaceRoute
from chalicelib.model.facts import PeeringStatus, Route, RouteState
from chalicelib.model.plan import Refusal, RefusalKind
from tests.decide.build import (
    DEAD_PCX,
    OTHER_PCX,
    PCX,
    apps,
    create,
    facts,
    net,
    nets,
    other_peering,
    plan,
    route,
    rule,
    tidb,
)

WANTED = "10.40.8.0/22"
EQUAL, INSIDE, AROUND, DISJOINT, DEFAULT = WANTED, "10.40.9.0/24", "10.40.0.0/16", "10.41.0.0/16", "0.0.0.0/0"
LIVE = frozenset({OTHER_PCX})
IN_WORDS = {
    EQUAL: "has the same destination",
    INSIDE: "is more specific and would keep that part of the traffic",
    AROUND: "is wider and would lose that part of its traffic",
}


def judged(*routes: Route) -> CreateRoute | ReplaceRoute | Refusal | None:
    return judge_route(create(WANTED), routes, LIVE)


OBSTACLES = [
    pytest.param({"target": "local"}, "", RefusalKind.OVERLAP, id="the local route"),
    pytest.param({"target": "igw-1"}, "", RefusalKind.CONFLICT, id="an internet gateway"),
    pytest.param({"target": "nat-1"}, "", RefusalKind.CONFLICT, id="a NAT gateway"),
    pytest.param({"target": "tgw-1"}, "", RefusalKind.CONFLICT, id="a transit gateway"),
    pytest.param({"target": "vgw-1"}, "", RefusalKind.CONFLICT, id="a virtual private gateway"),
    pytest.param({"target": "eni-1"}, "", RefusalKind.CONFLICT, id="a network interface"),
    pytest.param({"target": OTHER_PCX}, "", RefusalKind.CONFLICT, id="another peering"),
    pytest.param(
        {"target": OTHER_PCX, "blackhole": True},
        " (blackhole)",
        RefusalKind.CONFLICT,
        id="a blackhole of a live peering",
    ),
    pytest.param(
        {"target": "nat-1", "blackhole": True}, " (blackhole)", RefusalKind.CONFLICT, id="a blackhole of another kind"
    ),
    pytest.param(
        {"target": "vgw-1", "propagated": True}, " (propagated)", RefusalKind.CONFLICT, id="a propagated route"
    ),
    pytest.param(
        {"target": "tgw-1", "prefix_list": "pl-1"}, " (from prefix list pl-1)", RefusalKind.CONFLICT, id="a prefix list"
    ),
    pytest.param(
        {"target": DEAD_PCX, "blackhole": True, "prefix_list": "pl-1"},
        " (blackhole, from prefix list pl-1)",
        RefusalKind.CONFLICT,
        id="a dead peering in a prefix list",
    ),
    pytest.param(
        {"target": DEAD_PCX, "blackhole": True, "propagated": True},
        " (blackhole, propagated)",
        RefusalKind.CONFLICT,
        id="a propagated dead peering",
    ),
    pytest.param({"target": DEAD_PCX}, "", RefusalKind.CONFLICT, id="an unknown peering whose route is active"),
]


@pytest.mark.parametrize(("there", "note", "kind"), OBSTACLES)
@pytest.mark.parametrize("destination", [EQUAL, INSIDE, AROUND], ids=["equal", "inside", "around"])
def test_a_route_of_another_target_is_left_alone_and_named(
    destination: str, there: dict[str, object], note: str, kind: RefusalKind
) -> None:
    verdict = judged(route(destination, **there))  # type: ignore[arg-type]

    assert isinstance(verdict, Refusal)
    assert (verdict.kind, verdict.action) == (kind, create(WANTED))
    assert verdict.reason == (
        f"{WANTED} in {create(WANTED).table_id}: the route {destination} -> {there['target']}{note} {IN_WORDS[destination]}"
    )
    assert verdict.remedy


@pytest.mark.parametrize(("there", "note", "kind"), OBSTACLES)
@pytest.mark.parametrize("destination", [DISJOINT, DEFAULT, "::/0", "2001:db8::/32"])
def test_a_disjoint_or_a_default_route_is_no_obstacle(
    destination: str, there: dict[str, object], note: str, kind: RefusalKind
) -> None:
    assert judged(route(destination, **there)) == create(WANTED), (note, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("destination", [INSIDE, AROUND, DISJOINT, DEFAULT])
def test_routes_to_the_very_same_peering_are_no_obstacle(destination: str) -> None:
    assert judged(route(destination, PCX)) == create(WANTED)


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(route(EQUAL, PCX), id="as it should be"),
        pytest.param(route(EQUAL, PCX, blackhole=True), id="not yet or no longer carrying"),
        pytest.param(route(EQUAL, PCX, prefix_list="pl-1"), id="through a prefix list"),
    ],
)
def test_a_route_that_is_there_already_is_not_made_again(there: Route) -> None:
    assert judged(route(DEFAULT, "igw-1"), there) is None


def test_a_blackhole_of_the_same_destination_whose_peering_is_gone_is_replaced() -> None:
    verdict = judged(route(EQUAL, DEAD_PCX, blackhole=True))

    assert verdict == ReplaceRoute(
        place=create(WANTED).place,
        table_id=create(WANTED).table_id,
        destination=net(WANTED),
        peering_id=PCX,
        was=DEAD_PCX,
    )


@pytest.mark.parametrize("destination", [INSIDE, AROUND])
def test_a_dead_blackhole_of_another_destination_is_an_obstacle_like_any_other(destination: str) -> None:
    assert isinstance(judged(route(destination, DEAD_PCX, blackhole=True)), Refusal)


def test_a_dead_blackhole_is_not_replaced_while_something_else_is_in_the_way() -> None:
    verdict = judged(route(EQUAL, DEAD_PCX, blackhole=True), route(EQUAL, "vgw-1", propagated=True))

    assert isinstance(verdict, Refusal)
    assert "vgw-1" in verdict.reason


def test_a_blackhole_in_an_unknown_state_is_not_believed_to_be_dead() -> None:
    assert isinstance(judged(replace(route(EQUAL, DEAD_PCX), state=RouteState.UNKNOWN)), Refusal)


def test_the_same_obstacle_is_named_in_whatever_order_the_routes_come() -> None:
    routes = (route("10.40.11.0/24", "tgw-1"), route(INSIDE, "nat-1"), route(AROUND, "vgw-1"))

    assert judged(*routes) == judged(*reversed(routes))


@pytest.mark.parametrize(
    ("status", "replaced"),
    [(status, status.gone) for status in PeeringStatus] + [(None, True)],
    ids=[*(f"{status}" for status in PeeringStatus), "not to be seen at all"],
)
def test_a_peering_counts_as_gone_only_where_it_can_never_carry_traffic_again(
    status: PeeringStatus | None, *, replaced: bool
) -> None:
    others = () if status is None else (other_peering(DEAD_PCX, status),)
    seen = facts(apps(routes=[route("10.40.0.0/16", DEAD_PCX, blackhole=True)], others=others))

    decision = plan(seen)

    assert any(isinstance(action, ReplaceRoute) for action in decision.plan.actions) is replaced
    assert bool(decision.plan.refusals) is not replaced


def test_a_side_plan_lists_wanted_routes_whether_they_are_there_or_not() -> None:
    side = apps(routes=[route("10.40.0.0/16", PCX)])

    made = plan_side(side, rule(ipv6=True), PCX, nets("10.40.0.0/16", "10.41.0.0/16", "2001:db8::/56"), frozenset())

    assert [str(wanted.destination) for wanted in made.wanted] == ["10.40.0.0/16", "10.41.0.0/16", "2001:db8::/56"]
    assert [str(action.destination) for action in made.actions] == ["10.41.0.0/16", "2001:db8::/56"]
    assert (made.unchanged, made.refusals) == (1, ())


def test_a_conflict_on_either_side_keeps_a_request_from_being_accepted() -> None:
    for seen in (
        facts(apps(routes=[route("10.40.0.0/16", "tgw-1")])),
        facts(accepter=tidb(routes=[route("10.20.0.0/16", "tgw-1")])),
    ):
        decision = plan(seen)

        assert decision.plan.actions == ()
        assert [refusal.kind for refusal in decision.plan.refusals] == [RefusalKind.CONFLICT]
