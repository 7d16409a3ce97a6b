"""AWS may cut any answer short, and may refuse to tell a quota: everything is found, and what was assumed is said."""

from __future__ import annotations

import pytest

from chalicelib.decide.quotas import ACTIVE_PEERINGS, ROUTES_PER_TABLE
from demo.world import DATA, DEV, REGION, Vpc
from tests.aws import strict_moto
from tests.aws.strict.quotas import set_quota
from tests.lab import Lab
from tests.reliability.worlds import add_route, gateway, request, state_of, targets


def _tables(lab: Lab, vpc: Vpc, count: int) -> list[str]:
    ec2 = lab.client("ec2", vpc.account)
    return [ec2.create_route_table(VpcId=vpc.vpc_id)["RouteTable"]["RouteTableId"] for _ in range(count)]


@pytest.mark.parametrize("by", ["event", "sweep"])
def test_every_table_is_routed_when_answers_come_one_entry_a_page(lab: Lab, by: str) -> None:
    tables = _tables(lab, lab.world.apps, 6)
    peering = request(lab)
    with strict_moto.pages_of(1):
        report = lab.request_arrives(peering) if by == "event" else lab.sweep()
    assert lab.writes["ec2:CreateRoute"] == len(tables) + 2
    assert lab.calls["ec2:DescribeRouteTables"] > 10
    assert all("reaches the peering" in line for line in report.proof)
    for table in tables:
        (found,) = lab.client("ec2", DEV).describe_route_tables(RouteTableIds=[table])["RouteTables"]
        assert peering["VpcPeeringConnectionId"] in {route.get("VpcPeeringConnectionId") for route in found["Routes"]}


def test_a_request_on_the_last_page_of_peerings_is_found(lab: Lab) -> None:
    for number in range(4):
        other = lab.world.vpc(f"other{number}", DEV, (f"172.{16 + number}.0.0/16",), {})
        lab.world.request(other, lab.world.tidb)
    peering = request(lab)
    with strict_moto.pages_of(1):
        assert lab.request_arrives(peering).decision == "approved"
    assert state_of(lab, peering["VpcPeeringConnectionId"]).status == "active"


def test_quotas_are_not_asked_where_the_smallest_value_suffices(lab: Lab) -> None:
    lab.request_arrives(request(lab))
    assert not [call for call in lab.calls if call.startswith("service-quotas:")]


def _crowded(lab: Lab, routes: int) -> None:
    internet = gateway(lab, lab.world.apps)
    for number in range(routes):
        add_route(lab, lab.world.apps, f"192.168.{number}.0/24", GatewayId=internet)


def test_a_table_that_could_overflow_has_its_quota_asked_on_its_side_alone(lab: Lab) -> None:
    _crowded(lab, 50)
    report = lab.request_arrives(request(lab))
    assert (report.decision, report.failed) == ("approved", ())
    assert lab.calls["service-quotas:GetServiceQuota"] == 1
    assert any("routes per route table" in reason and "Service Quotas" in reason for reason in report.reasons)


def test_a_table_that_would_overflow_keeps_the_request_from_being_accepted(lab: Lab) -> None:
    set_quota(DEV, REGION, ROUTES_PER_TABLE, 50)
    _crowded(lab, 49)
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert (report.decision, report.planned) == ("held", ())
    assert lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
    (alert,) = lab.alerts()
    assert "51 IPv4 routes, 50 are allowed" in alert["cause"]
    assert any("custom route table" in step for step in alert["remedy"])

    set_quota(DEV, REGION, ROUTES_PER_TABLE, 100)
    assert len(lab.sweep().performed) == 4


def test_a_vpc_with_too_many_peerings_is_refused_with_the_quota_named(lab: Lab) -> None:
    set_quota(DATA, REGION, ACTIVE_PEERINGS, 50)
    for number in range(50):
        other = lab.world.vpc(f"other{number}", DEV, (f"172.16.{number}.0/24",), {})
        one = lab.world.request(other, lab.world.tidb)["VpcPeeringConnectionId"]
        lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=one)
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert (report.decision, report.planned) == ("held", ())
    assert any("51 active peerings, 50 are allowed" in reason for reason in report.reasons)


