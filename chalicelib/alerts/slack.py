"""Slack's Web API and incoming webhooks as sinks. slack_sdk is imported here alone, and only when something is sent.

slack_sdk's own retry handlers stay off: they post twice after a lost answer and sleep inside the function. When to send again is
decided by the store's leases and gates. Its logger is a silent one: at DEBUG it would write the webhook's URL.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalicelib.alerts.secret import BotSecret, SecretReader, WebhookSecret
from chalicelib.alerts.sinks import (
    Blind,
    Message,
    Misconfigured,
    Refused,
    Sink,
    SinkFault,
    Unreachable,
    UpdateLost,
)
from chalicelib.alerts.slack_faults import LOST, fault, unanswered

if TYPE_CHECKING:
    from slack_sdk import WebClient

API = "https://slack.com/api/"
TIMEOUT = 10  # seconds
EVENT_TYPE = "network_alert"
_PAGES = 5  # of 200 messages each, when looking for our own
# Of looking alone (posting needs other scopes), and of the thread alone (the channel still takes the message).
_MAY_NOT_LOOK = frozenset({"missing_scope", "no_permission", "not_allowed_token_type", "method_deprecated"})
_THREAD_CLOSED = frozenset({"restricted_action_thread_locked", "restricted_action_non_threadable_channel"})


def opener(reader: SecretReader, base_url: str | None = None) -> Callable[[bool], Sink]:
    """What makes the sink that the secret asks for; call it with True to read the secret afresh."""

    def open_sink(fresh: bool) -> Sink:  # noqa: FBT001 - one question, asked by position everywhere
        match reader.read(fresh=fresh):
            case BotSecret(bot_token=token, channel=channel):
                return SlackBot(token=token, channel=channel, base_url=base_url or API)
            case WebhookSecret(webhook_url=url):
                return SlackWebhook(url=url)

    return open_sink


class SlackBot:
    """A channel reached with a bot token: messages change, threads hold the story, lost answers are looked up."""

    edits = True

    def __init__(self, *, token: str, channel: str, base_url: str) -> None:
        self._token, self._channel = token, channel
        self._base_url = base_url if base_url.endswith("/") else base_url + "/"
        self._client: WebClient | None = None

    @property
    def gate(self) -> str:
        return f"slack:{self._channel}"

    def post(self, message: Message, *, thread: str = "") -> str:
        try:
            answer = self._call("chat_postMessage", **_content(message), **_threaded(message, thread))
        except Misconfigured as closed:
            if thread and closed.cause in _THREAD_CLOSED:
                raise UpdateLost(closed.cause) from None
            raise
        return str(answer["ts"])

    def update(self, ts: str, message: Message) -> None:
        # Blocks left out of an update would stay as they were (Slack docs, chat.update), so they are always sent.
        self._call("chat_update", ts=ts, **{**_content(message), "blocks": list(message.blocks)})

    def find(self, key: str, *, since: float, thread: str = "") -> str | None:
        method, place = ("conversations_replies", {"ts": thread}) if thread else ("conversations_history", {})
        cursor = ""
        for _ in range(_PAGES):
            try:
                page = self._call(
                    method, oldest=f"{since:.6f}", limit=200, include_all_metadata=True, cursor=cursor, **place
                )
            except (Refused, UpdateLost) as closed:
                raise Blind(closed.cause) from None
            except Misconfigured as closed:
                if closed.cause in _MAY_NOT_LOOK:
                    raise Blind(closed.cause) from None
                raise
            for message in page["messages"]:
                if _is_ours(message, key):
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
        return None

    def _call(self, method: str, **arguments: Any) -> Any:  # noqa: ANN401
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError

        if self._client is None:
            self._client = WebClient(
                token=self._token, base_url=self._base_url, timeout=TIMEOUT, retry_handlers=[], logger=_silent()
            )
        arguments.setdefault("channel", self._channel)
        call: Callable[..., Any] = getattr(self._client, method)
        try:
            return call(**arguments)
        except SlackApiError as error:
            answer = error.response
            raise fault(answer.status_code, str(answer.get("error", "")), answer.headers) from None
        except LOST as error:
            raise unanswered(error) from None


class SlackWebhook:
    """A channel reached with an incoming webhook: every change is a new message, and a lost answer stays a doubt."""

    edits = False

    def __init__(self, *, url: str) -> None:
        self._url = url

    @property
    def gate(self) -> str:
        return f"webhook:{hashlib.sha256(self._url.encode()).hexdigest()[:12]}"

    def post(self, message: Message, *, thread: str = "") -> str:
        from slack_sdk.webhook import WebhookClient

        del thread  # a webhook knows no threads of its own messages
        client = WebhookClient(self._url, timeout=TIMEOUT, retry_handlers=[], logger=_silent())
        body: dict[str, Any] = {"text": message.text, "unfurl_links": False, "unfurl_media": False}
        if message.blocks:
            body["blocks"] = list(message.blocks)
        try:
            answer = client.send_dict(body)
        except LOST as error:
            raise unanswered(error) from None
        if answer.status_code != HTTPStatus.OK:
            raise _certain(fault(answer.status_code, answer.body.strip(), answer.headers))
        return ""

    def update(self, ts: str, message: Message) -> None:
        del ts, message
        raise UpdateLost("webhooks_cannot_update")

    def find(self, key: str, *, since: float, thread: str = "") -> str | None:
        del key, since, thread
        return None


def _certain(answered: SinkFault) -> SinkFault:
    """A webhook that answers with a failure posted nothing; only a lost answer leaves a doubt."""
    return Unreachable(answered.cause, perhaps=False) if isinstance(answered, Unreachable) else answered


def _content(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = {"text": message.text, "parse": "none", "link_names": False}
    if message.marked:
        payload: dict[str, Any] = {"id": message.key, "v": message.version}
        content["metadata"] = {"event_type": EVENT_TYPE, "event_payload": payload}
    else:
        content["text"] += _tail(message.key)
    return content | ({"blocks": list(message.blocks)} if message.blocks else {})


def _is_ours(found: Mapping[str, Any], key: str) -> bool:
    """Is this the message with this key, by its metadata or, where Slack took none, by the end of its text?"""
    metadata = found.get("metadata") or {}
    if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("id") == key:
        return True
    return str(found.get("text") or "").endswith(_tail(key))


def _tail(key: str) -> str:
    return f"\n({key})"


def _threaded(message: Message, thread: str) -> dict[str, Any]:
    quiet: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
    return quiet | ({"thread_ts": thread, "reply_broadcast": message.broadcast} if thread else {})


def _silent() -> logging.Logger:
    """A logger outside the tree of loggers: whatever level an application sets, nothing of it is written."""
    return logging.Logger("silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - outside the tree on purpose
