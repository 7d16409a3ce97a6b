"""A peering request travels as in AWS: through the deployed rule, into the deployed function, and back to EC2 and SNS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from demo.cloudtrail import peering_requested
from demo.show import Inbox
from demo.world import DATA, DEV, SERVICE_NETWORK, RouteRow, World
from tests.aws.awsbus import event
from tests.aws.deploy import Deployment

pytestmark = pytest.mark.cloud


@dataclass(frozen=True)
class Answered:
    """A request, its event, and what came of it."""

    peering_id: str
    event: dict[str, Any]
    report: dict[str, Any]
    messages: list[dict[str, Any]]


def _answered(deployment: Deployment, inbox: Inbox, peering: dict[str, Any]) -> Answered:
    inbox.read()
    happened = peering_requested(peering)
    (delivery,) = deployment.bus.put(happened, "RequestResponse")
    return Answered(str(peering["VpcPeeringConnectionId"]), happened, delivery.answer, inbox.read())


@pytest.fixture(scope="module")
def approved(deployment: Deployment, world: World, inbox: Inbox) -> Answered:
    return _answered(deployment, inbox, world.request(world.apps, world.tidb))


def _through(rows: list[RouteRow], peering_id: str) -> set[tuple[str, str, str]]:
    return {(row.vpc, row.table, row.destination) for row in rows if row.target == peering_id}


def test_an_approved_request_is_accepted_and_routed_on_both_sides(approved: Answered, world: World) -> None:
    assert (approved.report["decision"], approved.report["rule"]) == ("approved", "dev-to-tidb")
    assert approved.report["performed"] == approved.report["planned"]
    assert approved.report["failed"] == approved.report["refused"] == []
    assert world.status(approved.peering_id, DEV) == world.status(approved.peering_id, DATA) == "active"
    assert _through(world.routes(world.apps, world.tidb), approved.peering_id) == {
        *((world.apps.name, table, SERVICE_NETWORK) for table in ("main", "apps-a", "apps-b")),
        *((world.tidb.name, "data", cidr) for cidr in world.apps.cidrs),
    }


def test_the_accepters_side_carries_the_mark_and_both_sides_resolve_dns(approved: Answered, world: World) -> None:
    seen = world.peering(approved.peering_id, DATA)
    tags = {tag["Key"]: tag["Value"] for tag in seen["Tags"]}
    assert tags["netreflex:rule"] == "dev-to-tidb"
    assert "netreflex:version" in tags
    for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
        assert seen[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True


def test_the_approval_is_told_in_the_published_form(approved: Answered) -> None:
    (message,) = approved.messages
    alert = json.loads(message["Message"])
    assert alert["schema"] == "netreflex.alert/1"
    assert message["Subject"]
    attributes = {name: attribute["Value"] for name, attribute in message["MessageAttributes"].items()}
    assert attributes.keys() == {"kind", "severity", "status", "account", "region"}
    assert {name: alert[name] for name in ("kind", "severity", "status")}.items() <= attributes.items()
    assert alert["fp"] in approved.report["alerts"]


def test_the_same_event_again_changes_nothing(
    approved: Answered, deployment: Deployment, world: World, inbox: Inbox
) -> None:
    before = world.routes(world.apps, world.tidb)
    inbox.read()
    (delivery,) = deployment.bus.put(approved.event, "RequestResponse")
    assert delivery.answer["decision"] == "approved"
    assert delivery.answer["planned"] == delivery.answer["performed"] == []
    assert delivery.answer["unchanged"] > 0
    assert world.routes(world.apps, world.tidb) == before
    assert inbox.read() == []


def test_the_sweep_brings_back_a_route_that_somebody_deleted(
    approved: Answered, deployment: Deployment, world: World
) -> None:
    before = world.routes(world.apps, world.tidb)
    world.ec2(DEV).delete_route(RouteTableId=world.apps.tables["main"], DestinationCidrBlock=SERVICE_NETWORK)
    assert world.routes(world.apps, world.tidb) != before
    due = event("aws.events", "Scheduled Event", {}, region="eu-west-1")
    answer = deployment.aws.client("lambda").invoke(FunctionName=deployment.name("sweep"), Payload=json.dumps(due))
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert world.routes(world.apps, world.tidb) == before
    assert world.status(approved.peering_id, DATA) == "active"


def test_a_request_that_no_rule_knows_is_held_and_told(deployment: Deployment, world: World, inbox: Inbox) -> None:
    answered = _answered(deployment, inbox, world.request(world.lab, world.tidb))
    assert (answered.report["decision"], answered.report["performed"]) == ("held", [])
    assert world.status(answered.peering_id, DATA) == "pending-acceptance"
    assert [json.loads(message["Message"])["schema"] for message in answered.messages] == ["netreflex.alert/1"]


def test_a_strangers_tags_open_nothing(deployment: Deployment, world: World, inbox: Inbox) -> None:
    claims = {"netreflex:rule": "dev-to-tidb", "approved": "true"}
    answered = _answered(deployment, inbox, world.request(world.strange, world.tidb, claims))
    assert answered.report["decision"] in {"held", "rejected"}
    assert answered.report["performed"] == []
    assert world.status(answered.peering_id, DATA) == "pending-acceptance"


def test_overlapping_addresses_are_refused_by_name(deployment: Deployment, world: World, inbox: Inbox) -> None:
    answered = _answered(deployment, inbox, world.request(world.twin, world.tidb))
    assert answered.report["performed"] == []
    said = " ".join([*answered.report["reasons"], *(refused["reason"] for refused in answered.report["refused"])])
    assert "10.40.0.0/20" in said
    assert "10.40.0.0/16" in said


_CALL = {"eventVersion": "1.11", "eventSource": "ec2.amazonaws.com"}


@pytest.mark.parametrize(
    ("source", "kind", "detail"),
    [
        ("aws.ec2", "AWS API Call via CloudTrail", {**_CALL, "eventName": "DescribeVpcPeeringConnections"}),
        ("aws.ec2", "AWS API Call via CloudTrail", {**_CALL, "eventName": "DeleteVpc"}),
        (
            "aws.ec2",
            "AWS API Call via CloudTrail",
            {**_CALL, "eventName": "CreateVpcPeeringConnection", "errorCode": "Client.DryRunOperation"},
        ),
        ("aws.ec2", "EC2 Instance State-change Notification", {"state": "running"}),
        ("my.app", "AWS API Call via CloudTrail", {**_CALL, "eventName": "CreateVpcPeeringConnection"}),
    ],
)
def test_noise_wakes_nothing(deployment: Deployment, source: str, kind: str, detail: dict[str, object]) -> None:
    assert deployment.bus.put(event(source, kind, detail, region="eu-west-1")) == []
