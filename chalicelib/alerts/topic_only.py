"""The road of an installation with a topic and no table: every observation is published as it is.

Nothing is remembered, so the same problem is told again each time that it is seen, and nothing is ever told as ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.alerts import kinds, life
from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import publish_or_leave
from chalicelib.alerts.state import TIMES
from chalicelib.alerts.unsent import LogRoad
from chalicelib.model.alert import Alert


class TopicRoad(LogRoad):
    """Publishes, and logs as well, because a refused publish is lost without a table."""

    def __init__(
        self, publisher: Publisher, clock: Callable[[], datetime], *, runbook: Callable[[], str] = str
    ) -> None:
        self._publisher, self._clock, self._runbook = publisher, clock, runbook

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        """Publish the alert, unless it says that something ended: nobody knows that it had begun."""
        told = super().tell(alert, surely=surely, first=first)
        linked = kinds.with_runbook(alert, self._runbook())
        folded = life.fold(None, linked.bounded(), self._clock(), TIMES)
        if folded.news:
            publish_or_leave(self._publisher, folded.stored)
        return told
