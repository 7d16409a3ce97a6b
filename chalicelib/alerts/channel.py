"""A channel that is always reached through its gate: one call at a time, and none before Slack allows it.

Here each class of failure gets what concerns the channel as a whole; what concerns the one alert is ``deliver``'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.alerts.fallback import REFUSED, SECRET_UNREADABLE, UNREACHABLE, Fallback
from chalicelib.alerts.gates import PACE, Gates, Pass
from chalicelib.alerts.sinks import (
    Blind,
    Message,
    Misconfigured,
    Refused,
    Sink,
    SinkFault,
    Throttled,
    Unreachable,
)
from chalicelib.alerts.state import Stored
from chalicelib.model.errors import ConfigurationError, NetreflexError, RetryLater

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
        except SinkFault:
            return self._through(lambda sink: sink.edits)  # at the gate, where people are told of the cause

    def post(self, message: Message, *, thread: str = "") -> str:
        """Post, in a plainer form where Slack refuses ours, so that a fault of ours hides no alert."""
        ts = self._in_some_form(message, lambda form: self._through(lambda sink: sink.post(form, thread=thread)))
        self.touched = True
        return ts

    def update(self, ts: str, message: Message) -> None:
        """Change a message, in a plainer form where Slack refuses ours."""
        self._in_some_form(message, lambda form: self._through(lambda sink: sink.update(ts, form)))

    def find(self, key: str, *, thread: str = "") -> str | None:
        """Our message with this key, as far back as this alert's episode goes.

        None where we may not look: a message that may come twice is better than one that never comes.
        """
        since = (self._stored.first - BROKEN_FOR).timestamp()
        try:
            return self._through(lambda sink: sink.find(key, since=since, thread=thread))
        except Blind as blind:
            self._tell(blind.cause)
            return None

    def _in_some_form(self, message: Message, send: Callable[[Message], T]) -> T:
        """Send the message, or the plainer form that what was refused asks for; people are told of what has none left."""
        form = message
        while True:
            try:
                return send(form)
            except Refused as refused:
                plainer = form.plainer(refused.cause)
                noted = {"fp": self._stored.fp, "cause": refused.cause, "again": bool(plainer)}
                LOG.error("alert.refused", extra=noted)  # noqa: TRY400 - no traceback
                if plainer is None:
                    self._tell(REFUSED, word=refused.cause, about=self._stored.identity)
                    raise
                form = plainer

    def _through(self, call: Callable[[Sink], T]) -> T:
        """One call with the gate held. However it ends, the gate is left closed for as long as that end asks."""
        around = self._around
        gate = self._gate()
        self._wait(gate)
        try:
            result = self._with_fresh_secret(call)
        except SinkFault as fault:
            self._complain(fault)
            self._leave(gate, self._closed_for(fault))
            raise
        self._leave(gate, around.pace)
        return result

    def _leave(self, gate: str, closed_for: timedelta) -> None:
        """Leave the gate, if the table takes it: how the call to Slack ended counts more, and our hold runs out by itself."""
        around = self._around
        try:
            around.gates.leave(gate, around.owner, around.clock() + closed_for)
        except NetreflexError as error:
            LOG.warning("gate.not_left", extra={"fp": self._stored.fp, "error": str(error)})

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

    def _complain(self, fault: SinkFault) -> None:
        """Tell people of what only they can repair, and of any other failure that has lasted."""
        failing = self._stored.failing_since
        if isinstance(fault, Misconfigured):
            self._tell(fault.cause, word=fault.detail)
        elif isinstance(fault, Throttled | Refused | Blind):
            return  # it passes, has a plainer form, or is told by who asked
        elif failing is not None and self._around.clock() - failing >= BROKEN_FOR:
            self._tell(UNREACHABLE, word=fault.cause)

    def _closed_for(self, fault: SinkFault) -> timedelta:
        match fault:
            case Throttled(retry_after=seconds):
                return timedelta(seconds=seconds)
            case Misconfigured():
                return BROKEN_FOR
            case Unreachable():
                return _BREATH
            case _:  # Slack answered, and it was about this message alone
                return self._around.pace

    def _tell(self, cause: str, *, word: str = "", about: str = "") -> None:
        around = self._around
        if not around.fallback.tell(cause, self._stored, around.clock(), word=word, about=about):
            self.untold = cause

    def _open(self, *, fresh: bool = False) -> Sink:
        if self._sink is None:
            try:
                self._sink = self._around.open_sink(fresh)
            except ConfigurationError as error:
                raise Misconfigured(SECRET_UNREADABLE, detail=str(error)) from None
            except RetryLater:
                raise Unreachable("secret_not_answered", perhaps=False) from None
        return self._sink

    def _gate(self) -> str:
        try:
            return self._open().gate
        except SinkFault:
            return _UNKNOWN
