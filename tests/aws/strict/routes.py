"""Routes: refused where AWS refuses, kept in canonical form, counted against the quota, blackholes where they lead nowhere.

What moto does otherwise: it keeps host bits, lets a route lie inside the VPC's own CIDRs, overwrites an IPv6 route,
routes to any peering, deletes the local route, counts nothing, and calls every route active.
Sources: EC2 API reference (CreateRoute, error codes); VPC user guide (route priority, quotas). AWS's peering guide says
that a route may be added while the peering is pending; EC2 answers NotFound to callers who try. The refusal is the
stricter of the two, so it stands here.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, RouteAlreadyExistsError
from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route, RouteBackend, RouteTable
from moto.ec2.responses.route_tables import RouteTables

from tests.aws.strict.quotas import ROUTES_PER_TABLE, applied

_create = RouteBackend.create_route
_replace = RouteBackend.replace_route
_delete = RouteBackend.delete_route
_delete_request = RouteTables.delete_route
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise EC2ClientError(
            "InvalidParameterValue", f"Value ({text}) for parameter destinationCidrBlock is invalid."
        ) from None


def _canonical(cidr: str | None) -> str | None:
    return str(_network(cidr)) if cidr else cidr


def _destination(route: Route) -> Network | None:
    text = route.destination_cidr_block or route.destination_ipv6_cidr_block
    return ipaddress.ip_network(text) if text else None


def _check_room(backend: EC2Backend, table: RouteTable, network: Network) -> None:
    """IPv4 and IPv6 are counted apart, the local routes with the rest."""
    there = [found for found in map(_destination, table.routes) if found and found.version == network.version]
    if network in there:
        raise RouteAlreadyExistsError(str(network))
    if len(there) >= applied(backend.account_id, backend.region_name, ROUTES_PER_TABLE):
        raise EC2ClientError(
            "RouteLimitExceeded", f"The maximum number of routes in the route table {table.id} has been reached."
        )


def _check_outside(table: RouteTable, network: Network) -> None:
    for route in table.routes:
        own = _destination(route)
        if route.local and own and own.version == network.version and network.subnet_of(own):  # type: ignore[arg-type]
            raise EC2ClientError(
                "InvalidParameterValue",
                f"The destination CIDR block {network} is equal to or more specific than one of this VPC's CIDR blocks."
                " This route can target only an interface or an instance.",
            )


def _check_peering(backend: EC2Backend, table: RouteTable, peering_id: str) -> None:
    peering = backend.get_vpc_peering_connection(peering_id)
    if peering._status.code != "active":
        raise EC2ClientError(
            "InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID '{peering_id}' does not exist"
        )
    if table.vpc_id not in (peering.vpc.id, peering.peer_vpc.id):
        raise EC2ClientError(
            "InvalidParameterValue", f"route table {table.id} and peering {peering_id} belong to different networks"
        )


def _check(backend: EC2Backend, table_id: str, cidr: str | None, targets: dict[str, Any]) -> None:
    table = backend.get_route_table(table_id)
    if targets.get("vpc_peering_connection_id"):
        _check_peering(backend, table, targets["vpc_peering_connection_id"])
    inside_allowed = any(targets.get(kind) for kind in ("interface_id", "instance_id", "nat_gateway_id"))
    if cidr and not inside_allowed and not targets.get("vpc_endpoint_id"):
        _check_outside(table, _network(cidr))


def _create_route(  # noqa: PLR0917 - moto's signature
    self: EC2Backend,
    route_table_id: str,
    destination_cidr_block: str | None,
    destination_ipv6_cidr_block: str | None = None,
    destination_prefix_list_id: str | None = None,
    local: bool = False,  # noqa: FBT001, FBT002 - moto's signature
    **targets: object,
) -> Route:
    cidr, cidr6 = _canonical(destination_cidr_block), _canonical(destination_ipv6_cidr_block)
    if not local:
        _check(self, route_table_id, cidr or cidr6, targets)
        if cidr or cidr6:
            _check_room(self, self.get_route_table(route_table_id), _network(cidr or cidr6))  # type: ignore[arg-type]
    return _create(self, route_table_id, cidr, cidr6, destination_prefix_list_id, local=local, **targets)


def _replace_route(
    self: EC2Backend,
    route_table_id: str,
    destination_cidr_block: str | None,
    destination_ipv6_cidr_block: str | None = None,
    *others: object,
    **targets: object,
) -> Route:
    cidr, cidr6 = _canonical(destination_cidr_block), _canonical(destination_ipv6_cidr_block)
    _check(self, route_table_id, cidr or cidr6, targets)
    return _replace(self, route_table_id, cidr, cidr6, *others, **targets)


def _delete_route(
    self: EC2Backend,
    route_table_id: str,
    destination_cidr_block: str | None,
    destination_ipv6_cidr_block: str | None = None,
    *others: object,
) -> Route:
    cidr, cidr6 = _canonical(destination_cidr_block), _canonical(destination_ipv6_cidr_block)
    return _delete(self, route_table_id, cidr, cidr6, *others)


def _refuse_local(self: RouteTables) -> ActionResult:
    """Only the caller's DeleteRoute is judged: moto deletes local routes by itself when a CIDR is disassociated."""
    cidr = self._get_param("DestinationCidrBlock") or self._get_param("DestinationIpv6CidrBlock")
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    if cidr and any(route.local and _destination(route) == _network(cidr) for route in table.routes):
        raise EC2ClientError("InvalidParameterValue", f"cannot remove local route {cidr} in route table {table.id}")
    return _delete_request(self)


def _state(self: Route) -> str:
    return "blackhole" if self.vpc_pcx and self.vpc_pcx._status.code != "active" else "active"


def install() -> None:
    Route.state = property(_state)
    RouteBackend.create_route = _create_route
    RouteBackend.replace_route = _replace_route
    RouteBackend.delete_route = _delete_route
    RouteTables.delete_route = _refuse_local
