"""`make deploy` and `make package` make the same system: the same things under the same names, joined in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.intake.patterns import PATTERNS
from tests.cloud.ways import WAYS, Stage

pytestmark = pytest.mark.cloud


def test_the_resources_are_named_and_joined_as_the_design_says(stage: Stage) -> None:
    table = stage.client("dynamodb").describe_table(TableName=stage.name("state"))["Table"]
    keys = {(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]}
    due = {(key["AttributeName"], key["KeyType"]) for key in table["GlobalSecondaryIndexes"][0]["KeySchema"]}
    assert (keys, due) == ({("pk", "HASH"), ("sk", "RANGE")}, {("due_shard", "HASH"), ("due", "RANGE")})
    subscribed = stage.client("sns").list_subscriptions_by_topic(TopicArn=stage.topic_arn("alerts"))["Subscriptions"]
    assert stage.queue_arn("notify") in {one["Endpoint"] for one in subscribed}


def test_every_function_has_its_own_role_and_log_group(stage: Stage) -> None:
    functions = {one["FunctionName"]: one for one in stage.client("lambda").list_functions()["Functions"]}
    assert {stage.name(name) for name in (*PATTERNS, "sweep", "sweep_certificates", "notify")} <= functions.keys()
    assert all(one["Role"].endswith(f"/{name}") for name, one in functions.items())
    groups = stage.client("logs").describe_log_groups()["logGroups"]
    assert {(f"/aws/lambda/{name}", 30) for name in functions} <= {
        (group["logGroupName"], group.get("retentionInDays")) for group in groups
    }


def test_both_ways_make_the_same(stages: Callable[[str], Stage]) -> None:
    one, other = (_made(stages(way)) for way in WAYS)
    assert one == other


def _made(stage: Stage) -> dict[str, Any]:
    """Every function with its settings, every rule with its target, every source of messages."""
    lambda_, events = stage.client("lambda"), stage.client("events")
    functions = [one["FunctionName"] for one in lambda_.list_functions()["Functions"]]
    rules = [one for one in events.list_rules()["Rules"] if one["Name"].startswith(stage.name(""))]
    return {
        **{name: _function(lambda_.get_function_configuration(FunctionName=name)) for name in functions},
        **{f"failure of {name}": _failure(lambda_, name) for name in functions},
        **{rule["Name"]: (rule.get("ScheduleExpression"), rule.get("EventPattern")) for rule in rules},
        **{f"target of {rule['Name']}": _target(events, rule["Name"]) for rule in rules},
        "notify takes from": [
            (one["EventSourceArn"], one["BatchSize"])
            for one in lambda_.list_event_source_mappings()["EventSourceMappings"]
        ],
    }


def _function(found: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: found[name] for name in ("Handler", "Timeout", "MemorySize", "Role", "Runtime")}
    own = {"NETREFLEX_POLICY", "NETREFLEX_SLACK_API"}  # each stage's policy and Slack are in a place of their own
    settings = found["Environment"]["Variables"].items()
    return {**wanted, "settings": {name: value for name, value in settings if name not in own}}


def _failure(lambda_: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - boto3's clients have no common type
    """What becomes of an event that a function gives up."""
    configs = lambda_.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    (found,) = configs
    kept = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    destination = found["DestinationConfig"]["OnFailure"]["Destination"]
    return {**{key: found[key] for key in kept}, "OnFailure": destination}


def _target(events: Any, rule: str) -> dict[str, Any]:  # noqa: ANN401 - see above
    (found,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    return {key: found[key] for key in ("Arn", "DeadLetterConfig", "RetryPolicy")}
