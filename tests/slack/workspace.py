"""A Slack on loopback: it takes a message a second, loses answers, archives channels and revokes tokens on demand.

``clock`` tells it the time in epoch seconds, so that a virtual clock makes 60 messages cost no minute.
What was posted is in ``messages``, what was asked in ``calls``.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.slack.validate import faults

Answer = tuple[int, dict[str, str], dict[str, Any] | str]

CHANNEL = "C0NETOPS"
TOKEN = "xoxb-1111-2222-canaryTokenNeverToBeSeen"
HOOK = "/services/T000/B000/canaryWebhookNeverToBeSeen"


@dataclass(slots=True)
class Posted:
    """One message as the channel shows it. ``states`` are its former texts, oldest first."""

    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str = ""
    broadcast: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.metadata.get("event_payload", {}).get("id", ""))

    @property
    def header(self) -> str:
        heads = [block["text"]["text"] for block in self.blocks if block["type"] == "header"]
        return str(heads[0]) if heads else self.text

    def as_json(self) -> dict[str, Any]:
        shown = {"ts": self.ts, "text": self.text, "blocks": self.blocks, "metadata": self.metadata}
        return shown | ({"thread_ts": self.thread_ts} if self.thread_ts else {})


@dataclass(slots=True)
class Call:
    at: float
    method: str
    answer: str


class LocalSlack:
    """One workspace with one channel, one bot and one webhook.

    ``interval`` is the seconds that one message to the channel costs, ``burst`` how many may come at once.
    ``down`` answers 500; ``lose_answers`` and ``fail`` count the posts that are accepted without an answer, or
    refused with 500; ``error`` is answered to everything (``is_archived``, ``token_revoked``); ``refuse_blocks``
    answers ``invalid_blocks`` to blocks that are right. ``refuse`` is asked about each call and answers its error, or nothing.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, interval: float = 1.0, burst: int = 1) -> None:
        self.clock, self.interval, self.burst = clock, interval, burst
        self.messages: list[Posted] = []
        self.calls: list[Call] = []
        self.tokens = {TOKEN}
        self.down = False
        self.error = ""
        self.refuse_blocks = False
        self.refuse: Callable[[str, dict[str, Any]], str] = lambda _method, _arguments: ""
        self.lose_answers = 0
        self.fail = 0
        self.early = 0
        self.most_at_once = 0
        self._at_once = 0
        self._free_at = 0.0
        self._shut_until = 0.0
        self._number = 0
        self._lock = threading.RLock()
        self.url = ""

    @property
    def base_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def webhook_url(self) -> str:
        return self.url + HOOK

    @property
    def channel_messages(self) -> list[Posted]:
        """What people see without opening a thread, replies that were broadcast among it."""
        return [one for one in self.messages if not one.thread_ts or one.broadcast]

    def thread(self, ts: str) -> list[Posted]:
        return [one for one in self.messages if one.thread_ts == ts]

    def count(self, answer: str = "ok") -> int:
        return sum(call.answer == answer for call in self.calls)

    def answer(self, path: str, arguments: dict[str, Any], token: str) -> Answer | None:
        """The answer to one call; None means that the connection ends without one."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            with self._lock:
                method = path.removeprefix("/api/") if path.startswith("/api/") else "webhook"
                answer, word = self._answer(method, path, arguments, token)
                self.calls.append(Call(self.clock(), method, word))
                return answer
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, method: str, path: str, arguments: dict[str, Any], token: str) -> tuple[Answer | None, str]:
        if self.down:
            return (503, {}, "<html>Service Unavailable</html>"), "503"
        if refused := self._refusal(method, path, arguments, token):
            return self._error(method, refused), refused
        posts = method in {"chat.postMessage", "webhook"}
        if posts and (wait := self._throttled()):
            body: Any = "rate_limited" if method == "webhook" else {"ok": False, "error": "ratelimited"}
            return (429, {"Retry-After": str(wait)}, body), "429"
        if posts and self.fail > 0:
            self.fail -= 1
            return (500, {}, "internal error"), "500"
        result = self._do(method, arguments)
        if posts and self.lose_answers > 0:
            self.lose_answers -= 1
            return None, "lost"
        if isinstance(result, str):
            return self._error(method, result), result
        return (200, {}, "ok" if method == "webhook" else {"ok": True, **result}), "ok"

    def _refusal(self, method: str, path: str, arguments: dict[str, Any], token: str) -> str:
        if self.clock() < self._shut_until:
            self.early += 1  # a call before the gate that we set has ended
        if self.error:
            return self.error
        if method == "webhook":
            return "" if path == HOOK else "no_service"
        if token not in self.tokens:
            return "invalid_auth"
        if arguments.get("channel") != CHANNEL:
            return "channel_not_found"
        if refused := self.refuse(method, arguments):
            return refused
        wrong = faults(arguments["blocks"]) if arguments.get("blocks") else []
        return "invalid_blocks" if wrong or (self.refuse_blocks and arguments.get("blocks")) else ""

    def _error(self, method: str, word: str) -> Answer:
        if method != "webhook":
            return 200, {}, {"ok": False, "error": word}
        status = {"no_service": 404, "invalid_token": 403, "token_revoked": 403, "is_archived": 410}.get(word, 400)
        return status, {}, "channel_is_archived" if word == "is_archived" else word

    def _throttled(self) -> int:
        """Seconds to wait, 0 where a message is free. One message costs ``interval``."""
        now = self.clock()
        free_at = max(self._free_at, now - self.interval * self.burst)
        if free_at + self.interval > now + 1e-6:
            wait = max(1, math.ceil(free_at + self.interval - now))
            self._shut_until = now + wait
            return wait
        self._free_at = free_at + self.interval
        return 0

    def _do(self, method: str, arguments: dict[str, Any]) -> dict[str, Any] | str:
        match method:
            case "chat.postMessage" | "webhook":
                return self._post(arguments)
            case "chat.update":
                return self._update(arguments)
            case "conversations.history" | "conversations.replies":
                return self._page(method, arguments)
            case _:
                return "unknown_method"

    def _post(self, arguments: dict[str, Any]) -> dict[str, Any] | str:
        if not arguments.get("text"):
            return "no_text"
        self._number += 1
        posted = Posted(
            ts=f"{int(self.clock())}.{self._number:06d}",
            text=arguments["text"],
            blocks=arguments.get("blocks") or [],
            # A reply to a message that is gone is posted into the channel, and no error says so.
            thread_ts=arguments.get("thread_ts", "") if self._find(arguments.get("thread_ts", "")) else "",
            broadcast=bool(arguments.get("reply_broadcast")),
            metadata=arguments.get("metadata") or {},
        )
        self.messages.append(posted)
        return {"ts": posted.ts, "channel": CHANNEL, "message": posted.as_json()}

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any] | str:
        posted = self._find(arguments.get("ts", ""))
        if posted is None:
            return "message_not_found"
        posted.states.append(posted.header)
        posted.text = arguments.get("text", posted.text)
        posted.blocks = arguments.get("blocks", posted.blocks)  # left out, they stay as they were
        posted.metadata = arguments.get("metadata", posted.metadata)
        return {"ts": posted.ts, "channel": CHANNEL}

    def _page(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        root = arguments.get("ts", "") if method.endswith("replies") else ""
        oldest, limit = float(arguments.get("oldest") or 0), int(arguments.get("limit") or 100)
        found = [one for one in self.messages if float(one.ts) >= oldest and _shown_in(one, root)]
        if not root:
            found.reverse()  # history comes newest first, replies oldest first
        start = int(arguments.get("cursor") or 0)
        page = {"messages": [one.as_json() for one in found[start : start + limit]]}
        more = str(start + limit) if len(found) > start + limit else ""
        return page | {"response_metadata": {"next_cursor": more}}

    def _find(self, ts: str) -> Posted | None:
        return next((one for one in self.messages if ts and one.ts == ts), None)


def _shown_in(one: Posted, root: str) -> bool:
    return root in {one.thread_ts, one.ts} if root else not one.thread_ts or one.broadcast
