"""What Route 53 says of hosted zones, their record sets and their VPCs, as facts. Every page is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.decide.dns_name import lies_in, normalised, order
from chalicelib.model.names import ChangeInfo, RecordSet, Zone, ZoneOfVpc, ZoneVpc
from chalicelib.model.network import VpcRef
from chalicelib.sessions import error_code, translated

_ZONES, _RECORDS, _AUTHORIZED = "100", "300", "50"  # the largest page of each call (Route 53 API reference)
_FEW = "5"  # more than a delegation has record sets at its name


def zones_named(client: Any, account: str, name: str) -> tuple[Zone, ...]:  # noqa: ANN401
    """Every hosted zone of that name in an account, private and public ones; there may be several."""
    wanted, found = normalised(name), []
    for answer in _listed_zones(client, account, wanted):
        if normalised(answer["Name"]) != wanted:
            break  # they come in the order of their names, from the one asked for on
        found.append(_zone(answer, account))
    return tuple(found)


def _listed_zones(client: Any, account: str, name: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    """ListHostedZonesByName, for which the SDK has no paginator."""
    start: dict[str, str] = {"DNSName": name}
    while start:
        with translated(account, "route53:ListHostedZonesByName"):
            page = client.list_hosted_zones_by_name(**start, MaxItems=_ZONES)
        yield from page["HostedZones"]
        more = page.get("IsTruncated", False)
        start = {"DNSName": page["NextDNSName"], "HostedZoneId": page["NextHostedZoneId"]} if more else {}


def get_zone(client: Any, account: str, zone_id: str) -> Zone | None:  # noqa: ANN401
    """One hosted zone with its VPCs; None where the account has none of that id."""
    try:
        answer = client.get_hosted_zone(Id=zone_id)
    except ClientError as error:
        if error_code(error) == "NoSuchHostedZone":
            return None
        raise translated(account, "route53:GetHostedZone").meaning(error) from None
    vpcs = tuple(ZoneVpc(vpc["VPCId"], vpc["VPCRegion"]) for vpc in answer.get("VPCs", ()))
    return replace(_zone(answer["HostedZone"], account), vpcs=vpcs)


def _zone(answer: Mapping[str, Any], account: str) -> Zone:
    return Zone(
        zone_id=str(answer["Id"]).removeprefix("/hostedzone/"),
        account=account,
        name=normalised(answer["Name"]),
        private=bool(answer.get("Config", {}).get("PrivateZone")),
    )


def vpc_limit(client: Any, zone: Zone) -> int:  # noqa: ANN401
    """How many VPCs the zone may have: the default, or what the quota was raised to."""
    with translated(zone.account, "route53:GetHostedZoneLimit"):
        answer = client.get_hosted_zone_limit(HostedZoneId=zone.zone_id, Type="MAX_VPCS_ASSOCIATED_BY_ZONE")
    return int(answer["Limit"]["Value"])


def authorized_vpcs(client: Any, zone: Zone) -> tuple[ZoneVpc, ...]:  # noqa: ANN401
    """The VPCs of other accounts that may be associated with the zone."""
    with translated(zone.account, "route53:ListVPCAssociationAuthorizations"):
        pages = client.get_paginator("list_vpc_association_authorizations").paginate(
            HostedZoneId=zone.zone_id, MaxResults=_AUTHORIZED
        )
        return tuple(ZoneVpc(vpc["VPCId"], vpc["VPCRegion"]) for page in pages for vpc in page["VPCs"])


def record_sets(client: Any, zone: Zone, last: str | None = None) -> tuple[RecordSet, ...]:  # noqa: ANN401
    """The record sets below the zone's own name, up to those of the name ``last`` and below it; all, where there is no last.

    ``*`` sorts before every character that a name of the policy has, so nothing is missed and the zone's own SOA and NS cost no
    page. What lies behind ``last`` is not asked for.
    """
    found: list[RecordSet] = []
    end = order(last) if last is not None else None
    with translated(zone.account, "route53:ListResourceRecordSets"):
        pages = client.get_paginator("list_resource_record_sets").paginate(
            HostedZoneId=zone.zone_id, StartRecordName=f"*.{zone.name}", PaginationConfig={"PageSize": int(_RECORDS)}
        )
        for page in pages:
            found += [_record_set(answer) for answer in page["ResourceRecordSets"]]
            if end and found and order(found[-1].name) > end and not order(found[-1].name).startswith(end):
                break
    return tuple(found)


def first_beneath(client: Any, account: str, zone_id: str, name: str) -> RecordSet | None:  # noqa: ANN401
    """The first record set of a zone at a name or below it. A delegation of that very name is none: it hands the name on."""
    with translated(account, "route53:ListResourceRecordSets"):
        page = client.list_resource_record_sets(HostedZoneId=zone_id, StartRecordName=name, MaxItems=_FEW)
    found = (one for one in map(_record_set, page["ResourceRecordSets"]) if lies_in(one.name, name))
    return next((one for one in found if (one.name, one.type) not in {(name, "NS"), (name, "DS")}), None)


def _record_set(answer: Mapping[str, Any]) -> RecordSet:
    return RecordSet(
        name=normalised(answer["Name"]),
        type=str(answer["Type"]),
        ttl=answer.get("TTL"),
        values=tuple(record["Value"] for record in answer.get("ResourceRecords", ())),
        simple="AliasTarget" not in answer and "SetIdentifier" not in answer,
    )


def get_change(client: Any, account: str, change_id: str) -> ChangeInfo | None:  # noqa: ANN401
    """How far a change batch is spread; None where Route 53 does not know it (any more)."""
    try:
        told = client.get_change(Id=change_id)["ChangeInfo"]
    except ClientError as error:
        if error_code(error) == "NoSuchChange":
            return None
        raise translated(account, "route53:GetChange").meaning(error) from None
    return ChangeInfo(change_id, str(told["Status"]))


def zones_of_vpc(client: Any, vpc: VpcRef) -> tuple[ZoneOfVpc, ...]:  # noqa: ANN401
    """The private zones that a VPC resolves, whoever owns them. ListHostedZonesByVPC has no paginator either."""
    found: list[ZoneOfVpc] = []
    more: dict[str, str] = {}
    while True:
        with translated(vpc.account, "route53:ListHostedZonesByVPC"):
            page = client.list_hosted_zones_by_vpc(VPCId=vpc.vpc_id, VPCRegion=vpc.region, MaxItems=_ZONES, **more)
        found += [_zone_of_vpc(one) for one in page["HostedZoneSummaries"]]
        if not page.get("NextToken"):
            return tuple(found)
        more = {"NextToken": page["NextToken"]}


def _zone_of_vpc(answer: Mapping[str, Any]) -> ZoneOfVpc:
    return ZoneOfVpc(answer["HostedZoneId"], normalised(answer["Name"]), answer["Owner"].get("OwningAccount", ""))
