"""EC2 is eventually consistent: what a read says right after a change may be the past, or nothing."""

from __future__ import annotations

import pytest

from chalicelib.model.errors import RetryLater
from chalicelib.observe.patience import PATIENCE
from demo.cloudtrail import peering_requested
from demo.world import DATA, DEV
from tests.aws import strict_moto
from tests.lab import Lab
from tests.reliability.events import called
from tests.reliability.worlds import State, figure, forget, request, state_of

LOOKS = len(PATIENCE) + 1


def _settled(lab: Lab, peering_id: str) -> State:
    """The state once AWS has caught up with itself; the test's own reads are stale at first as well."""
    for _ in range(LOOKS):
        state_of(lab, peering_id)
    return state_of(lab, peering_id)


@pytest.mark.parametrize("stale", range(6))
def test_stale_reads_after_the_accept_lead_to_no_second_accept(lab: Lab, stale: int) -> None:
    """The accept's own answer says active; the duplicate that follows reads pending, and may have to come again."""
    with strict_moto.lagging(accepted=stale):
        peering = request(lab)
        happened, put_off, accepts = peering_requested(peering), 0, 0
        for _ in range(2 + stale):
            try:
                lab.event_arrives(happened)
            except RetryLater:
                put_off += 1
            accepts += lab.writes["ec2:AcceptVpcPeeringConnection"]
    routes = [row for row in _settled(lab, peering["VpcPeeringConnectionId"]).routes if row[3] == "pcx"]
    assert len(routes) == 2
    assert {alert["title"] for alert in lab.alerts()} == {"VPC peering approved: apps (dev) -> tidb (data)"}
    assert put_off <= stale
    figure(f"{stale} stale reads: {put_off} of {2 + stale} runs put off, {accepts} accept calls, 1 peering, 2 routes")


@pytest.mark.parametrize("stale", range(1, 6))
def test_an_accept_that_answers_provisioning_is_waited_for_within_the_bound(lab: Lab, stale: int) -> None:
    """Stale reads of the state after the accept count as waiting; the bound is the sum of the patience."""
    with strict_moto.lagging(accepted=stale):
        peering = request(lab)
        peering_id = str(peering["VpcPeeringConnectionId"])
        lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        for _ in range(stale + 1):
            try:
                report = lab.event_arrives(called("AcceptVpcPeeringConnection", peering_id, DATA))
            except RetryLater:
                continue
            if report.decision == "approved" and not report.failed:
                break
    state = _settled(lab, peering_id)
    assert state.status == "active"
    assert len([row for row in state.routes if row[3] == "pcx"]) == 2
    assert sum(lab.slept) <= sum(PATIENCE) * (stale + 1)


@pytest.mark.parametrize("unseen", range(LOOKS))
def test_a_request_that_the_accepter_does_not_see_yet_is_looked_for_again(lab: Lab, unseen: int) -> None:
    with strict_moto.lagging(created=unseen):
        report = lab.request_arrives(request(lab))
    assert report.decision == "approved"
    assert report.failed == ()
    assert lab.slept == list(PATIENCE[:unseen])
    assert lab.writes["ec2:AcceptVpcPeeringConnection"] == 1


@pytest.mark.parametrize("unseen", [LOOKS, 2 * LOOKS - 1])
def test_what_is_not_visible_within_the_bound_is_left_to_the_next_run(lab: Lab, unseen: int) -> None:
    with strict_moto.lagging(created=unseen):
        peering = request(lab)
        with pytest.raises(RetryLater, match="run again"):
            lab.request_arrives(peering)
        assert not lab.writes
        assert sum(lab.slept) == sum(PATIENCE)
        assert lab.request_arrives(peering).decision == "approved"
    assert lab.writes["ec2:AcceptVpcPeeringConnection"] == 1


def test_a_sweep_leaves_a_request_alone_that_one_side_does_not_see_yet(lab: Lab) -> None:
    with strict_moto.lagging(created=1):
        peering = request(lab)
        assert lab.sweep().planned == ()
        assert not lab.writes
        assert len(lab.sweep().performed) == 4
    assert state_of(lab, peering["VpcPeeringConnectionId"]).status == "active"


def test_a_peering_in_provisioning_is_waited_for_and_then_put_off(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    strict_moto.set_peering_status(peering_id, "provisioning")
    with pytest.raises(RetryLater):
        lab.event_arrives(called("AcceptVpcPeeringConnection", peering_id, DATA))
    assert not lab.writes
    assert sum(lab.slept) == sum(PATIENCE)
    strict_moto.set_peering_status(peering_id, "active")
    assert lab.event_arrives(called("AcceptVpcPeeringConnection", peering_id, DATA)).decision == "approved"


def test_a_deleted_request_that_the_other_side_forgot_is_not_accepted(lab: Lab) -> None:
    peering = request(lab)
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    assert lab.request_arrives(peering).planned == ()
    forget(lab, str(peering["VpcPeeringConnectionId"]))
    with pytest.raises(RetryLater):
        lab.request_arrives(peering)
    assert not lab.writes


@pytest.mark.parametrize("stale", [1, 4, 8])
def test_a_route_that_reads_do_not_show_yet_raises_no_false_alarm(lab: Lab, stale: int) -> None:
    lab.stale_routes = stale
    report = lab.request_arrives(request(lab))
    assert all("reaches the peering" in line for line in report.proof)
    assert [alert["status"] for alert in lab.alerts()] == ["notice"]
    assert 0 < sum(lab.slept) <= sum(PATIENCE)
