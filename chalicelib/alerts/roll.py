"""Many alerts at once as one message: a roll names them all, and their own messages stand in its thread. Pure.

A roll is an alert like any other, so leases, retries and updates are the same. Three kinds exist: ``storm`` (more than five
new alerts of one kind, account and Region within ``WINDOW``), ``notices`` (the same of notices, more than ten) and ``unconfirmed``
(messages whose posting a webhook left in doubt: one message names them, instead of posting each of them twice).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.alerts.state import TIMES, Member, Stored
from chalicelib.model.alert import Alert, AlertStatus, Severity, Subject, fingerprint

WINDOW = timedelta(seconds=60)
STORM = "storm"
NOTICES = "notices"
UNCONFIRMED = "unconfirmed"
ALONE = {STORM: 5, NOTICES: 10, UNCONFIRMED: 0}  # so many stand in the channel by themselves
KINDS = frozenset(ALONE)
_KEPT = 300  # members remembered; a DynamoDB item holds 400 KB, a member takes about 150 bytes


def subject_of(alert: Alert) -> Subject:
    """What a roll is about: a kind of alert, in one account and Region."""
    place = alert.subject
    return Subject(type="alerts", id=alert.kind, name=alert.kind, account=place.account, region=place.region)


def fingerprint_of(kind: str, subject: Subject) -> str:
    return fingerprint(kind, subject.account, subject.region, subject.id)


def kind_for(stored: Stored) -> str | None:
    """The kind of roll that an alert may join; None for the end of one, which is told where it began."""
    if stored.alert.status is AlertStatus.NOTICE:
        return NOTICES
    return STORM if stored.firing else None


UNCONFIRMED_SUBJECT = Subject(type="alerts", id="webhook", name="webhook", account="", region="")


def member(stored: Stored, now: datetime) -> Member:
    """An alert as a roll names it; its episode is part of the identity."""
    alert = stored.alert
    label = alert.title or alert.subject.name or alert.subject.id
    return Member(fp=stored.identity, label=label[:70], severity=alert.severity, joined=now)


def join(roll: Stored | None, kind: str, subject: Subject, newcomers: tuple[Member, ...], now: datetime) -> Stored:
    """The roll with the newcomers in it; the very same roll where it named them already."""
    alone = ALONE[kind]
    base = _wave(roll, now, alone) if roll else None
    known = {one.fp for one in (roll.members if roll else ())}
    fresh = tuple(one for one in newcomers if one.fp not in known)
    if roll and not fresh:
        return roll
    members = ((base.members if base else ()) + fresh)[-_KEPT:]
    alert = _alert(kind, subject, members, now)
    if base is None:
        base = Stored(alert=alert, first=now, since=now, worst=alert.severity, version=0)
    grown = replace(base, alert=alert, members=members, count=len(members), worst=alert.severity)
    if len(members) <= alone:
        return replace(grown, expires=now + TIMES.keep_unfired)
    wait = WINDOW if kind == UNCONFIRMED else TIMES.leftover
    expires = now + TIMES.keep_resolved if kind == NOTICES else None
    return replace(grown, version=base.version + 1, due=_due(base, now + wait), expires=expires)


def _due(base: Stored, due: datetime) -> datetime:
    return max(due, base.not_before) if base.not_before else due


def _wave(roll: Stored, now: datetime, alone: int) -> Stored:
    """The roll to join: the present wave, or the next one when nobody joined for a while."""
    recent = tuple(one for one in roll.members if now - one.joined <= WINDOW)
    told = len(roll.members) > alone
    if recent and told:
        return roll
    if not told:
        return replace(roll, members=recent, first=recent[0].joined if recent else now)
    return replace(
        roll,
        members=(),
        episode=roll.episode + 1,
        version=max(roll.version, roll.delivered),
        delivered=max(roll.version, roll.delivered),
        first=now,
        since=now,
        shown=None,
        ts="",
        reminded=0,
        due=None,
    )


def threaded(roll: Stored, identity: str) -> bool:
    """True where the alert's own message belongs into the roll's thread, or is left to the roll altogether."""
    return identity in [one.fp for one in roll.members][ALONE[roll.alert.kind] :]


def before(roll: Stored, identity: str) -> tuple[Severity, ...]:
    """The severities of the members that came before this one and still go on."""
    place = next((place for place, one in enumerate(roll.members) if one.fp == identity), 0)
    return tuple(one.severity for one in roll.members[:place] if not one.ended)


def alone_in(roll: Stored) -> tuple[Severity, ...]:
    """The severities of the members that were posted by themselves, before the roll."""
    return tuple(one.severity for one in roll.members[: ALONE[roll.alert.kind]] if not one.ended)


def outgrown(roll: Stored) -> bool:
    """True when the message names so few of the members that it is changed at once and not at the next sweep."""
    return roll.shown is None or len(roll.members) >= 2 * max(roll.shown.members, 1)


def ended(roll: Stored, identity: str, now: datetime) -> Stored:
    """The roll after the end of one member; the very same where it is not a member or was known to have ended."""
    members = tuple(replace(one, ended=True) if one.fp == identity else one for one in roll.members)
    if members == roll.members:
        return roll
    alert = _alert(roll.alert.kind, roll.alert.subject, members, now)
    changed = replace(roll, alert=alert, members=members)
    if len(members) <= ALONE[roll.alert.kind]:
        return changed
    over = alert.status is AlertStatus.RESOLVED
    return replace(
        changed,
        version=roll.version + 1,
        since=now if over else roll.since,
        due=_due(roll, now + TIMES.leftover),
        expires=now + TIMES.keep_resolved if over else None,
    )


def _alert(kind: str, subject: Subject, members: tuple[Member, ...], now: datetime) -> Alert:
    going_on = [one for one in members if not one.ended]
    worst = max((one.severity for one in going_on or members), key=lambda one: one.rank)
    if kind == UNCONFIRMED:
        return _unconfirmed(subject, members, now)
    if kind == NOTICES:
        return _notices(subject, members, now)
    if not going_on:
        title, summary = f"{len(members)} {subject.id} alerts at once, all over", "Each of them has ended."
    else:
        title = f"{len(members)} {subject.id} alerts at once"
        summary = f"{len(going_on)} of {len(members)} still fire. So many at once often have one cause."
    return Alert(
        kind=kind,
        status=AlertStatus.FIRING if going_on else AlertStatus.RESOLVED,
        severity=worst,
        subject=subject,
        title=title,
        summary=summary,
        at=now,
        remedy=(
            "Look for what they have in common: device, Region, account, a change made just before",
            "Open the thread: each alert's own steps are there",
        ),
    )


def _notices(subject: Subject, members: tuple[Member, ...], now: datetime) -> Alert:
    return Alert(
        kind=NOTICES,
        status=AlertStatus.NOTICE,
        severity=max((one.severity for one in members), key=lambda one: one.rank, default=Severity.INFO),
        subject=subject,
        title=f"{len(members)} {subject.id} notices at once",
        summary="Each of them is a fact with no end; nobody has to do anything about their number.",
        at=now,
    )


def _unconfirmed(subject: Subject, members: tuple[Member, ...], now: datetime) -> Alert:
    return Alert(
        kind=UNCONFIRMED,
        status=AlertStatus.NOTICE,
        severity=max((one.severity for one in members), key=lambda one: one.rank, default=Severity.INFO),
        subject=subject,
        title=f"Slack did not confirm {len(members)} message{'s' if len(members) != 1 else ''}",
        summary="The connection ended before Slack answered. The alerts named here may be missing in this channel.",
        at=now,
        cause="An incoming webhook cannot look up what it posted, so posting again could double each of them.",
        remedy=("Look for each of them above; what is missing, look up in the state table",),
    )
