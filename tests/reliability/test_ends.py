"""How what was approved ends: deleted, undone every night, or left without a rule. Nobody has to find it out by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from demo.world import DATA, DEV
from tests.lab import Lab
from tests.reliability.events import called
from tests.reliability.worlds import NARROW, Pair, add_route, gateway, request, targets

NO_RULE = NARROW.replace('accounts: ["111122223333"]', 'accounts: ["999999999999"]')
APPS_ROUTE = "10.40.0.0/16"


def _approved(lab: Lab) -> str:
    peering = request(lab)
    assert lab.request_arrives(peering).decision == "approved"
    lab.alerts()
    return str(peering["VpcPeeringConnectionId"])


def _undo(lab: Lab) -> None:
    table = lab.world.apps.tables["main"]
    lab.client("ec2", DEV).delete_route(RouteTableId=table, DestinationCidrBlock=APPS_ROUTE)


def _told(lab: Lab) -> list[tuple[str, str, str]]:
    return [(alert["status"], alert["severity"], alert["title"].split(":")[0]) for alert in lab.alerts()]


class Clock:
    now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_route_that_is_undone_every_night_is_told_every_night() -> None:
    clock = Clock()
    with Lab(NARROW, world=Pair, now=clock) as lab:
        _approved(lab)
        for _night in range(3):
            clock.now += timedelta(days=1)
            _undo(lab)
            assert len(lab.sweep().performed) == 1
            (alert,) = lab.alerts()
            assert "repaired" in alert["title"]
            assert f"Repaired at {clock.now:%Y-%m-%d %H:%MZ}." in alert["cause"]
            assert f"Add route {APPS_ROUTE}" in alert["cause"]
            lab.sweep()
            assert (lab.alerts(), lab.writes) == ([], {})


@pytest.mark.parametrize("by", ["event", "sweep"])
def test_the_end_of_a_peering_is_told_with_the_routes_that_went(lab: Lab, by: str) -> None:
    peering_id = _approved(lab)
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    if by == "event":
        lab.event_arrives(called("DeleteVpcPeeringConnection", peering_id, DEV))
    else:
        lab.sweep()
    (alert,) = lab.alerts()
    assert (alert["status"], alert["title"].split(":")[0]) == ("notice", "VPC peering deleted, our routes removed")
    assert f"delete route {APPS_ROUTE}" in alert["evidence"]
    assert "delete route 10.16.0.0/16" in alert["evidence"]
    lab.sweep()
    assert lab.alerts() == []


def test_the_end_of_a_peering_that_netreflex_never_touched_is_no_news(lab: Lab) -> None:
    lab.fresh_runtime(NO_RULE)
    peering_id = request(lab)["VpcPeeringConnectionId"]
    lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    lab.sweep()
    assert lab.alerts() == []


ABANDONED = ("firing", "warning", "VPC peering active, no rule approves it any more")


@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "tags taken away"])
def test_a_peering_that_outlives_its_rule_is_told_until_it_ends_or_a_rule_takes_it_up(
    lab: Lab, *, tagged: bool
) -> None:
    peering_id = _approved(lab)
    if not tagged:
        lab.client("ec2", DATA).delete_tags(Resources=[peering_id])
    before = (targets(lab, lab.world.apps), targets(lab, lab.world.tidb))
    lab.fresh_runtime(NO_RULE)
    told: list[Any] = []
    for _ in range(3):
        assert lab.sweep().performed == ()
        told += lab.alerts()
    assert [(one["status"], one["severity"], one["title"].split(":")[0]) for one in told] == [ABANDONED]
    assert "aws ec2 delete-vpc-peering-connection" in told[0]["remedy"][1]
    assert (targets(lab, lab.world.apps), targets(lab, lab.world.tidb)) == before

    lab.fresh_runtime(NARROW)
    lab.sweep()
    (alert,) = lab.alerts()
    assert alert["status"] in {"notice", "resolved"}


def test_a_conflict_does_not_end_because_the_rule_went(lab: Lab) -> None:
    _approved(lab)
    table = lab.world.tidb.tables["main"]
    lab.client("ec2", DATA).delete_route(RouteTableId=table, DestinationCidrBlock="10.16.0.0/16")
    add_route(lab, lab.world.tidb, "10.16.0.0/16", GatewayId=gateway(lab, lab.world.tidb))
    lab.sweep()
    assert _told(lab) == [("firing", "error", "VPC peering has a route conflict")]
    lab.fresh_runtime(NO_RULE)
    lab.sweep()
    assert _told(lab) == [ABANDONED]


def test_a_peering_that_outlived_its_rule_and_is_deleted_then_is_over(lab: Lab) -> None:
    peering_id = _approved(lab)
    lab.fresh_runtime(NO_RULE)
    lab.sweep()
    assert _told(lab) == [ABANDONED]
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    lab.sweep()
    assert _told(lab) == [("notice", "info", "VPC peering deleted, our routes removed")]
    assert targets(lab, lab.world.apps) == targets(lab, lab.world.tidb) == {}


def test_an_active_peering_that_nobody_approved_is_nobodys_news(lab: Lab) -> None:
    lab.fresh_runtime(NO_RULE)
    peering_id = request(lab)["VpcPeeringConnectionId"]
    lab.sweep()
    lab.alerts()
    lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    lab.sweep()
    assert [status for status, _, _ in _told(lab)] == ["resolved"]
    lab.sweep()
    assert lab.alerts() == []


# ---- what nobody can see any more ------------------------------------------------------------------------------------
UNSEEN = ("resolved", "info", "VPC peering is not to be seen any more")


def _forgotten_by_aws(peering_id: str) -> None:
    """AWS shows what ended for hours to days, and then no more."""
    for _account, _region, backend in ec2_backends.iter_backends():
        backend.vpc_pcxs.pop(peering_id, None)


def _held(lab: Lab) -> str:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    lab.sweep()
    assert [(status, title) for status, _, title in _told(lab)] == [("firing", "VPC peering request waits")]
    return peering_id


def test_a_request_that_ended_while_netreflex_was_off_waits_no_more() -> None:
    clock = Clock()
    with Lab(NO_RULE, world=Pair, now=clock) as lab:
        _forgotten_by_aws(_held(lab))
        lab.sweep()
        assert _told(lab) == []  # EC2 may not show for a moment what is there
        clock.now += timedelta(minutes=20)
        report = lab.sweep()
        assert _told(lab) == [UNSEEN]
        assert len(report.alerts) == 1
        lab.sweep()
        assert (_told(lab), lab.writes) == ([], {})


def test_what_cannot_be_read_is_not_taken_for_gone() -> None:
    clock = Clock()
    with Lab(NO_RULE, world=Pair, now=clock) as lab:
        _forgotten_by_aws(_held(lab))
        clock.now += timedelta(minutes=20)
        lab.denied.add(("ec2:DescribeVpcPeeringConnections", DATA))
        lab.sweep()
        assert _told(lab) == [("firing", "error", "netreflex cannot look into data eu-west-1")]


def test_accounts_that_leave_the_policy_take_their_alerts_along() -> None:
    clock = Clock()
    with Lab(NO_RULE, world=Pair, now=clock) as lab:
        _held(lab)
        lab.denied.add(("ec2:DescribeVpcs", DATA))
        lab.sweep()
        assert _told(lab) == [("firing", "error", "netreflex cannot look into data eu-west-1")]
        clock.now += timedelta(minutes=20)
        lab.fresh_runtime("version: 1\n")
        lab.sweep()
        assert sorted(_told(lab)) == sorted(
            [UNSEEN, ("resolved", "error", "netreflex need not look into data eu-west-1 any more")]
        )
        lab.sweep()
        assert (_told(lab), lab.writes) == ([], {})
