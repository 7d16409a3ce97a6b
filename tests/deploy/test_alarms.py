"""Alarms tell of what lasts or was given up; what is put off and tried again wakes nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.configuration import read_configuration
from deploy.declared import Function, WokenBy, declared_functions
from deploy.resources import WOKEN_BY_A_QUEUE, resources_template
from deploy.stack import INLINE_LIMIT
from tests.aws.local import ROOT

DECLARED = declared_functions(read_configuration(ROOT, "dev"))
FUNCTIONS = [one.name for one in DECLARED]
WITH_RULE = [one for one in DECLARED if one.rule]


def alarm(name: str) -> dict[str, Any]:
    """The alarm of this name, without the stage."""
    resources = resources_template(FUNCTIONS)["Resources"].values()
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    return next(one for one in alarms if one["AlarmName"]["Fn::Sub"] == f"netreflex-${{Stage}}-{name}")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_error_is_told_when_it_lasts(function: str) -> None:
    periods = {"sweep": 2, "sweep_certificates": 1}.get(function, 3)
    told = alarm(f"{function}-errors")
    assert (told["MetricName"], told["Threshold"], told["Period"]) == ("Errors", 0, 300)
    assert told["EvaluationPeriods"] == periods


@pytest.mark.parametrize("queue", ["dead-letters", "notify-dead-letters"])
def test_what_was_given_up_is_told_at_once(queue: str) -> None:
    told = alarm(f"{queue}-waiting")
    assert (told["MetricName"], told["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
    assert (told["EvaluationPeriods"], told["Period"]) == (1, 300)


def dimensions(told: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"]["Fn::Sub"].removeprefix("netreflex-${Stage}-") for one in told["Dimensions"]}


@pytest.mark.parametrize("function", WITH_RULE, ids=lambda one: one.name)
def test_an_event_that_its_rule_could_not_even_give_up_is_told_at_once(function: Function) -> None:
    told = alarm(f"{function.name}-event-lost")
    assert (told["Namespace"], told["MetricName"]) == ("AWS/Events", "InvocationsFailedToBeSentToDlq")
    assert dimensions(told) == {"RuleName": function.rule}, "alone: so EventBridge counts on the default bus"
    assert_at_once(told)


@pytest.mark.parametrize("function", WITH_RULE, ids=lambda one: one.name)
def test_an_event_that_lambda_could_not_even_give_up_is_told_at_once(function: Function) -> None:
    told = alarm(f"{function.name}-failure-lost")
    assert (told["Namespace"], told["MetricName"]) == ("AWS/Lambda", "DestinationDeliveryFailures")
    assert dimensions(told) == {"FunctionName": function.name}
    assert_at_once(told)


def test_an_alert_that_sns_could_not_even_give_up_is_told_at_once() -> None:
    told = alarm("delivery-lost")
    assert (told["Namespace"], told["MetricName"]) == ("AWS/SNS", "NumberOfNotificationsFailedToRedriveToDlq")
    assert dimensions(told) == {"TopicName": "alerts"}
    assert_at_once(told)


def assert_at_once(told: dict[str, Any]) -> None:
    """One lost thing is one too many; where nothing is lost there is no metric."""
    assert (told["Statistic"], told["ComparisonOperator"], told["Threshold"]) == ("Sum", "GreaterThanThreshold", 0)
    assert (told["Period"], told["EvaluationPeriods"], told["TreatMissingData"]) == (300, 1, "notBreaching")
    assert "docs/runbook.md" in told["AlarmDescription"]


def test_only_what_a_queue_keeps_cannot_be_lost() -> None:
    assert {one.name for one in DECLARED if one.woken_by is WokenBy.QUEUE} == WOKEN_BY_A_QUEUE


@pytest.mark.parametrize(
    ("function", "minutes"), [("peering", 5), ("load_balancers", 5), ("vpn", 5), ("certificates", 60), ("origins", 60)]
)
def test_an_alarm_says_how_soon_what_was_lost_is_looked_at_again(function: str, minutes: int) -> None:
    for kind in ("event-lost", "failure-lost"):
        assert f"within {minutes} minutes" in alarm(f"{function}-{kind}")["AlarmDescription"]


@pytest.mark.parametrize("sweep", ["sweep", "sweep_certificates"])
def test_a_sweep_that_does_not_begin_is_told_even_without_a_metric(sweep: str) -> None:
    told = alarm(f"{sweep}-missing")
    assert (told["ComparisonOperator"], told["TreatMissingData"]) == ("LessThanThreshold", "breaching")


def test_every_alarm_tells_the_second_topic_and_never_the_first() -> None:
    resources = resources_template(FUNCTIONS)["Resources"].values()
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) > 2 * len(FUNCTIONS)
    assert [one["AlarmActions"] for one in alarms] == [[{"Ref": "FallbackTopic"}]] * len(alarms)


def test_the_dashboard_shows_of_this_stage_what_those_alarms_count() -> None:
    body = json.loads(resources_template(FUNCTIONS)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    [lost] = [one["properties"]["metrics"] for one in body["widgets"] if one["properties"]["title"] == "Lost"]
    by_rule, by_function, by_topic = lost
    found = [one[0]["expression"] for one in (by_rule, by_function)]
    assert found == [
        "SEARCH('{AWS/Events,RuleName} MetricName=\"InvocationsFailedToBeSentToDlq\" RuleName=netreflex-${Stage}-', 'Sum', 300)",
        "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"DestinationDeliveryFailures\" FunctionName=netreflex-${Stage}-', 'Sum', 300)",
    ]
    assert by_topic[1:4] == ["NumberOfNotificationsFailedToRedriveToDlq", "TopicName", "netreflex-${Stage}-alerts"]


def test_the_template_with_all_its_alarms_fits_into_one_request() -> None:
    body = json.dumps(resources_template(FUNCTIONS), separators=(",", ":"))
    assert len(body.encode()) < INLINE_LIMIT
