"""A channel that is always reached through its gate: one call at a time, and none before Slack allows it.

Here each class of failure gets what concerns the channel as a whole; what concerns the one alert is ``deliver``'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.alerts.fallback import Fallback, untold
from chalicelib.alerts.gates import PACE, Gates, Pass
from chalicelib.alerts.sinks import Message, Misconfigured, Refused, Sink, SinkFault, Throttled, Unreachable
from chalicelib.alerts.state import Stored
from chalicelib.model.errors import ConfigurationError

LOG = logging.getLogger(__name__)
T = TypeVar("T")

BROKEN_FOR = timedelta(minutes=10)  # a broken configuration is tried again so often, and an outage so long not told
_BREATH = timedelta(seconds=5)  # after a failure that says nothing about when
_STALE_SECRET = frozenset(
    {"invalid_auth", "token_revoked", "token_expired", "not_authed", "invalid_token", "no_service"}
)
_UNKNOWN = "slack"  # the gate while the secret, and with it the channel, cannot be read


class GateClosed(Exception):
    """The gate opens later than we may wait."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__("the channel's gate is closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a delivery needs from outside. ``open_sink(fresh)`` makes the sink; ``fresh`` reads the secret anew.

    ``owner`` is unique to the invocation; ``patience`` is how long it may wait for a gate, ``pace`` how long the gate
    stays closed after a call that succeeded.
    """

    gates: Gates
    open_sink: Callable[[bool], Sink]
    fallback: Fallback
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    owner: str
    patience: timedelta = timedelta(seconds=20)
    pace: timedelta = PACE


class Channel:
    """One delivery's way to its channel, for one alert. Methods raise SinkFault or GateClosed."""

    def __init__(self, around: Surroundings, stored: Stored) -> None:
        self._around, self._stored = around, stored
        self._sink: Sink | None = None
        self.touched = False
        """True once Slack took a message of this delivery: from then on, nobody may say that nothing was posted."""
        self.untold = ""
        """Why the channel does not work, where the second topic could not be told."""

    @property
    def edits(self) -> bool:
        try:
            return self._open().edits
        except Misconfigured:
            return self._through(lambda sink: sink.edits)  # at the gate, where people are told of the cause

    def post(self, message: Message, *, thread: str = "") -> str:
        """Post; in its plain form where Slack refuses our blocks, so that a fault of ours hides no alert."""
        try:
            ts = self._through(lambda sink: sink.post(message, thread=thread))
        except Refused as refused:
            plain = self._plain(message, refused)
            ts = self._through(lambda sink: sink.post(plain, thread=thread))
        self.touched = True
        return ts

    def update(self, ts: str, message: Message) -> None:
        try:
            self._through(lambda sink: sink.update(ts, message))
        except Refused as refused:
            plain = self._plain(message, refused)
            self._through(lambda sink: sink.update(ts, plain))

    def find(self, key: str, *, thread: str = "") -> str | None:
        """Our message with this key, as far back as this alert's episode goes."""
        since = (self._stored.first - BROKEN_FOR).timestamp()
        return self._through(lambda sink: sink.find(key, since=since, thread=thread))

    def _plain(self, message: Message, refused: Refused) -> Message:
        LOG.error("alert.blocks_refused", extra={"fp": self._stored.fp, "cause": refused.cause})
        return message.plain()

    def _through(self, call: Callable[[Sink], T]) -> T:
        """One call with the gate held. However it ends, the gate is left closed for as long as that end asks."""
        around = self._around
        gate = self._gate()
        passed = self._wait(gate)
        try:
            result = self._with_fresh_secret(call)
        except SinkFault as fault:
            self._leave(gate, passed, fault)
            raise
        around.gates.leave(gate, around.owner, around.clock() + around.pace, works=True)
        return result

    def _wait(self, gate: str) -> Pass:
        around = self._around
        give_up = around.clock() + around.patience
        while True:
            now = around.clock()
            passed = around.gates.take(gate, around.owner, now)
            if passed.open:
                return passed
            if (now if passed.held else passed.until) > give_up:
                raise GateClosed(passed.until)
            left = min(passed.until - now, around.pace / 2) if passed.held else passed.until - now
            around.sleep(max(left.total_seconds(), 0.01))

    def _with_fresh_secret(self, call: Callable[[Sink], T]) -> T:
        try:
            return call(self._open())
        except Misconfigured as fault:
            if fault.cause not in _STALE_SECRET:
                raise
        self._sink = None
        return call(self._open(fresh=True))  # the token was perhaps renewed since it was read

    def _leave(self, gate: str, passed: Pass, fault: SinkFault) -> None:
        around, now = self._around, self._around.clock()
        match fault:
            case Throttled(retry_after=seconds):
                around.gates.leave(gate, around.owner, now + timedelta(seconds=seconds), works=False)
            case Misconfigured():
                self._leave_broken(gate, passed, fault.cause, now, BROKEN_FOR)
            case Unreachable() if self._failing(now):
                self._leave_broken(gate, passed, "unreachable", now, _BREATH)
            case Unreachable():
                around.gates.leave(gate, around.owner, now + _BREATH, works=False)
            case _:  # Slack answered, and it was about this message alone
                around.gates.leave(gate, around.owner, now + around.pace, works=True)

    def _leave_broken(self, gate: str, passed: Pass, cause: str, now: datetime, closed: timedelta) -> None:
        around = self._around
        told_at = around.fallback.tell_once(cause, self._stored, passed, now)
        self.untold = cause if untold(told_at, now) else ""
        around.gates.leave_broken(gate, around.owner, now + closed, cause=cause, told_at=told_at)

    def _failing(self, now: datetime) -> bool:
        return self._stored.failing_since is not None and now - self._stored.failing_since >= BROKEN_FOR

    def _open(self, *, fresh: bool = False) -> Sink:
        if self._sink is None:
            try:
                self._sink = self._around.open_sink(fresh)
            except ConfigurationError:
                raise Misconfigured("secret_unreadable") from None
        return self._sink

    def _gate(self) -> str:
        try:
            return self._open().gate
        except Misconfigured:
            return _UNKNOWN
