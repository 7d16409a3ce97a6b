"""What EC2 says of peerings, VPCs, route tables and subnets, as facts.

Every read goes through a paginator: EC2 may cut any answer short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from chalicelib.model.facts import (
    Peering,
    PeeringEnd,
    PeeringStatus,
    PrefixList,
    Route,
    RouteState,
    RouteTable,
    Subnet,
    Vpc,
)
from chalicelib.model.network import Network, Place, Tags, VpcRef
from chalicelib.sessions import translated

# The largest page each call takes (EC2 API reference); fewer calls for the same facts.
_PAGE = {
    "describe_vpc_peering_connections": 1000,
    "describe_vpcs": 1000,
    "describe_route_tables": 100,
    "describe_subnets": 1000,
    "get_managed_prefix_list_entries": 100,
    "describe_managed_prefix_lists": 100,
    "describe_tags": 1000,
}
_TARGETS = (
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "NatGatewayId",
    "GatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)
_PROPAGATED = "EnableVgwRoutePropagation"
_GATEWAY_ENDPOINT = "vpce-"


def _pages(client: Any, place: Place, operation: str, key: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    with translated(place.account, f"ec2:{_action(operation)}", place.region):
        pages = client.get_paginator(operation).paginate(PaginationConfig={"PageSize": _PAGE[operation]}, **arguments)
        for page in pages:
            yield from page.get(key, ())


def _action(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


def _in_vpcs(vpc_ids: Iterable[str] | None) -> dict[str, Any]:
    """A filter, not a list of ids: a VPC that is gone gives an empty answer then, and no error."""
    return {} if vpc_ids is None else {"Filters": [{"Name": "vpc-id", "Values": sorted(vpc_ids)}]}


def describe_peerings(client: Any, place: Place) -> tuple[Peering, ...]:  # noqa: ANN401
    """Every peering that a place sees.

    One unfiltered read also tells the other peerings of both VPCs: EC2 would join a filter on the requester and one on
    the accepter by AND.
    """
    operation = "describe_vpc_peering_connections"
    return tuple(peering_fact(one) for one in _pages(client, place, operation, "VpcPeeringConnections"))


def describe_vpcs(client: Any, place: Place, vpc_ids: Iterable[str] | None = None) -> tuple[Vpc, ...]:  # noqa: ANN401
    """The named VPCs of a place, or all of them, with every associated CIDR."""
    return tuple(
        Vpc(
            ref=VpcRef(place=place, vpc_id=one["VpcId"]),
            cidrs=tuple(_vpc_cidrs(one)),
            tags=_tags(one),
        )
        for one in _pages(client, place, "describe_vpcs", "Vpcs", **_in_vpcs(vpc_ids))
    )


def describe_subnets(client: Any, place: Place, vpc_ids: Iterable[str] | None = None) -> tuple[Subnet, ...]:  # noqa: ANN401
    return tuple(
        Subnet(subnet_id=one["SubnetId"], vpc_id=one["VpcId"], tags=_tags(one))
        for one in _pages(client, place, "describe_subnets", "Subnets", **_in_vpcs(vpc_ids))
    )


def describe_route_tables(
    client: Any,  # noqa: ANN401
    place: Place,
    vpc_ids: Iterable[str] | None = None,
) -> tuple[RouteTable, ...]:
    """The route tables of the named VPCs, or all; routes to a customer's prefix list are spelled out by its entries."""
    answers = list(_pages(client, place, "describe_route_tables", "RouteTables", **_in_vpcs(vpc_ids)))
    lists = sorted({route["DestinationPrefixListId"] for one in answers for route in one["Routes"] if _spelled(route)})
    entries = {list_id: _entries(client, place, list_id) for list_id in lists}
    return tuple(_table_fact(one, entries) for one in answers)


def describe_route_table(client: Any, place: Place, table_id: str) -> tuple[RouteTable, ...]:  # noqa: ANN401
    """One route table by its id; empty where it is gone."""
    chosen = {"Filters": [{"Name": "route-table-id", "Values": [table_id]}]}
    answers = list(_pages(client, place, "describe_route_tables", "RouteTables", **chosen))
    return tuple(_table_fact(one, {}) for one in answers)


def describe_prefix_lists(client: Any, place: Place, list_ids: Iterable[str]) -> tuple[PrefixList, ...]:  # noqa: ANN401
    """The named prefix lists of a place; one that is gone is left out."""
    chosen = {"Filters": [{"Name": "prefix-list-id", "Values": sorted(list_ids)}]}
    return tuple(
        PrefixList(
            list_id=one["PrefixListId"],
            version=6 if one.get("AddressFamily") == "IPv6" else 4,
            max_entries=one.get("MaxEntries"),
        )
        for one in _pages(client, place, "describe_managed_prefix_lists", "PrefixLists", **chosen)
    )


