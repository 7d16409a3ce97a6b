"""What people read of a peering: pure, from facts to the words on a phone."""

from __future__ import annotations

import re

import pytest

from chalicelib.alerts import render
from chalicelib.alerts.peering_alerts import peering_alert
from chalicelib.alerts.peering_frame import Told, sentences
from chalicelib.alerts.state import Stored
from chalicelib.alerts.texts import width
from chalicelib.decide.peering import plan_peering
from chalicelib.model.alert import MOST_CAUSE, Alert
from chalicelib.model.facts import PeeringFacts, PeeringStatus
from chalicelib.model.network import Place
from chalicelib.model.policy import Match, Rule, RuleDecision
from chalicelib.model.report import Failure
from tests.decide.build import (
    DEV,
    NOW,
    PCX,
    active,
    apps,
    facts,
    foreign,
    ledger_route,
    moved,
    nets,
    policy,
    remembered,
    route,
    rule,
    tidb,
)

UNKNOWN = "999999999999"
ASKED_BY_A_STRANGER = facts(foreign(moved(apps(), Place(account=UNKNOWN, region="eu-west-1"))))
REJECT = f"aws ec2 reject-vpc-peering-connection --region eu-west-1 --vpc-peering-connection-id {PCX}"


def told(seen: PeeringFacts, *rules: Rule, default: RuleDecision = RuleDecision.HOLD, enforce: bool = True) -> Alert:
    written = policy(*rules, default=default)
    return peering_alert(Told(facts=seen, decision=plan_peering(seen, written, NOW), enforce=enforce), written, NOW)


def phone(alert: Alert) -> str:
    kept = alert.bounded()
    return render.message(Stored(alert=kept, first=kept.at, since=kept.at, worst=kept.severity)).text


# ---- a stranger ------------------------------------------------------------------------------------------------------
def test_a_strangers_request_warns_of_the_account_and_says_first_how_to_turn_it_down() -> None:
    alert = told(ASKED_BY_A_STRANGER)

    assert f"The requester's account {UNKNOWN} is not in the policy: a stranger's request." in alert.summary
    assert alert.remedy[0].startswith(f"Unless you know who owns account {UNKNOWN}, turn it down: in account ")
    assert REJECT in alert.remedy[0]
    assert f"Do: Unless you know who owns account {UNKNOWN}" in phone(alert)


def test_a_request_of_an_account_that_we_know_has_no_such_warning() -> None:
    alert = told(facts(), rule("prod", requester=Match(accounts=(UNKNOWN,))))

    assert "stranger" not in alert.summary
    assert [step.split(":")[0].split(",")[0] for step in alert.remedy] == [
        "To approve",
        "To accept by hand",
        "To turn it down",
    ]


def test_a_stranger_who_is_turned_down_by_default_is_named_as_one() -> None:
    alert = told(ASKED_BY_A_STRANGER, default=RuleDecision.REJECT)

    assert "a stranger's request" in alert.summary
    assert alert.remedy[0].startswith(f"If you know who owns account {UNKNOWN} and want it: ")


# ---- the policy may lie in the bundle --------------------------------------------------------------------------------
@pytest.mark.parametrize("default", [RuleDecision.HOLD, RuleDecision.REJECT])
def test_a_step_that_changes_the_policy_says_what_brings_it_into_force(default: RuleDecision) -> None:
    alert = told(facts(), rule("prod", requester=Match(accounts=(UNKNOWN,))), default=default)

    [step] = [one for one in alert.remedy if "rule of the policy" in one]
    assert "a policy in the bundle: after `make deploy`" in step


# ---- why -------------------------------------------------------------------------------------------------------------
def far(number: int) -> Rule:
    accounts = tuple(f"{number:06}{one:06}" for one in range(40))
    return rule(f"team-{number:03}", requester=Match(accounts=accounts), accepter=Match(accounts=(UNKNOWN,)))


def test_of_many_rules_the_nearest_is_told_first_and_no_line_is_cut() -> None:
    nearest = rule("dev-apps", requester=Match(accounts=(DEV.account,), vpc_tags={"env": "prod"}))

    alert = told(facts(), *map(far, range(60)), nearest)

    cause = alert.bounded().cause
    assert cause == alert.cause
    said = re.split(r"(?<=\.) (?=[A-Z])", cause)
    assert said[:2] == [
        "No rule matches; the policy's default is to hold.",
        "Rule dev-apps: requester VPC tag env is 'dev-blue' (wanted 'prod').",
    ]
    assert all(
        re.fullmatch(r"Rule team-\d{3}: requester account \d{12} is not .* and 35 more\.", one) for one in said[2:-1]
    )
    assert said[-1] == f"And {62 - len(said[:-1])} more, which are in the report in netreflex's log."
    assert len(said) > 5


@pytest.mark.parametrize("text", ["x" * 90, "<&>" * 30, "pcx-1 is deleted"])
def test_a_cause_is_made_of_whole_sentences_within_its_room(text: str) -> None:
    for count in (1, 5, 12, 40):
        cause = sentences([text] * count)

        assert width(cause) <= MOST_CAUSE
        assert cause.endswith(".")
        shown = cause.lower().count(text.lower())
        assert shown == count or f"And {count - shown} more" in cause


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pcx-0bb22cc33dd44ee55 is deleted", "pcx-0bb22cc33dd44ee55 is deleted."),
        ("vpc-01 would have 51 active peerings", "vpc-01 would have 51 active peerings."),
        ("rtb-01 holds 10.0.0.0/8", "rtb-01 holds 10.0.0.0/8."),
        ("ec2:CreateRoute was refused", "ec2:CreateRoute was refused."),
        ("netreflex may not call it.", "netreflex may not call it."),
        ("rule a decides: approve", "Rule a decides: approve."),
        ("lost; it is late", "Lost; it is late."),
        ("expired", "Expired."),
    ],
)
def test_a_sentence_begins_with_a_capital_and_an_identifier_stays_itself(text: str, said: str) -> None:
    assert sentences([text]) == said


