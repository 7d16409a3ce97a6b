"""Rolls in the state table: who joins, who has ended, and which thread an alert belongs into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.alerts import roll
from chalicelib.alerts.channel import GateClosed
from chalicelib.alerts.roll import STORM, UNCONFIRMED, UNCONFIRMED_SUBJECT
from chalicelib.alerts.state import Member, Stored
from chalicelib.alerts.store import AlertStore, Conflict
from chalicelib.model.alert import AlertStatus, Severity, Subject
from chalicelib.model.errors import RetryLater

_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a message stands: ``thread`` is empty for the channel itself, None where a roll speaks for it.

    ``before`` are the severities of the alerts of the same outbreak that were posted by themselves before it.
    """

    thread: str | None
    before: tuple[Severity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """``deliver`` shows the alert with a fingerprint: a roll is shown before what stands in its thread."""

    store: AlertStore
    clock: Callable[[], datetime]
    deliver: Callable[[str], object]

    def stand(self, stored: Stored, *, edits: bool) -> Stand:
        """Where an alert stands, and after what. A roll that is due is shown first."""
        kind = roll.kind_for(stored)
        if stored.alert.kind in roll.KINDS:
            return Stand(thread=stored.thread, before=roll.alone_in(stored))
        if stored.thread or kind is None or stored.shown is not None or stored.ts:
            return Stand(thread=stored.thread)
        joined = self._join(stored, kind)
        if not roll.threaded(joined, stored.identity):
            return Stand(thread="", before=roll.before(joined, stored.identity))
        if joined.pending and roll.outgrown(joined):
            joined = self._shown(joined)
        if not edits:
            return Stand(thread=None)
        if not joined.ts:
            raise GateClosed(self.clock() + timedelta(seconds=5))  # somebody else is about to post the roll
        return Stand(thread=joined.ts)

    def end(self, stored: Stored) -> None:
        """Note in its roll, if it is in one, that an alert has ended. Costs one read where it is not."""
        now = self.clock()
        fp = roll.fingerprint_of(STORM, roll.subject_of(stored.alert))
        found = self._change(fp, lambda one: roll.ended(one, stored.identity, now) if one else None)
        if found and found.pending and not found.firing:
            self._shown(found)

    def doubt(self, stored: Stored) -> None:
        """Name an alert among those whose message may be missing. The sweep shows the names, once for all of them."""
        if stored.alert.kind in roll.KINDS:
            return
        now = self.clock()
        newcomers, subject = (roll.member(stored, now),), UNCONFIRMED_SUBJECT
        fp = roll.fingerprint_of(UNCONFIRMED, subject)
        self._change(fp, lambda one: roll.join(one, UNCONFIRMED, subject, newcomers, now))

    def _join(self, stored: Stored, kind: str) -> Stored:
        now, subject = self.clock(), roll.subject_of(stored.alert)
        joined = self._joined(kind, subject, (roll.member(stored, now),), now)
        if joined.pending and joined.shown is None:
            # The first showing names all that wait, so that people see the size of it at once.
            waiting = tuple(roll.member(one, now) for one in self.store.watched() if _alike(one, stored))
            joined = self._joined(kind, subject, waiting, now)
        return joined

    def _joined(self, kind: str, subject: Subject, newcomers: tuple[Member, ...], now: datetime) -> Stored:
        fp = roll.fingerprint_of(kind, subject)
        joined = self._change(fp, lambda one: roll.join(one, kind, subject, newcomers, now))
        if joined is None:
            raise RetryLater("the roll vanished; deliver again")
        return joined

    def _shown(self, joined: Stored) -> Stored:
        try:
            self.deliver(joined.fp)
        except RetryLater:
            if not joined.ts and joined.alert.status is not AlertStatus.RESOLVED:
                raise
        return self.store.get(joined.fp) or joined

    def _change(self, fp: str, change: Callable[[Stored | None], Stored | None]) -> Stored | None:
        stored = self.store.get(fp)
        for _ in range(_ROUNDS):
            changed = change(stored)
            if changed is None or changed is stored:
                return stored
            try:
                return self.store.put(changed)
            except Conflict as conflict:
                stored = conflict.stored
        raise RetryLater(f"roll {fp} is written by too many at once; deliver again")


def _alike(one: Stored, other: Stored) -> bool:
    """Another new alert, still unseen, of the same kind and place."""
    unseen = one.pending and one.shown is None and not one.ts and one.alert.kind not in roll.KINDS
    same_place = roll.subject_of(one.alert) == roll.subject_of(other.alert)
    return unseen and same_place and roll.kind_for(one) == roll.kind_for(other)
