"""The composition root: settings become sessions, observers, performers and flows, once per container.

Nothing else builds these, so a test that wants another world builds its own ``World`` and calls the flow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.store import AlertStore
from chalicelib.alerts.unsent import LogRoad
from chalicelib.flows.ports import AlertRoad, Memory, World
from chalicelib.intake.policy_file import parse_policy, policy_hash
from chalicelib.model.policy import Policy
from chalicelib.observe.peerings import PeeringObserver
from chalicelib.observe.policy_source import read_policy_text
from chalicelib.perform.executor import AwsExecutor, DryRunExecutor
from chalicelib.perform.ledger import NoMemory, StateTableMemory
from chalicelib.sessions import MemberRole, Sessions
from chalicelib.settings import Mode, Settings, read_settings

BUNDLE = Path(__file__).resolve().parent.parent
POLICY_SECONDS = 60.0  # how long a container goes on with a policy from outside the bundle before it reads it again


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _PolicyCache:
    policy: Policy
    hash: str
    read_at: float


class Runtime:
    """What lives as long as the container: settings, sessions, the policy as last read."""

    def __init__(
        self,
        settings: Settings,
        *,
        policy_text: Callable[[], str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self._policy_text = policy_text or self._read_policy_text
        self._sleep, self._now = sleep, now
        self._policy: _PolicyCache | None = None
        role = MemberRole(name=settings.member_role, external_id=settings.external_id) if settings.member_role else None
        self.sessions = Sessions(
            home_account=settings.home_account,
            member_role=role,
            allowed_accounts=lambda: frozenset(self.policy().accounts),
            now=now,
        )

    def _read_policy_text(self) -> str:
        return read_policy_text(self.settings.policy, self.sessions.home, BUNDLE)

    def policy(self) -> Policy:
        """The policy, read again after a minute where it lies outside the bundle. Raises ConfigurationError."""
        held = self._policy
        if held is None or (self._outside and time.monotonic() - held.read_at > POLICY_SECONDS):
            text = self._policy_text()
            held = _PolicyCache(parse_policy(text), policy_hash(text), time.monotonic())
            self._policy = held
        return held.policy

    @property
    def _outside(self) -> bool:
        return self.settings.policy.startswith(("ssm:", "s3:", "appconfig:"))

    def world(self) -> World:
        """The world of one run: the policy of this minute, and everything that reads, writes and tells."""
        policy = self.policy()
        reader = PeeringObserver(
            self.sessions, manages=policy.manages, state_table=self.settings.state_table, sleep=self._sleep
        )
        enforce = self.settings.mode is Mode.ENFORCE
        return World(
            policy=policy,
            reader=reader,
            executor=AwsExecutor(self.sessions, reader) if enforce else DryRunExecutor(),
            memory=self._memory(),
            road=self._road(),
            now=self._now,
            enforce=enforce,
        )

    def _memory(self) -> Memory:
        if self.settings.state_table is None:
            return NoMemory()
        return StateTableMemory(self._dynamodb, self.settings.state_table, self._now)

    def _road(self) -> AlertRoad:
        if self.settings.state_table is None or self.settings.alerts_topic_arn is None:
            return LogRoad()
        store = AlertStore(self._dynamodb(), self.settings.state_table)
        publisher = Publisher(self.sessions.home("sns"), self.settings.alerts_topic_arn)
        return Road(store, publisher, self._now)

    def _dynamodb(self) -> Any:  # noqa: ANN401 - see Sessions.client
        return self.sessions.home("dynamodb")


@cache
def runtime() -> Runtime:
    """The one runtime of this container. Raises ConfigurationError that names every wrong setting."""
    return Runtime(read_settings(os.environ))
