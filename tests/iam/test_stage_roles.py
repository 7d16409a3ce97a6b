"""The roles that a deployment makes for its stage: narrower than their patterns, and still all that is asked for.

Every scenario was played under the patterns; what it asked for is judged here once more, by the roles that its settings make.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.aws.local import HUB
from tests.iam.evaluate import grants, listed, verdict
from tests.iam.guard import Grant, function_policy, grants_of
from tests.iam.lambda_needs import needs_of_lambda
from tests.iam.operations import Need
from tests.iam.played import Played, played
from tests.iam.scenarios import SCENARIOS
from tests.iam.stage import roles

FUNCTIONS = sorted(SCENARIOS)
MEMBER = {"NETREFLEX_MEMBER_ROLE": "netreflex-test-member"}


@cache
def _role(function: str, *settings: tuple[str, str]) -> dict[str, Any]:
    return roles(dict(settings))[function]


def _of(one: Played) -> dict[str, Any]:
    return _role(one.play.function, *sorted(one.play.settings.items()))


def _asked(one: Played) -> Iterator[Need]:
    yield from (need for role, need in one.play.guard.needed if role == one.play.function)
    yield from needs_of_lambda(one.play.function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_flow_is_refused_anything_by_the_roles_that_its_settings_make(function: str) -> None:
    refused = {
        (one.scenario.name, need.action, need.resource)
        for one in played(function)
        for need in _asked(one)
        if verdict(_of(one), need.action, need.resource, need.context) != "allow"
    }
    assert refused == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_these_roles_allow_is_what_is_asked_for(function: str) -> None:
    """Of what lies in AWS each stage has one place, so all are taken together."""
    allowed = {grant for one in played(function) for grant in grants_of(function, _of(one))}
    used = {
        Grant(function, sid, need.action, resource)
        for one in played(function)
        for need in _asked(one)
        for sid, resource in grants(_of(one), need.action, need.resource, need.context)
    }
    assert used == allowed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_nothing_that_its_pattern_does_not(function: str) -> None:
    """A hole in the pattern cannot be mended by narrowing, and narrowing cannot tear one."""
    pattern = {one["Sid"]: one for one in function_policy(function)["Statement"]}
    for one in played(function):
        for statement in _of(one)["Statement"]:
            wider = pattern[statement["Sid"]]
            assert set(listed(statement["Action"])) <= set(listed(wider["Action"]))
            for resource in listed(statement["Resource"]):
                at_home = {"Statement": [{**wider, "Condition": {}}]}
                assert all(verdict(at_home, action, resource, {}) == "allow" for action in listed(statement["Action"]))
            assert statement.get("Condition") == wider.get("Condition")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_netreflexs_own_is_named_to_the_letter(function: str) -> None:
    """Stage, account and Region: what another stage has is out of reach, and so is a namesake in another account."""
    role = _role(function, *MEMBER.items(), ("NETREFLEX_SLACK_SECRET", "netreflex-test-slack"))
    own = [arn for one in role["Statement"] for arn in listed(one["Resource"]) if "netreflex-" in arn]
    assert own
    for arn in own:
        assert "netreflex-test-" in arn or "alarm:netreflex-vpn-" in arn, "tunnels are nobody's stage"
        assert re.match(rf"arn:aws:(\w+:eu-west-1:{HUB}|cloudwatch:\*:{HUB}|iam::\*):", arn), arn


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_bundled_policy_and_no_secret_leave_nothing_to_be_read_and_no_account_to_be_entered(function: str) -> None:
    sids = {one["Sid"] for one in _role(function)["Statement"]}
    gone = {one["Sid"] for one in function_policy(function)["Statement"]} - sids
    by_setting = {"ReadTheSlackSecret", "TellAmazonQ"} if function == "notify" else {"ReachMemberAccounts"}
    sources = {f"ReadThePolicyFrom{place}" for place in ("ParameterStore", "S3", "AppConfig")}
    assert gone == sources | (by_setting if function != "dead_letters" else set())
