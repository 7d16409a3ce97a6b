"""Roads that lead to nobody: the log, for an installation without a topic, and nowhere, for a look that tells nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from chalicelib.model.alert import Alert, AlertStatus

LOG = logging.getLogger(__name__)


class LogRoad:
    """Writes every observation to the log, at the level that its severity asks for. It remembers nothing, so it tells the same problem again and again."""

    untold = ()  # a log takes everything

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:  # noqa: ARG002 - here all is told every time
        """Log the alert; it is always news, because nothing is remembered."""
        level = logging.WARNING if alert.status is AlertStatus.FIRING else logging.INFO
        LOG.log(level, "alert.unsent", extra={"fp": alert.fingerprint, "alert": alert.bounded().as_json()})
        return True

    def fires(self, fingerprint: str) -> bool:  # noqa: ARG002 - none is known
        """Nothing is remembered, so nothing fires."""
        return False

    def firing(self, fingerprint: str) -> Alert | None:
        """Nothing is remembered, so nothing fires."""

    def open_alerts(self, kind: str) -> Iterable[Alert]:  # noqa: ARG002 - none of any kind is known
        """Nothing is remembered, so nothing is open."""
        return ()

    def open_fingerprints(self, kind: str) -> Iterable[str]:  # noqa: ARG002 - none of any kind is known
        """Nothing is remembered, so nothing is open."""
        return ()

    def at_a_glance(self) -> LogRoad:
        """There is nothing to read."""
        return self


class NoRoad(LogRoad):
    """Tells nobody anything."""

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:  # noqa: ARG002 - it is dropped
        """Dropped: whoever looks sees the findings himself."""
        return False


class NoSweep:
    """Nothing is remembered, so nothing was left on the road."""

    def run(self) -> None:
        """Nothing to carry on."""
