"""VPC peerings as AWS shows them: each place its own tags, the accepter's CIDRs once active, failures, filters, delays.

What moto does otherwise: it ignores filters and unknown ids, accepts overlaps and duplicates, has no CidrBlockSet,
Ipv6CidrBlockSet or ExpirationTime, shows one set of tags to both sides, and sets the options of either side at any time.
Sources: EC2 API reference; VPC peering guide (lifecycle, limitations, DNS). That a duplicate gives the existing peering
is in the API reference of CreateVpcPeeringConnection only by its error codes: not verified on AWS.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidVPCIdError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection, VPCPeeringConnectionBackend
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses.vpc_peering_connections import VPCPeeringConnections

from tests.aws.strict.vpcs import cidrs

_LIVE = ("active", "pending-acceptance", "provisioning")
_PENDING = ("initiating-request", "pending-acceptance")
_LIFETIME = dt.timedelta(days=7)
_OVERLAP = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"

_init = VPCPeeringConnection.__init__
_create = VPCPeeringConnectionBackend.create_vpc_peering_connection
_delete = VPCPeeringConnectionBackend.delete_vpc_peering_connection
_accept = VPCPeeringConnectionBackend.accept_vpc_peering_connection
_modify = VPCPeeringConnectionBackend.modify_vpc_peering_connection_options


# ---- delays --------------------------------------------------------------------------------------------------------
@dataclass
class _Lag:
    accepted: int = 0
    created: int = 0


_lag = _Lag()


@contextmanager
def lagging(*, accepted: int = 0, created: int = 0) -> Iterator[None]:
    """EC2 is eventually consistent: inside the block the first reads after a change are stale, in each place by itself.

    After an accept the next ``accepted`` describes still tell pending-acceptance; after a create the accepter's place
    does not know the peering for ``created`` describes.
    """
    before = (_lag.accepted, _lag.created)
    _lag.accepted, _lag.created = accepted, created
    try:
        yield
    finally:
        _lag.accepted, _lag.created = before


def _count_down(left: dict[str, Any], place: tuple[str, str]) -> bool:
    if left.get(place, 0) <= 0:  # type: ignore[call-overload]
        return False
    left[place] -= 1  # type: ignore[index]
    return True


def _init_with_age(self: VPCPeeringConnection, *args: object, **kwargs: object) -> None:
    _init(self, *args, **kwargs)
    self.expires = dt.datetime.now(dt.UTC).replace(microsecond=0) + _LIFETIME
    self.stale, self.unseen = {}, {}


def set_peering_status(peering_id: str, code: str) -> None:
    """Put a peering into a status that AWS reaches by itself, such as expired or provisioning."""
    for _account, _region, backend in ec2_backends.iter_backends():
        if peering_id in backend.vpc_pcxs:
            backend.vpc_pcxs[peering_id]._status.code = code
            return
    raise KeyError(peering_id)


# ---- what a place sees ---------------------------------------------------------------------------------------------
def _place(end: VPC | EC2Backend) -> tuple[str, str]:
    return (end.owner_id, end.region) if hasattr(end, "owner_id") else (end.account_id, end.region_name)


def _seen_from(backend: EC2Backend, peering: VPCPeeringConnection, status: str | None = None) -> dict[str, Any]:
    code = status or peering._status.code
    message = {
        "initiating-request": f"Initiating Request to {peering.peer_vpc.owner_id}",
        "pending-acceptance": f"Pending Acceptance by {peering.peer_vpc.owner_id}",
    }.get(code, peering._status.message)
    seen = {
        "VpcPeeringConnectionId": peering.id,
        "Status": {"Code": code, "Message": message},
        "RequesterVpcInfo": _end(peering.vpc, peering.requester_options, shown=True),
        "AccepterVpcInfo": _end(peering.peer_vpc, peering.accepter_options, shown=code == "active"),
        "Tags": [{"Key": key, "Value": value} for key, value in backend.tags.get(peering.id, {}).items()],
    }
    return {**seen, "ExpirationTime": peering.expires} if code in _PENDING else seen


def _end(vpc: VPC, options: dict[str, Any], *, shown: bool) -> dict[str, Any]:
    end = {"OwnerId": vpc.owner_id, "Region": vpc.region, "VpcId": vpc.id}
    if not shown:
        return end
    return {
        **end,
        "CidrBlock": vpc.cidr_block,
        "CidrBlockSet": [{"CidrBlock": cidr} for cidr in cidrs(vpc, ipv6=False)],
        "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": cidr} for cidr in cidrs(vpc, ipv6=True)],
        "PeeringOptions": options,
    }


def _values_for(name: str, seen: dict[str, Any]) -> set[str]:
    """What a filter compares with. Only the documented filters exist."""
    if name.startswith("tag:"):
        return {tag["Value"] for tag in seen["Tags"] if tag["Key"] == name.removeprefix("tag:")}
    requester, accepter = seen["RequesterVpcInfo"], seen["AccepterVpcInfo"]
    values = {
        "status-code": seen["Status"]["Code"],
        "status-message": seen["Status"]["Message"],
        "vpc-peering-connection-id": seen["VpcPeeringConnectionId"],
        "requester-vpc-info.vpc-id": requester["VpcId"],
        "requester-vpc-info.owner-id": requester["OwnerId"],
        "requester-vpc-info.cidr-block": requester.get("CidrBlock"),
        "accepter-vpc-info.vpc-id": accepter["VpcId"],
        "accepter-vpc-info.owner-id": accepter["OwnerId"],
        "accepter-vpc-info.cidr-block": accepter.get("CidrBlock"),
    }
    if name == "tag-key":
        return {tag["Key"] for tag in seen["Tags"]}
    if name not in values:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return {values[name]} - {None}


def _matches(seen: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    return all(
        any(fnmatch.fnmatchcase(value, pattern) for value in _values_for(name, seen) for pattern in wanted)
        for name, wanted in filters.items()
    )


def _describe(self: VPCPeeringConnections) -> ActionResult:
    ids, filters = self._get_param("VpcPeeringConnectionIds", []), self._filters_from_querystring()
    backend, found = self.ec2_backend, []
    place = _place(backend)
    for peering in self.ec2_backend.describe_vpc_peering_connections(vpc_peering_ids=ids):
        if _count_down(peering.unseen, place):
            continue
        stale = "pending-acceptance" if _count_down(peering.stale, place) else None
        found.append(_seen_from(backend, peering, stale))
    for missing in sorted(set(ids) - {seen["VpcPeeringConnectionId"] for seen in found}):
        raise _not_found(missing)
    return ActionResult({"VpcPeeringConnections": [seen for seen in found if _matches(seen, filters)]})


def _not_found(peering_id: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID '{peering_id}' does not exist"
    )


def _get(self: EC2Backend, vpc_pcx_id: str) -> VPCPeeringConnection:
    if vpc_pcx_id not in self.vpc_pcxs:
        raise _not_found(vpc_pcx_id)
    return self.vpc_pcxs[vpc_pcx_id]


# ---- what a place can do -------------------------------------------------------------------------------------------
def _overlap(vpc: VPC, peer: VPC) -> bool:
    return any(
        ipaddress.ip_network(ours).overlaps(ipaddress.ip_network(theirs))
        for ipv6 in (False, True)
        for ours in cidrs(vpc, ipv6=ipv6)
        for theirs in cidrs(peer, ipv6=ipv6)
    )


def _create_or_find(
    self: EC2Backend, vpc: VPC, peer_vpc: VPC, tags: dict[str, str] | None = None
) -> VPCPeeringConnection:
    for peering in self.vpc_pcxs.values():
        if {peering.vpc.id, peering.peer_vpc.id} == {vpc.id, peer_vpc.id} and peering._status.code in _LIVE:
            return peering
    peering = _create(self, vpc, peer_vpc, tags)
    if isinstance(peer_vpc, SimpleNamespace) or _overlap(vpc, peer_vpc):
        peering._status.code, peering._status.message = "failed", _OVERLAP
    elif _place(vpc) != _place(peer_vpc):
        peering.unseen[_place(peer_vpc)] = _lag.created
    return peering


def _unknown_vpc(account: str, region: str, vpc_id: str) -> SimpleNamespace:
    """A VPC in another account that does not exist: AWS takes the request and lets it fail, so as to tell nothing."""
    return SimpleNamespace(
        id=vpc_id,
        owner_id=account,
        region=region,
        cidr_block=None,
        ec2_backend=ec2_backends[account][region],
        get_cidr_block_association_set=lambda ipv6=False: [],  # noqa: ARG005 - moto's signature
    )


def _request(self: VPCPeeringConnections) -> ActionResult:
    vpc = self.ec2_backend.get_vpc(self._get_param("VpcId"))
    account = self._get_param("PeerOwnerId") or self.current_account
    region, peer_id = self._get_param("PeerRegion") or self.region, self._get_param("PeerVpcId")
    try:
        peer = ec2_backends[account][region].get_vpc(peer_id)
    except InvalidVPCIdError:
        if account == self.current_account:
            raise
        peer = _unknown_vpc(account, region, peer_id)
    tags = self._parse_tag_specification().get("vpc-peering-connection", {})
    peering = self.ec2_backend.create_vpc_peering_connection(vpc, peer, tags)
    status = None if peering._status.code == "active" else "initiating-request"
    return ActionResult({"VpcPeeringConnection": _seen_from(self.ec2_backend, peering, status)})


def _accept_with_lag(self: EC2Backend, vpc_pcx_id: str) -> VPCPeeringConnection:
    peering = _accept(self, vpc_pcx_id)
    for end in (peering.vpc, peering.peer_vpc):
        peering.stale[_place(end)] = _lag.accepted
    return peering


def _accept_request(self: VPCPeeringConnections) -> ActionResult:
    peering = self.ec2_backend.accept_vpc_peering_connection(self._get_param("VpcPeeringConnectionId"))
    return ActionResult({"VpcPeeringConnection": _seen_from(self.ec2_backend, peering)})


def _delete_live(self: EC2Backend, vpc_pcx_id: str) -> VPCPeeringConnection:
    """An active peering by either side, a pending one by its requester."""
    peering = self.get_vpc_peering_connection(vpc_pcx_id)
    if peering._status.code not in _LIVE:
        raise EC2ClientError(
            "InvalidStateTransition",
            f"Invalid state transition for {vpc_pcx_id}, attempted to transition from "
            f"{peering._status.code} to deleting",
        )
    if peering._status.code == "pending-acceptance" and self.account_id != peering.vpc.owner_id:
        raise EC2ClientError("OperationNotPermitted", f"User {self.account_id} cannot delete peering {vpc_pcx_id}")
    return _delete(self, vpc_pcx_id)


def _set_own_options(self: VPCPeeringConnections) -> ActionResult:
    """Options may be set while the peering is active, by the owner of a side, in that side's Region."""
    peering = self.ec2_backend.get_vpc_peering_connection(self._get_param("VpcPeeringConnectionId"))
    wanted = {
        "requester": (peering.vpc, self._get_param("RequesterPeeringConnectionOptions", {})),
        "accepter": (peering.peer_vpc, self._get_param("AccepterPeeringConnectionOptions", {})),
    }
    if peering._status.code != "active":
        raise EC2ClientError(
            "OperationNotPermitted",
            f"Peering {peering.id} is not active. Peering options can be added only to active peerings.",
        )
    for side, (vpc, options) in wanted.items():
        if options and _place(vpc) != _place(self.ec2_backend):
            raise EC2ClientError(
                "OperationNotPermitted",
                f"User {self.current_account} cannot modify {side} options of {peering.id} in {self.region}",
            )
    _modify(self.ec2_backend, peering.id, wanted["accepter"][1], wanted["requester"][1])
    answer = {}
    if wanted["requester"][1]:
        answer["RequesterPeeringConnectionOptions"] = peering.requester_options
    if wanted["accepter"][1]:
        answer["AccepterPeeringConnectionOptions"] = peering.accepter_options
    return ActionResult(answer)


def install() -> None:
    VPCPeeringConnection.__init__ = _init_with_age
    backend, answers = VPCPeeringConnectionBackend, VPCPeeringConnections
    backend.get_vpc_peering_connection = _get
    backend.create_vpc_peering_connection = _create_or_find
    backend.accept_vpc_peering_connection = _accept_with_lag
    backend.delete_vpc_peering_connection = _delete_live
    answers.create_vpc_peering_connection = _request
    answers.describe_vpc_peering_connections = _describe
    answers.accept_vpc_peering_connection = _accept_request
    answers.modify_vpc_peering_connection_options = _set_own_options
