"""Which permissions a call of a deployment takes, on which resource, with which condition keys (Service Authorization Reference).

A call that is not known here is an error of the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.iam.cloudformation import ACCOUNT, REGION
from tests.iam.operations import Need

# IAM knows no resource for these, or what is asked for is everything there is.
_ON_EVERYTHING = {
    "appconfig:ListApplications",
    "cloudformation:DescribeStackResources",  # asked by the name of what a stack holds
    "cloudwatch:DescribeAlarms",  # asked by a prefix
    "cloudwatch:ListDashboards",
    "dynamodb:ListTables",
    "events:ListRules",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "lambda:ListFunctions",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "sns:ListTopics",
    "sns:SetSubscriptionAttributes",
    "sqs:ListQueues",
}
# Where the name stands among the parameters, and what stands around it in the ARN.
_NAMED = {
    "appconfig": (("ApplicationId",), "application/{}"),
    "cloudformation": (("StackName",), "stack/{}/01234567-89ab-cdef-0123-456789abcdef"),
    "cloudwatch": (("AlarmName", "AlarmNames"), "alarm:{}"),
    "dynamodb": (("TableName",), "table/{}"),
    "events": (("Rule", "Name"), "rule/{}"),
    "iam": (("RoleName",), "role/{}"),
    "lambda": (("FunctionName", "Resource"), "function:{}"),
    "logs": (("logGroupName",), "log-group:{}"),
    "secretsmanager": (("SecretId",), "secret:{}"),
    "sns": (("TopicArn",), "{}"),
    "sqs": (("QueueName", "QueueUrl"), "{}"),
}


def needs_of_call(service: str, operation: str, params: Mapping[str, Any], function: str) -> Iterator[Need]:
    """The permissions of one call; ``function`` is the one that its queue wakes, for calls that name only the mapping."""
    action = f"{service}:{operation}"
    if action == "sts:GetCallerIdentity":
        return  # it takes no permission (STS API reference)
    if action.endswith("EventSourceMapping"):
        mapping = _arn("lambda", f"event-source-mapping:{params['UUID']}") if "UUID" in params else "*"
        woken = _function(params.get("FunctionName", function))
        yield Need(action, mapping, {"lambda:FunctionArn": woken})
    elif service == "appconfigdata":  # judged on ids, also where names were given; the token stands for them
        yield Need(f"appconfig:{operation}", _arn("appconfig", "application/a1/environment/e1/configuration/c1"))
    elif action in _ON_EVERYTHING:
        yield Need(action, "*")
    else:
        keys = {"lambda:Principal": params["Principal"]} if action == "lambda:AddPermission" else {}
        yield from (Need(action, arn, keys) for arn in _resources(service, params))
    if service == "lambda" and "Role" in params:
        yield Need("iam:PassRole", params["Role"], {"iam:PassedToService": "lambda.amazonaws.com"})


def _resources(service: str, params: Mapping[str, Any]) -> list[str]:
    names, pattern = _NAMED[service]
    found = next(params[name] for name in names if name in params)
    each = found if isinstance(found, list) else [found]
    return [
        one
        if one.startswith("arn:")
        else _arn(service, pattern.format(one.rpartition("/")[2] if service == "sqs" else one))
        for one in each
    ]


def _function(name: str) -> str:
    return name if name.startswith("arn:") else _arn("lambda", f"function:{name}")


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{'' if service == 'iam' else REGION}:{ACCOUNT}:{resource}"
