"""``notify`` and ``dead_letters`` called as Lambda calls them, over an AWS in memory and a Slack on loopback."""

# ruff: noqa: ANN401 - the lab's own types

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import app as deployed
from chalicelib import wiring
from chalicelib.alerts.announced import UnreadableMessage
from chalicelib.model.errors import ConfigurationError
from tests.app.test_app import SCHEDULED, Context, Deployed, here
from tests.reliability.worlds import request
from tests.slack.server import serve
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack

__all__ = ["here"]
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")  # of invocations that fail


@pytest.fixture
def slack(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSlack]:
    secret = json.dumps({"bot_token": TOKEN, "channel": CHANNEL})
    here.lab.client("secretsmanager").create_secret(Name="netreflex-test-slack", SecretString=secret)
    here.lab.client("sns").create_topic(Name="netreflex-test-fallback")
    with serve(LocalSlack(clock=time.time, interval=0.0)) as running:
        monkeypatch.setenv("NETREFLEX_SLACK_SECRET", "netreflex-test-slack")
        monkeypatch.setenv("NETREFLEX_SLACK_API", running.base_url)
        wiring.runtime_of.cache_clear()
        yield running


def published(lab: Any) -> list[str]:
    """What lies in the queue of the alerts topic: SNS's envelopes."""
    return [json.dumps({"Type": "Notification", "Message": json.dumps(one)}) for one in lab.alerts()]


def from_sqs(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [{"eventSource": "aws:sqs", "messageId": "1", "receiptHandle": "h", "body": body} for body in bodies]
    }


def notify(event: object, context: object = None) -> Any:
    return deployed.notify(event, context or Context("netreflex-test-notify"))


def test_an_alert_goes_from_its_event_to_slack(here: Deployed, slack: LocalSlack) -> None:
    request(here.lab)
    here.sweep()
    [body] = published(here.lab)

    assert notify(from_sqs(body))["outcomes"] == ["shown"]
    assert notify(from_sqs(body))["outcomes"] == ["nothing_new"]
    [message] = slack.messages
    assert "VPC peering approved" in message.header


def test_a_message_straight_from_the_topic_is_taken_as_well(here: Deployed, slack: LocalSlack) -> None:
    request(here.lab)
    here.sweep()
    [body] = published(here.lab)
    record = {
        "EventSource": "aws:sns",
        "Sns": {"Message": json.loads(body)["Message"], "Subject": "x", "MessageId": "1"},
    }

    assert notify({"Records": [record]})["outcomes"] == ["shown"]
    assert len(slack.messages) == 1


@pytest.mark.usefixtures("slack")
@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": [{"s3": {}}]}, from_sqs("garbage")])
def test_what_is_no_alert_fails_the_invocation(event: object) -> None:
    """So that the queue keeps it, and in the end gives it to its dead letters."""
    with pytest.raises(UnreadableMessage):
        notify(event)


@pytest.mark.parametrize("context", [None, SimpleNamespace(), SimpleNamespace(aws_request_id="a")])
def test_handlers_need_no_more_of_the_context_than_is_there(here: Deployed, slack: LocalSlack, context: object) -> None:
    request(here.lab)
    assert deployed.sweep(SCHEDULED, context)["decision"] == "observed"
    [body] = published(here.lab)

    assert deployed.notify(from_sqs(body), context)["outcomes"] == ["shown"]
    assert deployed.dead_letters({}, context)["alerts"] == []
    assert len(slack.messages) == 1


BROKEN = "version: 2\nfoo: 1\n"


def test_a_broken_policy_without_a_good_predecessor_silences_nobody(here: Deployed, slack: LocalSlack) -> None:
    """Nothing is decided, but that is told: the alert is published, delivered, and carried on by the sweep."""
    (here.project / "policy.yaml").write_text(BROKEN)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            here.sweep()
    [body] = published(here.lab)

    assert notify(from_sqs(body))["outcomes"] == ["shown"]
    [message] = slack.messages
    assert message.header == "🔴 CRITICAL · The policy cannot be used"
    assert "alerts.swept" in here.log.getvalue(), "the sweep of alerts ran though the sweep itself could not"


def test_an_alert_that_was_left_on_the_road_is_carried_on_under_a_broken_policy(
    here: Deployed, slack: LocalSlack
) -> None:
    request(here.lab)
    here.sweep()
    here.lab.alerts()  # lost on its way
    (here.project / "policy.yaml").write_text(BROKEN)
    wiring.runtime_of.cache_clear()
    items = here.lab.client("dynamodb").scan(TableName="netreflex-test-state")["Items"]
    for item in items:
        if item["sk"]["S"] == "ALERT":
            item["due"] = {"N": "1"}
            here.lab.client("dynamodb").put_item(TableName="netreflex-test-state", Item=item)
    with pytest.raises(ConfigurationError):
        here.sweep()

    for body in published(here.lab):
        notify(from_sqs(body))
    assert {one.header.partition(":")[0] for one in slack.messages} == {
        "ℹ️ DONE · VPC peering approved",  # noqa: RUF001 - the sign, not a letter
        "🔴 CRITICAL · The policy cannot be used",
    }


def test_dead_letters_are_told_and_their_end(here: Deployed, slack: LocalSlack) -> None:
    url = here.lab.client("sqs").create_queue(QueueName="netreflex-test-dead-letters")["QueueUrl"]
    rule = "arn:aws:events:eu-west-1:123456789012:rule/netreflex-test-peering-event"
    attributes = {"ERROR_CODE": "NO_PERMISSIONS", "RULE_ARN": rule}
    here.lab.client("sqs").send_message(
        QueueUrl=url,
        MessageBody=json.dumps({"source": "aws.ec2"}),
        MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()},
    )

    full = deployed.dead_letters(SCHEDULED, Context("netreflex-test-dead_letters"))
    [body] = published(here.lab)
    notify(from_sqs(body))
    here.lab.client("sqs").purge_queue(QueueUrl=url)
    empty = deployed.dead_letters(SCHEDULED, Context("netreflex-test-dead_letters"))
    [body] = published(here.lab)
    notify(from_sqs(body))

    assert full["reasons"] == ["1 dead letter in netreflex-test-dead-letters"]
    assert full["alerts"] == empty["alerts"]
    [message] = [one for one in slack.messages if not one.thread_ts]
    assert message.states == ["🟠 ERROR · 1 dead letter in netreflex-test-dead-letters"]
    assert message.header == "✅ RESOLVED · netreflex-test-dead-letters is empty again"
