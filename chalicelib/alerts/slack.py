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
from chalicelib.alerts.sinks import (
    Blind,
    Message,
    Misconfigured,
    Refused,
    Sink,
    SinkFault,
    Throttled,
    Unreachable,
    UpdateLost,
)

if TYPE_CHECKING:
    from slack_sdk import WebClient

API = "https://slack.com/api/"
TIMEOUT = 10  # seconds
EVENT_TYPE = "network_alert"
_PAGES = 5  # of 200 messages each, when looking for our own
_WORD = re.compile(r"[a-z][a-z0-9_]{1,40}")
_LOST = (TimeoutError, http.client.HTTPException, ConnectionError, ssl.SSLError, URLError, OSError)

# Slack's error strings (Slack docs, chat.postMessage, chat.update and conversations.history, "Errors"; webhooks: "Handling
# errors"). The first class whose words, or beginnings of words (``…*``), hold an answer is its class.
_CLASSES: dict[type[SinkFault], str] = {
    UpdateLost: "message_not_found cant_update_message edit_window_closed block_mismatch update_failed bad_timestamp"
    " streaming_state_conflict no_dual_broadcast_content_update thread_not_found invalid_thread_ts thread_locked"
    " cannot_reply_to_message",
    Misconfigured: "invalid_auth not_authed token_revoked token_expired account_inactive missing_scope no_permission"
    " channel_not_found not_in_channel is_archived channel_is_archived is_inactive restricted_action*"
    " action_prohibited invalid_token no_service no_team team_disabled team_not_found team_access_not_granted"
    " user_not_found user_is_restricted org_login_required ekm_access_denied access_denied accesslimited"
    " app_access_restricted no_active_hooks not_allowed* posting_to_* send_on_behalf_not_allowed"
    " enterprise_is_restricted two_factor_setup_required messages_tab_disabled channel_type_not_supported"
    " method_not_supported_for_channel_type method_deprecated deprecated_endpoint unknown_method slack_connect_*",
    Refused: "msg_too_long msg_blocks_too_long no_text metadata_* markdown_text_conflict too_many_attachments"
    " too_many_contact_cards missing_post_type missing_charset superfluous_charset as_user_not_supported"
    " cant_broadcast_message duplicate_channel_not_found duplicate_message_not_found json_not_object invalid_*",
}
_WORDS = [(word, class_) for class_, words in _CLASSES.items() for word in words.split()]
_EXACT = {word: class_ for word, class_ in _WORDS if not word.endswith("*")}
_BEGINNINGS = [(word[:-1], class_) for word, class_ in _WORDS if word.endswith("*")]
_THROTTLED = frozenset({"ratelimited", "rate_limited"})
# Nothing was posted, and it passes: a migration, a workspace over its limit, a request that was cut on its way.
_PASSING = frozenset(
    {
        "external_channel_migrating",
        "team_added_to_org",
        "message_limit_exceeded",
        "request_timeout",
        "service_unavailable",
    }
)
# Of looking alone (posting needs other scopes), and of the thread alone (the channel still takes the message).
_MAY_NOT_LOOK = frozenset({"missing_scope", "no_permission", "not_allowed_token_type", "method_deprecated"})
_THREAD_CLOSED = frozenset({"restricted_action_thread_locked", "restricted_action_non_threadable_channel"})
_CLOSED = frozenset({401, 403, 404, 410})
_MALFORMED = frozenset({400, 413})


def fault(status: int, error: str, headers: Mapping[str, str]) -> SinkFault:
    """The class of an answer that is not a success. A 5xx may have been posted before it failed.

    A word that nobody knows yet is taken for an outage: it is tried again, looked up first, and told when it lasts.
    """
    word = error if _WORD.fullmatch(error) else f"http_{status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or word in _THROTTLED:
        return Throttled(word, retry_after=_seconds(headers.get("Retry-After") or headers.get("retry-after") or ""))
    if word in _PASSING:
        return Unreachable(word, perhaps=False)
    class_ = _EXACT.get(word) or next((class_ for start, class_ in _BEGINNINGS if word.startswith(start)), None)
    if class_ is not None:
        return class_(word)
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


def _sent_already(error: BaseException) -> bool:
    """False only where the connection was never made: then nothing can have been posted."""
    reason = getattr(error, "reason", error)
    return not isinstance(reason, ConnectionRefusedError | socket.gaierror)


def _silent() -> logging.Logger:
    """A logger outside the tree of loggers: whatever level an application sets, nothing of it is written."""
    return logging.Logger("silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - outside the tree on purpose
