"""One peering through all its states: what is planned, what is left alone, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import __version__
from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG, cidrs_hash
from chalicelib.model.actions import AcceptPeering, CreateRoute, RejectPeering, TagPeering
from chalicelib.model.facts import PeeringStatus
from chalicelib.model.plan import Decision, RefusalKind
from chalicelib.model.policy import DnsResolution, Match, RuleDecision, SideRoutes
from tests.decide.build import (
    APPS,
    APPS_MAIN,
    DATA,
    DEV,
    NOW,
    PCX,
    TIDB,
    TIDB_MAIN,
    active,
    apps,
    create,
    described,
    facts,
    foreign,
    marked,
    nets,
    plan,
    route,
    rule,
    table,
    tidb,
)

BOTH_CIDRS = nets("10.20.0.0/16", "10.40.0.0/16")
TO_TIDB, TO_APPS = create("10.40.0.0/16"), create("10.20.0.0/16", TIDB_MAIN, DATA)
ACCEPT, REJECT = AcceptPeering(place=DATA, peering_id=PCX), RejectPeering(place=DATA, peering_id=PCX)
ROUTED = (apps(routes=[route("10.40.0.0/16", PCX)]), tidb(routes=[route("10.20.0.0/16", PCX)]))


def mark(rule_name: str = "dev-to-tidb") -> TagPeering:
    tags = ((CIDRS_TAG, cidrs_hash(BOTH_CIDRS)), (RULE_TAG, rule_name), (VERSION_TAG, __version__))
    return TagPeering(place=DATA, peering_id=PCX, tags=tags)


# ---- pending ---------------------------------------------------------------------------------------------------------
def test_an_approved_request_is_accepted_routed_on_both_sides_and_marked_last() -> None:
    decision = plan(facts())

    assert (decision.decision, decision.rule, decision.marked) == (Decision.APPROVED, rule(), False)
    assert decision.plan.actions == (ACCEPT, TO_TIDB, TO_APPS, mark())
    assert [(one.table_id, str(one.destination)) for one in decision.wanted] == [
        (APPS_MAIN, "10.40.0.0/16"),
        (TIDB_MAIN, "10.20.0.0/16"),
    ]
    assert (decision.approved, decision.reasons) == (BOTH_CIDRS, ("rule dev-to-tidb decides: approve",))


def test_a_request_that_no_rule_approves_is_held_with_every_reason() -> None:
    stranger = rule(requester=Match(accounts=("999999999999",)))

    decision = plan(facts(), stranger)

    assert (decision.decision, decision.rule, decision.plan.actions) == (Decision.HELD, None, ())
    assert decision.reasons == (
        "no rule matches; the policy's default is to hold",
        "rule dev-to-tidb: requester account 111122223333 is not one of 999999999999",
    )


def test_a_request_that_a_rule_holds_is_held_by_that_rule() -> None:
    decision = plan(facts(), rule("ask-us", RuleDecision.HOLD), rule())

    assert (decision.decision, decision.rule and decision.rule.name) == (Decision.HELD, "ask-us")
    assert (decision.plan.actions, decision.reasons) == ((), ("rule ask-us decides: hold",))


def test_a_request_that_a_rule_rejects_is_rejected_in_the_accepters_place() -> None:
    decision = plan(facts(), rule("not-dev", RuleDecision.REJECT))

    assert (decision.decision, decision.plan.actions) == (Decision.REJECTED, (REJECT,))
    assert decision.reasons == ("rule not-dev decides: reject",)


def test_a_request_that_no_rule_matches_is_rejected_where_that_is_the_default() -> None:
    decision = plan(facts(), rule(requester=Match(accounts=("999999999999",))), default=RuleDecision.REJECT)

    assert (decision.decision, decision.rule, decision.plan.actions) == (Decision.REJECTED, None, (REJECT,))
    assert decision.reasons[0] == "no rule matches; the policy's default is to reject"


@pytest.mark.parametrize(
    ("requester", "accepter", "reason"),
    [
        pytest.param(
            apps("10.40.0.0/16"),
            tidb(),
            f"10.40.0.0/16 of the requester {APPS.vpc_id} overlaps 10.40.0.0/16",
            id="equal",
        ),
        pytest.param(
            apps("10.20.0.0/16", "10.40.64.0/20"),
            tidb(),
            f"10.40.64.0/20 of the requester {APPS.vpc_id} overlaps 10.40.0.0/16",
            id="a secondary CIDR inside",
        ),
        pytest.param(
            apps(),
            tidb("10.20.3.0/24"),
            f"10.20.0.0/16 of the requester {APPS.vpc_id} overlaps 10.20.3.0/24",
            id="around",
        ),
        pytest.param(
            apps("10.20.0.0/16", "2001:db8::/56"),
            tidb("10.40.0.0/16", "2001:db8::/56"),
            f"2001:db8::/56 of the requester {APPS.vpc_id} overlaps 2001:db8::/56",
            id="IPv6, though it is not routed",
        ),
    ],
)
def test_overlapping_cidrs_are_refused_and_both_are_named(requester: object, accepter: object, reason: str) -> None:
    decision = plan(facts(requester, accepter))  # type: ignore[arg-type]

    first = decision.plan.refusals[0]
    assert (decision.decision, decision.plan.actions, first.kind) == (Decision.HELD, (), RefusalKind.OVERLAP)
    assert (first.reason, first.action) == (f"{reason} of the accepter {TIDB.vpc_id}", ACCEPT)
    assert decision.reasons[:2] == (
        "rule dev-to-tidb approves, but it cannot be done safely; nothing was changed",
        first.reason,
    )


@pytest.mark.parametrize(
    ("left", "expired"),
    [(timedelta(seconds=1), False), (timedelta(0), True), (timedelta(days=-1), True), (None, False)],
    ids=["one second left", "just expired", "expired yesterday", "AWS does not tell"],
)
def test_a_request_is_not_accepted_once_it_has_expired(left: timedelta | None, *, expired: bool) -> None:
    decision = plan(facts(expires_at=None if left is None else NOW + left))

    assert [refusal.kind for refusal in decision.plan.refusals] == ([RefusalKind.EXPIRED] if expired else [])
    assert (decision.plan.actions == ()) is expired
    assert all("the request expired at 2026-03-0" in refusal.reason for refusal in decision.plan.refusals)


def test_all_that_is_in_the_way_is_told_at_once_and_once() -> None:
    seen = facts(
        apps(tables=()),
        tidb(routes=[route("10.20.0.0/16", "tgw-1")]),
        expires_at=NOW,
    )

    decision = plan(seen)

    assert [refusal.kind for refusal in decision.plan.refusals] == [
        RefusalKind.EXPIRED,
        RefusalKind.TABLES,
        RefusalKind.CONFLICT,
    ]


# ---- other states ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [PeeringStatus.INITIATING, PeeringStatus.PROVISIONING, PeeringStatus.UNKNOWN])
def test_between_two_states_nothing_is_done(status: PeeringStatus) -> None:
    decision = plan(facts(status=status))

    assert (decision.decision, decision.plan.actions) == (Decision.OBSERVED, ())
    assert decision.reasons == (f"{PCX} is {status}; there is nothing to do until that changes",)


@pytest.mark.parametrize("status", [status for status in PeeringStatus if status.gone])
def test_of_a_peering_that_is_gone_the_state_is_told(status: PeeringStatus) -> None:
    decision = plan(facts(status=status, status_message="by 444455556666"))

    assert (decision.decision, decision.plan.actions) == (Decision.OBSERVED, ())
    assert decision.reasons == (f"{PCX} is {status}: by 444455556666",)


def test_the_likely_reason_why_aws_failed_a_request_is_told() -> None:
    decision = plan(facts(apps("10.40.8.0/24"), status=PeeringStatus.FAILED))

    [refusal] = decision.plan.refusals
    assert (refusal.kind, decision.plan.actions) == (RefusalKind.OVERLAP, ())
    assert decision.reasons == (f"{PCX} is failed", refusal.reason)


# ---- active ----------------------------------------------------------------------------------------------------------
def test_an_active_peering_that_is_not_finished_is_completed() -> None:
    decision = plan(active())

    assert (decision.decision, decision.marked) == (Decision.APPROVED, False)
    assert decision.plan.actions == (TO_TIDB, TO_APPS, mark())


def test_a_finished_peering_needs_nothing() -> None:
    decision = plan(marked(active(*ROUTED)))

    assert (decision.decision, decision.marked) == (Decision.APPROVED, True)
    assert (decision.plan.actions, decision.plan.unchanged) == ((), 4)


def test_a_route_that_somebody_deleted_is_made_again() -> None:
    assert plan(marked(active(apps(), ROUTED[1]))).plan.actions == (TO_TIDB,)


def test_a_finished_peering_is_repaired_table_by_table() -> None:
    """An obstacle in one table must not prolong an outage in another."""
    blocked = table("rtb-blocked", route("10.40.0.0/16", "tgw-1"))
    seen = marked(active(replace(apps(), tables=(*apps().tables, blocked)), ROUTED[1]))

    decision = plan(seen)

    assert (decision.decision, decision.plan.actions) == (Decision.APPROVED, (TO_TIDB,))
    assert [refusal.action for refusal in decision.plan.refusals] == [create("10.40.0.0/16", "rtb-blocked")]
    assert decision.reasons[1:] == tuple(refusal.reason for refusal in decision.plan.refusals)


def test_a_table_with_an_obstacle_gets_none_of_its_routes() -> None:
    side = apps(routes=[route("10.40.0.0/16", "tgw-1")])
    two = rule(to_tidb=SideRoutes(to=nets("10.40.0.0/16", "10.41.0.0/16")))
    seen = marked(active(side, tidb("10.40.0.0/16", "10.41.0.0/16")))

    routes = [one for one in plan(seen, two).plan.actions if isinstance(one, CreateRoute)]
    assert [one.table_id for one in routes] == [TIDB_MAIN]


def test_an_unfinished_peering_with_a_conflict_is_not_touched_on_either_side() -> None:
    decision = plan(active(apps(routes=[route("10.40.0.0/16", "tgw-1")])))

    assert (decision.decision, decision.plan.actions) == (Decision.HELD, ())
    assert [refusal.kind for refusal in decision.plan.refusals] == [RefusalKind.CONFLICT]
    assert (
        decision.reasons[0] == "rule dev-to-tidb approves, but the routes cannot be added safely; no route was changed"
    )


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param((rule(requester=Match(accounts=("999999999999",))),), id="no rule matches"),
        pytest.param((rule("later", RuleDecision.HOLD),), id="a rule holds it"),
        pytest.param((rule("never", RuleDecision.REJECT),), id="a rule rejects it"),
    ],
)
def test_an_active_peering_that_no_rule_approves_stays_as_it_is(rules: tuple[object, ...]) -> None:
    for seen, ours in ((active(), False), (marked(active(*ROUTED)), True)):
        decision = plan(seen, *rules)  # type: ignore[arg-type]

        assert (decision.decision, decision.plan.actions, decision.marked) == (Decision.OBSERVED, (), ours)
        assert decision.reasons[0] == "no rule of the policy approves this peering; it stays as it is"


# ---- the mark --------------------------------------------------------------------------------------------------------
def test_the_mark_is_renewed_when_another_rule_decides() -> None:
    decision = plan(marked(active(*ROUTED), rule="an-older-rule"))

    assert (decision.plan.actions, decision.marked) == ((mark(),), True)


@pytest.mark.parametrize(("tag", "finished"), [(RULE_TAG, False), (VERSION_TAG, True)])
def test_a_mark_that_lost_a_tag_is_set_again(tag: str, *, finished: bool) -> None:
    seen = marked(active(*ROUTED))
    assert seen.accepter.view is not None
    tags = {key: value for key, value in seen.accepter.view.tags.items() if key != tag}
    seen = replace(seen, accepter=replace(seen.accepter, view=replace(seen.accepter.view, tags=tags)))

    decision = plan(seen)

    assert (decision.plan.actions, decision.marked) == ((mark(),), finished)


def test_the_mark_is_not_renewed_while_something_is_in_the_way() -> None:
    blocked = apps(routes=[route("10.40.0.0/16", "tgw-1")])

    decision = plan(marked(active(blocked, ROUTED[1]), rule="an-older-rule"))

    assert (decision.decision, decision.plan.actions) == (Decision.APPROVED, ())
    assert decision.plan.refusals


def test_an_older_version_in_the_mark_is_left_alone() -> None:
    seen = marked(active(*ROUTED))
    assert seen.accepter.view is not None
    tags = {**seen.accepter.view.tags, VERSION_TAG: "0.0.1"}
    seen = replace(seen, accepter=replace(seen.accepter, view=replace(seen.accepter.view, tags=tags)))

    assert plan(seen).plan.actions == ()


def test_tags_of_the_requesters_side_prove_nothing_where_the_accepter_is_ours() -> None:
    seen = active(*ROUTED)
    forged = replace(seen.peering, tags={RULE_TAG: "dev-to-tidb", CIDRS_TAG: cidrs_hash(BOTH_CIDRS), VERSION_TAG: "1"})

    decision = plan(replace(seen, requester=replace(seen.requester, view=forged)))

    assert (decision.marked, decision.plan.actions) == (False, (mark(),))


def test_a_peering_that_our_side_does_not_show_yet_is_not_marked() -> None:
    seen = active(*ROUTED)

    decision = plan(replace(seen, accepter=replace(seen.accepter, view=None)))

    assert (decision.marked, decision.plan.actions) == (False, ())


def test_the_order_is_accept_routes_dns_mark() -> None:
    decision = plan(facts(foreign(apps())), rule(dns_resolution=DnsResolution.BOTH))

    assert [line.split()[0] for line in described(decision)] == ["accept", "add", "enable", "tag"]
    assert {action.place for action in decision.plan.actions} == {DATA}
    assert DEV not in {action.place for action in decision.plan.actions}
