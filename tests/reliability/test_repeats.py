"""Events come twice, late and out of order; whatever comes, each thing is done once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from demo.cloudtrail import peering_requested
from demo.world import DATA
from tests.lab import Lab
from tests.reliability.events import called
from tests.reliability.worlds import NARROW, Pair, figure, forget, request, state_of

ONCE = {
    "ec2:AcceptVpcPeeringConnection": 1,
    "ec2:CreateRoute": 4,
    "ec2:ModifyVpcPeeringConnectionOptions": 2,
    "ec2:CreateTags": 1,
    "dynamodb:BatchWriteItem": 1,
    "dynamodb:PutItem": 1,
    "sns:Publish": 1,
}


def test_the_same_event_ten_times_does_everything_once(wide: Lab) -> None:
    peering = request(wide)
    writes: Counter[str] = Counter()
    reports = []
    for _ in range(10):
        reports.append(wide.request_arrives(peering))
        writes += wide.writes
    assert dict(writes) == ONCE
    assert [len(report.performed) for report in reports] == [8, *[0] * 9]
    assert {str(report.decision) for report in reports} == {"approved"}
    assert len(wide.alerts()) == 1


def test_the_same_event_in_ten_cold_containers_does_everything_once(wide: Lab) -> None:
    peering = request(wide)
    writes: Counter[str] = Counter()
    for _ in range(10):
        wide.fresh_runtime()
        wide.request_arrives(peering)
        writes += wide.writes
    assert dict(writes) == ONCE


def test_every_order_of_create_accept_and_their_duplicates_ends_the_same(lab: Lab) -> None:
    """Netreflex's own accept gives an event too, and it may overtake the one that caused it."""
    orders = sorted(set(permutations(("create", "create", "accept", "accept", "sweep"), 5)))
    ends, wrong = set(), []
    for order in orders:
        peering = request(lab)
        peering_id = str(peering["VpcPeeringConnectionId"])
        events = {
            "create": peering_requested(peering),
            "accept": called("AcceptVpcPeeringConnection", peering_id, DATA),
        }
        writes: Counter[str] = Counter()
        for name in order:
            if name == "sweep":
                lab.sweep()
            else:
                lab.event_arrives(events[name])
            writes += lab.writes
        state = state_of(lab, peering_id)
        ends.add(str(state))
        if (writes["ec2:AcceptVpcPeeringConnection"], writes["ec2:CreateRoute"], writes["sns:Publish"]) != (1, 2, 1):
            wrong.append((order, dict(writes)))
        forget(lab, peering_id)
    assert wrong == []
    assert len(ends) == 1
    figure(f"{len(orders)} orders of 2 x Create, 2 x Accept and a sweep: one Accept, one CreateRoute a table and CIDR")


@pytest.mark.parametrize("repeat", ["event", "sweep"])
def test_the_second_pass_writes_nothing(wide: Lab, repeat: str) -> None:
    peering = request(wide)
    wide.request_arrives(peering)
    wide.fresh_runtime()
    report = wide.request_arrives(peering) if repeat == "event" else wide.sweep()
    assert dict(wide.writes) == {}
    assert report.performed == report.planned == ()


def test_a_sweep_does_what_a_lost_event_would_have_done(wide: Lab) -> None:
    peering = request(wide)
    wide.sweep()
    assert dict(wide.writes) == ONCE
    by_sweep = state_of(wide, peering["VpcPeeringConnectionId"])
    forget(wide, peering["VpcPeeringConnectionId"])
    again = request(wide)
    wide.request_arrives(again)
    assert state_of(wide, again["VpcPeeringConnectionId"]) == by_sweep


def test_an_accept_by_a_person_is_completed_with_routes(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    report = lab.event_arrives(called("AcceptVpcPeeringConnection", peering_id, DATA))
    assert report.decision == "approved"
    assert (lab.writes["ec2:AcceptVpcPeeringConnection"], lab.writes["ec2:CreateRoute"]) == (0, 2)
    assert (report.failed, report.refused) == ((), ())


def test_a_peering_rejected_by_a_person_is_left_alone(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    lab.client("ec2", DATA).reject_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    report = lab.event_arrives(called("RejectVpcPeeringConnection", peering_id, DATA))
    assert (report.decision, report.planned) == ("observed", ())
    assert lab.alerts() == []


def test_a_held_request_is_told_when_it_comes_and_when_its_time_runs_out() -> None:
    """The sweep is silent while nothing changes; the clock alone can change something."""
    clock = [datetime.now(UTC)]
    with Lab(NARROW.replace("service: tidb", "service: other"), world=Pair, now=lambda: clock[0]) as lab:
        request(lab)
        told, silent = [], 0
        for _ in range(6 * 24):
            lab.sweep()
            silent += not lab.writes
            told += [(alert["severity"], alert["title"].split(":")[0]) for alert in lab.alerts()]
            clock[0] += timedelta(hours=1)
    assert told == [("info", "VPC peering request waits"), ("warning", "VPC peering request expires soon")]
    assert silent == 6 * 24 - 2
