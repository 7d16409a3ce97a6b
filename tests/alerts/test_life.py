"""Each observation, and each passing of time, has one reason; the table below is the specification of ``life``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.alerts import life, news
from chalicelib.alerts.life import Reason
from chalicelib.alerts.news import Word
from chalicelib.alerts.state import Stored
from chalicelib.model.alert import Alert, AlertStatus, Severity
from chalicelib.model.policy import AlertPolicy
from tests.alerts.samples import alert
from tests.alerts.stage import START

R = Reason
STATES = {
    "fire": (AlertStatus.FIRING, Severity.ERROR),
    "worse": (AlertStatus.FIRING, Severity.CRITICAL),
    "over": (AlertStatus.RESOLVED, Severity.INFO),
    "done": (AlertStatus.NOTICE, Severity.INFO),
}

STORIES: dict[str, list[tuple[float, str, Reason]]] = {
    "a problem grows, shrinks and ends": [
        (0, "fire", R.OPENED), (2, "worse", R.ESCALATED), (4, "fire", R.CHANGED), (6, "over", R.RESOLVED)],
    "copies are not written, repetitions are counted": [
        (0, "fire", R.OPENED), (0, "fire", R.STALE), (0.5, "fire", R.DUPLICATE), (1, "fire", R.COUNTED)],
    "what never fired is not told": [(0, "over", R.NEVER_FIRED), (1, "over", R.COUNTED), (2, "fire", R.OPENED)],
    "an older firing does not win over a newer end": [(5, "over", R.NEVER_FIRED), (3, "fire", R.STALE)],
    "an older end does not win over a newer firing": [(5, "fire", R.OPENED), (3, "over", R.STALE)],
    "what comes back within ten minutes is the same episode": [
        (0, "fire", R.OPENED), (5, "over", R.RESOLVED), (15, "fire", R.REOPENED)],
    "what comes back later is a new one": [
        (0, "fire", R.OPENED), (5, "over", R.RESOLVED), (15.1, "fire", R.NEW_EPISODE)],
    "seeing it well again and again does not stretch the ten minutes": [
        (0, "fire", R.OPENED), (5, "over", R.RESOLVED), (14, "over", R.COUNTED), (16, "fire", R.NEW_EPISODE)],
    "a held request is approved": [(0, "fire", R.OPENED), (90, "done", R.CLOSED)],
    "an approval stands for ever, its end is quiet": [(0, "done", R.OPENED), (9999, "done", R.COUNTED), (10001, "over", R.RESOLVED)],
    "trouble long after an approval is a new message": [(0, "done", R.OPENED), (60, "fire", R.NEW_EPISODE)],
}  # fmt: skip


def seen(name: str, minute: float) -> Alert:
    status, severity = STATES[name]
    return alert(status=status, severity=severity, at=START + timedelta(minutes=minute), title=name)


def shown(stored: Stored) -> Stored:
    """The alert after a delivery."""
    return replace(stored, delivered=stored.version, shown=news.shown(stored), ts="1.0") if stored.pending else stored


@pytest.mark.parametrize("story", STORIES)
def test_every_observation_has_its_reason(story: str) -> None:
    stored: Stored | None = None
    reasons = []
    for minute, name, _ in STORIES[story]:
        folded = life.fold(stored, seen(name, minute), START)
        reasons.append(folded.reason)
        stored = shown(folded.stored)

    assert reasons == [reason for _, _, reason in STORIES[story]]


def words(story: list[tuple[float, str]]) -> list[Word | None]:
    """The replies of a story in which every version is delivered before the next observation."""
    stored: Stored | None = None
    told = []
    for minute, name in story:
        folded = life.fold(stored, seen(name, minute), START)
        told.append(news.word(folded.stored) if folded.news else None)
        stored = shown(folded.stored)
    return told


def test_severity_that_swings_is_flapping_too() -> None:
    """Worse, better, worse: the first time is news, the second comes with a warning, the rest is silent."""
    swings = [(0.0, "fire")] + [(1.0 + minute, "worse" if minute % 2 == 0 else "fire") for minute in range(14)]

    told = [word for word in words(swings) if word]

    assert told == [Word.ESCALATED, Word.ESCALATED, Word.ESCALATED]


def test_a_slow_alternation_is_no_flapping() -> None:
    """Changes far apart are each worth hearing."""
    told = words([(0, "fire"), (9, "over"), (18, "fire"), (27, "over"), (36, "fire"), (45, "over")])

    assert told == [None, Word.RESOLVED, Word.AGAIN, Word.RESOLVED, Word.AGAIN, Word.RESOLVED]


def test_what_gets_worse_than_ever_is_heard_through_flapping() -> None:
    story = [(0.0, "fire"), (1.0, "over"), (2.0, "fire"), (3.0, "over"), (4.0, "fire"), (5.0, "worse")]

    assert words(story)[-1] is Word.ESCALATED


def test_flapping_that_was_not_announced_gets_its_note() -> None:
    """Three changes between two deliveries: nobody was warned, so the thread says it."""
    stored = shown(life.fold(None, seen("fire", 0), START).stored)
    for minute, name in [(1, "over"), (2, "fire"), (3, "over")]:
        stored = life.fold(stored, seen(name, minute), START).stored

    assert stored.flapping
    assert news.word(stored) is Word.FLAPPING


@pytest.mark.parametrize(
    ("severity", "hours"),
    [
        (Severity.CRITICAL, [1, 4, 24, 48, 72]),
        (Severity.ERROR, [4, 24, 48, 72]),
        (Severity.WARNING, [24, 48, 72]),
        (Severity.INFO, []),
    ],
)
def test_reminders_repeat_at_the_last_interval(severity: Severity, hours: list[int]) -> None:
    stored = shown(life.fold(None, alert(severity=severity, at=START), START).stored)
    told = []
    for hour in range(80):
        awakened = life.awaken(stored, START + timedelta(hours=hour), AlertPolicy())
        if awakened:
            told.append(hour)
            stored = shown(awakened.stored)

    assert told == hours


def test_a_long_silence_ends_in_one_reminder() -> None:
    stored = shown(life.fold(None, alert(severity=Severity.CRITICAL, at=START), START).stored)

    awakened = life.awaken(stored, START + timedelta(days=3, hours=1), AlertPolicy())

    assert awakened is not None
    assert life.awaken(shown(awakened.stored), START + timedelta(days=3, hours=2), AlertPolicy()) is None


def test_only_what_ended_expires() -> None:
    """A TTL on an open alert would make it new again."""
    fired = life.fold(None, seen("fire", 0), START).stored
    over = life.fold(shown(fired), seen("over", 5), START).stored
    back = life.fold(shown(over), seen("fire", 6), START).stored

    assert [one.expires for one in (fired, back)] == [None, None]
    assert over.expires == START + timedelta(days=30)


def test_a_notice_is_kept_as_long_as_it_is_still_seen() -> None:
    """It has no end, so it expires; what is observed again and again would otherwise be told again and again."""
    told = shown(life.fold(None, seen("done", 0), START).stored)
    again = life.fold(told, seen("done", 60), START).stored
    closed = life.fold(shown(life.fold(None, seen("fire", 0), START).stored), seen("done", 5), START).stored

    assert told.expires == closed.expires == START + timedelta(days=30)
    assert again.expires == START + timedelta(days=30, minutes=60)


def test_a_message_that_was_never_shown_as_over_is_not_left_behind() -> None:
    """Slack was away when the problem ended: the red message is still there, so the same one goes on."""
    stored = shown(life.fold(None, seen("fire", 0), START).stored)
    unseen = life.fold(stored, seen("over", 5), START).stored

    assert life.fold(unseen, seen("fire", 60), START).reason is Reason.REOPENED
    assert life.fold(shown(unseen), seen("fire", 60), START).reason is Reason.NEW_EPISODE


def test_a_message_that_shows_flapping_is_not_left_behind() -> None:
    stored = shown(life.fold(None, seen("fire", 0), START).stored)
    for minute, name in [(1, "over"), (2, "fire"), (3, "over")]:
        stored = shown(life.fold(stored, seen(name, minute), START).stored)

    assert life.fold(stored, seen("fire", 60), START).reason is Reason.REOPENED


def test_a_change_does_not_knock_earlier_at_a_slack_that_is_away() -> None:
    until = START + timedelta(minutes=10)
    waiting = replace(life.fold(None, seen("fire", 0), START).stored, not_before=until)

    assert life.fold(waiting, seen("worse", 1), START + timedelta(minutes=1)).stored.due == until
    assert life.fold(waiting, seen("worse", 11), until).stored.due == until + timedelta(minutes=1)
