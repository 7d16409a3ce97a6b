"""CIDRs that come and go after an approval: nobody gets a route by adding an address block, and what is ours is cleaned up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.decide.approved_cidrs import CIDRS_TAG
from chalicelib.decide.case import Questions, open_questions
from chalicelib.model.actions import CreateRoute, DeleteRoute, TagPeering
from chalicelib.model.facts import Ledger, PeeringFacts, PeeringStatus, SideFacts
from chalicelib.model.plan import Decision
from chalicelib.model.policy import Match, Rule, RuleDecision, SideRoutes
from tests.decide.build import (
    APPS_MAIN,
    DATA,
    DEV,
    PCX,
    TIDB_MAIN,
    active,
    apps,
    create,
    facts,
    foreign,
    ledger_route,
    marked,
    net,
    nets,
    plan,
    policy,
    remembered,
    route,
    rule,
    tidb,
)

BEFORE = ("10.20.0.0/16", "10.40.0.0/16")
NEW = "10.50.0.0/16"


def grown(new: str = NEW, memory: Ledger | None = None, *, side: str = "accepter") -> PeeringFacts:
    """A finished peering of which one VPC got another CIDR afterwards."""
    requester: SideFacts = apps(
        *(("10.20.0.0/16", new) if side == "requester" else ()), routes=[route("10.40.0.0/16", PCX)]
    )
    accepter: SideFacts = tidb(
        *(("10.40.0.0/16", new) if side == "accepter" else ()), routes=[route("10.20.0.0/16", PCX)]
    )
    return marked(active(requester, accepter, ledger=memory or remembered(*BEFORE)), approved=nets(*BEFORE))


def within(*cidrs: str) -> Rule:
    return rule(accepter=Match(cidrs_within=nets(*cidrs)))


# ---- added -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("side", ["requester", "accepter"])
def test_a_cidr_added_after_approval_is_not_routed_but_told(side: str) -> None:
    decision = plan(grown(side=side))

    assert (decision.decision, decision.plan.actions, decision.plan.refusals) == (Decision.APPROVED, (), ())
    assert decision.grown == nets(NEW)
    assert decision.approved == nets(*BEFORE)
    assert f"{NEW} came after the approval and no rule covers it: not routed" in decision.reasons


@pytest.mark.parametrize(
    ("policy_rule", "side", "routed"),
    [
        pytest.param(within("10.40.0.0/16", NEW), "accepter", NEW, id="as a range of that side"),
        pytest.param(within("10.32.0.0/11"), "accepter", NEW, id="by a wider range of that side"),
        pytest.param(
            rule(to_tidb=SideRoutes(to=nets("10.40.0.0/16", NEW))),
            "accepter",
            NEW,
            id="as a destination from the other side",
        ),
        pytest.param(
            rule(to_tidb=SideRoutes(to=nets("10.40.0.0/16", "10.50.8.0/22"))),
            "accepter",
            "10.50.8.0/22",
            id="by a portion",
        ),
        pytest.param(
            rule(requester=Match(accounts=(DEV.account,), cidrs_within=nets("10.0.0.0/8"))),
            "requester",
            NEW,
            id="of the requester",
        ),
    ],
)
def test_a_cidr_that_the_policy_names_on_its_side_is_routed_and_remembered(
    policy_rule: Rule, side: str, routed: str
) -> None:
    decision = plan(grown(side=side), policy_rule)

    new, tag = decision.plan.actions
    table = (APPS_MAIN, DEV) if side == "accepter" else (TIDB_MAIN, DATA)
    assert new == create(routed, *table)
    assert isinstance(tag, TagPeering)
    assert (decision.grown, decision.approved) == ((), nets(*BEFORE, NEW))


@pytest.mark.parametrize(
    "policy_rule",
    [
        pytest.param(within("10.40.0.0/16"), id="a range that it is not in"),
        pytest.param(
            rule(requester=Match(accounts=(DEV.account,), cidrs_within=nets("10.0.0.0/8"))),
            id="a range of the other side",
        ),
        pytest.param(rule(to_apps=SideRoutes(to=nets("10.20.0.0/16"))), id="a destination on the way back"),
        pytest.param(
            rule(accepter=Match(cidrs_within=nets("10.40.0.0/16")), to_tidb=SideRoutes(to=nets("10.40.0.0/16"))),
            id="destinations it is none of",
        ),
        pytest.param(
            rule(
                accepter=Match(cidrs_within=nets("10.40.0.0/16")),
                to_tidb=SideRoutes(to=nets("10.40.0.0/16", "10.50.8.0/22")),
            ),
            id="a portion, against its own range",
        ),
    ],
)
def test_a_cidr_that_the_policy_names_elsewhere_stays_unrouted(policy_rule: Rule) -> None:
    decision = plan(grown(), policy_rule)

    assert (decision.decision, decision.grown, decision.plan.actions) == (Decision.APPROVED, nets(NEW), ())


IPV6 = "2001:db8:40::/56"


@pytest.mark.parametrize(
    ("ipv6", "new", "told"),
    [
        pytest.param(False, (IPV6,), (), id="IPv6, not routed by choice"),
        pytest.param(True, (IPV6,), (IPV6,), id="IPv6, which the rule would route"),
        pytest.param(False, (NEW, IPV6), (NEW,), id="both, of which IPv4 alone is missed"),
        pytest.param(True, (NEW, IPV6), (NEW, IPV6), id="both, and both are missed"),
    ],
)
def test_an_ipv6_block_is_missed_only_where_the_rule_routes_ipv6(
    new: tuple[str, ...], told: tuple[str, ...], *, ipv6: bool
) -> None:
    accepter = tidb("10.40.0.0/16", *new, routes=[route("10.20.0.0/16", PCX)])
    requester = apps(routes=[route("10.40.0.0/16", PCX)])
    seen = marked(active(requester, accepter, ledger=remembered(*BEFORE)), approved=nets(*BEFORE))

    decision = plan(seen, rule(ipv6=ipv6))

    assert (decision.decision, decision.plan.actions, decision.marked) == (Decision.APPROVED, (), True)
    assert (decision.grown, decision.approved) == (nets(*told), nets(*BEFORE))


@pytest.mark.parametrize("ipv6", [False, True])
def test_that_ipv6_alone_came_is_known_without_the_ledger(*, ipv6: bool) -> None:
    accepter = tidb("10.40.0.0/16", IPV6, routes=[route("10.20.0.0/16", PCX)])
    unasked = active(apps(routes=[route("10.40.0.0/16", PCX)]), accepter, ledger=None)
    seen = marked(unasked, approved=nets(*BEFORE))

    assert not open_questions(seen, policy(rule(ipv6=ipv6)))
    assert plan(seen, rule(ipv6=ipv6)).grown == (nets(IPV6) if ipv6 else ())


def test_an_ipv6_block_that_was_left_out_is_not_routed_when_the_rule_changes_its_mind() -> None:
    """It came after the approval; that the rule routes IPv6 from now on does not name it."""
    accepter = tidb("10.40.0.0/16", IPV6, routes=[route("10.20.0.0/16", PCX)])
    seen = marked(active(apps(routes=[route("10.40.0.0/16", PCX)]), accepter), approved=nets(*BEFORE))

    assert plan(seen, rule(ipv6=True)).plan.actions == ()
    named = rule(ipv6=True, accepter=Match(cidrs_within=nets("10.40.0.0/16", IPV6)))
    assert plan(seen, named).plan.actions[0] == create(IPV6)


def test_of_two_new_cidrs_the_named_one_is_routed_and_the_mark_waits_for_the_other() -> None:
    seen = marked(
        active(apps(), tidb("10.40.0.0/16", NEW, "10.60.0.0/16"), ledger=remembered(*BEFORE)), approved=nets(*BEFORE)
    )

    decision = plan(seen, within("10.40.0.0/16", NEW))

    assert [a.destination for a in decision.plan.actions if isinstance(a, CreateRoute)] == nets_list(
        "10.40.0.0/16", NEW, "10.20.0.0/16"
    )
    assert not any(isinstance(action, TagPeering) for action in decision.plan.actions)
    assert (decision.grown, decision.approved) == (nets("10.60.0.0/16"), nets(*BEFORE, NEW))


def nets_list(*texts: str) -> list[object]:
    return [net(text) for text in texts]


def test_growth_under_a_policy_that_no_longer_approves_leaves_all_as_it_is() -> None:
    decision = plan(grown(), rule(requester=Match(accounts=("999999999999",))))

    assert (decision.decision, decision.rule, decision.plan.actions) == (Decision.OBSERVED, None, ())


def test_a_cidr_added_while_the_request_waits_is_part_of_what_is_judged() -> None:
    decision = plan(facts(accepter=tidb("10.40.0.0/16", NEW)))

    assert (decision.grown, decision.approved) == ((), nets(*BEFORE, NEW))


def test_a_new_cidr_of_a_foreign_accepter_is_known_from_what_the_peering_tells() -> None:
    seen = active(
        apps(), foreign(tidb()), told=(nets("10.20.0.0/16"), nets("10.40.0.0/16", NEW)), ledger=remembered(*BEFORE)
    )

    decision = plan(marked(seen, approved=nets(*BEFORE)))

    assert decision.grown == nets(NEW)
    assert [a.destination for a in decision.plan.actions if isinstance(a, CreateRoute)] == nets_list("10.40.0.0/16")


def half_done(ledger: Ledger | None) -> PeeringFacts:
    """Accepted by a run that died before it routed and marked; then a CIDR came that the rule does not cover."""
    return active(apps(), tidb("10.40.0.0/16", NEW), ledger=ledger)


def test_an_approval_that_was_begun_is_finished_for_the_cidrs_that_it_covered() -> None:
    covering = within("10.40.0.0/16")
    assert open_questions(half_done(None), policy(covering)).ledger

    decision = plan(half_done(remembered(*BEFORE)), covering)

    assert (decision.decision, decision.grown, decision.marked) == (Decision.APPROVED, nets(NEW), False)
    assert decision.plan.actions == (create("10.40.0.0/16"), create("10.20.0.0/16", TIDB_MAIN, DATA))


@pytest.mark.parametrize(
    ("policy_rule", "memory"),
    [
        pytest.param(within("10.40.0.0/16"), remembered(), id="that nobody remembers beginning"),
        pytest.param(
            rule(requester=Match(accounts=("999999999999",)), accepter=Match(cidrs_within=nets("10.40.0.0/16"))),
            remembered(*BEFORE),
            id="that fails another condition as well",
        ),
        pytest.param(
            rule(decision=RuleDecision.HOLD, accepter=Match(cidrs_within=nets("10.40.0.0/16"))),
            remembered(*BEFORE),
            id="whose rule only holds",
        ),
    ],
)
def test_a_peering_that_no_rule_approves_stays_as_it_is(policy_rule: Rule, memory: Ledger) -> None:
    assert open_questions(half_done(None), policy(policy_rule)).ledger

    decision = plan(half_done(memory), policy_rule)

    assert (decision.decision, decision.plan.actions) == (Decision.OBSERVED, ())
    assert decision.abandoned is bool(memory.approved)


# ---- memory ----------------------------------------------------------------------------------------------------------
def test_what_was_approved_is_asked_only_where_the_cidrs_differ_from_the_mark() -> None:
    unasked = replace(grown(), ledger=None)

    assert open_questions(unasked, policy()).ledger
    assert not open_questions(grown(), policy())
    assert not open_questions(marked(active(ledger=None)), policy())


def unmarked(memory: Ledger | None = None, *, new: str = NEW) -> PeeringFacts:
    """The same peering without our tags: somebody took them away, or never let them be set."""
    seen = grown(new, memory)
    assert seen.accepter.view is not None
    return replace(seen, accepter=replace(seen.accepter, view=replace(seen.accepter.view, tags={})))


def test_what_was_approved_binds_without_the_tags_as_well() -> None:
    decision = plan(replace(unmarked(), tags_read=True))

    assert (decision.decision, decision.plan.actions, decision.grown) == (Decision.APPROVED, (), nets(NEW))
    assert (decision.approved, decision.marked) == (nets(*BEFORE), False)


def test_without_tags_the_ledger_is_asked_and_then_the_tags_themselves() -> None:
    seen = unmarked()

    assert open_questions(replace(seen, ledger=None), policy()) == Questions(ledger=True)
    assert open_questions(seen, policy()) == Questions(tags=True)
    assert not open_questions(replace(seen, tags_read=True), policy())


def test_an_active_peering_that_nobody_approved_is_judged_with_all_its_cidrs_and_its_tags_are_not_asked() -> None:
    seen = unmarked(Ledger())

    assert not open_questions(seen, policy())
    decision = plan(seen)
    assert (decision.grown, decision.approved) == ((), nets(*BEFORE, NEW))


def test_an_approval_that_was_remembered_for_a_pending_request_binds_only_once_it_is_active() -> None:
    seen = facts(accepter=tidb("10.40.0.0/16", NEW), ledger=remembered(*BEFORE))

    assert not open_questions(seen, policy())
    assert plan(seen).grown == ()


def test_routes_are_read_only_where_some_may_have_to_go() -> None:
    known = replace(remembered(*BEFORE), routes_unread=True)

    assert not open_questions(replace(unmarked(known), tags_read=True), policy())
    stale = apps(routes=[route("10.77.0.0/16", PCX)])
    seen = replace(unmarked(known), requester=replace(stale, view=unmarked().requester.view), tags_read=True)
    assert open_questions(seen, policy()) == Questions(ledger=True)
    assert plan(seen).plan.actions == (create("10.40.0.0/16"),)


def test_a_mark_that_lost_its_hash_does_not_lift_the_protection() -> None:
    seen = grown()
    assert seen.accepter.view is not None
    tags = {key: value for key, value in seen.accepter.view.tags.items() if key != CIDRS_TAG}
    bare = replace(seen, accepter=replace(seen.accepter, view=replace(seen.accepter.view, tags=tags)))

    assert open_questions(replace(bare, ledger=None), policy()).ledger
    assert plan(bare).grown == nets(NEW)


def test_without_memory_only_what_the_policy_names_is_routed() -> None:
    decision = plan(grown(memory=Ledger()))

    assert decision.grown == nets("10.20.0.0/16", "10.40.0.0/16", NEW)
    assert decision.plan.actions == ()


def test_without_memory_a_policy_that_names_every_cidr_heals_the_mark() -> None:
    known = rule(
        requester=Match(accounts=(DEV.account,), cidrs_within=nets("10.16.0.0/12")),
        accepter=Match(cidrs_within=nets("10.32.0.0/11")),
    )

    decision = plan(grown(memory=Ledger()), known)

    new, tag = decision.plan.actions
    assert (new, isinstance(tag, TagPeering), decision.grown) == (create(NEW), True, ())


def test_without_memory_a_cidr_outside_the_policy_ends_the_approval_and_changes_nothing() -> None:
    decision = plan(grown(memory=Ledger()), within("10.40.0.0/16"))

    assert (decision.decision, decision.plan.actions) == (Decision.OBSERVED, ())
    assert decision.reasons[-1] == f"rule dev-to-tidb: accepter CIDR {NEW} does not lie within 10.40.0.0/16"


# ---- withdrawn -------------------------------------------------------------------------------------------------------
def withdrawn(*owned: str) -> PeeringFacts:
    """A finished peering whose accepter gave up 10.50.0.0/16, with our routes to it still there."""
    routes = [route("10.40.0.0/16", PCX), route("10.50.0.0/16", PCX), route("10.50.8.0/22", PCX)]
    memory = remembered(*BEFORE, NEW, routes=[ledger_route(cidr) for cidr in owned])
    seen = active(apps(routes=routes), tidb(routes=[route("10.20.0.0/16", PCX)]), ledger=memory)
    return marked(seen, approved=nets(*BEFORE, NEW))


def test_our_routes_to_a_cidr_that_the_peer_gave_up_are_deleted() -> None:
    *deleted, tag = plan(withdrawn("10.50.8.0/22", "10.50.0.0/16")).plan.actions

    assert deleted == [
        DeleteRoute(place=DEV, table_id=APPS_MAIN, destination=net(cidr), peering_id=PCX)
        for cidr in ("10.50.0.0/16", "10.50.8.0/22")
    ]
    assert isinstance(tag, TagPeering)


def test_routes_that_the_ledger_does_not_remember_stay() -> None:
    deleted = [action for action in plan(withdrawn("10.50.8.0/22")).plan.actions if isinstance(action, DeleteRoute)]

    assert [str(action.destination) for action in deleted] == ["10.50.8.0/22"]


def test_whose_routes_they_are_is_asked_before_anything_is_deleted() -> None:
    unasked = replace(withdrawn(), ledger=None)

    assert open_questions(unasked, policy()).ledger
    assert not any(isinstance(action, DeleteRoute) for action in plan(unasked).plan.actions)


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(route("10.50.0.0/16", PCX, prefix_list="pl-1"), id="a route of a prefix list"),
        pytest.param(route("10.50.0.0/16", "tgw-1"), id="a route of another target"),
        pytest.param(route("10.40.0.0/14", PCX), id="a route that still reaches a part of the peer"),
    ],
)
def test_what_is_not_a_stale_route_of_ours_is_not_deleted(there: object) -> None:
    owned = remembered(*BEFORE, routes=[ledger_route("10.50.0.0/16"), ledger_route("10.40.0.0/14")])
    side = apps(routes=[route("10.40.0.0/16", PCX), there])  # type: ignore[list-item]
    seen = marked(active(side, tidb(routes=[route("10.20.0.0/16", PCX)]), ledger=owned))

    assert not any(isinstance(action, DeleteRoute) for action in plan(seen).plan.actions)


def test_nothing_is_deleted_while_it_is_not_known_what_the_peer_has() -> None:
    owned = remembered(*BEFORE, routes=[ledger_route("10.40.0.0/16")])
    seen = active(
        apps(routes=[route("10.40.0.0/16", PCX)]), foreign(tidb()), told=(nets("10.20.0.0/16"), ()), ledger=owned
    )

    assert not any(isinstance(action, DeleteRoute) for action in plan(seen).plan.actions)


@pytest.mark.parametrize("status", [status for status in PeeringStatus if status.gone])
def test_of_a_peering_that_is_gone_our_own_blackholes_are_removed_and_no_others(status: PeeringStatus) -> None:
    requester = apps(
        routes=[
            route("10.40.0.0/16", PCX, blackhole=True),
            route("10.41.0.0/16", PCX, blackhole=True),
            route("10.42.0.0/16", "nat-1", blackhole=True),
        ]
    )
    accepter = tidb(routes=[route("10.20.0.0/16", PCX, blackhole=True)])
    owned = [ledger_route("10.40.0.0/16"), ledger_route("10.42.0.0/16"), ledger_route("10.20.0.0/16", TIDB_MAIN, DATA)]
    seen = facts(requester, accepter, status=status, ledger=remembered(routes=owned))

    decision = plan(seen)

    assert decision.decision is Decision.OBSERVED
    assert decision.plan.actions == (
        DeleteRoute(place=DEV, table_id=APPS_MAIN, destination=net("10.40.0.0/16"), peering_id=PCX),
        DeleteRoute(place=DATA, table_id=TIDB_MAIN, destination=net("10.20.0.0/16"), peering_id=PCX),
    )
    assert open_questions(replace(seen, ledger=None), policy()).ledger


def test_a_ledger_of_another_table_or_place_owns_nothing_here() -> None:
    owned = [ledger_route("10.40.0.0/16", "rtb-elsewhere"), ledger_route("10.40.0.0/16", APPS_MAIN, DATA)]
    requester = apps(routes=[route("10.40.0.0/16", PCX, blackhole=True)])

    assert plan(facts(requester, status=PeeringStatus.DELETED, ledger=remembered(routes=owned))).plan.actions == ()


V4_ALONE: dict[str, Any] = {
    "requester": Match(accounts=(DEV.account,), cidrs_within=nets("10.16.0.0/12")),
    "ipv6": True,
}


def test_a_dual_stack_requester_under_a_range_of_ipv4_is_approved_and_routed_with_both_families() -> None:
    block = "2001:db8:20::/56"
    decision = plan(facts(apps("10.20.0.0/16", block)), rule(**V4_ALONE))

    assert decision.decision is Decision.APPROVED
    routed = [action.destination for action in decision.plan.actions if isinstance(action, CreateRoute)]
    assert routed == nets_list("10.40.0.0/16", "10.20.0.0/16", block)


def test_an_ipv6_block_that_such_a_requester_gains_later_is_told_and_not_routed() -> None:
    block = "2001:db8:20::/56"
    requester = apps("10.20.0.0/16", block, routes=[route("10.40.0.0/16", PCX)])
    seen = marked(
        active(requester, tidb(routes=[route("10.20.0.0/16", PCX)]), ledger=remembered(*BEFORE)), approved=nets(*BEFORE)
    )

    decision = plan(seen, rule(**V4_ALONE))

    assert (decision.decision, decision.plan.actions, decision.grown) == (Decision.APPROVED, (), nets(block))


def test_a_destination_that_names_such_a_block_routes_it() -> None:
    block = "2001:db8:20::/56"
    requester = apps("10.20.0.0/16", block, routes=[route("10.40.0.0/16", PCX)])
    accepter = tidb(routes=[route("10.20.0.0/16", PCX)])
    seen = marked(active(requester, accepter, ledger=remembered(*BEFORE)), approved=nets(*BEFORE))

    decision = plan(seen, rule(**V4_ALONE, to_apps=SideRoutes(to=nets("10.20.0.0/16", block))))

    assert decision.grown == ()
    assert decision.plan.actions[0] == create(block, TIDB_MAIN, DATA)
