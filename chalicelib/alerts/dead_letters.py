"""What lies in a dead-letter queue, as one alert per queue: the cause, how much, and how to bring it back.

Only looked at, never taken: messages become visible again at once and nothing is deleted. Three kinds of sender fill such queues, and each
leaves its cause elsewhere: EventBridge in message attributes, Lambda's on-failure destination in the body, SQS nowhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject

KIND = "automation"
_LOOKED_AT = 10  # messages of one receive (SQS API reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter: what failed, why, since when, and the command that replays what one redrive cannot."""

    failed: str
    cause: str
    sent: datetime | None
    replay: str


def look(sqs: Any, queue_urls: Iterable[str], *, now: datetime) -> tuple[Alert, ...]:  # noqa: ANN401
    """One alert per queue, firing while something lies in it and resolved otherwise. ``sqs`` is an SQS client."""
    return tuple(_look(sqs, url, now) for url in queue_urls)


def _look(sqs: Any, url: str, now: datetime) -> Alert:  # noqa: ANN401
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "QueueArn"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    count = int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])
    letters: tuple[Letter, ...] = ()
    if count:
        received = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_LOOKED_AT,
            VisibilityTimeout=0,  # they stay where they are, for everybody
            MessageAttributeNames=["All"],
            AttributeNames=["SentTimestamp"],
        )
        letters = tuple(letter(message) for message in received.get("Messages", []))
    return dead_letter_alert(found["QueueArn"], count, letters, now=now)


def letter(message: dict[str, Any]) -> Letter:
    """What one message tells of its failure. Payloads are never quoted: they may hold anything."""
    stamp = message.get("Attributes", {}).get("SentTimestamp")
    sent = datetime.fromtimestamp(int(stamp) / 1000, tz=UTC) if stamp else None
    attributes = {name: one.get("StringValue", "") for name, one in message.get("MessageAttributes", {}).items()}
    if "ERROR_CODE" in attributes:  # EventBridge user guide, "Using dead-letter queues"
        rule = attributes.get("RULE_ARN", "").rpartition("/")[2]
        cause = f"{attributes['ERROR_CODE']}: {attributes.get('ERROR_MESSAGE', '')}".rstrip(": ")
        return Letter(failed=f"rule {rule}", cause=cause, sent=sent, replay=_replay(rule.removesuffix("-event")))
    try:
        body = json.loads(message.get("Body", ""))
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("requestContext"), dict):
        return _from_destination(body, sent)
    return Letter(failed="delivery of a message", cause="its consumer failed every time", sent=sent, replay="")


def _from_destination(body: dict[str, Any], sent: datetime | None) -> Letter:
    """A Lambda on-failure record (Lambda developer guide, "Capturing records of asynchronous invocations")."""
    context, response = body["requestContext"], body.get("responsePayload")
    function = str(context.get("functionArn", "")).split(":function:")[-1].partition(":")[0]
    told = response if isinstance(response, dict) else {}
    words = [str(context.get("condition", "failed")), str(told.get("errorType", "")), str(told.get("errorMessage", ""))]
    cause = ": ".join(word for word in words if word)
    return Letter(failed=f"function {function}", cause=cause, sent=sent, replay=_replay(function))


def _replay(function: str) -> str:
    """``fileb``, because the AWS CLI takes a ``file`` for base64 there since its version 2."""
    return f"aws lambda invoke --function-name {function} --invocation-type Event --payload fileb://event.json out.json"


def dead_letter_alert(queue_arn: str, count: int, letters: tuple[Letter, ...], *, now: datetime) -> Alert:
    """The alert of one queue. Counts are SQS's approximate ones."""
    account, region, name = _parts(queue_arn)
    causes = Counter(f"{one.failed}: {one.cause}" for one in letters)
    oldest = min((one.sent for one in letters if one.sent), default=None)
    firing = count > 0
    return Alert(
        kind=KIND,
        status=AlertStatus.FIRING if firing else AlertStatus.RESOLVED,
        severity=Severity.ERROR if firing else Severity.INFO,
        subject=Subject(type="queue", id=name, name=name, arn=queue_arn, account=account, region=region),
        title=f"{count} dead letter{'s' if count != 1 else ''} in {name}" if firing else f"{name} is empty again",
        summary="Given up after all retries, so what they asked for is not done. Nothing was deleted: the queue keeps them for 14 days."
        if firing
        else "Nothing is left undone there.",
        at=now,
        cause="; ".join(f"{times}x {cause}" for cause, times in causes.most_common(3)),  # the rest is in the queue
        remedy=_remedy(queue_arn, letters) if firing else (),
        links=(Link(text="Queue", url=f"https://{region}.console.aws.amazon.com/sqs/v3/home?region={region}"),),
        fields=_fields(count, oldest) if firing else (),
    )


def _remedy(queue_arn: str, letters: tuple[Letter, ...]) -> tuple[str, ...]:
    replays = sorted({one.replay for one in letters if one.replay})
    if replays:
        # A redrive moves messages back to a source queue, and these came from none.
        again = tuple(f"Replay each `requestPayload` (or event) as event.json: `{command}`" for command in replays[:3])
    else:
        again = (f"Bring all back: `aws sqs start-message-move-task --source-arn {queue_arn}`",)
    return ("Remove the cause named above", *again)


def _fields(count: int, oldest: datetime | None) -> tuple[Field, ...]:
    shown = [Field(name="Messages", value=str(count))]
    if oldest:
        shown.append(Field(name="Oldest", value=oldest.strftime("%Y-%m-%d %H:%MZ")))
    return tuple(shown)


def _parts(queue_arn: str) -> tuple[str, str, str]:
    """Account, Region and name in ``arn:aws:sqs:<region>:<account>:<name>``."""
    *_, region, account, name = queue_arn.split(":")
    return account, region, name
