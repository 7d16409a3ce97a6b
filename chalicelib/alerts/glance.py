"""The road for one pass over everything: what is open is read once, and what was told so already is not told again.

Without it a sweep would read each open alert by itself, and write it only to count one more observation of the same. With
it a sweep that finds everything as it was costs the pages of one query, and writes nothing. Reminders do not need the
sweep's word: they count from the time an alert began (``life.next_reminder``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.errors import NetreflexError

LOG = logging.getLogger(__name__)


class Teller(Protocol):
    """What takes the observations that are news."""

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        """Take one observation (see ``Road``)."""


class Glance:
    """A road that knows what fires. ``read`` gives all alerts that fire now; it is asked once, when first needed.

    What it read comes from an index, which may be a moment late. At worst an observation that is news is taken for known,
    and told by the next pass.
    """

    def __init__(self, teller: Teller, read: Callable[[], Iterable[Alert]]) -> None:
        self._teller, self._read = teller, read
        self.untold: list[NetreflexError] = []
        """Why something could not be told: a pass goes on, but must not end as if all were well."""
        self._open: dict[str, Alert] | None = None

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        """Take one observation, unless it says what the open alert says already; True where it was news."""
        observed, known = alert.bounded(), self._known()
        fp = observed.fingerprint
        if not surely and fp in known and known[fp].content_hash == observed.content_hash:
            LOG.info("alert.observed", extra={"fp": fp, "reason": "known"})
            return False
        try:
            news = self._teller.tell(alert, surely=surely, first=first)
        except NetreflexError as error:
            self.untold.append(error)
            raise
        if observed.status is AlertStatus.FIRING:
            known[fp] = observed
        else:
            known.pop(fp, None)
        return news

    def fires(self, fingerprint: str) -> bool:
        """Does this alert fire, as far as it was told?"""
        return fingerprint in self._known()

    def firing(self, fingerprint: str) -> Alert | None:
        """How an alert was last told, while it fires."""
        return self._known().get(fingerprint)

    def open_alerts(self, kind: str) -> Iterable[Alert]:
        """The alerts of a kind that fire now, as they were last told."""
        return tuple(alert for alert in self._known().values() if alert.kind == kind)

    def open_fingerprints(self, kind: str) -> Iterable[str]:
        """The fingerprints of the alerts of a kind that fire now."""
        return tuple(fp for fp, alert in self._known().items() if alert.kind == kind)

    def at_a_glance(self) -> Glance:
        """It is one already."""
        return self

    def _known(self) -> dict[str, Alert]:
        if self._open is None:
            self._open = {alert.fingerprint: alert for alert in self._read()}
        return self._open
