"""How alerts leave an installation, put together from its settings: their road, their delivery, and what carries on what was left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.alerts import kinds
from chalicelib.alerts.opening import sink_opener
from chalicelib.alerts.publish import LeftToTheSweep, Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.store import AlertStore
from chalicelib.alerts.topic_only import TopicRoad
from chalicelib.alerts.unsent import LogRoad, NoSweep
from chalicelib.flows.policy_watch import PolicyWatch
from chalicelib.model.errors import ConfigurationError
from chalicelib.settings import Settings

if TYPE_CHECKING:  # each function imports what it needs when it needs it: cold starts are short that way
    from chalicelib.alerts.deliver import Delivery
    from chalicelib.alerts.fallback import Fallback
    from chalicelib.alerts.sinks import Sink
    from chalicelib.alerts.sweep import Sweep


class Alerting:
    """``home`` makes clients of netreflex's own account. ``policy`` says how alerts are told, and where the runbook is."""

    def __init__(
        self,
        settings: Settings,
        home: Callable[[str], Any],
        policy: PolicyWatch,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings, self._home, self._policy, self._now, self._sleep = settings, home, policy, now, sleep
        self._open_sink: Callable[[bool], Sink] | None = None

    def road(self) -> Road | LogRoad:
        """The road on which alerts leave."""
        if self._settings.alerts_topic_arn is None:
            return LogRoad()
        publisher = self._publisher(self._settings.alerts_topic_arn)
        if self._settings.state_table is None:
            return TopicRoad(publisher, self._now, runbook=self._policy.runbook)
        return self._stored_road(self._settings.state_table, publisher)

    def sweep(self) -> Sweep | NoSweep:
        """What carries on the alerts that were left on the road."""
        from chalicelib.alerts.sweep import Sweep

        table, topic_arn = self._settings.state_table, self._settings.alerts_topic_arn
        if table is None or topic_arn is None:
            return NoSweep()
        return Sweep(
            store=self._store(table),
            carry=self._publisher(topic_arn).publish,
            policy=self._policy.for_alerts(self.road()),
            clock=self._now,
            fallback=self._fallback(table),
        )

    def delivery(self, owner: str) -> Delivery:
        """What shows alerts to people. ``owner`` is unique to the invocation."""
        from chalicelib.alerts.channel import Surroundings
        from chalicelib.alerts.deliver import Delivery
        from chalicelib.alerts.gates import Gates

        table, secret = self._settings.state_table, self._settings.slack_secret
        if table is None or secret is None:
            raise ConfigurationError("notify needs NETREFLEX_STATE_TABLE and NETREFLEX_SLACK_SECRET; set both")
        if self._open_sink is None:
            self._open_sink = sink_opener(secret, client=self._home, base_url=self._settings.slack_api)
        around = Surroundings(
            gates=Gates(self._home("dynamodb"), table),
            open_sink=self._open_sink,
            fallback=self._fallback(table),
            clock=self._now,
            sleep=self._sleep,
            owner=owner,
        )
        policy = self._policy.for_alerts(self._stored_road(table, LeftToTheSweep()))
        return Delivery(store=self._store(table), around=around, policy=policy)

    def _stored_road(self, table: str, publisher: Publisher) -> Road:
        return Road(self._store(table), publisher, self._now, runbook=self._policy.runbook)

    def _store(self, table: str) -> AlertStore:
        return AlertStore(self._home("dynamodb"), table)

    def _publisher(self, topic_arn: str) -> Publisher:
        return Publisher(self._home("sns"), topic_arn)

    def _fallback(self, table: str) -> Fallback:
        from chalicelib.alerts.causes import Causes
        from chalicelib.alerts.fallback import Fallback

        base, causes = self._policy.runbook(), Causes(self._home("dynamodb"), table)
        chapter = kinds.runbook(base, kinds.DELIVERY).url if base else ""
        return Fallback(self._home("sns"), self._settings.fallback_topic_arn, causes, runbook=chapter)
