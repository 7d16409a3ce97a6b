"""What is left for people is said at the end of every deployment, until it is done."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.check import notes
from deploy.configuration import Configuration
from deploy.place import Place
from tests.aws.local import ROOT

SECRET = {"NETREFLEX_SLACK_SECRET": "netreflex-prod-slack"}
PENDING, CONFIRMED = "PendingConfirmation", "arn:aws:sns:eu-west-1:123456789012:netreflex-prod-fallback:1"


class Aws:
    """Secrets Manager and SNS; no ``subscribers`` at all stands for a topic that is not there."""

    def __init__(self, *, secret: bool, subscribers: list[str] | None) -> None:
        self.secret, self.subscribers = secret, subscribers

    def describe_secret(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - as boto3 has it
        if not self.secret:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeSecret")
        return {"Name": SecretId}

    def list_subscriptions_by_topic(self, TopicArn: str) -> dict[str, Any]:  # noqa: N803
        assert TopicArn.endswith("netreflex-prod-fallback")
        if self.subscribers is None:
            raise ClientError({"Error": {"Code": "NotFound"}}, "ListSubscriptionsByTopic")
        return {"Subscriptions": [{"SubscriptionArn": arn} for arn in self.subscribers]}


def said(aws: Aws, settings: dict[str, str]) -> list[str]:
    clients = {"secretsmanager": aws, "sns": aws}
    place = Place("prod", "123456789012", "eu-west-1", "aws", boto3.Session(), clients)
    document = {"stages": {"prod": {"environment_variables": settings}}}
    return list(notes(place, Configuration(ROOT, "prod", document)))


@pytest.mark.parametrize(
    ("subscribers", "told"),
    [
        ([], "yours to do: subscribe a mailbox to"),
        ([PENDING], "has to be confirmed"),
        ([PENDING, CONFIRMED], None),
        ([CONFIRMED], None),
        (None, None),
    ],
    ids=["nobody", "unconfirmed", "one of two", "confirmed", "no topic: the check says so"],
)
def test_somebody_has_to_hear_the_second_topic(subscribers: list[str] | None, told: str | None) -> None:
    found = said(Aws(secret=True, subscribers=subscribers), SECRET)
    assert len(found) == (told is not None)
    assert all(str(told) in one for one in found)


@pytest.mark.parametrize("setting", ["netreflex-prod-slack", "ssm:/netreflex/slack", "arn:aws:sns:eu-west-1:1:q", ""])
def test_the_secret_has_to_be_made_where_there_is_to_be_one(setting: str) -> None:
    found = said(Aws(secret=False, subscribers=[CONFIRMED]), {"NETREFLEX_SLACK_SECRET": setting})
    assert len(found) == (setting == "netreflex-prod-slack")
    assert all("make the secret netreflex-prod-slack" in one for one in found)
