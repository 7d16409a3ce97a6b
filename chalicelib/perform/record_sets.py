"""Writes to hosted zones: change batches, and the association of VPCs across accounts.

A batch is a compare-and-swap: it creates only what is absent and deletes only the exact values that were read, so what
somebody else changed in between makes Route 53 refuse all of it. Another writer's batch in flight (PriorRequestNotComplete)
and throttling are waited out by the SDK within its attempts, and then put off to the next run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clients import Clients
from chalicelib.model.actions import (
    AssociateVpc,
    AuthorizeVpcAssociation,
    ChangeRecordSets,
    NameAction,
    RecordChange,
    RemoveVpcAuthorization,
)
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.names import ROUTE53_REGION, ChangeInfo
from chalicelib.model.network import Place, VpcRef
from chalicelib.sessions import error_code, translated

OVERTAKEN = "InvalidChangeBatch"
# Route 53's words for "somebody else is at it": the same call later succeeds (API reference).
_BUSY = frozenset({"PriorRequestNotComplete", "ConcurrentModification"})


class RecordSets:
    """Performs the actions on names."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def perform(self, action: NameAction) -> bool | ChangeInfo:
        """True (of a change batch: Route 53's answer) where it changed AWS, False where it was so already."""
        match action:
            case ChangeRecordSets():
                return self._change(action)
            case AuthorizeVpcAssociation():
                return self._authorize(action)
            case AssociateVpc():
                return self._associate(action)
            case RemoveVpcAuthorization():
                return self._remove_authorization(action)
            case _:
                assert_never(action)

    def _change(self, action: ChangeRecordSets) -> ChangeInfo:
        batch = {"Comment": "netreflex", "Changes": [_change_argument(change) for change in action.changes]}
        try:
            answer = self._route53(action.place).change_resource_record_sets(
                HostedZoneId=action.zone_id, ChangeBatch=batch
            )
        except (ClientError, BotoCoreError) as error:
            raise _meaning(action.place.account, "route53:ChangeResourceRecordSets", error) from None
        told = answer["ChangeInfo"]
        return ChangeInfo(str(told["Id"]).removeprefix("/change/"), str(told["Status"]))

    def _authorize(self, action: AuthorizeVpcAssociation) -> bool:
        try:
            self._route53(action.place).create_vpc_association_authorization(**_zone_and_vpc(action))
        except (ClientError, BotoCoreError) as error:
            raise _meaning(action.place.account, "route53:CreateVPCAssociationAuthorization", error) from None
        return True

    def _associate(self, action: AssociateVpc) -> bool:
        try:
            self._route53(action.place).associate_vpc_with_hosted_zone(**_zone_and_vpc(action))
        except ClientError as error:
            # A repeat of a call whose answer was lost meets its own effect, as a conflict with itself.
            if error_code(error) == "ConflictingDomainExists" and self._is_associated(action):
                return False
            raise _meaning(action.place.account, "route53:AssociateVPCWithHostedZone", error) from None
        except BotoCoreError as error:
            raise _meaning(action.place.account, "route53:AssociateVPCWithHostedZone", error) from None
        return True

    def _is_associated(self, action: AssociateVpc) -> bool:
        client = self._route53(Place(account=action.zone_account, region=ROUTE53_REGION))
        with translated(action.zone_account, "route53:GetHostedZone"):
            vpcs = client.get_hosted_zone(Id=action.zone_id).get("VPCs", ())
        return _vpc_argument(action.vpc) in [dict(vpc) for vpc in vpcs]

    def _remove_authorization(self, action: RemoveVpcAuthorization) -> bool:
        try:
            self._route53(action.place).delete_vpc_association_authorization(**_zone_and_vpc(action))
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error_code(error) == "VPCAssociationAuthorizationNotFound":
                return False
            raise _meaning(action.place.account, "route53:DeleteVPCAssociationAuthorization", error) from None
        return True

    def _route53(self, place: Place) -> Any:  # noqa: ANN401
        return self._clients.client("route53", place)


def _meaning(account: str, operation: str, error: ClientError | BotoCoreError) -> NetreflexError:
    if isinstance(error, BotoCoreError):
        return RetryLater(f"{operation} in account {account} got no answer ({type(error).__name__}); run again")
    if error_code(error) in _BUSY:
        return RetryLater(f"{operation} in account {account}: another change is under way; run again")
    return translated(account, operation).meaning(error)


def _change_argument(change: RecordChange) -> Mapping[str, Any]:
    record = change.record
    return {
        "Action": change.verb.value,
        "ResourceRecordSet": {
            "Name": record.name,
            "Type": record.type,
            "TTL": record.ttl,
            "ResourceRecords": [{"Value": value} for value in record.values],
        },
    }


def _vpc_argument(vpc: VpcRef) -> dict[str, str]:
    return {"VPCRegion": vpc.region, "VPCId": vpc.vpc_id}


def _zone_and_vpc(action: AuthorizeVpcAssociation | AssociateVpc | RemoveVpcAuthorization) -> dict[str, Any]:
    return {"HostedZoneId": action.zone_id, "VPC": _vpc_argument(action.vpc)}
