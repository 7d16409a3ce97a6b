"""What lies in a dead-letter queue becomes one alert, with its cause and the way back; nothing is taken out."""

# ruff: noqa: ANN401 - the requests and answers of AWS and Slack are JSON

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.alerts.dead_letters import letter, look
from chalicelib.model.alert import AlertStatus
from tests.alerts.stage import START

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:netreflex-test-peering:$LATEST"
FROM_LAMBDA = {
    "version": "1.0",
    "requestContext": {"functionArn": FUNCTION, "condition": "RetriesExhausted", "approximateInvokeCount": 3},
    "requestPayload": {"detail": {"secret": "canary"}},
    "responsePayload": {"errorType": "AwsFailure", "errorMessage": "CreateRoute failed"},
}
FROM_EVENTBRIDGE = {
    "RULE_ARN": "arn:aws:events:eu-west-1:111122223333:rule/netreflex-test-vpn-event",
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "lambda:InvokeFunction",
}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-west-1")


def test_a_queue_that_fills_fires_and_one_that_is_emptied_is_resolved(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="netreflex-test-peering-dead")["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(FROM_LAMBDA))

    [full] = look(sqs, [url], now=START)
    [again] = look(sqs, [url], now=START)
    sqs.purge_queue(QueueUrl=url)
    [empty] = look(sqs, [url], now=START)

    assert (full.title, full.content_hash) == ("3 dead letters in netreflex-test-peering-dead", again.content_hash)
    assert full.cause == "3x function netreflex-test-peering: RetriesExhausted: AwsFailure: CreateRoute failed"
    assert any("--function-name netreflex-test-peering " in step for step in full.remedy)
    assert full.links[0].url.endswith("123456789012%2Fnetreflex-test-peering-dead"), "the queue itself, not the list"
    assert "canary" not in str(full), "payloads are never quoted"
    assert (empty.status, empty.fingerprint) == (AlertStatus.RESOLVED, full.fingerprint)


def test_what_a_queue_gave_up_is_redriven(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="netreflex-test-notify-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")

    [alert] = look(sqs, [url], now=START)

    arn = "arn:aws:sqs:eu-west-1:123456789012:netreflex-test-notify-dead"
    assert any(step.endswith(f"--source-arn {arn}`") for step in alert.remedy)
    assert not any("lambda invoke" in step for step in alert.remedy)


def test_a_queue_with_both_kinds_of_letters_gets_both_ways_back(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="netreflex-test-dead-letters")["QueueUrl"]
    for body in ("{}", json.dumps(FROM_LAMBDA)):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    [alert] = look(sqs, [url], now=START)

    steps = "\n".join(alert.remedy)
    assert "aws lambda invoke" in steps
    assert "aws sqs start-message-move-task" in steps
    assert len(alert.remedy) <= 5


def test_eventbridge_tells_its_cause_in_attributes() -> None:
    attributes = {name: {"StringValue": value, "DataType": "String"} for name, value in FROM_EVENTBRIDGE.items()}
    found = letter({"Body": "{}", "MessageAttributes": attributes, "Attributes": {"SentTimestamp": "1795402800000"}})

    assert (found.failed, found.cause) == ("rule netreflex-test-vpn-event", "NO_PERMISSIONS: lambda:InvokeFunction")
    assert found.function == "netreflex-test-vpn"
    assert found.sent == START


@pytest.mark.parametrize("body", ["", "not json", "[]", "7", '{"requestContext": 3}'])
def test_any_body_is_a_letter(body: str) -> None:
    assert letter({"Body": body}).cause
