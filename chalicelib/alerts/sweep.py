"""The sweep over alerts: what was left undelivered goes on, reminders fall due, flapping comes to rest.

It is what makes the road's promise true: an alert is in the state table with a time, and somebody looks at that time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.alerts import life
from chalicelib.alerts.channel import BROKEN_FOR
from chalicelib.alerts.fallback import NOT_COLLECTED, Fallback, nobody_knows
from chalicelib.alerts.life import Reason
from chalicelib.alerts.publish import name_of
from chalicelib.alerts.state import Stored
from chalicelib.alerts.store import AlertStore, Conflict
from chalicelib.model.errors import RetryLater
from chalicelib.model.policy import AlertPolicy

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did: alerts looked at, reminders and ends of flapping among them, and those carried on."""

    looked: int = 0
    reminded: int = 0
    settled: int = 0
    carried: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """``carry`` brings a waiting alert on: publishing it again (``Publisher.publish``), or delivering it here."""

    store: AlertStore
    carry: Callable[[Stored], object]
    policy: AlertPolicy
    clock: Callable[[], datetime]
    fallback: Fallback

    def run(self, limit: int = 500) -> Swept:
        """Look at every alert whose time has come, the longest waiting first. One that fails stops no other.

        Raises RetryLater where nobody collects alerts and the second topic cannot be told so.
        """
        swept, uncollected = Swept(), None
        for fp in list(self.store.due(self.clock(), limit)):
            stored = self.store.get(fp)
            if stored is None:
                continue
            now = self.clock()
            try:
                stored, reason = self._awakened(stored, now)
                carried = stored.pending and self._carried(stored)
            except Conflict:
                continue  # somebody works on it at this moment
            if stored.pending and _forgotten(stored, now):
                uncollected = uncollected or stored
            swept = replace(
                swept,
                looked=swept.looked + 1,
                reminded=swept.reminded + (reason is Reason.REMINDED),
                settled=swept.settled + (reason is Reason.SETTLED),
                carried=swept.carried + carried,
                failed=swept.failed + (stored.pending and not carried),
            )
        LOG.info("alerts.swept", extra={"looked": swept.looked, "carried": swept.carried, "failed": swept.failed})
        # Where something is, nobody even tries to deliver.
        if uncollected is not None and not self.fallback.tell(NOT_COLLECTED, uncollected, self.clock()):
            raise nobody_knows(NOT_COLLECTED)
        return swept

    def _awakened(self, stored: Stored, now: datetime) -> tuple[Stored, Reason | None]:
        awakened = life.awaken(stored, now, self.policy)
        if awakened is not None:
            return self.store.put(awakened.stored), awakened.reason
        if stored.pending:
            return stored, None
        return self.store.put(replace(stored, due=life.next_look(stored, self.policy, now))), None

    def _carried(self, stored: Stored) -> bool:
        try:
            self.carry(stored)
        except RetryLater:
            return False
        except Exception as error:  # noqa: BLE001 - whatever one alert meets, the others are carried on
            LOG.warning("alert.not_carried", extra={"fp": stored.fp, "error": name_of(error)})
            return False
        return True


def _forgotten(stored: Stored, now: datetime) -> bool:
    """A failing delivery moves ``due`` on; one that is long past and untouched means that no delivery runs."""
    return stored.attempts == 0 and stored.due is not None and now - stored.due >= BROKEN_FOR
