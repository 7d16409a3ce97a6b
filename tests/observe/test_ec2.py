"""EC2's answers become facts: every CIDR, every target, every association, and nothing that is not in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.model.errors import AccessRefused, AwsFailure, NetreflexError, RetryLater
from chalicelib.model.facts import PeeringStatus, RouteState, RouteTable
from chalicelib.model.network import Place
from chalicelib.observe import ec2

HERE = Place(account="111122223333", region="eu-west-1")
EXPIRES = datetime(2026, 11, 30, tzinfo=UTC)
PENDING: dict[str, Any] = {
    "VpcPeeringConnectionId": "pcx-0a",
    "Status": {"Code": "pending-acceptance", "Message": "Pending Acceptance by 444455556666"},
    "ExpirationTime": EXPIRES,
    "RequesterVpcInfo": {
        "OwnerId": "111122223333",
        "Region": "eu-west-1",
        "VpcId": "vpc-0a",
        "CidrBlock": "10.16.0.0/16",
        "CidrBlockSet": [{"CidrBlock": "10.16.0.0/16"}, {"CidrBlock": "100.64.0.0/20"}],
        "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": "2600:1f18::/56"}],
        "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": False},
    },
    "AccepterVpcInfo": {"OwnerId": "444455556666", "Region": "us-east-1", "VpcId": "vpc-0b"},
    "Tags": [{"Key": "netreflex:rule", "Value": "r"}],
}


@dataclass
class Ec2:
    """A client whose paginators give these pages, by operation."""

    pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    error: Exception | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401
        client = self

        class Paginator:
            @staticmethod
            def paginate(**arguments: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
                client.asked.append((operation, arguments))
                yield from client.pages.get(operation, [])
                if client.error:
                    raise client.error

        return Paginator()


def test_a_pending_request_is_known_by_its_requesters_end() -> None:
    fact = ec2.peering_fact(PENDING)
    assert (fact.peering_id, fact.status, fact.expires_at) == ("pcx-0a", PeeringStatus.PENDING, EXPIRES)
    assert fact.requester.cidrs == tuple(map(ip_network, ("10.16.0.0/16", "100.64.0.0/20", "2600:1f18::/56")))
    assert fact.requester.dns_resolution is False
    assert (fact.accepter.cidrs, fact.accepter.dns_resolution) == ((), None)
    assert str(fact.accepter.vpc) == "vpc-0b (444455556666/us-east-1)"
    assert fact.tags == {"netreflex:rule": "r"}


def test_a_status_that_aws_invents_is_unknown_and_not_an_error() -> None:
    assert ec2.peering_fact({**PENDING, "Status": {"Code": "pondering"}}).status is PeeringStatus.UNKNOWN
    assert ec2.peering_fact({key: PENDING[key] for key in PENDING if key != "Status"}).status is PeeringStatus.UNKNOWN


def test_a_vpc_has_the_cidrs_that_are_associated_and_no_others() -> None:
    states = ("associated", "associating", "disassociated", "failing")
    answer = {
        "VpcId": "vpc-0a",
        "CidrBlockAssociationSet": [
            {"CidrBlock": f"10.{number}.0.0/16", "CidrBlockState": {"State": state}}
            for number, state in enumerate(states)
        ],
        "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": f"2600:{number}::/56", "Ipv6CidrBlockState": {"State": state}}
            for number, state in enumerate(states)
        ],
        "Tags": [{"Key": "env", "Value": "dev"}],
    }
    (vpc,) = ec2.describe_vpcs(Ec2({"describe_vpcs": [{"Vpcs": [answer]}]}), HERE)
    assert vpc.cidrs == (ip_network("10.0.0.0/16"), ip_network("2600:0::/56"))
    assert vpc.tags == {"env": "dev"}


def _table(**answer: Any) -> RouteTable:  # noqa: ANN401
    whole = {"RouteTableId": "rtb-0a", "VpcId": "vpc-0a", "Routes": [], **answer}
    (table,) = ec2.describe_route_tables(Ec2({"describe_route_tables": [{"RouteTables": [whole]}]}), HERE)
    return table


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("VpcPeeringConnectionId", "pcx-0a"),
        ("TransitGatewayId", "tgw-0a"),
        ("NatGatewayId", "nat-0a"),
        ("GatewayId", "igw-0a"),
        ("GatewayId", "local"),
        ("NetworkInterfaceId", "eni-0a"),
        ("EgressOnlyInternetGatewayId", "eigw-0a"),
        ("LocalGatewayId", "lgw-0a"),
        ("CarrierGatewayId", "cagw-0a"),
        ("CoreNetworkArn", "arn:aws:networkmanager::1:core-network/c"),
        ("OdbNetworkArn", "arn:aws:odb:eu-west-1:1:odb-network/o"),
        ("SomethingNewId", "unknown"),
    ],
)
def test_a_route_leads_to_its_target_whatever_kind_it_is(key: str, target: str) -> None:
    (route,) = _table(Routes=[{"DestinationCidrBlock": "10.0.0.0/8", key: target, "State": "active"}]).routes
    assert route.target == target
    assert route.local is (target == "local")


def test_an_instance_is_told_by_its_interface() -> None:
    """An instance route carries both; the interface is what it is made of."""
    route = {
        "DestinationCidrBlock": "10.0.0.0/8",
        "InstanceId": "i-0a",
        "NetworkInterfaceId": "eni-0a",
        "State": "active",
    }
    assert _table(Routes=[route]).routes[0].target == "eni-0a"


@pytest.mark.parametrize(
    ("state", "fact"),
    [("active", RouteState.ACTIVE), ("blackhole", RouteState.BLACKHOLE), ("filtered", RouteState.UNKNOWN)],
)
def test_a_route_has_the_state_that_aws_tells(state: str, fact: RouteState) -> None:
    (route,) = _table(Routes=[{"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "igw-0a", "State": state}]).routes
    assert route.state is fact


def test_a_propagated_route_is_told_apart() -> None:
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "vgw-0a", "State": "active", "Origin": origin}
        for origin in ("EnableVgwRoutePropagation", "CreateRoute", "CreateRouteTable")
    ]
    assert [route.propagated for route in _table(Routes=routes).routes] == [True, False, False]


def test_an_ipv6_route_is_one_of_its_own() -> None:
    (route,) = _table(Routes=[{"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-0a", "State": "active"}]).routes
    assert route.destination == ip_network("::/0")


def test_associations_say_what_a_table_is_for() -> None:
    table = _table(
        Associations=[
            {"Main": True, "AssociationState": {"State": "associated"}},
            {"SubnetId": "subnet-0b", "AssociationState": {"State": "associated"}},
            {"SubnetId": "subnet-0a", "AssociationState": {"State": "associated"}},
            {"SubnetId": "subnet-0c", "AssociationState": {"State": "disassociating"}},
        ]
    )
    assert (table.main, table.edge, table.subnets) == (True, False, ("subnet-0a", "subnet-0b"))
    assert _table(Associations=[{"GatewayId": "igw-0a"}]).edge is True
    assert _table().main is False


def test_a_prefix_list_is_spelled_out_once_for_each_entry_and_read_once() -> None:
    listed = {"DestinationPrefixListId": "pl-0a", "TransitGatewayId": "tgw-0a", "State": "active"}
    endpoint = {"DestinationPrefixListId": "pl-6da54004", "GatewayId": "vpce-0a", "State": "active"}
    table = {"RouteTableId": "rtb-0a", "VpcId": "vpc-0a", "Routes": [listed, endpoint]}
    client = Ec2(
        {
            "describe_route_tables": [{"RouteTables": [table, {**table, "RouteTableId": "rtb-0b"}]}],
            "get_managed_prefix_list_entries": [
                {"Entries": [{"Cidr": "10.1.0.0/16"}]},
                {"Entries": [{"Cidr": "10.2.0.0/16"}]},
            ],
        }
    )
    first, second = ec2.describe_route_tables(client, HERE)
    assert [str(route.destination) for route in first.routes] == ["10.1.0.0/16", "10.2.0.0/16"]
    assert {route.prefix_list for route in first.routes} == {"pl-0a"}
    assert first.routes == second.routes
    assert (first.prefix_lists, first.endpoints) == (("pl-0a",), 1)
    assert [operation for operation, _ in client.asked].count("get_managed_prefix_list_entries") == 1


def test_a_prefix_list_tells_its_size_where_aws_does() -> None:
    answers = [
        {"PrefixListId": "pl-0a", "AddressFamily": "IPv4", "MaxEntries": 20},
        {"PrefixListId": "pl-0b", "AddressFamily": "IPv6", "MaxEntries": 5},
        {"PrefixListId": "pl-0c", "AddressFamily": "IPv4", "OwnerId": "AWS"},
    ]
    client = Ec2({"describe_managed_prefix_lists": [{"PrefixLists": answers}]})
    found = ec2.describe_prefix_lists(client, HERE, {"pl-0b", "pl-0a"})
    assert [(one.version, one.max_entries) for one in found] == [(4, 20), (6, 5), (4, None)]
    [(_operation, asked)] = client.asked
    assert asked["Filters"] == [{"Name": "prefix-list-id", "Values": ["pl-0a", "pl-0b"]}]


def test_vpcs_are_chosen_by_a_filter_so_that_one_that_is_gone_is_no_error() -> None:
    client = Ec2()
    ec2.describe_route_tables(client, HERE, {"vpc-0b", "vpc-0a"})
    ec2.describe_subnets(client, HERE)
    assert client.asked == [
        (
            "describe_route_tables",
            {"PaginationConfig": {"PageSize": 100}, "Filters": [{"Name": "vpc-id", "Values": ["vpc-0a", "vpc-0b"]}]},
        ),
        ("describe_subnets", {"PaginationConfig": {"PageSize": 1000}}),
    ]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "X"), AccessRefused),
        (ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "X"), RetryLater),
        (ClientError({"Error": {"Code": "InvalidFilter"}}, "X"), AwsFailure),
        (ReadTimeoutError(endpoint_url="https://ec2"), RetryLater),
    ],
    ids=["refused", "throttled", "other", "no answer"],
)
def test_an_error_names_the_operation_even_on_the_second_page(error: Exception, kind: type[NetreflexError]) -> None:
    client = Ec2({"describe_vpc_peering_connections": [{"VpcPeeringConnections": [PENDING]}]}, error)
    with pytest.raises(kind, match=r"ec2:DescribeVpcPeeringConnections .*111122223333"):
        ec2.describe_peerings(client, HERE)
