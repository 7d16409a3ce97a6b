"""Where the problem of an alert about an origin was seen, so that what is out of sight now does not seem to be over. Pure."""

from __future__ import annotations

from chalicelib.decide.certificates import OriginVerdict
from chalicelib.model.alert import Alert, Severity
from chalicelib.model.certificates import Seen

SEEN_BY = "Seen by"


def still_in_doubt(former: Alert, verdict: OriginVerdict) -> bool:
    """Is what fires out of sight, so that what is seen now neither ends it nor makes it milder?"""
    worst = max((one.severity.rank for one in verdict.findings), default=Severity.INFO.rank)
    return _seen(former) not in verdict.sure and worst < max(former.severity.rank, Severity.WARNING.rank)


def hardest_to_see(verdict: OriginVerdict, former: Alert | None) -> Seen:
    """Where the next look has to come through to say that all of it is over. ``former`` fires, and may be out of sight."""
    seen = [one.seen for one in verdict.findings if one.severity is not Severity.INFO]
    if former is not None and _seen(former) not in verdict.sure:
        seen.append(_seen(former))
    return max(seen, key=lambda one: one.rank, default=Seen.HANDSHAKE)


def _seen(alert: Alert) -> Seen:
    told = next((field.value for field in alert.fields if field.name == SEEN_BY), "")
    return Seen(told) if told in set(Seen) else Seen.HANDSHAKE
