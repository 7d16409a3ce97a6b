"""Every function runs every one of its flows under its own role and the member role; what they allow is what is asked for.

Exactly: each action of each statement on each of its resources is asked for by a run of the flow that it stands there for, and
nothing that a flow asks for is refused.
"""

from __future__ import annotations

import pytest

from chalicelib.intake.patterns import PATTERNS
from tests.aws.local import ROOT
from tests.iam.guard import MEMBER
from tests.iam.lambda_needs import functions
from tests.iam.played import allowed, meant_abroad, played, used, used_by_lambda
from tests.iam.scenarios import SCENARIOS

ABROAD = [function for function in SCENARIOS if any(one.sid == "ReachMemberAccounts" for one in allowed(function))]


def test_every_function_that_has_a_role_is_played() -> None:
    files = {path.stem.removeprefix("policy-") for path in (ROOT / ".chalice").glob("policy-*.json")}
    assert files == SCENARIOS.keys() == functions().keys() >= PATTERNS.keys()


@pytest.mark.parametrize("function", SCENARIOS)
def test_nothing_that_a_function_asks_for_is_refused(function: str) -> None:
    assert [one.play.guard.denied for one in played(function)] == [[]] * len(SCENARIOS[function])


@pytest.mark.parametrize("function", SCENARIOS)
def test_what_a_function_may_is_what_it_asks_for(function: str) -> None:
    assert used(function, function) | used_by_lambda(function) == allowed(function)


@pytest.mark.parametrize("function", SCENARIOS)
def test_no_call_of_ours_needs_what_is_there_for_lambda(function: str) -> None:
    assert used(function, function).isdisjoint(used_by_lambda(function))


@pytest.mark.parametrize("function", ABROAD)
def test_what_a_function_may_at_home_it_asks_for_in_member_accounts_too(function: str) -> None:
    """The member role is shared: another function's statement may allow the same action as well."""
    there, meant = used(function, MEMBER), meant_abroad(function)
    assert meant <= there
    assert {one.action for one in there} == {one.action for one in meant}


def test_the_member_role_may_what_the_functions_ask_of_it() -> None:
    assert {one for function in ABROAD for one in used(function, MEMBER)} == allowed(MEMBER)


def test_functions_that_enter_no_account_ask_nothing_there() -> None:
    assert {one for function in SCENARIOS.keys() - set(ABROAD) for one in used(function, MEMBER)} == set()
