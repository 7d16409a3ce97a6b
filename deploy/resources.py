"""The template of what Chalice does not manage: ``resources.json``, and alarms and a dashboard for the functions there are.

Alarms tell the second topic, never the first: the first one's subscribers expect alerts, and its road may be what is broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chalicelib.intake.patterns import SWEEP_CERTIFICATES_EVERY_MINUTES, SWEEP_EVERY_MINUTES

Json = dict[str, Any]

_FILE = Path(__file__).with_name("resources.json")
_FIVE_MINUTES, _QUARTER = 300, 900
_MEND = "or the next one is lost too: docs/runbook.md, `Alarms that end in -lost`."

# What each service counts when the dead-letter queue itself did not take what was given up (EventBridge user guide, "Monitoring";
# Lambda developer guide, "Types of metrics"; SNS developer guide, "Monitoring topics using CloudWatch").
LOST_BY_EVENTBRIDGE = "InvocationsFailedToBeSentToDlq"
LOST_BY_LAMBDA = "DestinationDeliveryFailures"
LOST_BY_SNS = "NumberOfNotificationsFailedToRedriveToDlq"

QUEUES = ("dead-letters", "notify-dead-letters")
SWEEPS = {"sweep": SWEEP_EVERY_MINUTES, "sweep_certificates": SWEEP_CERTIFICATES_EVERY_MINUTES}

# A queue keeps what its function did not take: it moves it to its own dead-letter queue without anybody's permission, or it grows
# old, and both have an alarm. Only what a rule hands to Lambda can be lost. Among that is what comes by the clock: it comes again
# and is not missed, but it comes most often, and so meets a broken road before an event does.
WOKEN_BY_A_QUEUE = frozenset({"notify"})
_LOOKED_AT_HOURLY = frozenset({"certificates", "origins", "sweep_certificates"})

# Periods of five minutes with an error, one after the other. A function woken by an event raises where AWS or Slack puts it off,
# and is tried again; what it gives up is told at once, by the alarm on its dead letters. An hourly sweep is not tried so soon.
_LASTING = {"sweep": 2, "sweep_certificates": 1}


def resources_template(functions: Sequence[str]) -> Json:
    """The whole template, as it is sent to CloudFormation."""
    template: Json = json.loads(_FILE.read_text())
    for alarm in (*_general_alarms(), *_function_alarms(functions), *_lost_alarms(functions)):
        name = alarm["AlarmName"]["Fn::Sub"].removeprefix("netreflex-${Stage}-")
        template["Resources"][_logical_id(name) + "Alarm"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}
    template["Resources"]["Dashboard"] = _dashboard(functions)
    return template


def table_template() -> Json:
    """Only the table: what stays when all the rest is removed."""
    template: Json = json.loads(_FILE.read_text())
    kept = {"StateTable": template["Resources"]["StateTable"]}
    return {**template, "Resources": kept, "Outputs": {"StateTable": template["Outputs"]["StateTable"]}}


def _general_alarms() -> Iterable[Json]:
    for queue in QUEUES:
        yield _alarm(
            f"{queue}-waiting",
            "Something was given up after all retries. docs/alerts.md, `Dead letters`, says how to bring it back.",
            (
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                {"QueueName": {"Fn::Sub": f"netreflex-${{Stage}}-{queue}"}},
            ),
            statistic="Maximum",
        )
    yield _alarm(
        "delivery-late",
        "Alerts wait for Slack longer than 15 minutes. docs/alerts.md, `When Slack does not take it`.",
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": {"Fn::Sub": "netreflex-${Stage}-notify"}}),
        statistic="Maximum",
        threshold=_QUARTER,
    )
    yield _alarm(
        "delivery-failed",
        "The alerts topic could not hand an alert to a subscriber.",
        ("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": {"Fn::Sub": "netreflex-${Stage}-alerts"}}),
    )
    yield _alarm(
        "delivery-lost",
        "SNS could neither hand an alert to a subscriber nor put it into dead-letters. The alert waits in the table and the sweep "
        f"goes on with it. Mend the policies of the queues notify and dead-letters (`make look`), {_MEND}",
        ("AWS/SNS", LOST_BY_SNS, {"TopicName": {"Fn::Sub": "netreflex-${Stage}-alerts"}}),
    )
    for sweep, minutes in SWEEPS.items():
        yield {
            **_alarm(
                f"{sweep}-missing",
                f"No {sweep} began for {3 * minutes} minutes, so lost events are not healed. Look at its rule and its function.",
                ("AWS/Lambda", "Invocations", {"FunctionName": {"Fn::Sub": f"netreflex-${{Stage}}-{sweep}"}}),
                threshold=1,
            ),
            "ComparisonOperator": "LessThanThreshold",
            "Period": 3 * minutes * 60,
            "TreatMissingData": "breaching",
        }


def _function_alarms(functions: Iterable[str]) -> Iterable[Json]:
    for function in functions:
        where = {"FunctionName": {"Fn::Sub": f"netreflex-${{Stage}}-{function}"}}
        yield _alarm(
            f"{function}-errors",
            f"The function {function} goes on raising. Its log group says why; what it gave up lies in the dead-letter queue.",
            ("AWS/Lambda", "Errors", where),
            periods=_LASTING.get(function, 3),
        )
        yield _alarm(
            f"{function}-throttles",
            f"Lambda put off the function {function}: raise its reserved_concurrency or the account's limit.",
            ("AWS/Lambda", "Throttles", where),
            periods=3,
        )


def _lost_alarms(functions: Iterable[str]) -> Iterable[Json]:
    """One alarm for each road to the dead-letter queue: the queue's policy lets the rule send, the role lets the function."""
    for function in functions:
        if function in WOKEN_BY_A_QUEUE:
            continue
        minutes = SWEEP_CERTIFICATES_EVERY_MINUTES if function in _LOOKED_AT_HOURLY else SWEEP_EVERY_MINUTES
        healed = f"What it was about is looked at again within {minutes} minutes all the same."
        yield _alarm(
            f"{function}-event-lost",
            f"Lost: EventBridge could neither hand an event to the function {function} nor put it into dead-letters. {healed} "
            f"Mend the policy of the queue dead-letters (`make look`), {_MEND}",
            ("AWS/Events", LOST_BY_EVENTBRIDGE, {"RuleName": {"Fn::Sub": f"netreflex-${{Stage}}-{function}-event"}}),
        )
        yield _alarm(
            f"{function}-failure-lost",
            f"Lost: the function {function} gave an event up, and Lambda could not put it into dead-letters. {healed} "
            f"Mend the role's sqs:SendMessage or the queue (`make look`), {_MEND}",
            ("AWS/Lambda", LOST_BY_LAMBDA, {"FunctionName": {"Fn::Sub": f"netreflex-${{Stage}}-{function}"}}),
        )


