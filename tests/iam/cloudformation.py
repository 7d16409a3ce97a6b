"""What CloudFormation asks for in the name of the person who deploys, for every resource of a template.

No emulator judges this. Each resource type says in its schema of the CloudFormation registry which permissions its handlers take
(`handlers.*.permissions`); cfn-lint carries all of these schemas. They name what any property may need, so what our properties do
not need is named below, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.iam.operations import Need

Json = dict[str, Any]

ACCOUNT, REGION, STAGE = "123456789012", "eu-west-1", "prod"
_HANDLERS = ("create", "read", "update", "delete")  # `list` is for those who look for resources without a template
_GIVEN = {"Stage": STAGE, "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}

_TAGS = "only with tags, and this type gets none of CloudFormation's own"
_KMS = "only with a key of one's own; AWS's keys let the service in by their own policy"
_VPC = "only for a function in a VPC"
_NETWORKED = "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs elasticfilesystem:DescribeMountTargets"
NOT_NEEDED: dict[str, dict[str, str]] = {
    "AWS::DynamoDB::Table": {
        "only for a replica in another Region": "dynamodb:CreateTableReplica dynamodb:AssociateTableReplica dynamodb:Scan "
        "dynamodb:Query dynamodb:UpdateItem dynamodb:PutItem dynamodb:GetItem dynamodb:DeleteItem dynamodb:BatchWriteItem "
        "iam:CreateServiceLinkedRole",
        "only for an import from S3": "dynamodb:ImportTable dynamodb:DescribeImport s3:GetObject s3:GetObjectMetadata "
        "s3:ListBucket logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams "
        "logs:PutLogEvents logs:PutRetentionPolicy",
        "only with a stream to Kinesis": "dynamodb:EnableKinesisStreamingDestination dynamodb:DisableKinesisStreamingDestination "
        "dynamodb:UpdateKinesisStreamingDestination kinesis:DescribeStream kinesis:PutRecords",
        "only with contributor insights": "dynamodb:UpdateContributorInsights",
        "only with a policy of its own": "dynamodb:PutResourcePolicy dynamodb:DeleteResourcePolicy",
        _TAGS: "dynamodb:TagResource dynamodb:UntagResource",
        _KMS: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:ListAliases kms:Encrypt kms:RevokeGrant",
    },
    "AWS::SNS::Topic": {
        "only with a data protection policy": "sns:PutDataProtectionPolicy",
        "only with delivery status or Firehose": "iam:GetRole iam:PassRole",
        "only for subscriptions inside the topic; ours is a resource of its own": "sns:Subscribe sns:Unsubscribe",
    },
    "AWS::SNS::Subscription": {"only for Firehose": "iam:GetRole iam:PassRole"},
    "AWS::SQS::Queue": {_TAGS: "sqs:TagQueue sqs:UntagQueue"},
    "AWS::Lambda::Function": {
        _VPC: f"{_NETWORKED} ec2:DescribeNetworkInterfaces s3files:ListMountTargets",
        _KMS: "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey",
        "only with code signing": "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig "
        "lambda:DeleteFunctionCodeSigningConfig",
        "only with layers": "lambda:GetLayerVersion",
        "only for a version of the bundle in S3": "s3:GetObjectVersion",
        "not an action of IAM (Service Authorization Reference)": "lambda:AssociateRuntimeAlias",
        "only with a runtime version, recursion, scaling, capacity or a published version of one's own": "lambda:PassCapacityProvider "
        "lambda:PutRuntimeManagementConfig lambda:PutFunctionRecursionConfig lambda:PutFunctionScalingConfig lambda:PublishVersion",
    },
    "AWS::Lambda::EventSourceMapping": {_KMS: "kms:DescribeKey kms:GenerateDataKey kms:Decrypt"},
    "AWS::IAM::Role": {
        "only with managed policies": "iam:AttachRolePolicy iam:DetachRolePolicy",
        "only where a boundary is given up again": "iam:DeleteRolePermissionsBoundary",
        _TAGS: "iam:TagRole iam:UntagRole",
    },
    "AWS::Logs::LogGroup": {
        "only with a policy, an index, a key, a delivery or protection of its own": "logs:PutDataProtectionPolicy "
        "logs:DeleteDataProtectionPolicy logs:CreateLogDelivery s3:REST.PUT.OBJECT firehose:TagDeliveryStream "
        "logs:PutResourcePolicy logs:DeleteResourcePolicy logs:PutIndexPolicy logs:DeleteIndexPolicy "
        "logs:PutBearerTokenAuthentication logs:AssociateKmsKey logs:DisassociateKmsKey logs:PutLogGroupDeletionProtection",
    },
}

# Actions that IAM judges on everything there is, or on nothing with a name (Service Authorization Reference).
_ON_EVERYTHING = {
    "cloudwatch:DescribeAlarms",
    "events:PutPermission",
    "events:RemovePermission",
    "lambda:CreateEventSourceMapping",
    "logs:DescribeIndexPolicies",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "sns:GetSubscriptionAttributes",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
}
# The property with a resource's name, and the rest of its ARN: service, Region or none, what stands before the name.
_NAMED = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", REGION, "table/"),
    "AWS::SNS::Topic": ("TopicName", "sns", REGION, ""),
    "AWS::SQS::Queue": ("QueueName", "sqs", REGION, ""),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch", REGION, "alarm:"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", "cloudwatch", "", "dashboard/"),
    "AWS::Lambda::Function": ("FunctionName", "lambda", REGION, "function:"),
    "AWS::IAM::Role": ("RoleName", "iam", "", "role/"),
    "AWS::Events::Rule": ("Name", "events", REGION, "rule/"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", REGION, "log-group:"),
}
# What stands in no ARN of its own: the property with the names or ARNs of what it belongs to, and the type of that.
_PART_OF = {
    "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic"),
    "AWS::SNS::Subscription": ("TopicArn", "AWS::SNS::Topic"),
    "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue"),
    "AWS::Lambda::Permission": ("FunctionName", "AWS::Lambda::Function"),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName", "AWS::Lambda::Function"),
    "AWS::Lambda::EventSourceMapping": ("FunctionName", "AWS::Lambda::Function"),
    "AWS::IAM::RolePolicy": ("RoleName", "AWS::IAM::Role"),
}
_KEYS = {"sns:Subscribe": ("sns:Protocol", "Protocol"), "lambda:AddPermission": ("lambda:Principal", "Principal")}
_MAPPING = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:01234567-89ab-cdef-0123-456789abcdef"
_BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


@cache
def permissions(kind: str) -> frozenset[str]:
    """What the handlers of a resource type may ask for, whatever its properties are."""
    handlers: Json = dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema["handlers"])
    return frozenset(one for name in _HANDLERS for one in handlers.get(name, {}).get("permissions", ()))


def excused(kind: str) -> frozenset[str]:
    """What of that our properties never need."""
    return frozenset(action for actions in NOT_NEEDED.get(kind, {}).values() for action in actions.split())


def needs_of(template: Mapping[str, Any]) -> Iterator[Need]:
    """All that CloudFormation asks for to make, read, change and remove what is in a template."""
    resources = template["Resources"]
    for resource in resources.values():
        kind, properties = resource["Type"], resource["Properties"]
        for action in sorted(permissions(kind) - excused(kind)):
            yield from _needs(kind, action, properties, resources)


def _needs(kind: str, action: str, properties: Json, resources: Json) -> Iterator[Need]:
    if action == "iam:PassRole":
        yield from _passed(kind, properties, resources)
    elif action == "s3:GetObject":
        code = properties["Code"]
        yield Need(action, f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")
    elif kind == "AWS::Lambda::EventSourceMapping":
        (function,) = _owners(kind, properties, resources)
        keys = {"lambda:FunctionArn": function} if action.endswith("EventSourceMapping") else {}
        yield Need(action, "*" if action in _ON_EVERYTHING else _MAPPING, keys)
    elif action in _ON_EVERYTHING:
        yield Need(action, "*")
    elif action == "events:DescribeEventBus":
        yield Need(action, _BUS)
    else:
        key, name = _KEYS.get(action, ("", ""))
        keys = {key: properties[name]} if key else {}
        yield from (Need(action, arn, keys) for arn in _owners(kind, properties, resources))
    if action == "dynamodb:DescribeContributorInsights":  # of the indexes, too
        (table,) = _owners(kind, properties, resources)
        yield from (Need(action, f"{table}/index/{one['IndexName']}") for one in properties["GlobalSecondaryIndexes"])


def _passed(kind: str, properties: Json, resources: Json) -> Iterator[Need]:
    """A function's own role, or the roles of a rule's targets."""
    service = kind.split("::")[1].lower()
    roles = [properties.get("Role"), *(target.get("RoleArn") for target in properties.get("Targets", ()))]
    for role in filter(None, roles):
        yield Need("iam:PassRole", _text(role, resources), {"iam:PassedToService": f"{service}.amazonaws.com"})


def _owners(kind: str, properties: Json, resources: Json) -> list[str]:
    """The ARNs on which an action of a resource is judged."""
    if kind in _NAMED:
        return [_arn(kind, _text(properties[_NAMED[kind][0]], resources))]
    name, owner = _PART_OF[kind]
    found = properties[name]
    texts = [_text(one, resources) for one in (found if isinstance(found, list) else [found])]
    return [one if one.startswith("arn:") else _arn(owner, one) for one in texts]


def _arn(kind: str, name: str) -> str:
    _, service, region, before = _NAMED[kind]
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{before}{name}"


def _text(value: Any, resources: Json) -> str:  # noqa: ANN401 - JSON
    """A value of the template as CloudFormation would fill it in; a reference becomes the ARN."""
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)}:
            for name, given in {**_GIVEN, **_names(resources)}.items():
                text = text.replace(f"${{{name}}}", given)
            return text
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return _owners(resources[name]["Type"], resources[name]["Properties"], resources)[0]
        case _:
            raise AssertionError(f"not understood: {value}")


def _names(resources: Json) -> dict[str, str]:
    """What ``${Logical}`` stands for, where a function is meant."""
    return {
        name: one["Properties"]["FunctionName"]
        for name, one in resources.items()
        if one["Type"] == "AWS::Lambda::Function"
    }
