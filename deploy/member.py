"""Writes ``deploy/member.json``: what an account gives netreflex. ``python -m deploy.member [--check]``.

One template for all accounts and Regions, fit for a StackSet. What the member role may do is read from the functions' own
policy files, so that no function can do more, or less, in another account than at home. Every change is behind a switch.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.faults import DeploymentFault
from deploy.member_events import forward_role, forward_rules
from deploy.member_parameters import BOUNDARY, SWITCH_OF, SWITCHES, member_conditions, member_parameters
from deploy.narrowing import TAGGED, narrowed
from deploy.permissions import AT_HOME, Statement, is_read, listed, statements_by_sid

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "deploy" / "member.json"

# Where nobody says anything, the parameters' defaults narrow nothing.
_PARAMETERS: Json = {
    **{name: {"Ref": name} for name in ("RequesterVpcs", "AccepterVpcs", "HostedZones")},
    "RouteTables": {"Fn::If": ["OnlyTaggedTables", TAGGED, {"Ref": "AWS::NoValue"}]},
}
_HUB_ROLES = "arn:${AWS::Partition}:iam::${HubAccount}:role/netreflex-${Stage}-"


def member_template(policies: Path = ROOT / ".chalice") -> Json:
    """The whole template."""
    statements = statements_by_sid(policies)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "netreflex: what an account gives it. Deploy it in HubRegion first, then in every other Region of "
        "the policy, in us-east-1 (CloudFront, Route 53) and in us-west-2 (Network Manager).",
        "Parameters": member_parameters(),
        "Conditions": member_conditions(),
        "Resources": {
            "MemberRole": _member_role(statements),
            **dict(_switched(statements)),
            "ForwardRole": forward_role(),
            **forward_rules(),
        },
        "Outputs": {
            "MemberRole": {
                "Condition": "HasRole",
                "Description": "NETREFLEX_MEMBER_ROLE is its name",
                "Value": {"Fn::GetAtt": ["MemberRole", "Arn"]},
            }
        },
    }


def _member_role(statements: Mapping[str, Statement]) -> Json:
    functions = callers(statements)
    trusted = [{"Fn::Sub": _HUB_ROLES + function} for function in functions]
    reads = [one.as_json() for sid, one in statements.items() if sid not in AT_HOME and sid not in SWITCH_OF]
    for read in reads:
        if not all(is_read(action) for action in listed(read["Action"])):
            raise DeploymentFault(f"{read['Sid']} changes something: name its switch in deploy/member.py")
    return {
        "Type": "AWS::IAM::Role",
        "Condition": "HasRole",
        "Properties": {
            "RoleName": {"Fn::Sub": "netreflex-${Stage}-member"},
            "Description": "netreflex reads networks here, and changes what the switches of its template allow",
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": BOUNDARY,
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "FunctionsOfTheHub",
                        "Effect": "Allow",
                        # The account, narrowed to the roles: a role named here directly would have to exist already, and
                        # would lose its way in whenever it is made anew.
                        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${HubAccount}:root"}},
                        "Action": "sts:AssumeRole",
                        "Condition": {
                            "ArnEquals": {"aws:PrincipalArn": trusted},
                            "StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}},
                        },
                    }
                ],
            },
            "Policies": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": reads}}],
        },
    }


def callers(statements: Mapping[str, Statement]) -> tuple[str, ...]:
    """The functions that may assume member roles."""
    return statements["ReachMemberAccounts"].functions


def _switched(statements: Mapping[str, Statement]) -> Iterator[tuple[str, Json]]:
    for switch, sids in SWITCHES.items():
        allowed = [narrowed(statements[sid].as_json(), _PARAMETERS) for sid in sids]
        yield (
            f"{switch}Policy",
            {
                "Type": "AWS::IAM::RolePolicy",
                "Condition": f"Has{switch}",
                "Properties": {
                    "RoleName": {"Ref": "MemberRole"},
                    "PolicyName": switch.lower(),
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": allowed},
                },
            },
        )


def main(arguments: Sequence[str]) -> int:
    text = json.dumps(member_template(), indent=2) + "\n"
    if list(arguments) == ["--check"]:
        if not FILE.exists() or FILE.read_text() != text:
            sys.stderr.write(f"{FILE} is not current: run python -m deploy.member\n")
            return 1
        return 0
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
