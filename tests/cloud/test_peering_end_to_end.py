"""A peering request travels as in AWS: through the deployed rule, into the deployed function, and back to EC2, SNS and Slack."""

from __future__ import annotations

import pytest

from demo.world import DATA, DEV, SERVICE_NETWORK, RouteRow
from tests.aws.awsbus import event
from tests.cloud.outside import soon
from tests.cloud.stories import approved, held, in_slack, overlapping, strange, swept, tell, withdrawn
from tests.cloud.ways import Stage

pytestmark = pytest.mark.cloud


def _through(rows: list[RouteRow], peering_id: str) -> set[tuple[str, str, str]]:
    return {(row.vpc, row.table, row.destination) for row in rows if row.target == peering_id}


def test_an_approved_request_is_accepted_and_routed_on_both_sides(stage: Stage) -> None:
    story, world = approved(stage), stage.world
    report = story.told.report
    assert (report["decision"], report["rule"]) == ("approved", "dev-to-tidb")
    assert report["performed"] == report["planned"]
    assert report["failed"] == report["refused"] == []
    assert world.status(story.peering_id, DEV) == world.status(story.peering_id, DATA) == "active"
    assert _through(story.after, story.peering_id) == {
        *((world.apps.name, table, SERVICE_NETWORK) for table in ("main", "apps-a", "apps-b")),
        *((world.tidb.name, "data", cidr) for cidr in world.apps.cidrs),
    }


def test_the_accepters_side_carries_the_mark_and_both_sides_resolve_dns(stage: Stage) -> None:
    seen = stage.world.peering(approved(stage).peering_id, DATA)
    tags = {tag["Key"]: tag["Value"] for tag in seen["Tags"]}
    assert tags["netreflex:rule"] == "dev-to-tidb"
    assert "netreflex:version" in tags
    for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
        assert seen[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True


def test_the_approval_is_told_in_the_published_form(stage: Stage) -> None:
    told = approved(stage).told
    (message,), (alert,) = told.messages, told.alerts
    assert alert["schema"] == "netreflex.alert/1"
    assert message["Subject"]
    attributes = {name: attribute["Value"] for name, attribute in message["MessageAttributes"].items()}
    assert attributes.keys() == {"kind", "severity", "status", "account", "region"}
    assert {name: alert[name] for name in ("kind", "severity", "status")}.items() <= attributes.items()
    assert alert["fp"] in told.report["alerts"]


def test_the_approval_comes_up_in_slack_once(stage: Stage) -> None:
    approved(stage)
    soon(lambda: in_slack(stage, "VPC peering approved: dev-apps"))
    assert len(in_slack(stage, "VPC peering approved: dev-apps")) == 1


def test_the_same_event_again_changes_nothing(stage: Stage) -> None:
    story, world = approved(stage), stage.world
    before = world.routes(world.apps, world.tidb)
    again = tell(stage, dict(story.told.event))
    assert again.report["decision"] == "approved"
    assert again.report["planned"] == again.report["performed"] == []
    assert again.report["unchanged"] > 0
    assert world.routes(world.apps, world.tidb) == before
    assert again.messages == []


def test_the_sweep_brings_back_a_route_that_somebody_deleted(stage: Stage) -> None:
    before, told, after = swept(stage)
    assert after == before
    assert [one["action"] for one in told.report["performed"] if one["action"].endswith("Route")] == ["CreateRoute"]
    assert told.report["failed"] == []
    assert stage.world.status(approved(stage).peering_id, DATA) == "active"


def test_a_peering_that_is_deleted_leaves_no_route_of_ours(stage: Stage) -> None:
    peering, told, after = withdrawn(stage)
    assert _through(peering.after, peering.peering_id)
    assert [one["action"] for one in told.report["performed"]] == ["DeleteRoute", "DeleteRoute"]
    assert not [row for row in after if row.target.startswith(peering.peering_id)]


def test_a_request_that_no_rule_knows_is_held_and_told(stage: Stage) -> None:
    story = held(stage)
    assert (story.told.report["decision"], story.told.report["performed"]) == ("held", [])
    assert stage.world.status(story.peering_id, DATA) == "pending-acceptance"
    assert story.before == story.after
    assert [alert["schema"] for alert in story.told.alerts] == ["netreflex.alert/1"]
    soon(lambda: in_slack(stage, "VPC peering request waits: lab (dev)"))


def test_a_strangers_tags_open_nothing(stage: Stage) -> None:
    story = strange(stage)
    assert story.told.report["decision"] in {"held", "rejected"}
    assert story.told.report["performed"] == []
    assert stage.world.status(story.peering_id, DATA) == "pending-acceptance"


def test_overlapping_addresses_are_refused_by_name(stage: Stage) -> None:
    story = overlapping(stage)
    assert story.told.report["performed"] == []
    assert "10.40.0.0/20" in story.told.why
    assert "10.40.0.0/16" in story.told.why


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
def test_noise_and_forgeries_wake_nothing(stage: Stage, source: str, kind: str, detail: dict[str, object]) -> None:
    assert stage.bus.put(event(source, kind, detail, region="eu-west-1")) == []


def test_a_forgery_that_names_a_request_in_the_body_alone_accepts_nothing(stage: Stage) -> None:
    """The rule lets it in, because it looks right; the function reads AWS and does what AWS's own state allows."""
    story = held(stage)
    forged = dict(story.told.event)
    forged["detail"] = {**forged["detail"], "recipientAccountId": DEV, "userIdentity": {"accountId": DEV}}
    forged["detail"]["responseElements"] = {
        "vpcPeeringConnection": {
            **forged["detail"]["responseElements"]["vpcPeeringConnection"],
            "status": {"code": "active", "message": "Active"},
            "tagSet": {"items": [{"key": "netreflex:rule", "value": "dev-to-tidb"}]},
        }
    }
    told = tell(stage, forged)
    assert (told.report["decision"], told.report["performed"]) == ("held", [])
    assert stage.world.status(story.peering_id, DATA) == "pending-acceptance"
