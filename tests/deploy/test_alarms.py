"""Alarms tell of what lasts or was given up; what is put off and tried again wakes nobody."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.configuration import read_configuration
from deploy.declared import declared_functions
from deploy.resources import resources_template
from tests.aws.local import ROOT

FUNCTIONS = [one.name for one in declared_functions(read_configuration(ROOT, "dev"))]


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


@pytest.mark.parametrize("sweep", ["sweep", "sweep_certificates"])
def test_a_sweep_that_does_not_begin_is_told_even_without_a_metric(sweep: str) -> None:
    told = alarm(f"{sweep}-missing")
    assert (told["ComparisonOperator"], told["TreatMissingData"]) == ("LessThanThreshold", "breaching")


def test_every_alarm_tells_the_second_topic_and_never_the_first() -> None:
    resources = resources_template(FUNCTIONS)["Resources"].values()
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) > 2 * len(FUNCTIONS)
    assert [one["AlarmActions"] for one in alarms] == [[{"Ref": "FallbackTopic"}]] * len(alarms)
