"""Delivery: claim an alert, show people its newest state, note what they saw.

What is shown is always read from the state table; the queue's message only says which alert moved. A delivery that ends
in the middle leaves a lease that runs out, and the next one looks into Slack before it posts again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.alerts import life, news, render, replies, roll
from chalicelib.alerts.announced import UnreadableMessage, announced
from chalicelib.alerts.calling import call_again, first_call
from chalicelib.alerts.channel import BROKEN_FOR, Channel, GateClosed, Surroundings
from chalicelib.alerts.fallback import nobody_knows
from chalicelib.alerts.news import Word
from chalicelib.alerts.road import remember
from chalicelib.alerts.rollcall import RollCall
from chalicelib.alerts.sinks import Message, Misconfigured, Refused, SinkFault, Throttled, Unreachable, UpdateLost
from chalicelib.alerts.state import Stored
from chalicelib.alerts.store import AlertStore, Postponed, Sent
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.policy import AlertPolicy

LOG = logging.getLogger(__name__)
_ROUNDS = 5  # versions that arrive while one is shown
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=10)
_QUEUES_REACH = timedelta(minutes=1)  # a wait that the queue's own redelivery bridges; longer ones are the sweep's
_SHORT_WORDS = frozenset({Word.REMINDER, Word.FLAPPING, Word.SETTLED})  # a webhook gets the whole message for the rest


class Outcome(StrEnum):
    """What became of a delivery. POSTPONED: the state table knows until when, and the sweep sees to it."""

    SHOWN = "shown"
    NOTHING_NEW = "nothing_new"
    UNKNOWN = "unknown"
    POSTPONED = "postponed"


class _Waits(Exception):
    def __init__(self, until: datetime) -> None:
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Shows alerts. ``around`` is the world, ``store`` the memory, ``policy`` people's wishes."""

    store: AlertStore
    around: Surroundings
    policy: AlertPolicy

    def notify(self, body: str) -> Outcome:
        """Deliver what one message of the alerts topic tells of.

        Normally the state table knows the alert, and its newest state is shown. What the table does not know, or knows only in
        an older state (another producer's alert, another table), is taken from the message. Raises RetryLater or
        UnreadableMessage, so that the queue brings the message again and in the end gives it to its dead letters.
        """
        told = announced(body)
        known = self.store.get(told.fp)
        if told.alert is not None:
            if known is None or told.alert.at > known.alert.at:
                remember(self.store, told.alert, self.around.clock)
        elif known is None:
            raise UnreadableMessage(f"the state table does not know alert {told.fp}, and the message does not hold it")
        return self.deliver(told.fp)

    def notify_all(self, bodies: Iterable[str]) -> tuple[Outcome, ...]:
        """Deliver several messages; the first that fails is raised once all were tried."""
        outcomes, failed = [], None
        for body in bodies:
            try:
                outcomes.append(self.notify(body))
            except NetreflexError as error:
                LOG.warning("alert.message_failed", extra={"error": str(error)})
                failed = failed or error
        if failed is not None:
            raise failed
        return tuple(outcomes)

    def deliver(self, fp: str) -> Outcome:
        """Show the newest state of one alert. Raises RetryLater where it is to be tried again soon."""
        for turn in range(_ROUNDS):
            now = self.around.clock()
            mine, stored = self.store.claim(fp, self.around.owner, now)
            if not mine or stored is None:
                return Outcome.SHOWN if turn else _not_ours(stored, now)
            try:
                after = self._show(stored)
            except _Waits as waits:
                return _wait(waits.until, now)
            if after is None or not after.pending:
                break
        return Outcome.SHOWN

    def _show(self, stored: Stored) -> Stored | None:
        channel = Channel(self.around, stored)
        try:
            sent = self._send(stored, channel)
        except (SinkFault, GateClosed, RetryLater) as ended:
            postponed = _postponed(stored, ended, self.around.clock(), touched=channel.touched)
            self.store.release(stored, postponed)
            LOG.warning("alert.postponed", extra={"fp": stored.fp, "cause": str(ended)})
            if channel.untold:
                raise nobody_knows(channel.untold) from None
            raise _Waits(postponed.until) from None
        due = life.next_look(replace(stored, thread=sent.thread), self.policy, self.around.clock())
        after = self.store.finish(stored, sent, due)
        LOG.info("alert.shown", extra={"fp": stored.fp, "version": stored.version})
        if not stored.firing and stored.alert.kind not in roll.KINDS:
            self._calls().end(stored)
        return after

    def _send(self, stored: Stored, channel: Channel) -> Sent:
        stand = self._calls().stand(stored, edits=channel.edits)
        ts, thread = "", stand.thread or ""
        if stand.thread is not None:
            placed = replace(stored, thread=stand.thread)
            calls = first_call(placed, self.policy, stand.before)
            ts, thread = (
                self._change(placed, channel, calls) if channel.edits else (self._repeat(placed, channel, calls), "")
            )
        return Sent(version=stored.version, shown=news.shown(stored), ts=ts, thread=thread)

    def _change(self, stored: Stored, channel: Channel, calls: str) -> tuple[str, str]:
        """One message that changes, and at most one reply to it. Returns its ``ts`` and the thread it stands in."""
        message, why, thread = render.message(stored), news.word(stored), stored.thread
        doubtful = stored.attempts > 1
        ts = stored.ts or (channel.find(message.key, thread=thread) if doubtful else None)
        if ts is None or not self._updated(channel, ts, message):
            return _post(channel, render.message(stored, calls), thread)
        if why is not None:
            reply = replies.reply(stored, why, self.policy)
            root = thread or ts
            if not (doubtful and channel.find(reply.key, thread=root)):
                _post(channel, reply, root)
        return ts, thread

    def _updated(self, channel: Channel, ts: str, message: Message) -> bool:
        try:
            channel.update(ts, message)
        except UpdateLost as lost:
            LOG.warning("alert.update_lost", extra={"cause": lost.cause})
            return False
        return True

    def _repeat(self, stored: Stored, channel: Channel, calls: str) -> str:
        """A new message for every change worth hearing: all that a sink without editing can do."""
        why = news.word(stored)
        grown = stored.shown is not None and len(stored.members) > stored.shown.members
        if stored.shown is None or why or grown:
            short = why in _SHORT_WORDS
            if stored.shown is not None:
                calls = call_again(stored, self.policy, why) if why else ""
            message = replies.reply(stored, why, self.policy) if short and why else render.message(stored, calls)
            try:
                return channel.post(message)
            except Unreachable as lost:
                if not lost.perhaps:
                    raise
                self._calls().doubt(stored)
        return ""

    def _calls(self) -> RollCall:
        return RollCall(store=self.store, clock=self.around.clock, deliver=self.deliver)


