"""The second topic, for people (e-mail): told once per cause when the delivery itself is broken.

It uses nothing of what may be broken: no Slack, no secret, no queue. "Once" is kept by the channel's gate, which is held while this
is sent; a crash in between tells twice rather than never. Where this topic refuses as well, nobody would hear of it, so the
function that met it raises: Lambda counts that, and CloudWatch tells the topic with a permission of its own.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.alerts.gates import Pass
from chalicelib.alerts.publish import name_of
from chalicelib.alerts.state import Stored
from chalicelib.model.errors import RetryLater

LOG = logging.getLogger(__name__)
AGAIN = timedelta(hours=24)  # a cause that lasts is told once a day

_REMEDIES = {
    "is_archived": "Unarchive the channel, or name another one as `channel` in the Slack secret.",
    "channel_is_archived": "Unarchive the channel, or make a webhook for another one.",
    "channel_not_found": "Correct `channel` in the Slack secret; it wants the channel's id (C...).",
    "not_in_channel": "Invite the app into the channel: /invite @netreflex",
    "missing_scope": "Give the app the scopes of docs/alerts.md and install it again.",
    "secret_unreadable": "Check NETREFLEX_SLACK_SECRET, the secret's JSON, and that `notify` may read it "
    "(secretsmanager:GetSecretValue, or ssm:GetParameter).",
    "amazon_q_refused": "Let `notify` tell Amazon Q's topic (sns:Publish): its role may where the name is netreflex-<stage>-amazon-q.",
    "not_collected": "Check that the alerts topic has the notify queue subscribed, that `notify` runs, and that the log of `sweep` "
    "has no alert.not_carried: it says what keeps the topic from being told.",
    "unreachable": "Check status.slack.com and the function's way to the internet. Delivery goes on by itself.",
}
_OTHERWISE = "Put a valid bot token (or webhook) into the Slack secret; it is read again at the next attempt."


def untold(told_at: datetime, now: datetime) -> bool:
    """Was nobody told? ``told_at`` is what ``Fallback.tell_once`` returned."""
    return now - told_at >= AGAIN


def nobody_knows(cause: str) -> RetryLater:
    """What is raised then."""
    return RetryLater(f"alerts cannot be delivered ({cause}), and sns:Publish to the second topic failed; see the log")


class Fallback:
    """The second topic; ``client`` is an SNS client, no ``topic_arn`` means that there is none."""

    def __init__(self, client: Any, topic_arn: str | None) -> None:  # noqa: ANN401
        self._client, self._topic_arn = client, topic_arn

    def tell_once(self, cause: str, waiting: Stored | None, passed: Pass, now: datetime) -> datetime:
        """Tell people unless they know. Returns when they were told of this cause, to be kept with the gate."""
        known = passed.broken == cause and passed.told_at is not None
        if known and passed.told_at and now - passed.told_at < AGAIN:
            return passed.told_at
        LOG.error("delivery.broken", extra={"cause": cause, "fp": waiting.fp if waiting else ""})
        if self._topic_arn is None:
            return now
        try:
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=f"netreflex cannot deliver alerts: {cause}"[:100],
                Message=words(cause, waiting),
            )
        except (BotoCoreError, ClientError) as error:
            LOG.error("delivery.fallback_failed", extra={"error": name_of(error)})  # noqa: TRY400 - no traceback
            return now - AGAIN  # not told: the next attempt tells
        return now


def words(cause: str, waiting: Stored | None) -> str:
    """The e-mail: what is broken, what to do, and the alert that met it."""
    lines = [
        f"netreflex cannot deliver its alerts to Slack: {cause}.",
        _REMEDIES.get(cause, _OTHERWISE),
        "Nothing is lost: alerts wait in the state table and are delivered, in their newest state, once this works.",
    ]
    if waiting is not None:
        alert = waiting.alert
        lines += ["", "The alert that met this:", f"{alert.severity.value.upper()} {alert.status.value}: {alert.title}"]
        lines += [alert.summary, *(f"{number}. {step}" for number, step in enumerate(alert.remedy, 1))]
    return "\n".join(lines)
