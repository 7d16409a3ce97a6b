"""No event is lost: a function that fails and a target that is throttled leave what they gave up where people find it."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.model.alert import AlertStatus
from demo.vpn_scene import alarm_told
from demo.world import DATA
from tests.aws import aws_cli
from tests.aws.eventbridge import EventBridge, service_may_send
from tests.aws.local import HUB
from tests.aws.throttle import throttled
from tests.cloud.ledger import Ledger, event_of
from tests.cloud.outside import soon
from tests.cloud.stories import approved, in_slack
from tests.cloud.ways import Stage
from tests.reliability.events import called

pytestmark = pytest.mark.cloud

_BROKEN = {"NETREFLEX_POLICY": "chalicelib/absent.yaml"}
_HOUR = 3600.0


@pytest.fixture
def bridge(stage: Stage) -> EventBridge:
    return EventBridge(stage.client("events"), stage.aws.impatient_client("lambda"), stage.client("sqs"))


@pytest.fixture
def books(stage: Stage, bridge: EventBridge) -> Iterator[Ledger]:
    approved(stage)  # before any function is broken
    stage.letters()
    yield Ledger(stage, bridge, ("peering", "vpn"))
    stage.letters()
    stage.invoke("dead_letters")  # it tells the end, whatever the test left


def peering_call(stage: Stage) -> dict[str, Any]:
    """A call about a peering that is as it should be: nothing to do, and done."""
    return called("AcceptVpcPeeringConnection", approved(stage).peering_id, DATA)


def vpn_alarm() -> dict[str, Any]:
    return dict(alarm_told(f"vpn-{uuid.uuid4().hex[:17]}", "ALARM"))


def as_told(stage: Stage, remedy: Iterable[str], letter: dict[str, Any]) -> None:
    """Do with a letter what the alert says: put its event into event.json, and run the command for its function."""
    (line,) = (line for line in remedy if "aws lambda invoke" in line)
    taken, command = line.split("`")[1].split(" && ")
    assert taken == "jq '.requestPayload // .' letter.json > event.json", "which is what event_of takes out of it"
    function = _function(stage, letter)
    assert function in re.split(r"[ ,):]", line)
    command = re.sub(r"--function-name \S+", f"--function-name {function}", command)
    somewhere = stage.aws.directory / "somebody"
    somewhere.mkdir(exist_ok=True)
    with contextlib.chdir(somewhere):
        Path("event.json").write_text(json.dumps(event_of(letter)))
        aws, *words = shlex.split(command)
        assert aws == "aws"
        aws_cli.main(*words, client_of=stage.client)


def test_a_function_that_fails_is_tried_told_and_its_event_replayed(stage: Stage, books: Ledger) -> None:
    with stage.setting("peering", **_BROKEN):
        books.send([peering_call(stage)])
        assert books.settled() == (0, 1, 0)
    told = stage.invoke("dead_letters")
    assert told["reasons"] == [f"1 dead letter in {stage.name('dead-letters')}"]
    alert = stage.alert(told["alerts"][0])
    assert alert.cause.startswith(f"1x function {stage.name('peering')}: RetriesExhausted")
    assert len(books.dead()) == 1, "looking takes nothing out"
    soon(lambda: in_slack(stage, f"dead letter in {stage.name('dead-letters')}"))
    (letter,) = stage.letters()
    as_told(stage, alert.remedy, letter)
    assert books.settled() == (1, 0, 0)
    _told_the_end(stage, told["alerts"][0])


def test_a_throttled_target_is_retried_for_an_hour_and_then_kept(
    stage: Stage, books: Ledger, bridge: EventBridge
) -> None:
    policy = stage.target("peering-event")["RetryPolicy"]
    assert policy["MaximumEventAgeInSeconds"] == _HOUR
    with throttled(bridge._lambda, stage.name("peering")):
        books.send([peering_call(stage)])
        bridge.passes(_HOUR / 2)
        assert books.settled() == (0, 0, 1), "it is still tried"
        bridge.passes(_HOUR / 2)
        assert books.settled() == (0, 1, 0)
    told = stage.invoke("dead_letters")
    alert = stage.alert(told["alerts"][0])
    assert alert.cause == f"1x rule {stage.name('peering-event')}: THROTTLING: Rate Exceeded."
    (letter,) = stage.letters()
    said = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    assert said["RULE_ARN"].endswith(f":rule/{stage.name('peering-event')}")
    assert said["TARGET_ARN"] == stage.function("peering")["FunctionArn"]
    assert said["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert 0 < int(said["RETRY_ATTEMPTS"]) <= policy["MaximumRetryAttempts"]
    as_told(stage, alert.remedy, letter)
    assert books.settled() == (1, 0, 0)
    _told_the_end(stage, told["alerts"][0])


def test_a_throttle_that_passes_costs_a_retry_and_no_event(stage: Stage, books: Ledger, bridge: EventBridge) -> None:
    with throttled(bridge._lambda, stage.name("peering")):
        books.send([peering_call(stage)])
        bridge.passes(5)
    assert books.settled() == (0, 0, 1)
    bridge.passes(60)
    assert books.settled() == (1, 0, 0)
    assert bridge.delivered == 1


def test_good_failing_and_throttled_events_add_up_at_every_step(
    stage: Stage, books: Ledger, bridge: EventBridge
) -> None:
    books.send([peering_call(stage), vpn_alarm()])
    assert books.settled() == (2, 0, 0)
    with throttled(bridge._lambda, stage.name("vpn")), stage.setting("peering", **_BROKEN):
        books.send([peering_call(stage), vpn_alarm(), peering_call(stage), vpn_alarm()])
        assert books.settled() == (2, 2, 2)
        bridge.passes(_HOUR)
        assert books.settled() == (2, 4, 0)
    books.send([vpn_alarm(), peering_call(stage)])
    assert books.settled() == (4, 4, 0)
    told = stage.invoke("dead_letters")
    alert = stage.alert(told["alerts"][0])
    assert alert.title.startswith("4 dead letters")
    assert {f"function {stage.name('peering')}", f"rule {stage.name('vpn-event')}"} == {
        cause.split(": ")[0].partition("x ")[2] for cause in alert.cause.split("; ")
    }
    for letter in stage.letters():
        as_told(stage, alert.remedy, letter)
        books.look()
    assert books.settled() == (8, 0, 0)
    _told_the_end(stage, told["alerts"][0])


def _function(stage: Stage, letter: dict[str, Any]) -> str:
    source = event_of(letter)["source"]
    return stage.name({"aws.ec2": "peering", "aws.cloudwatch": "vpn"}[source])


def _told_the_end(stage: Stage, fingerprint: str) -> None:
    assert "nothing lies in" in stage.invoke("dead_letters")["reasons"][0]
    assert stage.alert(fingerprint).status is AlertStatus.RESOLVED


@pytest.mark.parametrize(
    ("rule", "sends"),
    [
        (f"arn:aws:events:eu-west-1:{HUB}:rule/netreflex-dev-peering-event", True),
        (f"arn:aws:events:eu-west-1:{HUB}:rule/netreflex-prod-peering-event", False),
        (f"arn:aws:events:eu-west-1:{HUB}:rule/somebody-elses", False),
        ("arn:aws:events:eu-west-1:999999999999:rule/netreflex-dev-peering-event", False),
    ],
)
def test_the_queue_takes_from_the_rules_of_its_stage_alone(stage: Stage, rule: str, *, sends: bool) -> None:
    found = stage.client("sqs").get_queue_attributes(QueueUrl=stage.queue_url("dead-letters"), AttributeNames=["All"])
    policy, arn = json.loads(found["Attributes"]["Policy"]), found["Attributes"]["QueueArn"]
    assert service_may_send(policy, arn, rule) is sends


def test_a_rule_whose_function_lets_it_in_no_more_keeps_the_event_at_once(
    stage: Stage, books: Ledger, bridge: EventBridge
) -> None:
    client, name = stage.client("lambda"), stage.name("vpn")
    (statement,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    client.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    try:
        books.send([vpn_alarm()])
        assert books.settled() == (0, 1, 0)
    finally:
        client.add_permission(
            FunctionName=name,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
    (letter,) = stage.letters()
    said = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    assert (said["ERROR_CODE"], said["RETRY_ATTEMPTS"]) == ("NO_PERMISSIONS", "0")
    assert "EXHAUSTED_RETRY_CONDITION" not in said
    assert bridge.send(event_of(letter)) == 1
    assert books.settled() == (1, 0, 0)
