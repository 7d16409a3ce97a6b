"""Delivers events with ``aws.*`` sources to a deployed application, through public AWS APIs only.

PutEvents refuses ``aws.*`` sources, in AWS as in ministack. So this plays EventBridge's part for one bus: ListRules,
TestEventPattern (the service's own matcher), ListTargetsByRule, a look at the function's resource policy (would it let
events.amazonaws.com in from this rule?), then Invoke. Lambda's own retries and on-failure destination apply, which
ministack's EventBridge delivery skips. A target that refuses is an error here; ``tests.aws.eventbridge`` retries, and keeps what
it gives up. Not covered: InputPath, InputTransformer and targets other than Lambda.

::

    bus = DefaultBus(aws.client("events"), aws.client("lambda"))
    assert bus.put(event("aws.ec2", "AWS API Call via CloudTrail", {"eventName": "DeleteVpc"})) == []
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from botocore.client import BaseClient
from botocore.exceptions import ClientError


def event(
    source: str,
    detail_type: str,
    detail: Mapping[str, object],
    *,
    account: str = "123456789012",
    region: str = "us-east-1",
    resources: Sequence[str] = (),
) -> dict[str, Any]:
    """An EventBridge envelope around ``detail``, with a fresh id and the current time."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }


class HandlerFailed(Exception):
    """The function raised; the text is Lambda's error document."""


@dataclass(frozen=True)
class Delivery:
    """One invocation: which rule matched, which function ran, and what it returned (nothing when it ran asynchronously)."""

    rule: str
    function_arn: str
    answer: dict[str, Any] = field(default_factory=dict)


class DefaultBus:
    """EventBridge's delivery for the rules of one bus."""

    def __init__(self, events: BaseClient, lambda_: BaseClient, bus: str = "default") -> None:
        self._events, self._lambda, self._bus = events, lambda_, bus

    def put(
        self, event: dict[str, Any], invocation_type: Literal["Event", "RequestResponse"] = "Event"
    ) -> list[Delivery]:
        """Deliver the event to every target of every rule that matches; no rule, no delivery."""
        return [
            self._deliver(rule, target, event, invocation_type)
            for rule in self._matching_rules(event)
            for target in self._targets(rule)
        ]

    def _targets(self, rule: dict[str, Any]) -> list[dict[str, Any]]:
        found = self._events.list_targets_by_rule(Rule=rule["Name"], EventBusName=self._bus)["Targets"]  # type: ignore[attr-defined]
        return list(found)

    def _matching_rules(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for page in self._events.get_paginator("list_rules").paginate(EventBusName=self._bus):
            for rule in page["Rules"]:
                if rule.get("State") != "ENABLED" or not rule.get("EventPattern"):
                    continue
                answer = self._events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))  # type: ignore[attr-defined]
                if answer["Result"]:
                    yield rule

    def _deliver(
        self, rule: dict[str, Any], target: dict[str, Any], event: dict[str, Any], invocation_type: str
    ) -> Delivery:
        arn = target["Arn"]
        if ":lambda:" not in arn:
            raise ValueError(f"only Lambda targets can be delivered to, not {arn}")
        if not self._lets_in(arn, rule["Arn"]):
            raise PermissionError(f"{arn} does not let events.amazonaws.com in from {rule['Arn']}")
        payload = target.get("Input") or json.dumps(event)
        body = self._invoke(arn, invocation_type, payload)
        return Delivery(rule["Name"], arn, json.loads(body) if invocation_type == "RequestResponse" else {})

    def _invoke(self, arn: str, invocation_type: str, payload: str) -> bytes:
        answer = self._lambda.invoke(FunctionName=arn, InvocationType=invocation_type, Payload=payload.encode())  # type: ignore[attr-defined]
        body: bytes = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise HandlerFailed(body.decode())
        return body

    def _lets_in(self, function_arn: str, rule_arn: str) -> bool:
        try:
            policy = json.loads(self._lambda.get_policy(FunctionName=function_arn)["Policy"])  # type: ignore[attr-defined]
        except ClientError:
            return False
        return any(
            statement["Effect"] == "Allow"
            and statement["Principal"] == {"Service": "events.amazonaws.com"}
            and statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn") in (None, rule_arn)
            for statement in policy["Statement"]
        )
