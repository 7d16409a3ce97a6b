"""The alerts topic: one message per version, as ``netreflex.alert/1``, for the delivery and for whoever subscribes.

The bounds of ``Alert.bounded`` keep the body below 70 kB and the attributes are five, so that no subscription loses a message to a limit
(SNS developer guide: 256 KiB; SQS raw delivery discards messages with more than 10 attributes).
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.alerts.state import Stored
from chalicelib.model.alert import SCHEMA

_SUBJECT = 100  # characters, SNS API reference, Publish


class Publisher:
    """The alerts topic; ``client`` is an SNS client."""

    def __init__(self, client: Any, topic_arn: str) -> None:  # noqa: ANN401
        self._client, self._topic_arn = client, topic_arn

    def publish(self, stored: Stored) -> None:
        """Publish the newest version. Raises the SDK's errors; the sweep publishes what was not."""
        self._client.publish(
            TopicArn=self._topic_arn,
            Subject=subject_line(stored),
            Message=json.dumps(envelope(stored), ensure_ascii=False),
            MessageAttributes={name: _attribute(value) for name, value in attributes(stored).items()},
        )


class LeftToTheSweep(Publisher):
    """For notify, which may not tell the topic that it listens to: what it has to tell waits in the table for the sweep."""

    def __init__(self) -> None:
        super().__init__(None, "")

    def publish(self, stored: Stored) -> None:
        """Leave it there; its time to be looked at is in the item."""


def envelope(stored: Stored) -> dict[str, Any]:
    """The message's body: the alert, and its life so far."""
    return {
        "schema": SCHEMA,
        "fp": stored.fp,
        **stored.alert.as_json(),
        "first": stored.first.isoformat(),
        "last": stored.alert.at.isoformat(),
        "count": stored.count,
        "flips": stored.flips,
        "flapping": stored.flapping,
        "ep": stored.episode,
        "v": stored.version,
        "content_hash": stored.alert.content_hash,
    }


def attributes(stored: Stored) -> dict[str, str]:
    """What a subscription can filter by."""
    alert = stored.alert
    return {
        "kind": alert.kind,
        "severity": alert.severity.value,
        "status": alert.status.value,
        "account": alert.subject.account,
        "region": alert.subject.region,
    }


def subject_line(stored: Stored) -> str:
    """At most 100 printable ASCII characters without line breaks, beginning with a letter, as SNS and e-mail want it."""
    alert = stored.alert
    word = alert.status.value if alert.status.value != "firing" else alert.severity.value
    line = f"{word.upper()} {alert.kind}: {alert.title}"
    plain = unicodedata.normalize("NFKD", line).encode("ascii", "ignore").decode()
    return "".join(one if one.isprintable() else " " for one in plain)[:_SUBJECT].strip()


def name_of(error: Exception) -> str:
    """What a log may say of an error: AWS's code, or the error's own name where AWS did not answer. Never its text."""
    answered = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return str(answered) or type(error).__name__


def _attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value or "-"}  # SNS refuses an empty value