def _post(channel: Channel, message: Message, thread: str) -> tuple[str, str]:
    """Post, into the channel itself where the thread is gone or closed: a message must not be lost with its thread."""
    try:
        return channel.post(message, thread=thread), thread
    except UpdateLost as lost:
        if not thread:
            raise
        LOG.warning("alert.thread_lost", extra={"cause": lost.cause})
        return channel.post(replace(message, broadcast=False)), ""


def _not_ours(stored: Stored | None, now: datetime) -> Outcome:
    """Why there was nothing to claim. Somebody else's lease may be a dead one's, so it is never a reason to stop."""
    if stored is None:
        return Outcome.UNKNOWN
    if not stored.pending:
        return Outcome.NOTHING_NEW
    if stored.lease and stored.lease >= now:
        raise RetryLater(f"alert {stored.fp} is being delivered; the queue brings it again")
    return _wait(stored.not_before or now, now)


def _wait(until: datetime, now: datetime) -> Outcome:
    if until - now > _QUEUES_REACH:
        return Outcome.POSTPONED
    raise RetryLater("the alert is not delivered yet; the queue brings it again")


def _postponed(stored: Stored, ended: Exception, now: datetime, *, touched: bool) -> Postponed:
    """When to try again, and whether Slack may have posted something already."""
    untouched = stored.attempts <= 1 and not touched
    match ended:
        case Throttled(retry_after=seconds):
            return Postponed(until=now + timedelta(seconds=seconds), certain=untouched, failed=False)
        case Misconfigured() | Refused():
            return Postponed(until=now + BROKEN_FOR, certain=untouched)
        case Unreachable(perhaps=perhaps):
            return Postponed(until=now + _backoff(stored.failures), certain=untouched and not perhaps)
        case GateClosed(until=until):
            return Postponed(until=until, certain=untouched, failed=False)
        case RetryLater():
            return Postponed(until=now + _FIRST_WAIT / 3, certain=untouched, failed=False)
        case _:
            return Postponed(until=now + _backoff(stored.failures), certain=untouched)


def _backoff(failures: int) -> timedelta:
    return min(_FIRST_WAIT * (1 << min(failures, 10)), _LONGEST_WAIT)
