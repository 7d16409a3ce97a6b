"""What a policy of a queue or topic says is compared, not how it says it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.messages import has_statements

OURS: dict[str, Any] = {
    "Sid": "RulesSend",
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"],
    "Resource": "arn:aws:sqs:eu-west-1:123456789012:q",
    "Condition": {"Bool": {"aws:SecureTransport": "true"}},
}
TLS: dict[str, Any] = {"Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}


def has(*statements: dict[str, Any]) -> bool:
    found = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return has_statements(found, {"Statement": [OURS, TLS]})


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"Action": ["SQS:GetQueueUrl", "SQS:SendMessage"]},
        {"Resource": [OURS["Resource"]]},
        {"Principal": {"Service": ["events.amazonaws.com"]}},
        {"Condition": {"Bool": {"aws:SecureTransport": ["true"]}}},
    ],
)
def test_another_form_is_no_difference(same: dict[str, Any]) -> None:
    assert has({**OURS, **same}, {**TLS, "Principal": {"AWS": "*"}})
    assert has({"Sid": "Theirs", "Effect": "Deny"}, TLS, {**OURS, **same}), "another's statement stays"


@pytest.mark.parametrize(
    "other",
    [
        {"Effect": "Deny"},
        {"Principal": "*"},
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"Action": "sqs:SendMessage"},
        {"Action": "sqs:*"},
        {"Resource": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {}},
        {"Sid": "Another"},
    ],
)
def test_another_meaning_is_one(other: dict[str, Any]) -> None:
    assert not has({**OURS, **other}, TLS)


def test_a_policy_that_is_not_there_says_nothing() -> None:
    assert not has_statements(None, {"Statement": [OURS]})
    assert not has(OURS)
