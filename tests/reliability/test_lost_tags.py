"""Tags are a note that saves reads. Whoever takes them away, or never lets them be set, approves nothing by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG
from chalicelib.model.errors import NetreflexError
from demo.world import DATA, DEV, Aws
from tests.lab import Lab
from tests.reliability.worlds import NARROW, Pair, request, state_of, targets

OPEN = NARROW.replace(", cidrs_within: [10.16.0.0/12, 100.64.0.0/10]", "")
ADDED = "10.99.0.0/16"


@pytest.fixture
def open_lab() -> Iterator[Lab]:
    """A rule that names an account and no range, so that only the approval says which CIDRs are meant."""
    with Lab(OPEN, world=Pair) as lab:
        yield lab


def _untag(lab: Lab, peering_id: str, *keys: str) -> None:
    lab.client("ec2", DATA).delete_tags(Resources=[peering_id], Tags=[{"Key": key} for key in keys])


def _associate(lab: Lab, cidr: str) -> None:
    lab.client("ec2", DEV).associate_vpc_cidr_block(VpcId=lab.world.apps.vpc_id, CidrBlock=cidr)


@pytest.mark.parametrize(
    "keys", [(RULE_TAG,), (CIDRS_TAG,), (VERSION_TAG,), (RULE_TAG, CIDRS_TAG, VERSION_TAG)], ids=" ".join
)
def test_a_cidr_added_after_the_tags_were_taken_away_is_told_and_not_routed(
    open_lab: Lab, keys: tuple[str, ...]
) -> None:
    peering = request(open_lab)
    open_lab.request_arrives(peering)
    open_lab.alerts()
    before = targets(open_lab, open_lab.world.tidb)
    _untag(open_lab, peering["VpcPeeringConnectionId"], *keys)
    _associate(open_lab, ADDED)
    for trigger in (open_lab.sweep, lambda: open_lab.request_arrives(peering)):
        report = trigger()
        assert report.performed == ()
        assert not {call for call in open_lab.writes if call.startswith("ec2:")}
    assert targets(open_lab, open_lab.world.tidb) == before
    (alert,) = open_lab.alerts()
    assert (alert["status"], alert["severity"]) == ("firing", "warning")
    assert ADDED in alert["summary"]


def test_a_cidr_added_where_we_may_not_tag_is_told_and_not_routed(open_lab: Lab) -> None:
    open_lab.denied.add(("ec2:CreateTags", DATA))
    open_lab.request_arrives(request(open_lab))
    before = targets(open_lab, open_lab.world.tidb)
    open_lab.alerts()
    _associate(open_lab, ADDED)
    open_lab.sweep()
    assert targets(open_lab, open_lab.world.tidb) == before
    (alert,) = open_lab.alerts()
    assert ADDED in alert["summary"]


def test_tags_that_were_taken_away_are_set_again_and_told_to_nobody_twice(open_lab: Lab) -> None:
    peering = request(open_lab)
    peering_id = peering["VpcPeeringConnectionId"]
    open_lab.request_arrives(peering)
    finished = state_of(open_lab, peering_id)
    _untag(open_lab, peering_id, RULE_TAG, CIDRS_TAG, VERSION_TAG)
    report = open_lab.sweep()
    assert [type(action).__name__ for action in report.performed] == ["TagPeering"]
    assert state_of(open_lab, peering_id) == finished
    assert {alert["title"].split(":")[0] for alert in open_lab.alerts()} == {"VPC peering approved"}
    open_lab.sweep()
    assert not open_lab.writes


class Crowd(Pair):
    """The pair, and peerings that people made by hand between VPCs that no rule approves."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        hub = self.vpc("hub", DATA, ("10.200.0.0/16",), {"service": "other"})
        for number in range(120):
            spoke = self.vpc(f"spoke{number}", DEV, (f"10.30.{number}.0/24",), {})
            made = self.request(spoke, hub)["VpcPeeringConnectionId"]
            aws.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=made)


def test_peerings_that_people_made_are_looked_up_a_hundred_at_a_time() -> None:
    with Lab(NARROW, world=Crowd) as lab:
        report = lab.sweep()
        assert report.reasons[0] == "120 peerings: 120 observed"
        assert lab.calls["dynamodb:BatchGetItem"] == 2
        assert lab.calls["dynamodb:Query"] == 2  # which alerts fire; what is remembered of names
        assert not lab.writes
        assert lab.alerts() == []


@pytest.mark.parametrize(
    ("call", "account"), [("dynamodb:BatchGetItem", "123456789012"), ("ec2:DescribeTags", DATA)], ids=["ledger", "tags"]
)
def test_where_what_was_approved_cannot_be_read_nothing_is_done(open_lab: Lab, call: str, account: str) -> None:
    peering_id = request(open_lab)["VpcPeeringConnectionId"]
    open_lab.sweep()
    _untag(open_lab, peering_id, RULE_TAG)
    _associate(open_lab, ADDED)
    open_lab.denied.add((call, account))
    try:
        said = str(open_lab.sweep().reasons)
    except NetreflexError as error:
        said = str(error)
    assert f"{call} was refused" in said
    assert [one for one in open_lab.writes if one.startswith("ec2:")] == []
    open_lab.denied.clear()
    open_lab.sweep()
    assert any(ADDED in alert["summary"] for alert in open_lab.alerts())
