"""The composition root: settings become sessions, observers, performers and flows, once per container.

Nothing else builds these, so a test that wants another world builds its own ``World`` and calls the flow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.alerts.policy_alerts import policy_alert
from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.store import AlertStore
from chalicelib.alerts.unsent import LogRoad
from chalicelib.flows.policy import NoShelf, PolicyKeeper
from chalicelib.flows.ports import AlertRoad, Memory, World
from chalicelib.model.alert import Alert
from chalicelib.model.errors import NetreflexError
from chalicelib.model.policy import Policy
from chalicelib.observe.peerings import PeeringObserver
from chalicelib.observe.policy_source import read_last_good, read_policy_text
from chalicelib.perform.executor import AwsExecutor, DryRunExecutor
from chalicelib.perform.ledger import NoMemory, StateTableMemory
from chalicelib.perform.policy_shelf import keep_last_good
from chalicelib.sessions import MemberRole, Sessions
from chalicelib.settings import Mode, Settings, read_settings

BUNDLE = Path(__file__).resolve().parent.parent


def utc_now() -> datetime:
    return datetime.now(UTC)


class _TableShelf:
    """The state table as the shelf of the last good policy."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def load(self) -> str | None:
        return read_last_good(self._client(), self._table)

    def keep(self, text: str, version: str) -> None:
        keep_last_good(self._client(), self._table, text, version, self._now())


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
        self._sleep, self._now = sleep, now
        role = MemberRole(name=settings.member_role, external_id=settings.external_id) if settings.member_role else None
        self.sessions = Sessions(
            home_account=settings.home_account,
            member_role=role,
            allowed_accounts=lambda: frozenset(self.policy().accounts),
            now=now,
        )

        outside = settings.policy.startswith(("ssm:", "s3:", "appconfig:"))
        self._keeper = PolicyKeeper(
            policy_text or self._read_policy_text,
            _TableShelf(self._dynamodb, settings.state_table, now) if outside and settings.state_table else NoShelf(),
            time.monotonic,
            reload=outside,
        )
        self._fault = ""

    def _read_policy_text(self) -> str:
        return read_policy_text(self.settings.policy, self.sessions.home, BUNDLE)

    def policy(self) -> Policy:
        """The policy in force. Raises NetreflexError where none is good."""
        return self._keeper.state().policy

    def _checked_policy(self, road: AlertRoad) -> tuple[Policy, Alert]:
        """The policy in force and the alert that says how its newest version stands.

        A new fault is told at once; its end by this container, or by the sweep where this container did not see the fault.
        """
        try:
            state = self._keeper.state()
        except NetreflexError as error:
            road.tell(self._policy_alert(str(error), None))
            raise
        health = self._policy_alert(state.fault, state.version)
        if state.fault != self._fault:
            road.tell(health)
            self._fault = state.fault
        return state.policy, health

    def _policy_alert(self, fault: str, in_force: str | None) -> Alert:
        return policy_alert(
            self.settings.policy,
            fault,
            in_force=in_force,
            account=self.settings.home_account or "",
            region=self.sessions.home_region,
            now=self._now(),
        )

    def world(self) -> World:
        """The world of one run: the policy of this minute, and everything that reads, writes and tells."""
        road = self._road()
        policy, health = self._checked_policy(road)
        reader = PeeringObserver(
            self.sessions, manages=policy.manages, state_table=self.settings.state_table, sleep=self._sleep
        )
        enforce = self.settings.mode is Mode.ENFORCE
        return World(
            policy=policy,
            policy_health=health,
            reader=reader,
            executor=AwsExecutor(self.sessions, reader) if enforce else DryRunExecutor(),
            memory=self._memory(),
            road=road,
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
