"""Route 53: hosted zones across accounts, and change batches that are judged whole and applied whole or not at all.

What moto does otherwise: it has no VPC association authorizations and no limits of zones; CREATE over another value makes a second record
set; DELETE takes every record set of the name and type; a CNAME may lie beside others and at the apex; the changes
before a bad one stay; ids of zones begin with any letter, AWS's with Z; and a change is INSYNC at once, where AWS's answer
says PENDING and GetChange tells the end. Source: Route 53 API reference and developer guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.route53 import models, urls
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import FakeZone, RecordSet, Route53Backend, route53_backends
from moto.route53.responses import Route53

Vpc = tuple[str, str]  # its id and Region
MORE_VPCS: dict[str, int] = {}  # the quota of VPCs of zones for which it was raised
_ZONE_URL = r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/"
_LIMIT_URL = r"{0}/(?P<api_version>[\d_-]+)/hostedzonelimit/(?P<zone_id>[^/]+)/(?P<type>[A-Z_]+)$"
_associate = Route53Backend.associate_vpc_with_hosted_zone
_any_id = models.create_route53_zone_id


class NotAuthorizedException(Route53ClientError):  # type: ignore[misc]
    code = 401
    __module__ = "moto.route53.exceptions"  # moto finds the service of an error by its module

    def __init__(self, vpc_id: str) -> None:
        super().__init__(
            "NotAuthorizedException", f"The VPC: {vpc_id} has not authorized to associate with your hosted zone."
        )


def _id_of_a_zone(*args: object, **kwargs: object) -> str:
    return f"Z{_any_id(*args, **kwargs)[1:]}"


# ---- zones across accounts -----------------------------------------------------------------------------------------
def _zone_id(text: str) -> str:
    return text.replace("/hostedzone/", "")


def _backends() -> Iterator[tuple[str, Route53Backend]]:
    return ((account, backend) for account, _partition, backend in route53_backends.iter_backends())


def _authorized(zone: FakeZone) -> set[Vpc]:
    if not hasattr(zone, "authorized"):
        zone.authorized = set()
    return zone.authorized  # type: ignore[no-any-return]


def _zone_and_vpc(self: Route53) -> tuple[FakeZone, Vpc]:
    zone = self.backend.get_hosted_zone(_zone_id(self._get_param("HostedZoneId")))
    return zone, (self._get_param("VPC.VPCId"), self._get_param("VPC.VPCRegion"))


def _authorize(self: Route53) -> ActionResult:
    zone, vpc = _zone_and_vpc(self)
    if not zone.private_zone:
        raise Route53ClientError("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public zone.")
    _authorized(zone).add(vpc)
    return ActionResult({"HostedZoneId": zone.resource_id, "VPC": {"VPCId": vpc[0], "VPCRegion": vpc[1]}})


def _list_authorized(self: Route53) -> ActionResult:
    zone = self.backend.get_hosted_zone(_zone_id(self._get_param("HostedZoneId")))
    vpcs = [{"VPCId": vpc_id, "VPCRegion": region} for vpc_id, region in sorted(_authorized(zone))]
    return ActionResult({"HostedZoneId": zone.resource_id, "VPCs": vpcs})


def _deauthorize(self: Route53) -> ActionResult:
    zone, vpc = _zone_and_vpc(self)
    if vpc not in _authorized(zone):
        raise Route53ClientError("VPCAssociationAuthorizationNotFound", "The VPC that you specified is not authorized")
    _authorized(zone).discard(vpc)
    return ActionResult({})


def _limit(self: Route53) -> ActionResult:
    zone, kind = self.backend.get_hosted_zone(_zone_id(self._get_param("HostedZoneId"))), self._get_param("Type")
    limit = {"Type": kind, "Value": MORE_VPCS.get(zone.resource_id, 300)}
    return ActionResult({"Limit": limit, "Count": len(zone.vpcs)})


def _associate_vpc(self: Route53Backend, zone_id: str, vpcid: str, vpcregion: str) -> FakeZone:
    zone_id = _zone_id(zone_id)
    owner = next((backend for _account, backend in _backends() if zone_id in backend.zones), None)
    own_vpc = vpcid in ec2_backends[self.account_id][vpcregion].vpcs
    if owner is None or (owner is self and own_vpc):
        return _associate(self, zone_id, vpcid, vpcregion)
    zone = owner.get_hosted_zone(zone_id)
    if (vpcid, vpcregion) not in _authorized(zone) or not own_vpc:
        raise NotAuthorizedException(vpcid)
    zone.add_vpc(vpcid, vpcregion)
    return zone


def _zones_of_vpc(self: Route53Backend, vpc_id: str) -> list[dict[str, Any]]:  # noqa: ARG001 - zones of every account
    return [
        {"HostedZoneId": zone.resource_id, "Name": zone.name, "Owner": {"OwningAccount": account}}
        for account, backend in _backends()
        for zone in backend.zones.values()
        if zone.private_zone and any(vpc.get("vpc_id") == vpc_id for vpc in zone.vpcs)
    ]


# ---- change batches ------------------------------------------------------------------------------------------------
Key = tuple[str, str, str | None]  # name, type, set identifier
Content = tuple[str, list[str], str]  # TTL, values, alias


def _absolute(name: str) -> str:
    return name.rstrip(".").lower() + "."


def _key(record: dict[str, Any]) -> Key:
    return _absolute(record["Name"]), record["Type"], record.get("SetIdentifier")


def _content(record: dict[str, Any]) -> Content:
    values = [value["Value"] for value in record.get("ResourceRecords") or []]
    return str(record.get("TTL", "")), sorted(values), str(record.get("AliasTarget", ""))


def _stored(record: RecordSet) -> tuple[Key, Content]:
    ttl, alias = "" if record.ttl is None else str(record.ttl), record.alias_target or ""
    return (_absolute(record.name), record.type, record.set_identifier), (ttl, sorted(record.records), str(alias))


def _fault(change: dict[str, Any], there: dict[Key, Content], apex: str) -> str | None:
    """Why AWS would refuse this change, given the record sets that the changes before it leave."""
    record = change["ResourceRecordSet"]
    name, kind, _label = key = _key(record)
    if name != apex and not name.endswith("." + apex):
        return f"RRSet with DNS name {name} is not permitted in zone {apex}"
    if change["Action"] == "DELETE":
        return None if there.get(key) == _content(record) else f"{name} {kind} is not there with exactly these values"
    if change["Action"] == "CREATE" and key in there:
        return f"Tried to create resource record set {name} type {kind} but it already exists"
    if kind == "CNAME" and name == apex:
        return f"RRSet of type CNAME with DNS name {apex} is not permitted at apex in zone {apex}"
    if any(other == name and k != kind and "CNAME" in (k, kind) for other, k, _label in there):
        return f"RRSet of type {kind} with DNS name {name} conflicts with a record set of another type there"
    return None


def _change_record_sets(self: Route53Backend, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    zone = self.get_hosted_zone(zoneid)
    there, faults = dict(map(_stored, zone.rrsets)), []
    for change in change_list:
        fault = _fault(change, there, _absolute(zone.name))
        if fault:
            faults.append(fault)
        elif change["Action"] == "DELETE":
            del there[_key(change["ResourceRecordSet"])]
        else:
            there[_key(change["ResourceRecordSet"])] = _content(change["ResourceRecordSet"])
    if faults:
        raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(faults)}]")
    for change in change_list:
        _apply(zone, change["Action"], change["ResourceRecordSet"])


def _apply(zone: FakeZone, action: str, record: dict[str, Any]) -> None:
    if action == "DELETE":
        zone.rrsets = [one for one in zone.rrsets if _stored(one)[0] != _key(record)]
        return
    values = [value["Value"] for value in record.get("ResourceRecords") or []]
    zone.upsert_rrset({**record, "Name": _absolute(record["Name"]), "ResourceRecords": values})


# ---- how far a change is spread --------------------------------------------------------------------------------------
UNSPREAD: set[str] = set()  # change ids that GetChange shows as PENDING
_change = Route53.change_resource_record_sets
_get_change = Route53.get_change


def _pending(self: Route53) -> ActionResult:
    return _with_status(_change(self), "PENDING")


def _status(self: Route53) -> ActionResult:
    answer = _get_change(self)
    change_id = answer.result["ChangeInfo"]["Id"].removeprefix("/change/")
    return _with_status(answer, "PENDING") if change_id in UNSPREAD else answer


def _with_status(answer: ActionResult, status: str) -> ActionResult:
    info = answer.result["ChangeInfo"]
    return ActionResult({"ChangeInfo": {**info, "Status": status}})


def install() -> None:
    models.create_route53_zone_id = _id_of_a_zone
    Route53.create_vpc_association_authorization = _authorize
    Route53.list_vpc_association_authorizations = _list_authorized
    Route53.delete_vpc_association_authorization = _deauthorize
    Route53.get_hosted_zone_limit = _limit
    urls.url_paths[_LIMIT_URL] = Route53.dispatch
    urls.url_paths[_ZONE_URL + "authorizevpcassociation/?$"] = Route53.dispatch
    urls.url_paths[_ZONE_URL + "deauthorizevpcassociation/?$"] = Route53.dispatch
    Route53Backend.associate_vpc_with_hosted_zone = _associate_vpc
    Route53Backend.list_hosted_zones_by_vpc = _zones_of_vpc
    Route53Backend.change_resource_record_sets = _change_record_sets
    Route53.change_resource_record_sets = _pending
    Route53.get_change = _status