def test_a_quota_that_aws_refuses_to_tell_is_the_documented_default_and_said(lab: Lab) -> None:
    _crowded(lab, 50)
    lab.denied.add(("service-quotas:GetServiceQuota", DEV))
    report = lab.request_arrives(request(lab))
    assert (report.decision, report.failed) == ("approved", ())
    assert any(
        "routes per route table" in reason
        and "500 (documented default; servicequotas:GetServiceQuota answered AccessDenied)" in reason
        for reason in report.reasons
    )


def _prefix_list(lab: Lab, vpc: Vpc, *cidrs: str, most: int = 10) -> str:
    answer = lab.client("ec2", vpc.account).create_managed_prefix_list(
        PrefixListName="partners",
        AddressFamily="IPv4",
        MaxEntries=most,
        Entries=[{"Cidr": cidr} for cidr in cidrs],
    )
    return str(answer["PrefixList"]["PrefixListId"])


def _route_to_list(lab: Lab, vpc: Vpc, list_id: str) -> None:
    lab.client("ec2", vpc.account).create_route(
        RouteTableId=vpc.tables["main"],
        DestinationPrefixListId=list_id,
        GatewayId=gateway(lab, vpc),
    )


def test_a_prefix_list_that_covers_the_destination_is_a_conflict(lab: Lab) -> None:
    listed = _prefix_list(lab, lab.world.apps, "192.168.7.0/24", "10.40.128.0/17")
    _route_to_list(lab, lab.world.apps, listed)
    report = lab.request_arrives(request(lab))
    assert (report.decision, report.planned) == ("held", ())
    assert any(f"from prefix list {listed}" in reason for reason in report.reasons)
    assert lab.calls["ec2:GetManagedPrefixListEntries"] == 1


def test_a_prefix_list_elsewhere_is_read_once_and_stands_in_nobodys_way(lab: Lab) -> None:
    listed = _prefix_list(lab, lab.world.apps, "192.168.7.0/24", "192.168.9.0/24")
    _route_to_list(lab, lab.world.apps, listed)
    peering = request(lab)
    report = lab.request_arrives(peering)
    assert (report.decision, report.failed) == ("approved", ())
    assert targets(lab, lab.world.apps)["main", "10.40.0.0/16"] == peering["VpcPeeringConnectionId"]


@pytest.mark.parametrize(("most", "decision"), [(10, "approved"), (60, "held")])
def test_a_prefix_list_counts_with_the_entries_that_it_may_have(lab: Lab, most: int, decision: str) -> None:
    """The extra table has the same room, and names no list."""
    set_quota(DEV, REGION, ROUTES_PER_TABLE, 50)
    listed = _prefix_list(lab, lab.world.apps, "192.168.7.0/24", most=most)
    _route_to_list(lab, lab.world.apps, listed)
    report = lab.request_arrives(request(lab))
    assert report.decision == decision
    assert lab.calls["ec2:DescribeManagedPrefixLists"] == 1
    if decision == "held":
        assert any(f"{listed} as 60" in reason for reason in report.reasons)
        assert not {call for call in lab.writes if call.startswith("ec2:")}
    lab.request_arrives(request(lab))
    assert lab.calls["ec2:DescribeManagedPrefixLists"] == int(decision == "held")


def test_a_size_that_may_not_be_read_is_no_obstacle(lab: Lab) -> None:
    listed = _prefix_list(lab, lab.world.apps, "192.168.7.0/24", most=60)
    _route_to_list(lab, lab.world.apps, listed)
    lab.denied.add(("ec2:DescribeManagedPrefixLists", DEV))
    report = lab.request_arrives(request(lab))
    assert (report.decision, report.failed) == ("approved", ())
    assert any(f"how many entries {listed} may have is not known" in reason for reason in report.reasons)
