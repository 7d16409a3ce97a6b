"""A stage from nothing to whole, broken off at every step, changed, repaired, taken away and put back."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.alerts.store import AlertStore
from chalicelib.model.alert import Alert, AlertStatus
from deploy.check import missing
from deploy.configuration import read_configuration
from deploy.declared import Function, declared_functions
from deploy.faults import DeploymentFault
from deploy.place import place_of
from deploy.steps import destroy
from tests.aws.awsbus import event
from tests.aws.checkout import checkout, surroundings
from tests.aws.local import HUB, LocalAws
from tests.cloud.ground import Ground

pytestmark = pytest.mark.cloud

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Broken:
    """A deployment that was broken off: at which operation, what it said, and how the stack stood then."""

    at: str
    told: str
    stack: str


@pytest.fixture(scope="module")
def begun() -> Iterator[Ground]:
    with LocalAws() as aws, pytest.MonkeyPatch.context() as patch:
        project = checkout(aws.directory / "checkout")
        for name, value in surroundings(aws, project).items():
            patch.setenv(name, value)
        yield Ground(aws, project, "prod")


@pytest.fixture(scope="module")
def breaks(begun: Ground) -> list[Broken]:
    """The first deployment, which is broken off at every step, one after another, and then completed."""
    _ = begun.place.client("events")  # it is made now, so that only Chalice's own is led astray below
    broken = [_broken(begun, at) for at in ("CreateChangeSet", "ExecuteChangeSet")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", NOWHERE)
        broken.append(_broken(begun, "chalice"))
    broken += [_broken(begun, at) for at in ("PutFunctionEventInvokeConfig", "PutTargets")]
    begun.deploy()
    return broken


def _broken(ground: Ground, at: str) -> Broken:
    with pytest.raises(DeploymentFault) as fault:
        ground.deploy(fails=at)
    stacks = ground.client("cloudformation").describe_stacks()["Stacks"]
    return Broken(at, str(fault.value), ",".join(one["StackStatus"] for one in stacks))


@pytest.fixture
def whole(begun: Ground, breaks: list[Broken]) -> Ground:
    """The stage as the completed deployment left it; who changes it deploys it again."""
    assert breaks
    return begun


def _functions(ground: Ground) -> tuple[Function, ...]:
    return declared_functions(read_configuration(ground.project, ground.stage))


def test_what_breaks_a_deployment_is_told_with_what_to_do(breaks: list[Broken]) -> None:
    for one in breaks:
        assert "again: it goes on from" in one.told, one.told
        assert one.at == "chalice" or f"AWS refused {one.at} (AccessDenied" in one.told
    assert [one.stack for one in breaks] == ["", "REVIEW_IN_PROGRESS", *["CREATE_COMPLETE"] * 3]


def test_a_whole_stage_is_deployed_again_without_a_single_write(whole: Ground) -> None:
    assert whole.deploy() == []
    assert "3/5 application: unchanged" in whole.said


def test_nothing_is_there_twice_after_all_the_breaks(whole: Ground) -> None:
    assert len(whole.mappings("notify")) == 1
    assert whole.target("peering-event")["Id"] == "1"


def test_every_function_and_every_rule_keeps_what_it_gives_up(whole: Ground) -> None:
    queue = whole.place.queue_arn("dead-letters")
    functions = _functions(whole)
    for function in functions:
        found = whole.client("lambda").get_function_event_invoke_config(FunctionName=whole.name(function.name))
        assert found["DestinationConfig"]["OnFailure"] == {"Destination": queue}
        if function.rule:
            target = whole.target(function.rule)
            assert target["DeadLetterConfig"] == {"Arn": queue}
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600
    assert {"peering", "sweep", "notify", "dead_letters"} <= {one.name for one in functions}


def test_each_function_has_its_own_role_with_exactly_its_file(whole: Ground) -> None:
    roles = {whole.function(one.name)["Role"] for one in _functions(whole)}
    assert len(roles) == len(_functions(whole))
    assert missing(whole.place, read_configuration(whole.project, "prod"), _functions(whole)) == []


def test_what_somebody_took_away_is_named_and_a_changed_function_replaces_all_of_it(whole: Ground) -> None:
    """The record of Chalice is lost on top of it, as in a fresh clone."""
    before = whole.function("peering")["CodeSha256"]
    whole.client("lambda").update_function_configuration(FunctionName=whole.name("vpn"), Timeout=7)
    whole.client("events").disable_rule(Name=whole.name("sweep-event"))
    whole.client("cloudwatch").delete_alarms(AlarmNames=[whole.name("sweep-missing")])
    found = missing(whole.place, read_configuration(whole.project, "prod"), _functions(whole))
    assert sorted(found) == [
        f"alarm {whole.name('sweep-missing')} is missing",
        f"function {whole.name('vpn')}: Timeout is 7, and 60 is configured",
        f"not set: rule {whole.name('sweep-event')}: enabled",
    ]
    shutil.rmtree(whole.project / ".chalice" / "deployed")
    with (whole.project / "app.py").open("a") as file:
        file.write("\n# changed\n")
    written = whole.deploy()
    assert whole.function("peering")["CodeSha256"] != before
    assert (whole.function("vpn")["Timeout"], len(whole.mappings("notify"))) == (60, 1)
    assert {"TagResource", "PutTargets"} <= set(written), "Chalice had reset the targets of its rules"
    assert whole.target("peering-event")["DeadLetterConfig"]
    assert missing(whole.place, read_configuration(whole.project, "prod"), _functions(whole)) == []
    assert whole.deploy() == []


def test_a_stage_that_was_taken_away_keeps_its_table_and_comes_back(whole: Ground) -> None:
    table = {"pk": {"S": "memory"}, "sk": {"S": "of a route"}}
    whole.client("dynamodb").put_item(TableName=whole.name("state"), Item=table)
    destroy(whole.project, whole.place, whole.said.append, keep_table=True)
    assert _left(whole) == {f"table {whole.name('state')}"}
    whole.deploy()
    found = whole.client("dynamodb").get_item(TableName=whole.name("state"), Key=table)
    assert found["Item"] == table


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


def test_no_event_is_lost_between_a_failing_function_and_its_repair(whole: Ground) -> None:
    """Sent = done + in a dead-letter queue, whenever nothing is under way."""
    requests = [_request(f"pcx-{number:017x}") for number in range(5)]
    done = [whole.invoke("peering", request) for request in requests[:2]]
    with whole.setting("peering", NETREFLEX_POLICY="chalicelib/absent.yaml"):
        for request in requests[2:]:
            whole.bus.put(request)
        _soon(lambda: whole.waiting("dead-letters") == len(requests) - len(done))
    told = whole.invoke("dead_letters", _DUE)
    assert told["reasons"] == [f"3 dead letters in {whole.name('dead-letters')}"]
    alert = _alert(whole, told["alerts"][0])
    assert alert.cause.startswith("3x function netreflex-prod-peering: RetriesExhausted")
    assert f"aws lambda invoke --function-name {whole.name('peering')}" in " ".join(alert.remedy)
    assert whole.waiting("dead-letters") == 3, "looking takes nothing out"
    done += [whole.invoke("peering", letter["requestPayload"]) for letter in whole.letters()]
    assert (len(done), whole.waiting("dead-letters")) == (len(requests), 0)
    assert {one["trigger"]["peering_id"] for one in done} == {
        request["detail"]["requestParameters"]["vpcPeeringConnectionId"] for request in requests
    }
    assert "nothing lies in" in whole.invoke("dead_letters", _DUE)["reasons"][0]
    assert _alert(whole, told["alerts"][0]).status is AlertStatus.RESOLVED


def _request(peering_id: str) -> dict[str, Any]:
    call = {
        "eventVersion": "1.11",
        "awsRegion": "eu-west-1",
        "recipientAccountId": HUB,
        "eventSource": "ec2.amazonaws.com",
        "eventName": "AcceptVpcPeeringConnection",
        "requestParameters": {"vpcPeeringConnectionId": peering_id},
        "responseElements": {"vpcPeeringConnection": {"vpcPeeringConnectionId": peering_id}},
    }
    made: dict[str, Any] = event("aws.ec2", "AWS API Call via CloudTrail", call, region="eu-west-1")
    return made


_DUE = event("aws.events", "Scheduled Event", {}, region="eu-west-1")


def _alert(ground: Ground, fingerprint: str) -> Alert:
    stored = AlertStore(ground.client("dynamodb"), ground.name("state")).get(fingerprint)
    assert stored is not None
    return stored.alert


def _soon(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)


def test_the_credentials_of_another_account_deploy_nothing(whole: Ground) -> None:
    other = Ground(whole.aws, whole.project, "prod")
    other.aws = whole.aws
    config = whole.project / ".chalice" / "config.json"
    before = config.read_text()
    config.write_text(before.replace(f":{whole.aws.hub}:", ":999999999999:"))
    with pytest.raises(DeploymentFault, match=r"configured for arn:aws:sns:eu-west-1:999999999999:.*\n.*123456789012"):
        other.deploy()
    config.write_text(before)
    assert other.writes == []


def test_every_fault_of_the_configuration_is_told_before_anything_is_deployed(whole: Ground) -> None:
    config = whole.project / ".chalice" / "config.json"
    before = config.read_text()
    wrong = before.replace("enforce", "sometimes").replace("netreflex-prod-state", "mine")
    config.write_text(wrong.replace("chalicelib/policy.yaml", "chalicelib/other.yaml"))
    (whole.project / "chalicelib" / "other.yaml").write_text("version: 7\n")
    with pytest.raises(DeploymentFault) as fault:
        whole.deploy()
    config.write_text(before)
    (whole.project / "chalicelib" / "other.yaml").unlink()
    assert whole.writes == []
    for said in ("NETREFLEX_MODE", "NETREFLEX_STATE_TABLE must be netreflex-prod-state", "other.yaml"):
        assert said in str(fault.value)


@pytest.mark.parametrize("stage", ["", "Prod", "a-b", "x" * 17])
def test_a_stage_that_cannot_be_part_of_a_name_is_refused(stage: str) -> None:
    with pytest.raises(DeploymentFault, match="lower-case letters and digits"):
        place_of(stage)


def test_it_is_said_what_people_have_to_do_themselves(whole: Ground) -> None:
    whole.deploy()
    told = "\n".join(whole.said)
    assert re.search("make the secret netreflex-prod-slack", told)
    assert re.search("subscribe a mailbox to .*netreflex-prod-fallback", told)


def test_the_checkout_of_the_tests_is_not_this_one(whole: Ground) -> None:
    assert whole.project.resolve() != Path.cwd().resolve()
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