# ---- AWS failed it ---------------------------------------------------------------------------------------------------
def test_a_request_that_aws_failed_for_an_overlap_says_what_to_do_about_it() -> None:
    seen = facts(apps("10.40.0.0/20"), tidb("10.40.0.0/16"), status=PeeringStatus.FAILED)

    alert = told(seen)

    assert "10.40.0.0/20 of the requester" in alert.cause
    assert "CIDRs do not overlap" in alert.remedy[0]
    assert "PrivateLink" in alert.remedy[0]
    assert "neither accepted nor deleted" in alert.remedy[1]
    assert " Why: 10.40.0.0/20 of the requester" in phone(alert)
    assert " Do: Ask again between VPCs whose CIDRs do not overlap" in phone(alert)


def test_a_request_that_aws_failed_for_no_reason_that_we_see_says_what_to_check() -> None:
    alert = told(facts(status=PeeringStatus.FAILED, status_message="Failed due to incorrect VPC-ID"))

    assert "Failed due to incorrect VPC-ID" in alert.cause
    assert alert.remedy[0].startswith("Check the VPC id, the account and the Region")


def test_what_is_done_asks_nobody_to_do_anything_on_a_phone() -> None:
    alert = told(facts(), rule(decision=RuleDecision.REJECT))

    assert alert.remedy
    assert " Do: " not in phone(alert)


def test_a_vpc_with_addresses_in_many_rules_is_told_in_short() -> None:
    """Each rule has its line; what a rule names is not spelled out beyond what people read."""
    wide = rule(
        "wide",
        requester=Match(accounts=(DEV.account,), cidrs_within=nets(*(f"10.{one}.0.0/16" for one in range(100, 120)))),
    )

    alert = told(facts(), wide)

    assert "requester CIDR 10.20.0.0/16 does not lie within 10.100.0.0/16, 10.101.0.0/16" in alert.cause
    assert alert.cause.endswith("10.104.0.0/16 and 15 more.")


# ---- what was done ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("enforce", "title", "summary"),
    [
        (
            True,
            "VPC peering approved",
            f"Our side is finished; the owner of account {UNKNOWN} has to run what is listed",
        ),
        (False, "VPC peering would be approved", "Nothing was changed: netreflex runs in observe mode."),
    ],
)
def test_of_a_peering_with_a_stranger_nothing_is_said_to_be_done_that_was_not(
    title: str, summary: str, *, enforce: bool
) -> None:
    named = rule(requester=Match(accounts=(UNKNOWN,)))

    alert = told(ASKED_BY_A_STRANGER, named, enforce=enforce)

    assert alert.title.split(":")[0] == title
    assert summary in alert.summary
    assert alert.remedy[0].startswith(f"The owner of account {UNKNOWN} runs, for each of their route tables")


def test_an_active_peering_that_cannot_be_routed_says_that_nothing_was_changed() -> None:
    """Somebody accepted it by hand, and a route of others is in the way on one side: the other is not served either."""
    alert = told(active(apps(routes=[route("10.40.0.0/16", "tgw-0123456789abcdef0")])))

    assert alert.title.startswith("VPC peering has a route conflict")
    assert alert.summary.endswith("nothing was changed and traffic that needs its routes does not arrive.")


@pytest.mark.parametrize(
    ("seen", "decision", "title", "verdict"),
    [
        (
            facts(),
            RuleDecision.APPROVE,
            "VPC peering could not be finished",
            "The policy approves it, but a step failed.",
        ),
        (
            facts(),
            RuleDecision.REJECT,
            "VPC peering could not be turned down",
            "The policy turns this request down, but a step failed.",
        ),
        (
            facts(
                apps(routes=[route("10.40.0.0/16", PCX, blackhole=True)]),
                status=PeeringStatus.DELETED,
                ledger=remembered(routes=[ledger_route("10.40.0.0/16")]),
            ),
            RuleDecision.APPROVE,
            "VPC peering could not be cleared away",
            "The peering has ended, and routes of ours that led to it are left, but a step failed.",
        ),
    ],
)
def test_a_step_that_failed_is_told_beside_what_the_policy_wanted(
    seen: PeeringFacts, decision: RuleDecision, title: str, verdict: str
) -> None:
    """A request that is to be rejected must never read as one that the policy approves."""
    written = policy(rule(decision=decision))
    planned = plan_peering(seen, written, NOW)
    failed = Failure(action=planned.plan.actions[0], error="refused")

    alert = peering_alert(Told(facts=seen, decision=planned, failed=(failed,)), written, NOW)

    assert alert.title.split(":")[0] == title
    assert alert.summary == f"{verdict} Still to be done: {failed.action.describe()}. No traffic flows."


def test_no_command_for_another_owner_is_cut_however_long_its_addresses_are() -> None:
    far_away = Place(account=UNKNOWN, region="ap-southeast-99")
    blocks = [f"172.16.1{one}.128/25" for one in range(10, 22)] + [
        f"2600:1f18:abcd:{one}00::/56" for one in range(10, 22)
    ]
    seen = facts(foreign(moved(apps(), far_away)), tidb(*blocks))
    named = rule(requester=Match(accounts=(UNKNOWN,)), ipv6=True)

    alert = told(seen, named)

    assert len(alert.remedy) == 5  # two and two for routes, one for the DNS option
    assert alert.bounded().remedy == alert.remedy
    assert [block for block in blocks if not any(block in step for step in alert.remedy)] == []
