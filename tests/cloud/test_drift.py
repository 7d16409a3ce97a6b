"""What somebody changes by hand in queues, topics, alarms and logs is named, and the next deployment puts it right."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from deploy.check import application_differences
from deploy.configuration import read_configuration
from deploy.declared import Function
from deploy.messages import resolved
from deploy.place import Place
from deploy.resources import resources_template
from deploy.safeguards import apply_safeguards, differences
from tests.aws.deploy import Deployment
from tests.cloud.test_xray import functions, place

__all__ = ["functions", "place"]
pytestmark = pytest.mark.cloud


@pytest.fixture
def whole(place: Place, functions: tuple[Function, ...]) -> Place:
    """The stage with nothing left to be set, and with the alarms that `make deploy` adds to its resources."""
    template = resources_template([one.name for one in functions])
    for resource in resolved(template["Resources"], place).values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            place.client("cloudwatch").put_metric_alarm(**resource["Properties"])
    apply_safeguards(place, functions, list[str]().append, tracing=False)
    assert found(place, functions) == []
    return place


def found(place: Place, functions: tuple[Function, ...]) -> list[str]:
    return [one.what for one in differences(place, functions, tracing=False)]


def _queue(place: Place, name: str, **attributes: str) -> None:
    sqs = place.client("sqs")
    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=place.name(name))["QueueUrl"], Attributes=attributes)


def _widened(place: Place) -> None:
    """Beside the attribute that another case changes in the same queue."""
    sqs = place.client("sqs")
    url = sqs.get_queue_url(QueueName=place.name("dead-letters"))["QueueUrl"]
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    for one in policy["Statement"]:
        if one["Sid"] == "RulesSendWhatTheyCannotDeliver":
            one.update(Principal="*", Condition={})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


def _topic(place: Place, name: str, value: str) -> None:
    place.client("sns").set_topic_attributes(
        TopicArn=place.topic_arn("alerts"), AttributeName=name, AttributeValue=value
    )


def _subscription(place: Place) -> None:
    sns = place.client("sns")
    [one] = sns.list_subscriptions_by_topic(TopicArn=place.topic_arn("alerts"))["Subscriptions"]
    arn = one["SubscriptionArn"]
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RedrivePolicy", AttributeValue="{}")


def _alarm(place: Place) -> None:
    client, name = place.client("cloudwatch"), place.name("sweep-missing")
    alarm: dict[str, Any] = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 300}
    rest = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    client.put_metric_alarm(AlarmName=name, **alarm, **rest)


def _deaf(place: Place) -> None:
    """It goes on watching, and hears of no single loss any more."""
    client = place.client("cloudwatch")
    [alarm] = client.describe_alarms(AlarmNames=[place.name("vpn-event-lost")])["MetricAlarms"]
    kept = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods")
    more = {"Threshold": 100, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": alarm["AlarmActions"]}
    client.put_metric_alarm(**{key: alarm[key] for key in kept}, **more)


def _silent(place: Place) -> None:
    place.client("cloudwatch").disable_alarm_actions(AlarmNames=[place.name("delivery-late")])


def _mapping(place: Place) -> None:
    client = place.client("lambda")
    [one] = client.list_event_source_mappings(FunctionName=place.name("notify"))["EventSourceMappings"]
    client.update_event_source_mapping(UUID=one["UUID"], Enabled=False)


_EMPTY = json.dumps({"Version": "2012-10-17", "Statement": []})
TAMPERED: dict[str, tuple[Callable[[Place], None], str]] = {
    "a queue without dead letters": (
        lambda it: _queue(it, "notify", RedrivePolicy=""),
        "queue {}notify: RedrivePolicy",
    ),
    "a short memory": (
        lambda it: _queue(it, "dead-letters", MessageRetentionPeriod="60"),
        "queue {}dead-letters: MessageRetentionPeriod",
    ),
    "a queue in the clear": (
        lambda it: _queue(it, "notify-dead-letters", SqsManagedSseEnabled="false"),
        "queue {}notify-dead-letters: SqsManagedSseEnabled",
    ),
    "a queue that the topic may not send to": (
        lambda it: _queue(it, "notify", Policy=_EMPTY),
        "queue {}notify: Policy",
    ),
    "a queue that hears anybody, under the name of our statement": (
        _widened,
        "queue {}dead-letters: Policy",
    ),
    "a topic in the clear": (lambda it: _topic(it, "KmsMasterKeyId", ""), "topic {}alerts: KmsMasterKeyId"),
    "a topic without its policy": (lambda it: _topic(it, "Policy", _EMPTY), "topic {}alerts: Policy"),
    "a subscription without dead letters": (_subscription, "subscription of {}notify: RedrivePolicy"),
    "another alarm of that name": (_alarm, "alarm {}sweep-missing: what it watches and whom it tells"),
    "an alarm that hears no single loss": (_deaf, "alarm {}vpn-event-lost: what it watches and whom it tells"),
    "a silent alarm": (_silent, "alarm {}delivery-late: tells somebody"),
    "a queue that nobody takes from": (_mapping, "function {}notify: takes from its queue"),
    "a rule that is off": (
        lambda it: it.client("events").disable_rule(Name=it.name("vpn-event")),
        "rule {}vpn-event: enabled",
    ),
}


def test_what_was_changed_by_hand_is_named_and_put_right(whole: Place, functions: tuple[Function, ...]) -> None:
    for tamper, _ in TAMPERED.values():
        tamper(whole)
    assert sorted(found(whole, functions)) == sorted(told.format(whole.prefix) for _, told in TAMPERED.values())
    assert apply_safeguards(whole, functions, list[str]().append, tracing=False) == len(TAMPERED)
    assert found(whole, functions) == []


def test_what_somebody_added_is_left_alone(whole: Place, functions: tuple[Function, ...]) -> None:
    """Another statement, a key of their own, somebody else who is told."""
    sqs = whole.client("sqs")
    url = sqs.get_queue_url(QueueName=whole.name("dead-letters"))["QueueUrl"]
    has = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    more = {"Sid": "Audit", "Effect": "Deny", "Principal": "*", "Action": "sqs:PurgeQueue", "Resource": "*"}
    _queue(whole, "dead-letters", Policy=json.dumps({**has, "Statement": [*has["Statement"], more]}))
    _queue(whole, "notify-dead-letters", SqsManagedSseEnabled="false", KmsMasterKeyId="alias/ours")
    client, told = whole.client("cloudwatch"), "arn:aws:sns:eu-west-1:123456789012:pager"
    [alarm] = client.describe_alarms(AlarmNames=[whole.name("sweep-errors")])["MetricAlarms"]
    kept = {
        key: value for key, value in alarm.items() if not key.startswith(("State", "AlarmArn", "AlarmConfiguration"))
    }
    client.put_metric_alarm(**{**kept, "AlarmActions": [*alarm["AlarmActions"], told]})
    assert found(whole, functions) == []
    client.put_metric_alarm(**kept)
    _queue(whole, "dead-letters", Policy=json.dumps(has))
    _queue(whole, "notify-dead-letters", KmsMasterKeyId="", SqsManagedSseEnabled="true")


def test_logs_that_are_kept_for_ever_or_not_at_all_are_named(
    deployment: Deployment, place: Place, functions: tuple[Function, ...]
) -> None:
    configuration, logs = read_configuration(deployment.project, deployment.stage), place.client("logs")
    before = application_differences(place, configuration, functions)
    for_ever, gone = (f"/aws/lambda/{place.name(name)}" for name in ("origins", "certificates"))
    logs.delete_retention_policy(logGroupName=for_ever)
    logs.delete_log_group(logGroupName=gone)
    told = set(application_differences(place, configuration, functions)) - set(before)
    assert told == {
        f"log group {for_ever} is kept for ever instead of 30 days",
        f"log group {gone} is missing, and the function may not make it",
    }
    deployment.chalice_deploy()
    assert application_differences(place, configuration, functions) == before


def test_a_rule_that_hears_something_else_or_is_not_let_in_is_named_and_chalice_mends_it(
    deployment: Deployment, place: Place, functions: tuple[Function, ...]
) -> None:
    configuration, events = read_configuration(deployment.project, deployment.stage), place.client("events")
    before = application_differences(place, configuration, functions)
    pattern = json.dumps({"source": ["nobody"]})
    events.put_rule(Name=place.name("peering-event"), EventPattern=pattern, State="ENABLED")
    events.put_rule(Name=place.name("sweep-event"), ScheduleExpression="rate(9 days)", State="ENABLED")
    _shut(place, "vpn")
    told = set(application_differences(place, configuration, functions)) - set(before)
    assert told == {
        f"rule {place.name('peering-event')} has another pattern or schedule than app.py declares",
        f"rule {place.name('sweep-event')} has another pattern or schedule than app.py declares",
        f"function {place.name('vpn')} does not let rule {place.name('vpn-event')} invoke it",
    }
    deployment.chalice_deploy()
    assert application_differences(place, configuration, functions) == before


def _shut(place: Place, function: str) -> None:
    client, name = place.client("lambda"), place.name(function)
    for statement in json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]:
        client.remove_permission(FunctionName=name, StatementId=statement["Sid"])
