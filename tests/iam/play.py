"""A scenario, played by a function under its own role, and what people see of it.

A playing ends with the first run in which something was refused: what was seen until then is what people have to go by.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.model.errors import RetryLater
from chalicelib.model.report import Report
from tests.aws.answers import Answers, answer_with
from tests.aws.local import HUB
from tests.iam.guard import Guard
from tests.lab import Lab


class Ended(Exception):
    """Something was refused, and the rest of the scenario would only stumble over it."""


@dataclass
class Play:
    """One playing. ``seen`` is all that people get to see: reports, errors that Lambda counts, alerts.

    ``inboxes`` are queues behind further topics, such as the second one. ``settings`` are those of the stage that name something
    in AWS.
    """

    guard: Guard
    function: str
    seen: list[str] = field(default_factory=list)
    inboxes: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=lambda: {"NETREFLEX_MEMBER_ROLE": "netreflex-test-member"})

    @property
    def told(self) -> str:
        return "\n".join(self.seen)

    def run(self, lab: Lab, work: Callable[[], object], *, answers: Answers | None = None) -> None:
        """Let the function do its work once, in a container of its own."""
        answer_with(lab.fresh_runtime().sessions._session, answers or {})
        with self.guard.running(self.function):
            try:
                self.seen.append(_text(work()))
            except Exception as error:
                if not self.guard.refused:
                    raise
                self.seen.append(f"raised {type(error).__name__}: {error}")
        self._look(lab)
        if self.guard.refused:
            if not all(action in self.told for _, action in self.guard.refused):
                self._sweep_later(lab)
            raise Ended

    def _look(self, lab: Lab, when: str = "") -> None:
        self.seen += [when + json.dumps(one) for one in lab.alerts()]
        self.seen += [f"{when}another topic: {one}" for inbox in self.inboxes for one in lab.letters(inbox)]

    def _sweep_later(self, lab: Lab) -> None:
        """What nobody was told lies in the state table; the sweep of a quarter of an hour later does what it may."""
        if not self.inboxes:
            self.inboxes.append(lab.topic_with_inbox("netreflex-test-fallback")[1])
        lab.now = lambda: datetime.now(UTC) + timedelta(minutes=15)
        sweep = lab.fresh_runtime().alert_sweep()
        with self.guard.running("sweep") if self.function == "sweep" else nullcontext():
            try:
                sweep.run()
            except RetryLater as error:
                self.seen.append(f"a later sweep raised: {error}")
        self._look(lab, "a later sweep: ")


def _text(answer: object) -> str:
    return json.dumps(answer.as_json()) if isinstance(answer, Report) else str(answer)


@dataclass(frozen=True)
class Scenario:
    """Something that a function meets. ``play`` makes the world and lets the function work in it."""

    name: str
    play: Callable[[Play], None]

    def __str__(self) -> str:
        return self.name


def accounts_of(home: bool, *accounts: str) -> tuple[str, ...]:  # noqa: FBT001
    """The accounts of a world: all of them netreflex's own, or each what it is."""
    return tuple(HUB for _ in accounts) if home else accounts
