"""EventBridge's delivery with all it promises: retries within the target's policy, and then the target's dead-letter queue.

No emulator does this. What is done here is what the user guide says ("Event retry policy and using dead-letter queues"), with
the settings of the deployed rules: a 429 or 5xx is retried, with exponential back-off, until the retries or the age of the event
are used up; any other refusal, a missing permission first of all, goes to the queue at once. The time is a number that
``passes`` moves on, so an hour costs nothing. The steps of the back-off are not documented, and here without their jitter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.aws.awsbus import DefaultBus
from tests.iam.evaluate import condition_holds, like, listed

_DEFAULT = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400}
_LONGEST_WAIT = 300.0
_TOO_MANY, _SERVER_ERROR = 429, 500


@dataclass
class Undelivered:
    """An event that a target has not taken yet."""

    rule_arn: str
    target: Mapping[str, Any]
    event: Mapping[str, Any]
    since: float
    due: float
    retries: int = 0

    @property
    def policy(self) -> dict[str, int]:
        return {**_DEFAULT, **self.target.get("RetryPolicy", {})}


@dataclass(frozen=True)
class _Refusal:
    """Why a target did not take an event, in EventBridge's words."""

    code: str
    message: str
    passing: bool


class EventBridge(DefaultBus):
    """One bus. ``in_flight`` is what it still tries to deliver, ``dropped`` what it had no queue for."""

    def __init__(self, events: BaseClient, lambda_: BaseClient, sqs: BaseClient) -> None:
        super().__init__(events, lambda_)
        self._sqs: Any = sqs
        self.now = 0.0
        self.in_flight: list[Undelivered] = []
        self.dropped: list[Undelivered] = []
        self.delivered = 0

    def send(self, event: Mapping[str, Any]) -> int:
        """Let an event happen; how many targets it is for."""
        wanted = [
            Undelivered(rule["Arn"], target, event, self.now, self.now)
            for rule in self._matching_rules(dict(event))
            for target in self._targets(rule)
        ]
        self.in_flight += wanted
        self.passes(0)
        return len(wanted)

    def passes(self, seconds: float) -> None:
        """Let time pass, and try what is due meanwhile, in its order."""
        until = self.now + seconds
        while due := sorted((one for one in self.in_flight if one.due <= until), key=lambda one: one.due):
            self.now = max(self.now, due[0].due)
            self._try(due[0])
        self.now = until

    def _try(self, one: Undelivered) -> None:
        refusal = self._refused(one)
        if refusal is None:
            self.in_flight.remove(one)
            self.delivered += 1
            return
        wait = min(2.0**one.retries, _LONGEST_WAIT)
        exhausted = _exhausted(one, self.now + wait) if refusal.passing else ""
        if refusal.passing and not exhausted:
            one.due, one.retries = self.now + wait, one.retries + 1
            return
        self.in_flight.remove(one)
        self._give_up(one, refusal, exhausted)

    def _refused(self, one: Undelivered) -> _Refusal | None:
        arn = one.target["Arn"]
        if not self._lets_in(arn, one.rule_arn):
            return _Refusal("NO_PERMISSIONS", f"{arn} does not let the rule in", passing=False)
        try:
            self._invoke(arn, "Event", _payload(one))
        except ClientError as error:
            status, told = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]
            code = {_TOO_MANY: "THROTTLING", 404: "NO_RESOURCE"}.get(status, "ERROR_FROM_TARGET")
            return _Refusal(code, told.get("Message", ""), passing=status == _TOO_MANY or status >= _SERVER_ERROR)
        return None

    def _give_up(self, one: Undelivered, refusal: _Refusal, exhausted: str) -> None:
        queue = one.target.get("DeadLetterConfig", {}).get("Arn")
        if not queue or not self._queue_takes(queue, one.rule_arn):
            self.dropped.append(one)
            return
        told = {
            "RULE_ARN": one.rule_arn,
            "TARGET_ARN": one.target["Arn"],
            "ERROR_CODE": refusal.code,
            "ERROR_MESSAGE": refusal.message,
            **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
            "RETRY_ATTEMPTS": str(one.retries),
        }
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
        self._sqs.send_message(QueueUrl=self._url(queue), MessageBody=_payload(one), MessageAttributes=attributes)

    def _url(self, queue_arn: str) -> str:
        return str(self._sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"])

    def _queue_takes(self, queue_arn: str, rule_arn: str) -> bool:
        found = self._sqs.get_queue_attributes(QueueUrl=self._url(queue_arn), AttributeNames=["Policy"])
        return service_may_send(json.loads(found["Attributes"].get("Policy", '{"Statement": []}')), queue_arn, rule_arn)


def service_may_send(policy: Mapping[str, Any], queue_arn: str, rule_arn: str) -> bool:
    """Whether a queue's policy lets EventBridge send for this rule. The rule's ARN is the source that EventBridge names."""
    context = {
        "aws:sourcearn": rule_arn,
        "aws:sourceaccount": rule_arn.split(":")[4],
        "aws:securetransport": "true",
    }
    said = {
        statement["Effect"]
        for statement in policy["Statement"]
        if _is_eventbridge(statement["Principal"])
        and any(like(one.lower(), "sqs:sendmessage") for one in listed(statement["Action"]))
        and any(like(one, queue_arn) for one in listed(statement["Resource"]))
        and condition_holds(statement.get("Condition"), context)
    }
    return said == {"Allow"}


def _is_eventbridge(principal: object) -> bool:
    named = principal.get("Service", ()) if isinstance(principal, Mapping) else principal
    return bool({"events.amazonaws.com", "*"} & set(listed(named)))


def _exhausted(one: Undelivered, next_try: float) -> str:
    """The limit that ends the retries, or nothing."""
    if one.retries >= one.policy["MaximumRetryAttempts"]:
        return "MaximumRetryAttempts"
    too_old = next_try - one.since > one.policy["MaximumEventAgeInSeconds"]
    return "MaximumEventAgeInSeconds" if too_old else ""


def _payload(one: Undelivered) -> str:
    return one.target.get("Input") or json.dumps(one.event)