def _alarm(
    name: str,
    description: str,
    metric: tuple[str, str, Json],
    *,
    statistic: str = "Sum",
    threshold: int = 0,
    periods: int = 1,
) -> Json:
    namespace, metric_name, dimensions = metric
    tell = [{"Ref": "FallbackTopic"}]
    return {
        "AlarmName": {"Fn::Sub": f"netreflex-${{Stage}}-{name}"},
        "AlarmDescription": description,
        "Namespace": namespace,
        "MetricName": metric_name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": statistic,
        "Period": _FIVE_MINUTES,
        "EvaluationPeriods": periods,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": tell,
        "OKActions": tell,
    }


def _dashboard(functions: Sequence[str]) -> Json:
    def lambdas(metric: str, statistic: str) -> list[list[Any]]:
        rows = [["AWS/Lambda", metric, "FunctionName", f"netreflex-${{Stage}}-{one}"] for one in functions]
        return [[*row, {"label": one, "stat": statistic}] for row, one in zip(rows, functions, strict=True)]

    queues = ("notify", *QUEUES)
    waiting = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"netreflex-${{Stage}}-{one}", {"label": one}]
        for one in queues
    ]
    decisions = [
        [{"expression": "SEARCH('{netreflex,service} decision_', 'Sum', 300)", "label": "", "id": "decisions"}],
    ]
    charts = [
        ("What was decided", decisions, "Sum"),
        ("Invocations", lambdas("Invocations", "Sum"), "Sum"),
        ("Errors", lambdas("Errors", "Sum"), "Sum"),
        ("Throttles", lambdas("Throttles", "Sum"), "Sum"),
        ("Duration, slowest", lambdas("Duration", "Maximum"), "Maximum"),
        ("Waiting in queues", waiting, "Maximum"),
        ("Lost", _lost_metrics(), "Sum"),
    ]
    widgets = [_chart(number, *chart) for number, chart in enumerate(charts)]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::Sub": "netreflex-${Stage}-overview"},
            "DashboardBody": {"Fn::Sub": body},
        },
    }


def _lost_metrics() -> list[list[Any]]:
    """Searched for, because these metrics are there only where something was lost, and a dashboard is paid for by its metrics."""

    def search(of: str, dimension: str, metric: str) -> list[Any]:
        query = f'{{{of},{dimension}}} MetricName="{metric}" {dimension}=netreflex-${{Stage}}-'
        return [{"expression": f"SEARCH('{query}', 'Sum', {_FIVE_MINUTES})", "label": "", "id": dimension.lower()}]

    return [
        search("AWS/Events", "RuleName", LOST_BY_EVENTBRIDGE),
        search("AWS/Lambda", "FunctionName", LOST_BY_LAMBDA),
        ["AWS/SNS", LOST_BY_SNS, "TopicName", "netreflex-${Stage}-alerts", {"label": "alerts"}],
    ]


def _chart(number: int, title: str, metrics: list[list[Any]], statistic: str) -> Json:
    return {
        "type": "metric",
        "x": number % 2 * 12,
        "y": number // 2 * 6,
        "width": 12,
        "height": 6,
        "properties": {
            "title": title,
            "metrics": metrics,
            "stat": statistic,
            "period": _FIVE_MINUTES,
            "region": "${AWS::Region}",
            "view": "timeSeries",
        },
    }


def _logical_id(name: str) -> str:
    return "".join(word.title() for word in name.replace("_", "-").split("-"))
