"""Whatever an event claims, it is a hint at most: forged, edited and replayed events lead to no write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demo.cloudtrail import peering_requested
from demo.world import DATA, DEV, REGION, STRANGER, World
from tests.lab import Lab
from tests.reliability.worlds import NARROW, Pair, request

Event = dict[str, Any]
UNKNOWN = "pcx-0123456789abcdef0"


def _with_peering(event: Event, **changes: object) -> None:
    event["detail"]["responseElements"]["vpcPeeringConnection"].update(changes)


def custom_source(event: Event) -> None:
    event["source"] = "my.app"


def look_alike_source(event: Event) -> None:
    event["source"] = "aws.ec2.example"


def look_alike_of_unicode(event: Event) -> None:
    event["source"] = "aws.еc2"  # noqa: RUF001 - a Cyrillic letter is the point


def other_detail_type(event: Event) -> None:
    event["detail-type"] = "AWS API Call"


def other_event_source(event: Event) -> None:
    event["detail"]["eventSource"] = "ec2.example.com"


def failed_call(event: Event) -> None:
    event["detail"]["errorCode"] = "Client.UnauthorizedOperation"


def other_major_version(event: Event) -> None:
    event["detail"]["eventVersion"] = "2.0"


def accounts_outside_the_policy(event: Event) -> None:
    event["account"] = STRANGER
    _with_peering(
        event, **{end: {"ownerId": STRANGER, "region": REGION} for end in ("requesterVpcInfo", "accepterVpcInfo")}
    )


def account_that_is_a_role(event: Event) -> None:
    event["account"] = f"{DATA}:role/admin"
    _with_peering(event, requesterVpcInfo={}, accepterVpcInfo={})


def account_of_other_digits(event: Event) -> None:
    event["account"] = "١١١١٢٢٢٢٣٣٣٣"
    _with_peering(event, requesterVpcInfo={}, accepterVpcInfo={})


def region_outside_the_policy(event: Event) -> None:
    event["region"] = event["detail"]["awsRegion"] = "ap-southeast-4"
    _with_peering(
        event, requesterVpcInfo={"ownerId": DEV, "region": "ap-southeast-4"}, accepterVpcInfo={"ownerId": DATA}
    )


def region_that_is_a_host(event: Event) -> None:
    event["region"] = event["detail"]["awsRegion"] = "eu-west-1.example.com/"
    _with_peering(event, requesterVpcInfo={}, accepterVpcInfo={})


def id_that_is_a_filter(event: Event) -> None:
    _with_peering(event, vpcPeeringConnectionId="*")


def no_id(event: Event) -> None:
    event["detail"]["responseElements"] = None


FORGERIES: list[Callable[[Event], None]] = [
    custom_source,
    look_alike_source,
    look_alike_of_unicode,
    other_detail_type,
    other_event_source,
    failed_call,
    other_major_version,
    accounts_outside_the_policy,
    account_that_is_a_role,
    account_of_other_digits,
    region_outside_the_policy,
    region_that_is_a_host,
    id_that_is_a_filter,
    no_id,
]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: str(forge.__name__).replace("_", " "))
def test_a_forged_event_about_an_approved_request_costs_no_call(lab: Lab, forge: Callable[[Event], None]) -> None:
    """The request itself would be approved, so nothing but the event stands between it and the accept."""
    event = peering_requested(request(lab))
    forge(event)
    report = lab.event_arrives(event)
    assert (report.decision, report.planned) == ("ignored", ())
    assert dict(lab.calls) == {}


class PairAndStranger(Pair):
    """The pair, and a VPC of an account that the policy does not know."""

    def __init__(self, aws: Lab) -> None:
        super().__init__(aws)
        self.strange = self.vpc("strange", STRANGER, ("10.20.0.0/16",), {"env": "dev", "service": "tidb"})


@pytest.fixture
def strange() -> Iterator[Lab]:
    with Lab(NARROW, world=PairAndStranger) as lab:
        yield lab


def test_the_id_of_a_strangers_request_in_an_event_of_ours_accepts_nothing(strange: Lab) -> None:
    """The body says that dev asks; what AWS says of that id is that a stranger does."""
    theirs = strange.world.request(strange.world.strange, strange.world.tidb)
    event = peering_requested(request(strange))
    _with_peering(event, vpcPeeringConnectionId=theirs["VpcPeeringConnectionId"])
    report = strange.event_arrives(event)
    assert (report.decision, report.planned) == ("held", ())
    assert set(strange.writes) == {"dynamodb:PutItem", "sns:Publish"}
    assert strange.world.status(theirs["VpcPeeringConnectionId"], DATA) == "pending-acceptance"


def test_a_body_that_claims_a_trusted_requester_is_not_believed(strange: Lab) -> None:
    theirs = strange.world.request(strange.world.strange, strange.world.tidb, {"netreflex:rule": "dev-to-data"})
    event = peering_requested(theirs)
    event["account"] = DEV
    _with_peering(event, requesterVpcInfo={"ownerId": DEV, "region": REGION, "vpcId": strange.world.apps.vpc_id})
    assert strange.event_arrives(event).decision == "held"
    assert strange.world.status(theirs["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
    assert set(strange.writes) == {"dynamodb:PutItem", "sns:Publish"}


def test_a_peering_between_strangers_is_not_seen_at_all(strange: Lab) -> None:
    other: World = strange.world
    theirs = other.request(other.vpc("a", STRANGER, ("10.30.0.0/16",), {}), other.strange)
    event = peering_requested(theirs)
    event["account"] = DEV
    event["time"] = "2020-01-01T00:00:00Z"
    assert strange.event_arrives(event).decision == "ignored"
    assert not strange.writes


@pytest.mark.parametrize("end", ["deleted", "rejected"])
def test_a_replay_a_year_later_of_a_request_that_ended_writes_nothing(lab: Lab, end: str) -> None:
    peering = request(lab)
    peering_id = peering["VpcPeeringConnectionId"]
    ec2 = lab.client("ec2", DEV if end == "deleted" else DATA)
    end_it = ec2.delete_vpc_peering_connection if end == "deleted" else ec2.reject_vpc_peering_connection
    end_it(VpcPeeringConnectionId=peering_id)
    event = peering_requested(peering)
    event["time"] = "2025-01-01T00:00:00Z"
    assert lab.event_arrives(event).planned == ()
    assert not {call for call in lab.writes if call.startswith("ec2:")}
    assert lab.alerts() == []


def test_a_replay_a_year_later_of_a_finished_request_writes_nothing(lab: Lab) -> None:
    peering = request(lab)
    lab.request_arrives(peering)
    event = peering_requested(peering)
    event["time"] = "2025-01-01T00:00:00Z"
    assert lab.event_arrives(event).planned == ()
    assert not lab.writes


def test_an_old_event_about_an_unknown_id_is_not_waited_for(lab: Lab) -> None:
    event = peering_requested({**request(lab), "VpcPeeringConnectionId": UNKNOWN})
    event["time"] = "2025-01-01T00:00:00Z"
    report = lab.event_arrives(event)
    assert (report.decision, lab.slept) == ("ignored", [])
    assert not lab.writes
