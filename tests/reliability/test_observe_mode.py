"""Observe mode: everything but the writes. It plans and tells, and AWS stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.world import DATA, DEV
from tests.lab import Lab
from tests.reliability.worlds import NARROW, WIDE, Pair, WidePair, request, state_of

TELLING = {"dynamodb:PutItem", "sns:Publish"}


@pytest.fixture
def watched() -> Iterator[Lab]:
    with Lab(WIDE, mode="observe", world=WidePair) as lab:
        yield lab


def test_an_approved_request_is_planned_and_told_and_not_touched(watched: Lab) -> None:
    peering = request(watched)
    before = state_of(watched, peering["VpcPeeringConnectionId"])
    report = watched.request_arrives(peering)
    assert report.decision == "approved"
    assert [type(action).__name__ for action in report.planned] == [
        "AcceptPeering",
        *["CreateRoute"] * 4,
        *["EnableDnsResolution"] * 2,
        "TagPeering",
    ]
    assert (report.performed, report.failed, report.proof) == ((), (), ())
    assert set(watched.writes) == TELLING
    assert state_of(watched, peering["VpcPeeringConnectionId"]) == before
    (alert,) = watched.alerts()
    assert "would be approved" in alert["title"]
    assert "observe mode" in alert["summary"]
    assert alert["evidence"].count("add route") == 4


def test_the_plan_is_the_one_that_enforce_mode_carries_out(wide: Lab) -> None:
    peering = request(wide)
    wide.mode = "observe"
    wide.fresh_runtime()
    planned = wide.request_arrives(peering).planned
    wide.mode = "enforce"
    wide.fresh_runtime()
    assert wide.request_arrives(peering).performed == planned


def test_every_sweep_plans_and_only_the_first_tells(watched: Lab) -> None:
    request(watched)
    for _ in range(3):
        report = watched.sweep()
        assert (len(report.planned), report.performed) == (8, ())
        assert not {call for call in watched.writes if call.startswith("ec2:")}
    assert len(watched.alerts()) == 1


def test_a_rejection_is_only_told() -> None:
    with Lab(NARROW.replace("decision: approve", "decision: reject"), mode="observe", world=Pair) as lab:
        peering = request(lab)
        report = lab.request_arrives(peering)
        assert [type(action).__name__ for action in report.planned] == ["RejectPeering"]
        assert lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
        (alert,) = lab.alerts()
        assert "would be rejected" in alert["title"]


def test_lost_routes_and_dead_ones_are_only_told(wide: Lab) -> None:
    peering = request(wide)
    wide.request_arrives(peering)
    wide.alerts()
    ec2 = wide.client("ec2", DEV)
    ec2.delete_route(RouteTableId=wide.world.apps.tables["main"], DestinationCidrBlock="10.40.8.0/22")
    wide.mode = "observe"
    wide.fresh_runtime()
    assert [type(action).__name__ for action in wide.sweep().planned] == ["CreateRoute"]
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    assert [type(action).__name__ for action in wide.sweep().planned] == ["DeleteRoute"] * 3
    assert not {call for call in wide.writes if call.startswith("ec2:")}
