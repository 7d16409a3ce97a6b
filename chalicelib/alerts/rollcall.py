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
from chalicelib.model.alert import Subject, fingerprint
from chalicelib.model.errors import RetryLater

_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """``deliver`` shows the alert with a fingerprint: a roll is shown before what stands in its thread."""

    store: AlertStore
    clock: Callable[[], datetime]
    deliver: Callable[[str], object]

    def thread(self, stored: Stored, *, edits: bool) -> str | None:
        """The thread in which an alert stands: empty for the channel itself, None where the roll speaks for it."""
        fresh = stored.firing and stored.shown is None and not stored.ts
        if stored.thread or not fresh or stored.alert.kind in roll.KINDS:
            return stored.thread
        joined = self._join_storm(stored)
        if not roll.threaded(joined, stored.identity):
            return ""
        if joined.pending and roll.outgrown(joined):
            joined = self._shown(joined)
        if not edits:
            return None
        if not joined.ts:
            raise GateClosed(self.clock() + timedelta(seconds=5))  # somebody else is about to post the roll
        return joined.ts

    def end(self, stored: Stored) -> None:
        """Note in its roll, if it is in one, that an alert has ended. Costs one read where it is not."""
        now = self.clock()
        found = self._change(_storm_fp(stored), lambda one: roll.ended(one, stored.identity, now) if one else None)
        if found and found.pending and not found.firing:
            self._shown(found)

    def doubt(self, stored: Stored) -> None:
        """Name an alert among those whose message may be missing. The sweep shows the names, once for all of them."""
        if stored.alert.kind in roll.KINDS:
            return
        now = self.clock()
        newcomers = (roll.member(stored, now),)
        subject = UNCONFIRMED_SUBJECT
        fp = fingerprint(UNCONFIRMED, subject.account, subject.region, subject.id)
        self._change(fp, lambda one: roll.join(one, UNCONFIRMED, subject, newcomers, now))

    def _join_storm(self, stored: Stored) -> Stored:
        now, subject = self.clock(), roll.storm_subject(stored.alert)
        joined = self._joined(_storm_fp(stored), subject, (roll.member(stored, now),), now)
        if joined.pending and joined.shown is None:
            # The first showing names all that wait, so that people see the size of it at once.
            waiting = tuple(roll.member(one, now) for one in self.store.watched() if _alike(one, stored))
            joined = self._joined(joined.fp, subject, waiting, now)
        return joined

    def _joined(self, fp: str, subject: Subject, newcomers: tuple[Member, ...], now: datetime) -> Stored:
        joined = self._change(fp, lambda one: roll.join(one, STORM, subject, newcomers, now))
        if joined is None:
            raise RetryLater("the roll vanished; deliver again")
        return joined

    def _shown(self, joined: Stored) -> Stored:
        try:
            self.deliver(joined.fp)
        except RetryLater:
            if not joined.ts and joined.firing:
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


def _storm_fp(stored: Stored) -> str:
    subject = roll.storm_subject(stored.alert)
    return fingerprint(STORM, subject.account, subject.region, subject.id)


def _alike(one: Stored, other: Stored) -> bool:
    """Another new alert, still unseen, of the same kind and place."""
    unseen = one.firing and one.pending and one.shown is None and not one.ts
    return unseen and one.alert.kind not in roll.KINDS and _storm_fp(one) == _storm_fp(other)
