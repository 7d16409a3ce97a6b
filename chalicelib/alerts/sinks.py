"""What a delivery needs of a place to post to, and the classes of its failures, each with its own answer.

::

    SinkFault
    ├── Throttled       wait ``retry_after``, then send: nothing was posted
    ├── Unreachable     send again later; ``perhaps`` it was posted and only the answer was lost
    ├── Misconfigured   only a person can repair it: tell the second topic, do not go on knocking
    ├── Refused         our message is at fault: send a plainer form at once
    ├── UpdateLost      the message to change (or the thread to reply in) is gone: post it anew (into the channel)
    └── Blind           we may not look for our own message: send, though it may be there already
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

TEXT_LIMIT = 3900  # characters; chat.update refuses a text beyond 4,000 (Slack docs, chat.update, ``msg_too_long``)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message ready to be posted. ``key`` finds it again after a lost answer; ``text`` stands alone on a lock screen.

    ``marked`` messages carry their key as metadata; the others have it at the end of their text. ``title``, ``body`` and ``steps`` are the same content for sinks that know no blocks; all are Slack markup, escaped.
    """

    key: str
    version: int
    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    title: str = ""
    body: str = ""
    steps: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    broadcast: bool = False
    marked: bool = True

    def plain(self) -> Message:
        """The same message without blocks, in whole lines and as short as an update must be."""
        steps = (f"{number}. {step}" for number, step in enumerate(self.steps, 1))
        lines = [line for part in (self.text, self.body, *steps) for line in part.split("\n") if line]
        kept: list[str] = []
        for line in lines:
            if sum(map(len, kept)) + len(kept) + len(line) > TEXT_LIMIT:
                break
            kept.append(line)
        return replace(self, text="\n".join(kept), blocks=(), body="", steps=())

    def plainer(self, cause: str) -> Message | None:
        """The next form to try after a refusal: without what was refused; None where nothing is left to leave out."""
        if "metadata" in cause and self.marked:
            return replace(self, marked=False)
        if self.blocks:
            return self.plain()
        if self.marked or self.broadcast:
            return replace(self, marked=False, broadcast=False)
        return None


class Sink(Protocol):
    """A place to post to. Every method raises a SinkFault where it did not succeed, and nothing else."""

    @property
    def gate(self) -> str:
        """The name of the channel's gate; no secret can be read from it."""

    @property
    def edits(self) -> bool:
        """True where messages can be changed, threaded and found again; a webhook can do none of it."""

    def post(self, message: Message, *, thread: str = "") -> str:
        """Post, and return the message's name (``ts``), empty where the sink does not know one."""

    def update(self, ts: str, message: Message) -> None:
        """Change the message that ``post`` named."""

    def find(self, key: str, *, since: float, thread: str = "") -> str | None:
        """The ``ts`` of our message with this key, posted after ``since`` (epoch seconds); None if there is none."""


class SinkFault(Exception):
    """The root. ``cause`` is a short word of ours or Slack's, never an answer's text, which could carry a secret."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class Throttled(SinkFault):
    def __init__(self, cause: str, *, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(cause)


class Unreachable(SinkFault):
    def __init__(self, cause: str, *, perhaps: bool) -> None:
        self.perhaps = perhaps
        super().__init__(cause)


class Misconfigured(SinkFault):
    """``detail`` is a sentence of ours about the cause, for people."""

    def __init__(self, cause: str, *, detail: str = "") -> None:
        self.detail = detail
        super().__init__(cause)


class Refused(SinkFault):
    pass


class UpdateLost(SinkFault):
    pass


class Blind(SinkFault):
    pass
