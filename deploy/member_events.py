"""How an account's network events come to the hub: one rule for each of its functions, in every Region of the template."""

from __future__ import annotations

from typing import Any

from chalicelib.intake.patterns import PATTERNS
from deploy.member_parameters import BOUNDARY

Json = dict[str, Any]

_HUB_BUS = "arn:${AWS::Partition}:events:${HubRegion}:${HubAccount}:event-bus/default"


def forward_rules() -> Json:
    """The rules by logical id, one for each pattern that wakes a function."""
    return {_logical(name): _forward_rule(name, pattern) for name, pattern in PATTERNS.items()}


def forward_role() -> Json:
    return {
        "Type": "AWS::IAM::Role",
        "Condition": "HasForwardRole",
        "Properties": {
            "RoleName": {"Fn::Sub": "netreflex-${Stage}-forward"},
            "PermissionsBoundary": BOUNDARY,
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "forward",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": "events:PutEvents", "Resource": {"Fn::Sub": _HUB_BUS}}
                        ],
                    },
                }
            ],
        },
    }


def _forward_rule(name: str, pattern: Json) -> Json:
    """One hop: what came from elsewhere already has another account in its envelope, and is not sent on."""
    own = {"account": [{"Ref": "AWS::AccountId"}]}
    return {
        "Type": "AWS::Events::Rule",
        "Condition": "HasForwardRules",
        "Properties": {
            "Name": {"Fn::Sub": f"netreflex-${{Stage}}-forward-{name}"},
            "Description": f"To netreflex's function {name}",
            "EventPattern": {**pattern, **own},
            "Targets": [
                {
                    "Id": "hub",
                    "Arn": {"Fn::Sub": _HUB_BUS},
                    "RoleArn": {
                        "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/netreflex-${Stage}-forward"
                    },
                }
            ],
        },
    }


def _logical(name: str) -> str:
    return "Forward" + "".join(word.title() for word in name.split("_"))
