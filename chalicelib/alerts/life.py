"""The life of an alert: what one more observation, or the passing of time, makes of it. Pure.

Every choice names its reason, and the reasons are counted, so that "why was I (not) told" always has an answer.
The order of observations is that of their ``at``, never that of their arrival: an older one never wins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.alerts.state import TIMES, Stored, Times
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.policy import AlertPolicy


class Reason(StrEnum):
    """Why an alert changed, or did not."""

    OPENED = "opened"
    NEW_EPISODE = "new_episode"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    CHANGED = "changed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    COUNTED = "counted"
    DUPLICATE = "duplicate"
    STALE = "stale"
    NEVER_FIRED = "never_fired"
    SETTLED = "settled"
    REMINDED = "reminded"


NEWS = frozenset(Reason) - {Reason.COUNTED, Reason.DUPLICATE, Reason.STALE, Reason.NEVER_FIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The alert after one observation. ``stored`` is to be written unless the reason says that nothing changed."""

    stored: Stored
    reason: Reason

    @property
    def news(self) -> bool:
        return self.reason in NEWS

    @property
    def unchanged(self) -> bool:
        return self.reason in {Reason.DUPLICATE, Reason.STALE}


def fold(stored: Stored | None, alert: Alert, now: datetime, times: Times = TIMES) -> Folded:
    """One more observation. ``now`` only says when to look again; the alert's story is told in observation times."""
    if stored is None:
        return _first(alert, now, times)
    if (alert.at, alert.content_hash) <= (stored.alert.at, stored.alert.content_hash):
        return Folded(stored=stored, reason=Reason.STALE)
    if alert.content_hash == stored.alert.content_hash:
        return _again(stored, alert, times)
    if stored.version == 0:
        return _after_health(stored, alert, now, times)
    return _changed(stored, alert, now, times)


def _first(alert: Alert, now: datetime, times: Times) -> Folded:
    opened = Stored(
        alert=alert,
        first=alert.at,
        since=alert.at,
        worst=alert.severity,
        due=now + times.leftover,
        expires=_expires(alert, now, times),
    )
    if alert.status is AlertStatus.RESOLVED:
        # Nobody was told that it fired, so nobody is told that it ended. It is remembered for a while all the same:
        # an older "firing" that arrives after it must not win.
        unfired = replace(opened, version=0, due=None, expires=now + times.keep_unfired)
        return Folded(stored=unfired, reason=Reason.NEVER_FIRED)
    return Folded(stored=opened, reason=Reason.OPENED)


def _after_health(stored: Stored, alert: Alert, now: datetime, times: Times) -> Folded:
    fresh = _first(alert, now, times)
    return replace(fresh, stored=replace(fresh.stored, revision=stored.revision))


def _again(stored: Stored, alert: Alert, times: Times) -> Folded:
    if alert.at - stored.alert.at < times.count_every:
        return Folded(stored=stored, reason=Reason.DUPLICATE)
    counted = replace(stored, alert=alert, count=stored.count + 1)
    if stored.expires:  # what is still observed is remembered
        counted = replace(counted, expires=stored.expires + (alert.at - stored.alert.at))
    return Folded(stored=counted, reason=Reason.COUNTED)


def _changed(stored: Stored, alert: Alert, now: datetime, times: Times) -> Folded:
    ended, fires = not stored.firing, alert.status is AlertStatus.FIRING
    was = stored.shown
    told = was is None or (was.status is stored.alert.status and not was.flapping)
    turns = alert.status is not stored.alert.status or alert.status is AlertStatus.NOTICE  # a notice has no end
    if ended and turns and alert.status is not AlertStatus.RESOLVED:
        # A message that still shows the former state as true must not be left behind by a new one.
        if alert.at - stored.since > times.reopen and told and not stored.pending:
            return _new_episode(stored, alert, now, times)
        same = alert.status is stored.alert.status
        reason = Reason.CHANGED if same else Reason.REOPENED if fires else Reason.CLOSED
    elif fires:
        reason = Reason.ESCALATED if alert.severity.rank > stored.alert.severity.rank else Reason.CHANGED
    elif alert.status is stored.alert.status:
        reason = Reason.CHANGED
    else:
        reason = Reason.RESOLVED if alert.status is AlertStatus.RESOLVED else Reason.CLOSED
    return Folded(stored=_next_version(stored, alert, reason, now, times), reason=reason)


def _new_episode(stored: Stored, alert: Alert, now: datetime, times: Times) -> Folded:
    opened = _first(alert, now, times).stored
    episode = replace(
        opened,
        episode=stored.episode + 1,
        version=stored.version + 1,
        delivered=stored.delivered,
        revision=stored.revision,
        lease=stored.lease,
        owner=stored.owner,
    )
    return Folded(stored=episode, reason=Reason.NEW_EPISODE)


