"""What is new in an alert against what people were last shown, and whether that deserves to be heard. Pure."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.alerts.state import TIMES, Shown, Stored, Times
from chalicelib.model.alert import AlertStatus, Severity


def shown(stored: Stored, times: Times = TIMES) -> Shown:
    """What people have seen once this version is delivered."""
    before = stored.shown.worst if stored.shown else stored.alert.severity
    return Shown(
        status=stored.alert.status,
        severity=stored.alert.severity,
        worst=max(before, stored.alert.severity, key=lambda one: one.rank) if stored.firing else before,
        flapping=stored.flapping,
        warned=warns(stored, times),
        reminded=stored.reminded,
        members=len(stored.members),
    )


def warns(stored: Stored, times: Times = TIMES) -> bool:
    """One more change would be flapping: the reply that is sent now says that the thread will go quiet."""
    return len(stored.flip_times) >= times.flap_changes - 1


class Word(StrEnum):
    """Why a reply is sent into the thread: an edited message notifies nobody."""

    ESCALATED = "escalated"
    AGAIN = "again"
    RESOLVED = "resolved"
    CLOSED = "closed"
    FLAPPING = "flapping"
    SETTLED = "settled"
    REMINDER = "reminder"


LOUD = frozenset({Word.ESCALATED, Word.AGAIN})


def word(stored: Stored) -> Word | None:
    """The reply that this version needs against what people were shown, or None: at most one, the most urgent."""
    was = stored.shown
    if was is None:
        return None
    if stored.firing and stored.alert.severity.rank > was.worst.rank:
        return Word.ESCALATED
    if stored.flapping or was.flapping:
        return _word_flapping(stored, was)
    return _word_firing(stored, was) if stored.firing else _word_ended(stored, was)


def _word_flapping(stored: Stored, was: Shown) -> Word | None:
    if not stored.flapping:
        return Word.SETTLED
    return None if was.flapping or was.warned else Word.FLAPPING


def _word_ended(stored: Stored, was: Shown) -> Word | None:
    # In the thread of a roll one message per ended alert would be a second storm; the roll counts them.
    if was.status is not AlertStatus.FIRING or stored.thread:
        return None
    return Word.RESOLVED if stored.alert.status is AlertStatus.RESOLVED else Word.CLOSED


def _word_firing(stored: Stored, was: Shown) -> Word | None:
    if was.status is not AlertStatus.FIRING:
        return Word.AGAIN
    if stored.alert.severity.rank > was.severity.rank:
        return Word.ESCALATED
    return Word.REMINDER if stored.reminded > was.reminded else None


def broadcasts(stored: Stored, why: Word) -> bool:
    """Only what is critical and new is shown in the channel too; everything else stays in its thread."""
    return why in LOUD and stored.alert.severity is Severity.CRITICAL
