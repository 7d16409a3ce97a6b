"""After the approval: CIDRs come and go, routes are lost, peerings end. The sweep repairs what is ours and nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chalicelib.model.report import Report
from demo.world import DATA, DEV, Vpc
from tests.aws.faults import Crash, Fault
from tests.lab import Lab
from tests.reliability.events import called
from tests.reliability.worlds import NARROW, Pair, add_route, faulty, gateway, request, targets

ADDED = "10.60.0.0/16"  # outside the policy's cidrs_within
COVERING = NARROW.replace("10.16.0.0/12", "10.16.0.0/12, 10.60.0.0/16")


def _approved(lab: Lab) -> str:
    peering = request(lab)
    assert lab.request_arrives(peering).decision == "approved"
    lab.alerts()
    return str(peering["VpcPeeringConnectionId"])


def _associate(lab: Lab, vpc: Vpc, cidr: str) -> str:
    answer = lab.client("ec2", vpc.account).associate_vpc_cidr_block(VpcId=vpc.vpc_id, CidrBlock=cidr)
    return str(answer["CidrBlockAssociation"]["AssociationId"])


def _network_writes(lab: Lab) -> dict[str, int]:
    return {call: n for call, n in lab.writes.items() if call.startswith("ec2:")}


def _names(report: Report) -> list[str]:
    return [type(action).__name__ for action in report.performed]


def test_a_cidr_added_after_the_approval_is_told_once_and_not_routed(lab: Lab) -> None:
    _approved(lab)
    before = targets(lab, lab.world.tidb)
    _associate(lab, lab.world.apps, ADDED)
    told = []
    for _ in range(3):
        lab.sweep()
        assert _network_writes(lab) == {}
        told += lab.alerts()
    assert targets(lab, lab.world.tidb) == before
    assert [(alert["status"], alert["severity"]) for alert in told] == [("firing", "warning")]
    assert ADDED in told[0]["summary"]


def test_an_added_cidr_that_the_policy_comes_to_cover_is_routed_and_the_alert_ends(lab: Lab) -> None:
    peering_id = _approved(lab)
    _associate(lab, lab.world.apps, ADDED)
    lab.sweep()
    lab.alerts()
    lab.fresh_runtime(COVERING)
    assert _names(lab.sweep()) == ["CreateRoute", "TagPeering"]
    assert targets(lab, lab.world.tidb)["main", ADDED] == peering_id
    (alert,) = lab.alerts()
    assert alert["status"] in {"notice", "resolved"}
    lab.sweep()
    assert not lab.writes


def test_an_added_cidr_within_the_policy_is_routed_at_the_next_sweep(lab: Lab) -> None:
    """The policy names the range itself, so the CIDR needs no new approval."""
    peering_id = _approved(lab)
    _associate(lab, lab.world.apps, "10.20.0.0/16")
    lab.sweep()
    assert targets(lab, lab.world.tidb)["main", "10.20.0.0/16"] == peering_id
    lab.sweep()
    assert not lab.writes


def test_an_added_cidr_that_goes_again_ends_the_alert_and_changes_nothing(lab: Lab) -> None:
    _approved(lab)
    association = _associate(lab, lab.world.apps, ADDED)
    lab.sweep()
    lab.alerts()
    lab.client("ec2", DEV).disassociate_vpc_cidr_block(AssociationId=association)
    lab.sweep()
    assert _network_writes(lab) == {}
    (alert,) = lab.alerts()
    assert alert["status"] in {"notice", "resolved"}


def test_a_withdrawn_cidr_takes_its_own_route_along_and_no_other(lab: Lab) -> None:
    association = _associate(lab, lab.world.apps, "10.20.0.0/16")
    peering_id = _approved(lab)
    theirs = "10.21.0.0/16"
    add_route(lab, lab.world.tidb, theirs, VpcPeeringConnectionId=peering_id)  # by hand, to nothing the peer has
    lab.client("ec2", DEV).disassociate_vpc_cidr_block(AssociationId=association)
    report = lab.sweep()
    assert "DeleteRoute" in _names(report)
    held = targets(lab, lab.world.tidb)
    assert ("main", "10.20.0.0/16") not in held
    assert held["main", theirs] == peering_id
    assert held["main", "10.16.0.0/16"] == peering_id
    assert lab.sweep().planned == ()


@pytest.mark.parametrize("by", ["event", "sweep"])
def test_the_end_of_a_peering_takes_our_blackholes_along_on_both_sides(lab: Lab, by: str) -> None:
    peering_id = _approved(lab)
    add_route(lab, lab.world.tidb, "10.22.0.0/16", VpcPeeringConnectionId=peering_id)  # by hand
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    report = lab.event_arrives(called("DeleteVpcPeeringConnection", peering_id, DEV)) if by == "event" else lab.sweep()
    assert sorted(_names(report)) == ["DeleteRoute", "DeleteRoute"]
    assert targets(lab, lab.world.apps) == {}
    assert targets(lab, lab.world.tidb) == {("main", "10.22.0.0/16"): f"{peering_id} blackhole"}
    assert lab.sweep().planned == ()
    assert _network_writes(lab) == {}


@pytest.mark.parametrize("side", ["apps", "tidb"])
def test_a_route_that_somebody_deleted_is_put_back(lab: Lab, side: str) -> None:
    peering_id = _approved(lab)
    vpc, cidr = {"apps": (lab.world.apps, "10.40.0.0/16"), "tidb": (lab.world.tidb, "10.16.0.0/16")}[side]
    lab.client("ec2", vpc.account).delete_route(RouteTableId=vpc.tables["main"], DestinationCidrBlock=cidr)
    report = lab.sweep()
    assert _names(report) == ["CreateRoute"]
    assert targets(lab, vpc)["main", cidr] == peering_id
    (alert,) = lab.alerts()
    assert "repaired" in alert["title"]
    lab.sweep()
    assert not lab.writes


def test_a_route_of_somebody_else_in_the_way_keeps_the_request_from_being_accepted(lab: Lab) -> None:
    internet = gateway(lab, lab.world.tidb)
    add_route(lab, lab.world.tidb, "10.16.0.0/16", GatewayId=internet)
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert (report.decision, report.planned) == ("held", ())
    assert _network_writes(lab) == {}
    assert targets(lab, lab.world.tidb) == {("main", "10.16.0.0/16"): internet}
    (alert,) = lab.alerts()
    assert alert["status"] == "firing"
    assert internet in alert["cause"]


def test_a_route_that_somebody_turned_elsewhere_is_left_to_them_and_told_once(lab: Lab) -> None:
    _approved(lab)
    internet, table = gateway(lab, lab.world.tidb), lab.world.tidb.tables["main"]
    lab.client("ec2", DATA).replace_route(RouteTableId=table, DestinationCidrBlock="10.16.0.0/16", GatewayId=internet)
    told = []
    for _ in range(3):
        assert lab.sweep().performed == ()
        assert _network_writes(lab) == {}
        told += lab.alerts()
    assert targets(lab, lab.world.tidb) == {("main", "10.16.0.0/16"): internet}
    assert [alert["status"] for alert in told] == ["firing"]
    assert internet in told[0]["cause"]

    lab.client("ec2", DATA).delete_route(RouteTableId=table, DestinationCidrBlock="10.16.0.0/16")
    assert _names(lab.sweep()) == ["CreateRoute"]
    (alert,) = lab.alerts()
    assert alert["status"] in {"notice", "resolved"}


@pytest.mark.parametrize("owned", [True, False], ids=["made by netreflex", "made by hand"])
def test_a_blackhole_of_a_dead_peering_gives_way_to_its_successor(lab: Lab, *, owned: bool) -> None:
    """The requester deleted the peering and asks again; the old route still holds the destination."""
    if owned:
        old = _approved(lab)
    else:
        old = str(request(lab)["VpcPeeringConnectionId"])
        lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=old)
        add_route(lab, lab.world.tidb, "10.16.0.0/16", VpcPeeringConnectionId=old)
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=old)
    assert targets(lab, lab.world.tidb)["main", "10.16.0.0/16"] == f"{old} blackhole"
    successor = request(lab)
    report = lab.request_arrives(successor)
    assert "ReplaceRoute" in _names(report)
    assert (report.failed, report.refused) == ((), ())
    new = successor["VpcPeeringConnectionId"]
    assert targets(lab, lab.world.tidb) == {("main", "10.16.0.0/16"): new}
    assert targets(lab, lab.world.apps) == {("main", "10.40.0.0/16"): new}
    lab.alerts()
    assert lab.sweep().planned == ()
    assert _network_writes(lab) == {}


@pytest.mark.parametrize("ipv6", [False, True])
def test_an_added_ipv6_block_is_told_only_where_the_policy_routes_ipv6(*, ipv6: bool) -> None:
    policy = NARROW.replace(
        "dns_resolution: none", f"dns_resolution: none\n      routes: {{ipv6: {str(ipv6).lower()}}}"
    )
    with Lab(policy, world=Pair) as lab:
        _approved(lab)
        lab.client("ec2", DATA).associate_vpc_cidr_block(VpcId=lab.world.tidb.vpc_id, AmazonProvidedIpv6CidrBlock=True)
        told = []
        for _ in range(2):
            report = lab.sweep()
            assert report.planned == ()
            assert lab.calls["dynamodb:Query"] == 2  # which alerts fire, what is remembered of names; not the ledger
            told += [alert["title"].split(",")[0] for alert in lab.alerts()]
        assert told == (["CIDR added after approval"] if ipv6 else [])


def test_a_cidr_that_comes_between_a_crash_and_its_repair_does_not_leave_the_peering_half_done(lab: Lab) -> None:
    """Found by the simulation: the request was accepted, the run died, and from then on no rule approved it as it was."""
    peering = request(lab)
    with faulty(lab) as faults, suppress(Crash):
        faults.plan = lambda _index, _service, operation, params: (
            Fault("crash") if operation == "CreateRoute" and "DryRun" not in params else None
        )
        lab.request_arrives(peering)
    lab.fresh_runtime()
    _associate(lab, lab.world.apps, ADDED)
    assert _names(lab.sweep()) == ["CreateRoute", "CreateRoute"]
    assert set(targets(lab, lab.world.tidb)) == {("main", "10.16.0.0/16")}
    assert [alert["title"].split(",")[0] for alert in lab.alerts()] == ["CIDR added after approval"]
    assert lab.sweep().planned == ()
    assert not lab.writes
    lab.fresh_runtime(COVERING)
    assert _names(lab.sweep()) == ["CreateRoute", "TagPeering"]