def describe_tags(client: Any, place: Place, resource_id: str) -> Tags:  # noqa: ANN401
    """The tags that the place's own account has set on a resource."""
    chosen = {"Filters": [{"Name": "resource-id", "Values": [resource_id]}]}
    return {one["Key"]: one["Value"] for one in _pages(client, place, "describe_tags", "Tags", **chosen)}


def _spelled(route: Mapping[str, Any]) -> bool:
    """Prefix lists of gateway endpoints hold AWS's public addresses and are not the customer's to read."""
    return "DestinationPrefixListId" in route and not _target(route).startswith(_GATEWAY_ENDPOINT)


def _entries(client: Any, place: Place, list_id: str) -> tuple[Network, ...]:  # noqa: ANN401
    operation = "get_managed_prefix_list_entries"
    return tuple(ip_network(one["Cidr"]) for one in _pages(client, place, operation, "Entries", PrefixListId=list_id))


def peering_fact(answer: Mapping[str, Any]) -> Peering:
    """One element of DescribeVpcPeeringConnections, or the answer of AcceptVpcPeeringConnection."""
    status = answer.get("Status", {})
    return Peering(
        peering_id=answer["VpcPeeringConnectionId"],
        status=PeeringStatus.of(status.get("Code", "")),
        status_message=status.get("Message", ""),
        expires_at=answer.get("ExpirationTime"),
        requester=_end(answer["RequesterVpcInfo"]),
        accepter=_end(answer["AccepterVpcInfo"]),
        tags=_tags(answer),
    )


def _end(info: Mapping[str, Any]) -> PeeringEnd:
    told = [block.get("CidrBlock") for block in info.get("CidrBlockSet", ())]
    told += [info.get("CidrBlock")]
    told += [block.get("Ipv6CidrBlock") for block in info.get("Ipv6CidrBlockSet", ())]
    options = info.get("PeeringOptions") or {}
    return PeeringEnd(
        vpc=VpcRef(place=Place(account=info["OwnerId"], region=info.get("Region", "")), vpc_id=info["VpcId"]),
        cidrs=tuple(dict.fromkeys(ip_network(cidr) for cidr in told if cidr)),
        dns_resolution=options.get("AllowDnsResolutionFromRemoteVpc"),
    )


def _vpc_cidrs(answer: Mapping[str, Any]) -> Iterator[Network]:
    for one in answer.get("CidrBlockAssociationSet", ()):
        if one.get("CidrBlockState", {}).get("State") == "associated":
            yield ip_network(one["CidrBlock"])
    for one in answer.get("Ipv6CidrBlockAssociationSet", ()):
        if one.get("Ipv6CidrBlockState", {}).get("State") == "associated":
            yield ip_network(one["Ipv6CidrBlock"])


def _table_fact(answer: Mapping[str, Any], entries: Mapping[str, tuple[Network, ...]]) -> RouteTable:
    associations = [
        one
        for one in answer.get("Associations", ())
        if one.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    return RouteTable(
        table_id=answer["RouteTableId"],
        vpc_id=answer["VpcId"],
        main=any(one.get("Main") for one in associations),
        edge=any(one.get("GatewayId") for one in associations),
        subnets=tuple(sorted(one["SubnetId"] for one in associations if one.get("SubnetId"))),
        tags=_tags(answer),
        routes=tuple(fact for route in answer["Routes"] for fact in _route_facts(route, entries)),
        prefix_lists=tuple(sorted({route["DestinationPrefixListId"] for route in answer["Routes"] if _spelled(route)})),
        endpoints=sum(_target(route).startswith(_GATEWAY_ENDPOINT) for route in answer["Routes"]),
    )


def _route_facts(route: Mapping[str, Any], entries: Mapping[str, tuple[Network, ...]]) -> Iterator[Route]:
    list_id = route.get("DestinationPrefixListId")
    cidr = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
    for destination in entries.get(list_id, ()) if list_id else (ip_network(cidr),) if cidr else ():
        yield Route(
            destination=destination,
            target=_target(route),
            state=_route_state(route.get("State", "")),
            propagated=route.get("Origin") == _PROPAGATED,
            prefix_list=list_id,
        )


def _target(route: Mapping[str, Any]) -> str:
    return next((str(route[key]) for key in _TARGETS if route.get(key)), "unknown")


def _route_state(word: str) -> RouteState:
    return RouteState(word) if word in {"active", "blackhole"} else RouteState.UNKNOWN


def _tags(answer: Mapping[str, Any]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}
