"""Any single action taken away from a role shows: the flow that needs it, played again, says so to people.

The action is really taken from the policy and the cheapest scenario that asks for it runs once more. Exactly this action is
refused, and what people see names it: the report, the alert, the message on the second topic, or the error that Lambda counts
(its alarm tells the second topic with CloudWatch's own permission).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.iam.guard import MEMBER, Guard
from tests.iam.lambda_needs import needs_of_lambda
from tests.iam.play import Ended, Play
from tests.iam.played import allowed, cheapest
from tests.iam.scenarios import SCENARIOS


@dataclass(frozen=True)
class Taken:
    """An action of a role, in all of its statements or in the one where it reaches other things than elsewhere."""

    role: str
    action: str
    sid: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.role, self.action, self.sid)))


def _rows() -> list[Taken]:
    rows = []
    for role in (*SCENARIOS, MEMBER):
        by_lambda = {need.action for need in needs_of_lambda(role)} if role != MEMBER else set()
        grants = [one for one in sorted(allowed(role)) if one.action not in by_lambda or one.sid.startswith("Look")]
        rows += [Taken(role, action) for action in dict.fromkeys(one.action for one in grants)]
        reaches = Counter(action for action, _ in {(one.action, one.resource) for one in grants})
        rows += [Taken(role, one.action, one.sid) for one in grants if reaches[one.action] > 1]
    return rows


ROWS = _rows()
# What was not published waits in the state table, and the next sweep publishes it: late by minutes, and not lost.
LATE = "a later sweep: "


@pytest.mark.parametrize("taken", ROWS, ids=str)
def test_what_is_missing_is_named(taken: Taken) -> None:
    function = None if taken.role == MEMBER else taken.role
    reference = cheapest(function, taken.role, taken.action, taken.sid)
    play = _played_without(taken, reference.play.function, reference.scenario.play)
    assert play.guard.refused == {(taken.role, taken.action)}
    if _only_late(taken):
        assert LATE in play.told
        assert LATE not in reference.play.told
    else:
        assert taken.action in play.told
        assert taken.action not in reference.play.told


def _only_late(taken: Taken) -> bool:
    """Alerts that a function could not publish. Where the sweep cannot either, it tells the second topic, or raises."""
    return taken.action == "sns:Publish" and (taken.sid == "PublishAlerts" or taken.role not in {"sweep", "notify"})


def _played_without(taken: Taken, function: str, scenario: Callable[[Play], None]) -> Play:
    with Guard("test") as guard:
        guard.take_away(taken.role, taken.action, taken.sid)
        play = Play(guard, function)
        with pytest.raises(Ended):
            scenario(play)
    return play


@pytest.mark.parametrize("function", SCENARIOS)
def test_what_lambda_needs_is_refused_without_it(function: str) -> None:
    """No flow of ours shows it, and no emulator asks: AWS refuses the deployment (sqs), or the log stays empty (logs)."""
    for need in needs_of_lambda(function):
        guard = Guard("test")
        guard.take_away(function, need.action)
        assert not guard.allows(function, need)