def _next_version(stored: Stored, alert: Alert, reason: Reason, now: datetime, times: Times) -> Stored:
    turned = alert.status is not stored.alert.status or alert.severity is not stored.alert.severity
    changed = replace(
        stored,
        alert=alert,
        count=stored.count + 1,
        version=stored.version + 1,
        since=alert.at if turned else stored.since,
        reminded=0 if turned else stored.reminded,
        worst=max(stored.worst, alert.severity, key=lambda one: one.rank),
        due=_sooner(stored, now + times.leftover, now),
        expires=_expires(alert, now, times),
    )
    return _flipped(changed, alert.at, times) if _is_flip(stored, alert, reason) else _settled(changed, alert.at, times)


def _expires(alert: Alert, now: datetime, times: Times) -> datetime | None:
    """What fires is never forgotten; what is over, or never had an end, is."""
    return None if alert.status is AlertStatus.FIRING else now + times.keep_resolved


def _sooner(stored: Stored, due: datetime, now: datetime) -> datetime:
    """A delivery that waits for Slack to come back keeps its time: a change is no reason to knock earlier."""
    return max(due, stored.not_before) if stored.not_before and stored.not_before > now else due


def _is_flip(stored: Stored, alert: Alert, reason: Reason) -> bool:
    """A change that has been there before: down and up again, or worse again after it had been better."""
    if reason is Reason.ESCALATED:
        return alert.severity.rank <= stored.worst.rank
    return {stored.alert.status, alert.status} == {AlertStatus.FIRING, AlertStatus.RESOLVED}


def _flipped(stored: Stored, at: datetime, times: Times) -> Stored:
    earlier = [flip for flip in stored.flip_times if at - flip <= times.flap_within]
    flip_times = (*earlier, at)[-times.flap_changes :]
    restless = stored.flapping and at - stored.flip_times[-1] < times.quiet
    flapping = restless or len(flip_times) >= times.flap_changes
    return replace(stored, flips=stored.flips + 1, flip_times=flip_times, flapping=flapping)


def _settled(stored: Stored, at: datetime, times: Times) -> Stored:
    if stored.flapping and at - stored.flip_times[-1] >= times.quiet:
        return replace(stored, flapping=False, flip_times=())
    return stored


def awaken(stored: Stored, now: datetime, policy: AlertPolicy, times: Times = TIMES) -> Folded | None:
    """What the passing of time makes of an alert: the end of flapping, or a reminder; None where nothing is due."""
    due = replace(stored, version=stored.version + 1, due=now + times.leftover)
    if stored.flapping and now - stored.flip_times[-1] >= times.quiet:
        return Folded(stored=replace(due, flapping=False, flip_times=()), reason=Reason.SETTLED)
    remind_at = next_reminder(stored, policy)
    if remind_at is None or remind_at > now or stored.pending:
        return None
    while remind_at is not None and remind_at <= now:  # after a long silence one reminder is enough
        due = replace(due, reminded=due.reminded + 1)
        remind_at = next_reminder(due, policy)
    return Folded(stored=due, reason=Reason.REMINDED)


def next_reminder(stored: Stored, policy: AlertPolicy) -> datetime | None:
    """When an alert that goes on firing is told again; the last interval of the policy repeats. None is never."""
    intervals: tuple[timedelta, ...] = getattr(policy.reminders, stored.alert.severity.value)
    # An alert in the thread of a roll is not told again by itself: the roll is.
    if not stored.firing or not intervals or stored.flapping or stored.thread:
        return None
    return stored.since + _nth(intervals, stored.reminded)


def reminded_after(stored: Stored, policy: AlertPolicy) -> timedelta:
    """How long the alert had been firing when the last reminder fell due."""
    intervals: tuple[timedelta, ...] = getattr(policy.reminders, stored.alert.severity.value)
    return _nth(intervals, stored.reminded - 1) if intervals and stored.reminded else timedelta()


def _nth(intervals: tuple[timedelta, ...], number: int) -> timedelta:
    beyond = number - len(intervals) + 1
    return intervals[number] if beyond <= 0 else intervals[-1] * (beyond + 1)


def next_look(stored: Stored, policy: AlertPolicy, now: datetime, times: Times = TIMES) -> datetime | None:
    """When the sweep looks at a delivered alert again. One that fires always has a time, so it can be found."""
    if stored.flapping:
        return stored.flip_times[-1] + times.quiet
    if not stored.firing:
        return None
    return next_reminder(stored, policy) or now + times.look_again
