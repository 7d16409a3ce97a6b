"""What holds for every peering, whatever the tables hold, whatever the policy says, and however AWS lists it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.decide.approved_cidrs import side_cidrs
from chalicelib.decide.case import open_questions
from chalicelib.decide.cidr import Relation, is_default, relation, within_any
from chalicelib.decide.peering import PeeringDecision, plan_peering
from chalicelib.decide.reach import judge_reach
from chalicelib.decide.routes import side_routes
from chalicelib.model.actions import (
    AcceptPeering,
    CreateRoute,
    DeleteRoute,
    RejectPeering,
    ReplaceRoute,
    RouteAction,
    TagPeering,
)
from chalicelib.model.facts import LedgerRoute, PeeringFacts, PeeringStatus, Route, RouteState, RouteTable, SideFacts
from chalicelib.model.network import Network
from chalicelib.model.plan import Decision
from chalicelib.model.policy import RuleDecision
from tests.decide.build import NOW, PCX
from tests.decide.simulate import Address, performed, target_of
from tests.decide.worlds import Scene, scenes, shuffled

PENDING, ACTIVE = PeeringStatus.PENDING, PeeringStatus.ACTIVE
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def decided(scene: Scene) -> PeeringDecision:
    return plan_peering(scene.facts, scene.policy, NOW)


def route_actions(scene: Scene) -> Iterator[tuple[RouteAction, SideFacts, RouteTable]]:
    """Every planned change of a route, with the side and the table it is meant for."""
    for action in decided(scene).plan.actions:
        if isinstance(action, CreateRoute | ReplaceRoute | DeleteRoute):
            [(side, table)] = [
                (side, table)
                for side in scene.facts.sides
                for table in side.tables
                if table.table_id == action.table_id and side.ref.place == action.place
            ]
            yield action, side, table


def static(table: RouteTable, destination: Network) -> Route | None:
    found = [r for r in table.routes if r.destination == destination and r.prefix_list is None and not r.propagated]
    return found[0] if found else None


@quickly
@given(scenes())
def test_no_plan_touches_a_route_that_netreflex_does_not_own(scene: Scene) -> None:
    for action, side, table in route_actions(scene):
        there = static(table, action.destination)
        match action:
            case CreateRoute():
                assert there is None
            case ReplaceRoute():
                live = {other.peering_id for other in side.others if not other.status.gone}
                assert there is not None
                assert (there.target, there.state) == (action.was, RouteState.BLACKHOLE)
                assert action.was.startswith("pcx-")
                assert action.was not in live | {PCX}
            case DeleteRoute():
                assert there is not None
                assert there.target == PCX
                ours = LedgerRoute(
                    place=action.place, table_id=action.table_id, destination=action.destination, peering_id=PCX
                )
                assert scene.facts.ledger is not None
                assert ours in scene.facts.ledger.routes


@quickly
@given(scenes(PENDING, ACTIVE))
def test_a_new_route_meets_no_route_of_another_target(scene: Scene) -> None:
    for action, _, table in route_actions(scene):
        if isinstance(action, DeleteRoute):
            continue
        replaced = static(table, action.destination)
        for there in table.routes:
            how = relation(there.destination, action.destination)
            fallback = how is Relation.AROUND and is_default(there.destination)
            assert how is Relation.DISJOINT or fallback or there.target == PCX or there is replaced
        assert not table.edge


def allowed(scene: Scene, side: SideFacts) -> tuple[Network, ...]:
    """What the policy lets a side route: CIDRs of the peer, cut down to the portions that the rule lists."""
    rule = decided(scene).rule
    if rule is None:
        return ()
    peer = side_cidrs(scene.facts, side.side.other)
    listed = side_routes(rule, side.side).to or peer
    return tuple(cidr for cidr in listed if within_any(cidr, peer) and (rule.routes.ipv6 or cidr.version == 4))


def interesting(networks: set[Network]) -> set[Address]:
    """The edges of every network, and their neighbours on either side."""
    addresses: set[Address] = set()
    for net in networks:
        top = 2**net.max_prefixlen - 1
        for edge in (int(net.network_address), int(net.broadcast_address)):
            for near in (edge - 1, edge, edge + 1):
                addresses.add(net.network_address.__class__(min(max(near, 0), top)))
    return addresses


@quickly
@given(scenes(PENDING, ACTIVE), st.lists(st.integers(0, 2**32 - 1), max_size=8))
def test_the_target_of_every_address_that_the_policy_does_not_allow_is_unchanged(
    scene: Scene, anywhere: list[int]
) -> None:
    decision = decided(scene)
    after = performed(scene.facts, decision)
    withdrawn = {(one.table_id, one.destination) for one in decision.plan.actions if isinstance(one, DeleteRoute)}
    for before_side, after_side in zip(scene.facts.sides, after.sides, strict=True):
        may_change = allowed(scene, before_side)
        for before, now in zip(before_side.tables, after_side.tables, strict=True):
            networks = {r.destination for r in (*before.routes, *now.routes)} | set(may_change)
            for address in interesting(networks) | {ip_address(number) for number in anywhere}:
                old, new = target_of(before, address), target_of(now, address)
                if old == new or any(address in cidr for table, cidr in withdrawn if table == now.table_id):
                    continue
                assert new == PCX, f"{address}: {old} -> {new}"
                assert any(address in cidr for cidr in may_change), f"{address} is not allowed"


@quickly
@given(scenes(ACTIVE))
def test_a_cidr_that_came_after_the_approval_gets_no_route(scene: Scene) -> None:
    grown = decided(scene).grown
    for action, side, _ in route_actions(scene):
        if not isinstance(action, DeleteRoute):
            new = [cidr for cidr in grown if cidr in side_cidrs(scene.facts, side.side.other)]
            assert not within_any(action.destination, new)


@quickly
@given(scenes())
def test_a_refused_peering_has_no_actions_unless_it_is_finished_and_repaired(scene: Scene) -> None:
    decision = decided(scene)

    if decision.plan.refusals and not decision.marked:
        assert all(isinstance(action, DeleteRoute) for action in decision.plan.actions)
        assert not decision.plan.actions or scene.facts.peering.status is PeeringStatus.FAILED
    if decision.decision is Decision.HELD:
        assert decision.plan.actions == ()
    if decision.plan.refusals and scene.facts.peering.status is PENDING:
        assert (decision.decision, decision.plan.actions) == (Decision.HELD, ())


@quickly
@given(scenes())
def test_planning_after_performing_is_empty(scene: Scene) -> None:
    first = decided(scene)
    after = performed(scene.facts, first)

    second = plan_peering(after, scene.policy, NOW)

    if after.peering.status is not scene.facts.peering.status:
        # A request that was decided in this run: what an earlier life of it left behind goes in the next one.
        assert all(isinstance(action, DeleteRoute | TagPeering) for action in second.plan.actions)
        after = performed(after, second)
        second = plan_peering(after, scene.policy, NOW)
    assert second.plan.actions == ()


@quickly
@given(scenes(), st.data())
def test_the_order_in_which_aws_lists_things_does_not_matter(scene: Scene, data: st.DataObject) -> None:
    other = replace(scene, facts=data.draw(shuffled(scene.facts)))

    decision = decided(scene)

    assert decided(other) == decision
    assert open_questions(other.facts, scene.policy) == open_questions(scene.facts, scene.policy)
    assert judge_reach(other.facts, decision.wanted) == judge_reach(scene.facts, decision.wanted)


@quickly
@given(scenes())
def test_nothing_is_done_outside_the_managed_sides(scene: Scene) -> None:
    ours = {side.ref.place for side in scene.facts.sides if side.managed}

    for action in decided(scene).plan.actions:
        assert action.place in ours
        assert scene.policy.manages(action.place)


@quickly
@given(scenes())
def test_only_a_rule_that_approves_and_names_the_requesters_account_accepts(scene: Scene) -> None:
    decision = decided(scene)

    for action in decision.plan.actions:
        if isinstance(action, AcceptPeering):
            assert decision.rule in scene.policy.peering.rules
            assert decision.rule is not None
            assert decision.rule.decision is RuleDecision.APPROVE
            assert scene.facts.requester.ref.account in decision.rule.requester.accounts
            assert scene.facts.peering.status is PENDING
            assert decision.plan.actions[0] is action
        if isinstance(action, RejectPeering):
            assert decision.plan.actions == (action,)


@quickly
@given(scenes())
def test_what_was_not_asked_for_changes_nothing(scene: Scene) -> None:
    """The ledger costs a call, so it is read only where it decides something."""
    unread: PeeringFacts = replace(scene.facts, ledger=None)

    if not open_questions(unread, scene.policy).ledger:
        assert plan_peering(unread, scene.policy, NOW) == decided(scene)


@quickly
@given(scenes(PENDING, ACTIVE))
def test_every_route_of_an_approved_plan_is_proved_once_it_is_performed(scene: Scene) -> None:
    decision = decided(scene)
    if decision.decision is not Decision.APPROVED or decision.plan.refusals:
        return

    paths = judge_reach(performed(scene.facts, decision), decision.wanted)

    for path in paths:
        # What is left is a route of ours that AWS itself shows as not carrying.
        assert path.obstacle is None or f"-> {PCX} is a" in path.obstacle
