"""What it means that Slack refuses, or does not answer: the class of each failure (see ``sinks``)."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping
from http import HTTPStatus

from chalicelib.alerts.sinks import Misconfigured, Refused, SinkFault, Throttled, Unreachable, UpdateLost

LOST = (OSError, http.client.HTTPException)  # time-outs, broken connections, TLS and urllib's errors are OSErrors
_WORD = re.compile(r"[a-z][a-z0-9_]{1,40}")

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


def unanswered(error: BaseException) -> Unreachable:
    """The class of a call that brought no answer (``LOST``). Nothing can have been posted only where no connection was made."""
    reason = getattr(error, "reason", error)
    return Unreachable(type(error).__name__, perhaps=not isinstance(reason, ConnectionRefusedError | socket.gaierror))
