"""Every scenario of a function, played once with nothing missing: the reference for what is used and for what people see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from deploy.permissions import AT_HOME
from tests.iam.guard import MEMBER, Grant, Guard, function_policy, grants_of, member_role
from tests.iam.lambda_needs import needs_of_lambda
from tests.iam.play import Play, Scenario
from tests.iam.scenarios import SCENARIOS


@dataclass(frozen=True)
class Played:
    """A scenario that ran well."""

    scenario: Scenario
    play: Play

    @property
    def cost(self) -> int:
        """How many calls it took, those that made its world too: what it costs to play it again, told without a clock."""
        return self.play.guard.calls


@cache
def played(function: str) -> tuple[Played, ...]:
    """All scenarios of a function."""
    return tuple(_played(function, scenario) for scenario in SCENARIOS[function])


def _played(function: str, scenario: Scenario) -> Played:
    with Guard("test") as guard:
        play = Play(guard, function)
        scenario.play(play)
    return Played(scenario, play)


def allowed(role: str) -> set[Grant]:
    """All that a function's policy, or the member role's, allows."""
    return grants_of(role, member_role("test")[1] if role == MEMBER else function_policy(role))


def used_by_lambda(function: str) -> set[Grant]:
    """The grants that Lambda itself takes from the role."""
    guard = Guard("test")
    refused = [need for need in needs_of_lambda(function) if not guard.allows(function, need)]
    assert refused == []
    return guard.used


def used(function: str, role: str) -> set[Grant]:
    """The grants by which the function's flows got through, of its own role or of the member role."""
    return {grant for one in played(function) for grant in one.play.guard.used if grant.role == role}


def meant_abroad(function: str) -> set[Grant]:
    """What of the member role is there for this function: its own statements about networks, in another account."""
    own = {(grant.sid, grant.action) for grant in allowed(function) if grant.sid not in AT_HOME}
    return {grant for grant in allowed(MEMBER) if (grant.sid, grant.action) in own}


def cheapest(function: str | None, role: str, action: str, sid: str | None) -> Played:
    """The cheapest scenario in which a role asked for an action; ``function`` is None where any function will do."""
    return min(_asking(function, role, action, sid), key=lambda one: (one.cost, one.scenario.name))


def _asking(function: str | None, role: str, action: str, sid: str | None) -> Iterator[Played]:
    for one in (one for name in SCENARIOS if function in {None, name} for one in played(name)):
        if any(
            (grant.role, grant.action) == (role, action) and sid in {None, grant.sid} for grant in one.play.guard.used
        ):
            yield one
