"""IAM in force: every function runs all its flows under the role that Chalice made of its stage's file, and no other.

ministack judges what reaches it (DynamoDB, SNS, SQS, STS, Secrets Manager, SSM, S3, CloudWatch): actions, resources,
conditions, resource policies, trust policies. EC2, Route 53 and the other services are moto's, which judges nobody; tests/iam
holds their calls against the same files. What neither can show is in the tables below, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from demo.cloudtrail import peering_requested
from demo.vpn_scene import alarm_told
from demo.world import DEV
from tests.aws.awsbus import HandlerFailed
from tests.aws.local import HUB, ROOT
from tests.cloud import stories, stories_at_home, stories_of_certificates
from tests.cloud.outside import soon
from tests.cloud.stories import approved, balancers, tell
from tests.cloud.stories_at_home import origin_without_a_name, slack_refused, vpn_swept, vpn_told
from tests.cloud.stories_of_certificates import expiring
from tests.cloud.trail import asked, role_key
from tests.cloud.ways import Stage
from tests.iam.evaluate import listed
from tests.iam.guard import grants_of
from tests.iam.lambda_needs import needs_of_lambda

pytestmark = pytest.mark.cloud

_JUDGED = {"dynamodb", "sns", "sqs", "sts", "secretsmanager", "ssm", "s3", "cloudwatch"}
_UNUSED = {
    "sweep": {"dynamodb:BatchGetItem"},  # nobody takes the tags of a peering away here
    "notify": {"dynamodb:Query"},
    "sweep_certificates": {"sns:Publish"},  # what it finds first is told by it; here the events come first
}
_FUNCTIONS = sorted(path.stem.removeprefix("policy-") for path in (ROOT / ".chalice").glob("policy-*.json"))


@pytest.fixture
def played(stages: Callable[[str], Stage]) -> Stage:
    """The stage of `chalice deploy` once everything has happened on it."""
    stage = stages("chalice")
    for story in (*stories.STORIES, *stories_of_certificates.STORIES, *stories_at_home.STORIES):
        story(stage)
    if "letters" not in stage.remembered:
        url = stage.queue_url("dead-letters")
        stage.client("sqs").send_message(QueueUrl=url, MessageBody="{}")
        told = stage.invoke("dead_letters")
        stage.letters()
        stage.remembered["letters"] = told, stage.invoke("dead_letters")
    return stage


def _policy_name(stage: Stage, role: str) -> str:
    names = stage.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
    return next(str(name) for name in names if name != "ministack")


@pytest.mark.parametrize("function", _FUNCTIONS)
def test_a_function_has_exactly_its_file(stage: Stage, function: str) -> None:
    role = str(stage.function(function)["Role"]).rpartition("/")[2]
    found = stage.client("iam").get_role_policy(RoleName=role, PolicyName=_policy_name(stage, role))
    assert role == stage.name(function)
    assert found["PolicyDocument"] == _role(stage, function)
    assert "netreflex-*" not in json.dumps(found["PolicyDocument"]), "no other stage is reached"


def _role(stage: Stage, function: str) -> dict[str, Any]:
    file = stage.project / ".chalice" / "roles" / stage.stage / f"{function}.json"
    return dict(json.loads(file.read_text()))


def test_nothing_that_was_asked_for_was_refused(played: Stage) -> None:
    refused = re.compile(
        r"AccessDenied|is not authorized|UnauthorizedOperation|was refused in account|alert\.unpublished"
    )
    pages = played.client("logs").get_paginator("filter_log_events")
    said = [
        one["message"]
        for function in _FUNCTIONS
        for page in pages.paginate(logGroupName=f"/aws/lambda/{played.name(function)}")
        for one in page["events"]
    ]
    assert len(said) > len(_FUNCTIONS)
    assert [line for line in said if refused.search(line)] == []


@pytest.mark.parametrize("function", _FUNCTIONS)
def test_what_a_role_allows_is_what_its_function_asked_for(played: Stage, function: str) -> None:
    key = role_key(played, function)
    by_lambda = {need.action for need in needs_of_lambda(function)}
    allowed = grants_of(function, _role(played, function))
    wanted = {one.action for one in allowed if one.action.partition(":")[0] in _JUDGED} - by_lambda
    unused = {action for action in wanted if not asked(played, key, action)}
    assert unused <= _UNUSED.get(function, set())


def test_the_tunnel_alarms_of_its_own_account_are_kept_by_the_functions_themselves(played: Stage) -> None:
    for story in (vpn_told(played), vpn_swept(played)):
        assert "PutTunnelAlarm" in str(story.lost.report["performed"])
        assert [one["action"] for one in story.gone.report["performed"]] == ["DeleteTunnelAlarm"] * 2
        assert story.lost.report["failed"] == story.gone.report["failed"] == []


def test_when_slack_refuses_the_second_topic_hears_why(played: Stage) -> None:
    said = slack_refused(played)
    assert said.startswith("netreflex cannot deliver its alerts: token_revoked")
    assert "The alert that met this:" in said


@pytest.fixture
def narrowed(stages: Callable[[str], Stage]) -> Stage:
    """Where a role may lose something, for nothing may be refused in the stage above: the other way's."""
    return stages("package")


