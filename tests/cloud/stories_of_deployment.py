"""What happens to a deployed stage between two deployments. Each story is told once on a ground, and ends with the stage whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from tests.cloud.ground import Call, Ground

Story = Callable[[Ground], Any]


def told_once(story: Story) -> Story:
    """The story, and every later time what came of it."""

    @wraps(story)
    def tell(ground: Ground) -> Any:  # noqa: ANN401 - each story's own
        if story.__name__ not in ground.remembered:
            ground.remembered[story.__name__] = story(ground)
        return ground.remembered[story.__name__]

    return tell


@dataclass(frozen=True)
class Changed:
    """What was found wrong, the code before, and what the next deployment wrote."""

    found: list[str]
    role: str
    code: str
    written: list[str]
    again: list[str]


@told_once
def changed_by_hand(ground: Ground) -> Changed:
    """Somebody changes a function and a rule and takes an alarm away; the record of Chalice is lost, as in a fresh clone.

    So is a role's file, which nobody committed.
    """
    before = ground.function("peering")["CodeSha256"]
    ground.client("lambda").update_function_configuration(FunctionName=ground.name("vpn"), Timeout=7)
    ground.client("events").disable_rule(Name=ground.name("sweep-event"))
    ground.client("cloudwatch").delete_alarms(AlarmNames=[ground.name("sweep-missing")])
    role = f".chalice/roles/{ground.stage}/notify.json"
    (ground.project / role).unlink()
    found = sorted(ground.missing())
    shutil.rmtree(ground.project / ".chalice" / "deployed")
    with (ground.project / "app.py").open("a") as file:
        file.write("\n# changed\n")
    return Changed(found, role, before, ground.deploy(), ground.deploy())


@told_once
def mended(ground: Ground) -> list[str]:
    """What a stage watches with is switched off piece by piece, and the next deployment, which traces, writes only that."""
    ground.client("events").disable_rule(Name=ground.name("vpn-event"))
    ground.client("cloudwatch").disable_alarm_actions(AlarmNames=[ground.name("vpn-errors")])
    alarm = ground.client("cloudwatch").describe_alarms(AlarmNames=[ground.name("vpn-throttles")])["MetricAlarms"][0]
    kept = (
        "AlarmName",
        "Namespace",
        "MetricName",
        "Dimensions",
        "Statistic",
        "Period",
        "EvaluationPeriods",
        "ComparisonOperator",
    )
    ground.client("cloudwatch").put_metric_alarm(**{key: alarm[key] for key in kept}, Threshold=99)
    shorter = {"VisibilityTimeout": "5"}
    ground.client("sqs").set_queue_attributes(QueueUrl=ground.queue_url("notify"), Attributes=shorter)
    topic = {"TopicArn": ground.place.topic_arn("alerts")}
    (one,) = ground.client("sns").list_subscriptions_by_topic(**topic)["Subscriptions"]
    lost = {
        "AttributeName": "RedrivePolicy",
        "AttributeValue": json.dumps({"deadLetterTargetArn": ground.place.queue_arn("notify")}),
    }
    ground.client("sns").set_subscription_attributes(SubscriptionArn=one["SubscriptionArn"], **lost)
    written = ground.deploy(xray="yes")
    ground.look()
    ground.deploy(xray="no")
    return written


@dataclass(frozen=True)
class Returned:
    """What was left of a stage that was removed; and once it is back, what the table remembers, and how the roles are bound.

    ``calls`` are those of the deployment that brought it back, its own before those of Chalice.
    """

    left: set[str]
    remembers: bool
    boundary: str
    bound: set[str]
    calls: list[Call]


@told_once
def taken_away(ground: Ground) -> Returned:
    """The stage is removed but for its table, and comes back to an account in which no role may be without a boundary.

    One role is there already, without it.
    """
    item = {"pk": {"S": "memory"}, "sk": {"S": "of a route"}}
    ground.client("dynamodb").put_item(TableName=ground.name("state"), Item=item)
    ground.destroy()
    left = _left(ground)
    roles = [ground.name(one.name) for one in ground.functions]
    boundary = _bind(ground, roles[0])
    own, by_chalice = len(ground.asked), len(ground.by_chalice)
    ground.deploy()
    calls = [*ground.asked[own:], *ground.by_chalice[by_chalice:]]
    found = ground.client("dynamodb").get_item(TableName=ground.name("state"), Key=item)
    there = [ground.client("iam").get_role(RoleName=role)["Role"] for role in roles]
    bound = {one["PermissionsBoundary"]["PermissionsBoundaryArn"] for one in there}
    return Returned(left, found["Item"] == item, boundary, bound, calls)


def _bind(ground: Ground, unbound: str) -> str:
    """A boundary, named by the stage; and a role of a function that somebody made without it."""
    iam = ground.client("iam")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    policy, trusted = (json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (allowed, trust))
    iam.create_role(RoleName=unbound, AssumeRolePolicyDocument=trusted)
    boundary = str(iam.create_policy(PolicyName="netreflex-boundary", PolicyDocument=policy)["Policy"]["Arn"])
    path = ground.project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    document["stages"][ground.stage]["permissions_boundary"] = boundary
    path.write_text(json.dumps(document, indent=2))
    return boundary


def _left(ground: Ground) -> set[str]:
    prefix = ground.place.prefix
    found = [
        *(("function", one["FunctionName"]) for one in ground.client("lambda").list_functions()["Functions"]),
        *(("rule", one["Name"]) for one in ground.client("events").list_rules()["Rules"]),
        *(("role", one["RoleName"]) for one in ground.client("iam").list_roles()["Roles"]),
        *(("group", one["logGroupName"]) for one in ground.client("logs").describe_log_groups()["logGroups"]),
        *(("table", one) for one in ground.client("dynamodb").list_tables()["TableNames"]),
        *(("topic", one["TopicArn"].rpartition(":")[2]) for one in ground.client("sns").list_topics()["Topics"]),
        *(("queue", url.rpartition("/")[2]) for url in ground.client("sqs").list_queues().get("QueueUrls", [])),
        *(("alarm", one["AlarmName"]) for one in ground.client("cloudwatch").describe_alarms()["MetricAlarms"]),
    ]
    return {f"{kind} {name}" for kind, name in found if prefix in name}
