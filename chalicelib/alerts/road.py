"""The road's beginning: one observation into the state table, and on to the topic if it is news.

The table is the outbox. The alert is in it, with the time of the sweep's next look, before anything is published, so a
crash or a refusal after that write costs a minute and never the alert.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.alerts import kinds, life
from chalicelib.alerts.glance import Glance
from chalicelib.alerts.life import Folded
from chalicelib.alerts.publish import Publisher, name_of
from chalicelib.alerts.state import TIMES, Stored, Times
from chalicelib.alerts.store import AlertStore, Conflict
from chalicelib.model.alert import Alert
from chalicelib.model.errors import RetryLater

LOG = logging.getLogger(__name__)
_ROUNDS = 10  # writers of one alert at the same moment


class Road:
    """Takes observations. News costs one read, one write and one publish; what was known costs one read.

    ``runbook`` gives the address of the runbook, empty where none is known.
    """

    def __init__(
        self,
        store: AlertStore,
        publisher: Publisher,
        clock: Callable[[], datetime],
        *,
        times: Times = TIMES,
        runbook: Callable[[], str] = str,
    ) -> None:
        self._store, self._publisher, self._clock, self._times = store, publisher, clock, times
        self._runbook = runbook

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        """Take one observation; True where it was news. Raises RetryLater where too many write at once.

        ``surely`` publishes what is known but was never delivered once more: the caller may be the second run of one that
        died right before it published.
        ``first`` saves the read of what is most likely new.
        """
        linked = kinds.with_runbook(alert, self._runbook())  # here, because all of them pass here
        folded = remember(self._store, linked, self._clock, self._times, first=first)
        if folded.news or (surely and folded.stored.pending):
            publish_or_leave(self._publisher, folded.stored)
        return folded.news

    def fires(self, fingerprint: str) -> bool:
        """Does this alert fire now? One read."""
        stored = self._store.get(fingerprint)
        return stored is not None and stored.firing

    def firing(self, fingerprint: str) -> Alert | None:
        """How an alert was last told, while it fires. One read."""
        stored = self._store.get(fingerprint)
        return stored.alert if stored is not None and stored.firing else None

    def open_alerts(self, kind: str) -> Iterable[Alert]:
        """The alerts of a kind that fire now, as they were last told."""
        return tuple(alert for alert in self._open() if alert.kind == kind)

    def open_fingerprints(self, kind: str) -> Iterable[str]:
        """The fingerprints of the alerts of a kind that fire now, as the index knows them (a moment late at most)."""
        return tuple(alert.fingerprint for alert in self.open_alerts(kind))

    def at_a_glance(self) -> Glance:
        """The same road for one pass over everything."""
        return Glance(self, self._open)

    def _open(self) -> Iterable[Alert]:
        return (one.alert for one in self._store.watched() if one.firing)


def remember(
    store: AlertStore, alert: Alert, clock: Callable[[], datetime], times: Times = TIMES, *, first: bool = False
) -> Folded:
    """Fold one observation into the state table; ``first`` as for ``Road.tell``. Raises RetryLater where too many write at once."""
    observed = alert.bounded()
    stored = None if first else store.get(observed.fingerprint)
    for _ in range(_ROUNDS):
        folded = life.fold(stored, observed, clock(), times)
        LOG.info("alert.observed", extra={"fp": observed.fingerprint, "reason": folded.reason.value})
        if folded.unchanged:
            return folded
        try:
            return replace(folded, stored=store.put(folded.stored))
        except Conflict as conflict:
            stored = conflict.stored
            if conflict.repeated and _is_our_own(stored, folded.stored):
                return replace(folded, stored=stored)
    raise RetryLater(f"alert {observed.fingerprint} is written by too many at once; observe again")


def _is_our_own(found: Stored | None, put: Stored) -> TypeGuard[Stored]:
    """Is what stands in our way our own write, whose answer was lost and which the SDK then repeated?"""
    return found is not None and found.revision == put.revision + 1 and found.alert == put.alert


def publish_or_leave(publisher: Publisher, stored: Stored) -> bool:
    """Publish, or leave it to the sweep; True where it was published."""
    try:
        publisher.publish(stored)
    except (BotoCoreError, ClientError) as error:
        LOG.warning("alert.unpublished", extra={"fp": stored.fp, "call": "sns:Publish", "error": name_of(error)})
        return False
    return True
