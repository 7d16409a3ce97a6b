"""The policies that linters look at, and how what they find is held against what is explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.member import member_template
from tests.aws.local import ROOT
from tests.iam.deployers import DEPLOYERS, deployer_policy
from tests.iam.guard import member_role, resolved
from tests.iam.stage import roles

Json = dict[str, Any]
Found = set[tuple[str, str]]
"""Kinds of findings, each with the action that it is about."""

_SETTINGS = {
    "NETREFLEX_POLICY": "appconfig:netreflex/prod/policy",
    "NETREFLEX_MEMBER_ROLE": "netreflex-test-member",
    "NETREFLEX_SLACK_SECRET": "netreflex-test-slack",
}
_HUB_ACCOUNT = {
    "RequesterVpcs": ["arn:aws:ec2:*:111122223333:vpc/*"],
    "AccepterVpcs": ["arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"],
    "RouteTables": "tagged",
    "HostedZones": ["arn:aws:route53:::hostedzone/Z1"],
}


def documents() -> Iterator[tuple[str, Json]]:
    """Every policy of a role that is shipped, by name: the functions', the member role's, the one that forwards events.

    The functions' are the patterns, and what a stage makes of them.
    """
    for path in sorted((ROOT / ".chalice").glob("policy-*.json")):
        yield path.stem, json.loads(path.read_text())
    for function, role in roles(_SETTINGS, _HUB_ACCOUNT).items():
        yield f"{function} of a stage", role
    yield "member role", {"Version": "2012-10-17", **member_role("test")[1]}
    yield "forward role", role_policies(member_template())["ForwardRole"]


def role_policies(template: Json) -> dict[str, Json]:
    """The inline policies of each role of a template, joined, as far as they need no switch."""
    found = {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == "AWS::IAM::Role"}
    given = {"AWS::Partition": "aws", "AWS::AccountId": "111122223333", "AWS::Region": "eu-west-1", "Stage": "test"}
    given |= {"HubRegion": "eu-west-1", "HubAccount": "123456789012", "ExternalId": "test-external-id"}
    return {
        name: {
            "Version": "2012-10-17",
            "Statement": [
                resolved(statement, given)
                for policy in role.get("Policies", [])
                for statement in policy["PolicyDocument"]["Statement"]
            ],
        }
        for name, role in found.items()
    }


def deployers() -> Iterator[tuple[str, Json]]:
    """The policies for those who deploy, by name. What is explained of a function's role excuses nothing of these."""
    yield from ((name, deployer_policy(name)) for name in DEPLOYERS)


def held_against(
    explained: Mapping[tuple[str, str], str],
    findings: Callable[[Json], Found],
    documents: Callable[[], Iterator[tuple[str, Json]]] = documents,
) -> tuple[Found, Found]:
    """What a linter finds in all documents and nobody explains; and what is explained and no longer found."""
    found = {finding for _, document in documents() for finding in findings(document)}
    return found - explained.keys(), set(explained) - found
