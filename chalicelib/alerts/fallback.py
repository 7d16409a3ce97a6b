"""The second topic, for people (e-mail): told once per cause when the delivery itself is broken.

It uses nothing of what may be broken: no Slack, no secret, no queue. A crash between the mail and the note of it tells twice
rather than never. Where this topic refuses as well, nobody would hear of it, so the function that met it raises: Lambda counts that,
and CloudWatch tells the topic with a permission of its own.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.alerts.causes import Causes, Known
from chalicelib.alerts.publish import name_of
from chalicelib.alerts.state import Stored
from chalicelib.model.errors import NetreflexError, RetryLater

LOG = logging.getLogger(__name__)

SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - a cause, no secret
NOT_COLLECTED = "not_collected"
UNREACHABLE = "unreachable"
REFUSED = "refused"
AMAZON_Q_REFUSED = "amazon_q_refused"

_NEW_TOKEN = "Put a valid bot token (or webhook) into the Slack secret; it is read again at the next attempt."  # noqa: S105
_SCOPES = "Give the app the scopes of docs/alerts.md and install it again."
_MAY_NOT_POST = "A preference of the workspace or the channel forbids it: let the app post, or name another `channel`."
_REMEDIES = {
    "is_archived": "Unarchive the channel, or name another one as `channel` in the Slack secret.",
    "is_inactive": "Unarchive the channel, or name another one as `channel` in the Slack secret.",
    "channel_is_archived": "Unarchive the channel, or make a webhook for another one.",
    "channel_not_found": "Correct `channel` in the Slack secret; it wants the channel's id (C...).",
    "not_in_channel": "Invite the app into the channel: /invite @netreflex",
    "messages_tab_disabled": "`channel` names the app itself: name a channel's id (C...) in the Slack secret.",
    "missing_scope": _SCOPES,
    "not_allowed_token_type": "The Slack secret wants a bot token (xoxb-...), no other kind of token.",
    **dict.fromkeys(
        ("method_deprecated", "deprecated_endpoint", "unknown_method"), "Update netreflex to its newest version."
    ),
    **dict.fromkeys(
        (
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
            "invalid_token",
            "no_service",
        ),
        _NEW_TOKEN,
    ),
    AMAZON_Q_REFUSED: "Check that the topic in NETREFLEX_SLACK_SECRET exists, and let `notify` tell it (sns:Publish): its role may "
    "where the name is netreflex-<stage>-amazon-q.",
    SECRET_UNREADABLE: "Check NETREFLEX_SLACK_SECRET, the secret's JSON, and that `notify` may read it "
    "(secretsmanager:GetSecretValue, or ssm:GetParameter).",
    NOT_COLLECTED: "Check that the alerts topic has the notify queue subscribed, that `notify` runs, and that the log of `sweep` "
    "has no alert.not_carried: it says what keeps the topic from being told.",
    UNREACHABLE: "Check status.slack.com and the function's way to the internet. Delivery goes on by itself.",
    REFUSED: "This alert was refused in every form, so read it here. The fault is netreflex's: please report the word.",
}
_PREFIXES = {"restricted_action": _MAY_NOT_POST, "posting_to_": _MAY_NOT_POST, "slack_connect_": _MAY_NOT_POST}
_OTHERWISE = "Look the word up in the documentation of what answered (for Slack: chat.postMessage, Errors)."


def nobody_knows(cause: str) -> RetryLater:
    """What is raised where people could not be told."""
    return RetryLater(f"alerts cannot be delivered ({cause}), and sns:Publish to the second topic failed; see the log")


class Fallback:
    """The second topic; ``client`` is an SNS client, no ``topic_arn`` means that there is none.

    ``runbook`` is the address of the chapter about this, empty where none is known.
    """

    def __init__(self, client: Any, topic_arn: str | None, causes: Causes, *, runbook: str = "") -> None:  # noqa: ANN401
        self._client, self._topic_arn, self._causes, self._runbook = client, topic_arn, causes, runbook

    def tell(self, cause: str, waiting: Stored | None, now: datetime, *, word: str = "", about: str = "") -> bool:
        """Tell people unless they know; False where they could not be told.

        ``word`` is what was answered, ``about`` the alert where the cause is its own.
        """
        key = f"{cause}/{about}" if about else cause
        known = self._known(key)
        told_at = known.told_at if known else None
        if known is None or not known.silences(now):
            LOG.error("delivery.broken", extra={"cause": cause, "word": word, "fp": waiting.fp if waiting else ""})
            told_at = now if self._sent(cause, word, waiting) else None
        self._note(key, Known(met_at=now, told_at=told_at))
        return told_at is not None

    def _known(self, key: str) -> Known | None:
        """What the table says; where it does not answer, a mail too many is better than none."""
        try:
            return self._causes.read(key)
        except NetreflexError as error:
            LOG.warning("delivery.cause_unread", extra={"cause": key, "error": str(error)})
            return None

    def _note(self, key: str, known: Known) -> None:
        try:
            self._causes.write(key, known)
        except NetreflexError as error:
            LOG.warning("delivery.cause_unwritten", extra={"cause": key, "error": str(error)})

    def _sent(self, cause: str, word: str, waiting: Stored | None) -> bool:
        if self._topic_arn is None:
            return True
        try:
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=f"netreflex cannot deliver alerts: {cause}"[:100],
                Message=words(cause, waiting, word=word, runbook=self._runbook),
            )
        except (BotoCoreError, ClientError) as error:
            LOG.error("delivery.fallback_failed", extra={"error": name_of(error)})  # noqa: TRY400 - no traceback
            return False
        return True


def words(cause: str, waiting: Stored | None, *, word: str = "", runbook: str = "") -> str:
    """The e-mail: what is broken, what to do, and the alert that met it."""
    answered = f" The answer was: {word}." if word and word != cause else ""
    lines = [
        f"netreflex cannot deliver its alerts: {cause}.{answered}",
        remedy(cause),
        "Nothing is lost: alerts wait in the state table and are delivered, in their newest state, once this works.",
    ]
    lines += [f"Runbook: {runbook}"] if runbook else []
    if waiting is not None:
        alert = waiting.alert
        lines += ["", "The alert that met this:", f"{alert.severity.value.upper()} {alert.status.value}: {alert.title}"]
        lines += [alert.summary, *([f"Why: {alert.cause}"] if alert.cause else [])]
        lines += [f"{number}. {step}" for number, step in enumerate(alert.remedy, 1)]
    return "\n".join(lines)


def remedy(cause: str) -> str:
    """What a person can do about a cause."""
    known = next((text for prefix, text in _PREFIXES.items() if cause.startswith(prefix)), _OTHERWISE)
    return _REMEDIES.get(cause, known)
