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

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Field, Severity, Subject

KIND = kinds.AUTOMATION
_LOOKED_AT = 10  # messages of one receive (SQS API reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter: what failed, why, since when. ``function`` is to be invoked again; empty where a queue gave it up."""

    failed: str
    cause: str
    sent: datetime | None
    function: str


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
        return Letter(failed=f"rule {rule}", cause=cause, sent=sent, function=rule.removesuffix("-event"))
    try:
        body = json.loads(message.get("Body", ""))
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("requestContext"), dict):
        return _from_destination(body, sent)
    return Letter(failed="delivery of a message", cause="its consumer failed every time", sent=sent, function="")


def _from_destination(body: dict[str, Any], sent: datetime | None) -> Letter:
    """A Lambda on-failure record (Lambda developer guide, "Capturing records of asynchronous invocations")."""
    context, response = body["requestContext"], body.get("responsePayload")
    function = str(context.get("functionArn", "")).split(":function:")[-1].partition(":")[0]
    told = response if isinstance(response, dict) else {}
    words = [str(context.get("condition", "failed")), str(told.get("errorType", "")), str(told.get("errorMessage", ""))]
    cause = ": ".join(word for word in words if word)
    return Letter(failed=f"function {function}", cause=cause, sent=sent, function=function)


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
        summary=_meaning(letters) if firing else "Nothing is left undone there.",
        at=now,
        cause="; ".join(f"{times}x {cause}" for cause, times in causes.most_common(3)),  # the rest is in the queue
        remedy=_remedy(queue_arn, letters) if firing else (),
        links=(kinds.queue_console(region, _url(queue_arn)),),
        fields=_fields(count, oldest) if firing else (),
    )


def _meaning(letters: tuple[Letter, ...]) -> str:
    """What it means that these were given up; a sweep looks at everything, so events are seldom lost for good."""
    if letters and not any(one.function for one in letters):
        return "Messages were given up after all retries, alerts perhaps among them. The queue keeps them for 14 days."
    return (
        "netreflex gave these up after all retries. Running traffic is not touched; what they asked for is left to the next"
        " sweep, and stays undone while the cause lasts. The queue keeps them for 14 days."
    )


def _remedy(queue_arn: str, letters: tuple[Letter, ...]) -> tuple[str, ...]:
    """Steps in the order in which they are done; the commands can be copied as they are."""
    _, region, _ = _parts(queue_arn)
    at_queue = f"--region {region} --queue-url {_url(queue_arn)}"
    fetch = f"aws sqs receive-message {at_queue} --visibility-timeout 300 --message-attribute-names All"
    steps = ["Remove that cause.", f"Look at one: `{fetch} --query 'Messages[0].Body' --output text > letter.json`"]
    functions = list(dict.fromkeys(one.function for one in letters if one.function))
    if functions:
        others = f" (others the same way: {', '.join(functions[1:4])})" if functions[1:] else ""
        steps.append(
            f"Replay it, or leave it to the next sweep{others}: `jq '.requestPayload // .' letter.json > event.json &&"
            f" aws lambda invoke --region {region} --function-name {functions[0]} --invocation-type Event"
            " --cli-binary-format raw-in-base64-out --payload file://event.json /dev/stdout`"
        )
    if not functions or not all(one.function for one in letters):
        steps.append(
            f"Give all that a queue gave up back to it: `aws sqs start-message-move-task --region {region}"
            f" --source-arn {queue_arn}`"
        )
    if functions:  # replaying leaves them where they are
        steps.append(f"Once nothing of it is needed, empty the queue: `aws sqs purge-queue {at_queue}`")
    return tuple(steps)


def _fields(count: int, oldest: datetime | None) -> tuple[Field, ...]:
    shown = [Field(name="Messages", value=str(count))]
    if oldest:
        shown.append(Field(name="Oldest", value=oldest.strftime("%Y-%m-%d %H:%MZ")))
    return tuple(shown)


def _url(queue_arn: str) -> str:
    """Where a queue is asked (SQS developer guide, "Queue and message identifiers")."""
    account, region, name = _parts(queue_arn)
    suffix = "amazonaws.com.cn" if queue_arn.startswith("arn:aws-cn:") else "amazonaws.com"
    return f"https://sqs.{region}.{suffix}/{account}/{name}"


def _parts(queue_arn: str) -> tuple[str, str, str]:
    """Account, Region and name in ``arn:aws:sqs:<region>:<account>:<name>``."""
    *_, region, account, name = queue_arn.split(":")
    return account, region, name
