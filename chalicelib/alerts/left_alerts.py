"""The alert about what a sweep met and could not bring to an end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Severity, Subject, fingerprint
from chalicelib.model.network import Place

_SUBJECT = "unsettled"
_NAMED = 10  # in one message; the log of the sweep names all


def left_fingerprint(home: Place) -> str:
    """The identity of the problem that sweeps leave something undone."""
    return fingerprint(kinds.AUTOMATION, home.account, home.region, _SUBJECT)


def left_alert(home: Place, left: Mapping[str, str], now: datetime) -> Alert:
    """``left`` is what could not be settled, by id, each with the error; empty where all could again.

    ``home`` only makes it one alert for the installation: the first place of the policy.
    """
    more = len(left) - _NAMED
    lines = [f"{one}: {error}" for one, error in sorted(left.items())[:_NAMED]]
    return Alert(
        kind=kinds.AUTOMATION,
        status=AlertStatus.FIRING if left else AlertStatus.RESOLVED,
        severity=Severity.ERROR,
        subject=Subject(type="sweep", id=_SUBJECT, name="sweep", account=home.account, region=home.region),
        title=f"netreflex cannot finish {', '.join(sorted(left)[:3])}{' and more' if len(left) > 3 else ''}"  # noqa: PLR2004 - as the title has room
        if left
        else "netreflex finishes everything it sees again",
        summary=(
            "What is set up already goes on working; requests wait, and nothing is repaired there."
            if left
            else "What was left undone has been caught up with."
        ),
        at=now,
        cause="\n".join([*lines, *([f"and {more} more, which the log of `sweep` names"] if more > 0 else [])]),
        remedy=(
            (
                "Remove what each error names; a missing permission is in docs/permissions.md.",
                "Every sweep tries again by itself.",
            )
            if left
            else ()
        ),
    )