@contextmanager
def without(stage: Stage, function: str, action: str) -> Iterator[None]:
    """The role of a function with one action taken out of its policy."""
    iam, role = stage.client("iam"), stage.name(function)
    policy = {"RoleName": role, "PolicyName": _policy_name(stage, role)}
    whole = iam.get_role_policy(**policy)["PolicyDocument"]
    narrowed = []
    for statement in whole["Statement"]:
        left = [one for one in listed(statement["Action"]) if one != action]
        narrowed += [{**statement, "Action": left}] if left else []
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({**whole, "Statement": narrowed}))
    try:
        yield
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(whole))


def _new_request(stage: Stage) -> object:
    world, number = stage.world, len(stage.remembered)
    asking = world.vpc(f"new-{number}", DEV, (f"10.98.{number}.0/24",), {"env": "lab"})
    return tell(stage, peering_requested(world.request(asking, world.tidb))).report


def _notified(stage: Stage) -> object:
    (message, *_) = approved(stage).told.messages
    soon(lambda: not stage.unshown())  # who delivers an alert has it to himself
    record = {"messageId": "one", "body": json.dumps({"Message": message["Message"]}), "eventSource": "aws:sqs"}
    return stage.invoke("notify", {"Records": [{**record, "receiptHandle": "-", "attributes": {}}]})


_FLOWS: dict[str, tuple[str, Callable[[Stage], object]]] = {
    "peering": ("dynamodb:PutItem", _new_request),
    "load_balancers": ("dynamodb:Query", lambda stage: tell(stage, dict(balancers(stage).told["again"].event))),
    "vpn": ("dynamodb:GetItem", lambda stage: tell(stage, alarm_told("vpn-0123456789abcdef0", "ALARM", HUB))),
    "certificates": ("dynamodb:GetItem", lambda stage: tell(stage, dict(expiring(stage)[1].event))),
    "origins": ("dynamodb:GetItem", lambda stage: tell(stage, dict(origin_without_a_name(stage).event))),
    "sweep": ("dynamodb:Query", lambda stage: stage.invoke("sweep")),
    "sweep_certificates": ("dynamodb:Query", lambda stage: stage.invoke("sweep_certificates")),
    "notify": ("dynamodb:UpdateItem", _notified),
    "dead_letters": ("sqs:ListQueues", lambda stage: stage.invoke("dead_letters")),
}


@pytest.mark.parametrize("function", _FUNCTIONS)
def test_without_one_action_the_same_flow_fails_and_says_so(narrowed: Stage, function: str) -> None:
    """IAM is in force indeed. Nothing else is changed: with the action back the same flow passes."""
    action, flow = _FLOWS[function]
    flow(narrowed)
    with without(narrowed, function, action), pytest.raises((HandlerFailed, AssertionError)) as failed:
        flow(narrowed)
    assert re.search("AccessDenied", str(failed.value))
    assert action.partition(":")[2] in str(failed.value)
    flow(narrowed)


def test_what_is_refused_for_good_is_in_the_dead_letter_queue_and_told(narrowed: Stage) -> None:
    narrowed.letters()
    with without(narrowed, "vpn", "dynamodb:GetItem"):
        narrowed.bus.put(alarm_told("vpn-0123456789abcdef0", "ALARM", HUB))
        soon(lambda: narrowed.waiting("dead-letters") == 1)
    told = narrowed.invoke("dead_letters")
    cause = narrowed.alert(told["alerts"][0]).cause
    assert f"function {narrowed.name('vpn')}" in cause
    assert "AccessDenied" in cause
    narrowed.letters()
    narrowed.invoke("dead_letters")


def test_a_wrong_external_id_opens_no_account_and_the_function_says_so(narrowed: Stage) -> None:
    happened = dict(expiring(narrowed)[1].event)
    refused = pytest.raises(HandlerFailed, match=f"sts:AssumeRole was refused in account {DEV}")
    with narrowed.setting("certificates", NETREFLEX_EXTERNAL_ID="another"), refused:
        tell(narrowed, happened)
