"""Which actions an API call needs, on which resources, with which condition keys (Service Authorization Reference).

A read that is missing here needs its own name on ``*``; a write that is missing here is an error of the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """One permission that a call takes."""

    action: str
    resource: str
    keys: Mapping[str, object] = field(default_factory=dict)

    @property
    def context(self) -> dict[str, object]:
        """The condition keys, in lower case, as IAM compares them."""
        return {key.lower(): value for key, value in self.keys.items()}


@dataclass(frozen=True)
class Where:
    """Whose account and which Region a call is made in; ``vpcs`` tells the requester's and the accepter's VPC of a peering."""

    account: str
    region: str
    vpcs: Callable[[str], tuple[str, str]]

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


_PREFIX = {
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "service-quotas": "servicequotas",
    "appconfigdata": "appconfig",
}
_READ = re.compile(r"(Describe|Get|List|Filter)[A-Za-z]*")


class UnknownCall(Exception):
    """A write that the table below does not know."""


def needs(service: str, operation: str, params: Params, where: Where) -> list[Need]:
    """The permissions of one call."""
    known = _CALLS.get((service, operation))
    if known is not None:
        return list(known(params, where))
    if not _READ.fullmatch(operation):
        raise UnknownCall(f"{service}:{operation} is not in tests/iam/operations.py: add its actions and resources")
    return [Need(f"{_PREFIX.get(service, service)}:{operation}", "*")]


# ---- EC2 -------------------------------------------------------------------------------------------------------------
def _peering(params: Params, where: Where) -> tuple[str, dict[str, object]]:
    identity = str(params["VpcPeeringConnectionId"])
    requester, accepter = where.vpcs(identity)
    keys: dict[str, object] = {"ec2:RequesterVpc": requester, "ec2:AccepterVpc": accepter}
    return where.arn("ec2", f"vpc-peering-connection/{identity}"), keys


def _accept(params: Params, where: Where) -> Iterator[Need]:
    arn, keys = _peering(params, where)
    yield Need("ec2:AcceptVpcPeeringConnection", arn, keys)
    yield Need("ec2:AcceptVpcPeeringConnection", str(keys["ec2:AccepterVpc"]))


def _on_peering(action: str) -> Callable[[Params, Where], Iterator[Need]]:
    def needed(params: Params, where: Where) -> Iterator[Need]:
        yield Need(action, *_peering(params, where))

    return needed


def _route(action: str) -> Callable[[Params, Where], Iterator[Need]]:
    def needed(params: Params, where: Where) -> Iterator[Need]:
        yield Need(action, where.arn("ec2", f"route-table/{params['RouteTableId']}"))

    return needed


def _tags(params: Params, where: Where) -> Iterator[Need]:
    keys = {"aws:TagKeys": [tag["Key"] for tag in params["Tags"]]}
    for identity in params["Resources"]:
        yield Need("ec2:CreateTags", where.arn("ec2", f"vpc-peering-connection/{identity}"), keys)


# ---- Route 53 --------------------------------------------------------------------------------------------------------
def _zone(identity: str) -> str:
    return "arn:aws:route53:::hostedzone/" + identity.rpartition("/")[2]


def _records(params: Params, where: Where) -> Iterator[Need]:  # noqa: ARG001 - Route 53 knows no Region
    changes = params["ChangeBatch"]["Changes"]
    sets = [change["ResourceRecordSet"] for change in changes]
    keys = {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [one["Name"].rstrip(".").lower() for one in sets],
        "route53:ChangeResourceRecordSetsRecordTypes": [one["Type"] for one in sets],
        "route53:ChangeResourceRecordSetsActions": [change["Action"] for change in changes],
    }
    yield Need("route53:ChangeResourceRecordSets", _zone(params["HostedZoneId"]), keys)


def _association(action: str) -> Callable[[Params, Where], Iterator[Need]]:
    def needed(params: Params, where: Where) -> Iterator[Need]:  # noqa: ARG001
        vpc = params["VPC"]
        keys = {"route53:VPCs": [f"VPCId={vpc['VPCId']},VPCRegion={vpc['VPCRegion']}"]}
        yield Need(action, _zone(params["HostedZoneId"]), keys)
        if action == "route53:AssociateVPCWithHostedZone":
            yield Need("ec2:DescribeVpcs", "*")

    return needed


def _zones_of_vpc(params: Params, where: Where) -> Iterator[Need]:  # noqa: ARG001
    keys = {"route53:VPCs": [f"VPCId={params['VPCId']},VPCRegion={params['VPCRegion']}"]}
    yield Need("route53:ListHostedZonesByVPC", "*", keys)
    yield Need("ec2:DescribeVpcs", "*")


# ---- the rest ----------------------------------------------------------------------------------------------------------
def _assume(params: Params, where: Where) -> Iterator[Need]:  # noqa: ARG001
    yield Need("sts:AssumeRole", params["RoleArn"], {"sts:ExternalId": params.get("ExternalId")})


def _table(action: str) -> Callable[[Params, Where], Iterator[Need]]:
    def needed(params: Params, where: Where) -> Iterator[Need]:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield Need(action, where.arn("dynamodb", f"table/{params['TableName']}{index}"))

    return needed


_TRANSACTED = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _transaction(params: Params, where: Where) -> Iterator[Need]:
    for item in params["TransactItems"]:
        for kind, one in item.items():
            yield Need(_TRANSACTED[kind], where.arn("dynamodb", f"table/{one['TableName']}"))


def _batch(action: str) -> Callable[[Params, Where], Iterator[Need]]:
    def needed(params: Params, where: Where) -> Iterator[Need]:
        for table in params["RequestItems"]:
            yield Need(action, where.arn("dynamodb", f"table/{table}"))

    return needed


def _queue(action: str) -> Callable[[Params, Where], Iterator[Need]]:
    def needed(params: Params, where: Where) -> Iterator[Need]:
        yield Need(action, where.arn("sqs", params["QueueUrl"].rpartition("/")[2]))

    return needed


def _alarms(params: Params, where: Where) -> Iterator[Need]:
    for name in params["AlarmNames"]:
        yield Need("cloudwatch:DeleteAlarms", where.arn("cloudwatch", f"alarm:{name}"))


def _configuration(params: Params, where: Where) -> Iterator[Need]:
    parts = {
        "application": params["ApplicationIdentifier"],
        "environment": params["EnvironmentIdentifier"],
        "configuration": params["ConfigurationProfileIdentifier"],
    }
    path = "/".join(f"{kind}/{identity}" for kind, identity in parts.items())
    yield Need("appconfig:StartConfigurationSession", where.arn("appconfig", path))


def _latest_configuration(params: Params, where: Where) -> Iterator[Need]:  # noqa: ARG001 - the token stands for all
    """A token is of one session; the only one that the tests begin is of this configuration."""
    path = "application/netreflex/environment/prod/configuration/policy"
    yield Need("appconfig:GetLatestConfiguration", where.arn("appconfig", path))


_CALLS: dict[tuple[str, str], Callable[[Params, Where], Iterator[Need]]] = {
    ("ec2", "AcceptVpcPeeringConnection"): _accept,
    ("ec2", "RejectVpcPeeringConnection"): _on_peering("ec2:RejectVpcPeeringConnection"),
    ("ec2", "ModifyVpcPeeringConnectionOptions"): _on_peering("ec2:ModifyVpcPeeringConnectionOptions"),
    ("ec2", "CreateRoute"): _route("ec2:CreateRoute"),
    ("ec2", "ReplaceRoute"): _route("ec2:ReplaceRoute"),
    ("ec2", "DeleteRoute"): _route("ec2:DeleteRoute"),
    ("ec2", "CreateTags"): _tags,
    ("route53", "ChangeResourceRecordSets"): _records,
    ("route53", "AssociateVPCWithHostedZone"): _association("route53:AssociateVPCWithHostedZone"),
    ("route53", "CreateVPCAssociationAuthorization"): _association("route53:CreateVPCAssociationAuthorization"),
    ("route53", "DeleteVPCAssociationAuthorization"): _association("route53:DeleteVPCAssociationAuthorization"),
    ("route53", "ListHostedZonesByVPC"): _zones_of_vpc,
    ("route53", "GetHostedZoneLimit"): lambda params, where: iter(  # noqa: ARG005
        [Need("route53:GetHostedZoneLimit", _zone(params["HostedZoneId"]))]
    ),
    ("route53", "GetChange"): lambda params, where: iter(  # noqa: ARG005
        [Need("route53:GetChange", "arn:aws:route53:::change/" + params["Id"].rpartition("/")[2])]
    ),
    ("sts", "AssumeRole"): _assume,
    ("sts", "GetCallerIdentity"): lambda params, where: iter(()),  # noqa: ARG005 - it needs no permission
    ("sns", "Publish"): lambda params, where: iter([Need("sns:Publish", params["TopicArn"])]),  # noqa: ARG005
    ("dynamodb", "GetItem"): _table("dynamodb:GetItem"),
    ("dynamodb", "PutItem"): _table("dynamodb:PutItem"),
    ("dynamodb", "UpdateItem"): _table("dynamodb:UpdateItem"),
    ("dynamodb", "DeleteItem"): _table("dynamodb:DeleteItem"),
    ("dynamodb", "Query"): _table("dynamodb:Query"),
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("dynamodb", "BatchWriteItem"): _batch("dynamodb:BatchWriteItem"),
    ("dynamodb", "BatchGetItem"): _batch("dynamodb:BatchGetItem"),
    ("sqs", "GetQueueAttributes"): _queue("sqs:GetQueueAttributes"),
    ("sqs", "ReceiveMessage"): _queue("sqs:ReceiveMessage"),
    ("cloudwatch", "PutMetricAlarm"): lambda params, where: iter(
        [Need("cloudwatch:PutMetricAlarm", where.arn("cloudwatch", f"alarm:{params['AlarmName']}"))]
    ),
    ("cloudwatch", "DeleteAlarms"): _alarms,
    ("logs", "FilterLogEvents"): lambda params, where: iter(
        [Need("logs:FilterLogEvents", where.arn("logs", f"log-group:{params['logGroupName']}"))]
    ),
    ("ssm", "GetParameter"): lambda params, where: iter(
        [Need("ssm:GetParameter", where.arn("ssm", f"parameter/{params['Name'].lstrip('/')}"))]
    ),
    ("s3", "GetObject"): lambda params, where: iter(  # noqa: ARG005
        [
            Need(
                "s3:GetObjectVersion" if "VersionId" in params else "s3:GetObject",
                f"arn:aws:s3:::{params['Bucket']}/{params['Key']}",
            )
        ]
    ),
    ("appconfigdata", "StartConfigurationSession"): _configuration,
    ("appconfigdata", "GetLatestConfiguration"): _latest_configuration,
    ("secretsmanager", "GetSecretValue"): lambda params, where: iter(
        [Need("secretsmanager:GetSecretValue", where.arn("secretsmanager", f"secret:{params['SecretId']}-AbCdEf"))]
    ),
}
