"""Slack's Web API and incoming webhooks as sinks. slack_sdk is imported here alone, and only when something is sent.

slack_sdk's own retry handlers stay off: they post twice after a lost answer and sleep inside the function. When to send again is
decided by the store's leases and gates. Its logger is a silent one: at DEBUG it would write the webhook's URL.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from chalicelib.alerts.secret import BotSecret, SecretReader, WebhookSecret
from chalicelib.alerts.sinks import Message, Misconfigured, Refused, Sink, SinkFault, Throttled, Unreachable, UpdateLost

if TYPE_CHECKING:
    from slack_sdk import WebClient

API = "https://slack.com/api/"
TIMEOUT = 10  # seconds
EVENT_TYPE = "network_alert"
_PAGES = 5  # of 200 messages each, when looking for our own
_WORD = re.compile(r"[a-z][a-z0-9_]{1,40}")
_LOST = (TimeoutError, http.client.HTTPException, ConnectionError, ssl.SSLError, URLError, OSError)

# Slack's error strings (Slack docs, chat.postMessage and chat.update, "Errors"; webhooks: "Handling errors").
_CLASSES: dict[type[SinkFault], str] = {
    Misconfigured: "invalid_auth not_authed token_revoked token_expired account_inactive missing_scope no_permission"
    " channel_not_found not_in_channel is_archived channel_is_archived restricted_action action_prohibited invalid_token"
    " no_service no_team team_disabled user_not_found org_login_required ekm_access_denied access_denied"
    " no_active_hooks not_allowed_token_type enterprise_is_restricted team_access_not_granted",
    Refused: "invalid_blocks invalid_blocks_format invalid_attachments msg_too_long msg_blocks_too_long no_text"
    " invalid_payload metadata_too_large invalid_metadata_format invalid_metadata_schema invalid_arguments"
    " invalid_arg_name too_many_attachments",
    UpdateLost: "message_not_found cant_update_message edit_window_closed thread_not_found cannot_reply_to_message",
}
_CLASS_OF = {word: class_ for class_, words in _CLASSES.items() for word in words.split()}
_THROTTLED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_CLOSED = frozenset({401, 403, 404, 410})
_MALFORMED = frozenset({400, 413})


def fault(status: int, error: str, headers: Mapping[str, str]) -> SinkFault:
    """The class of an answer that is not a success. A 5xx may have been posted before it failed."""
    word = error if _WORD.fullmatch(error) else f"http_{status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or word in _THROTTLED:
        return Throttled(word, retry_after=_seconds(headers.get("Retry-After") or headers.get("retry-after") or ""))
    if word in _CLASS_OF:
        return _CLASS_OF[word](word)
    if status in _CLOSED:
        return Misconfigured(word)
    return Refused(word) if status in _MALFORMED else Unreachable(word, perhaps=True)


def _seconds(text: str) -> float:
    return float(min(max(int(text), 1), 3600)) if text.isascii() and text.isdigit() else 30.0


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
        answer = self._call("chat_postMessage", **_content(message), **_threaded(message, thread))
        return str(answer["ts"])

    def update(self, ts: str, message: Message) -> None:
        # Blocks left out of an update would stay as they were (Slack docs, chat.update), so they are always sent.
        self._call("chat_update", ts=ts, **{**_content(message), "blocks": list(message.blocks)})

    def find(self, key: str, *, since: float, thread: str = "") -> str | None:
        method, place = ("conversations_replies", {"ts": thread}) if thread else ("conversations_history", {})
        cursor = ""
        for _ in range(_PAGES):
            page = self._call(
                method, oldest=f"{since:.6f}", limit=200, include_all_metadata=True, cursor=cursor, **place
            )
            for message in page["messages"]:
                found = message.get("metadata") or {}
                if found.get("event_type") == EVENT_TYPE and found.get("event_payload", {}).get("id") == key:
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
        except _LOST as error:
            raise Unreachable(type(error).__name__, perhaps=_sent_already(error)) from None


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
        except _LOST as error:
            raise Unreachable(type(error).__name__, perhaps=_sent_already(error)) from None
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
    payload: dict[str, Any] = {"id": message.key, "v": message.version}
    content: dict[str, Any] = {
        "text": message.text,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": payload},
        "parse": "none",
        "link_names": False,
    }
    return content | ({"blocks": list(message.blocks)} if message.blocks else {})


def _threaded(message: Message, thread: str) -> dict[str, Any]:
    quiet: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
    return quiet | ({"thread_ts": thread, "reply_broadcast": message.broadcast} if thread else {})


def _sent_already(error: BaseException) -> bool:
    """False only where the connection was never made: then nothing can have been posted."""
    reason = getattr(error, "reason", error)
    return not isinstance(reason, ConnectionRefusedError | socket.gaierror)


def _silent() -> logging.Logger:
    """A logger outside the tree of loggers: whatever level an application sets, nothing of it is written."""
    return logging.Logger("silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - outside the tree on purpose
