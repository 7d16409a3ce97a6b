"""Cloudsplaining, which looks for what an attacker could do with a policy, finds nothing that is not explained here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudsplaining.scan.policy_document import PolicyDocument

from tests.aws.local import ROOT
from tests.deploy.conftest import Packaged, packaged
from tests.iam.opinions import Found, Json, deployers, held_against, role_policies

__all__ = ["packaged"]  # the fixture: what a pipeline deploys, made by `python -m deploy package`

_ALL = "it reads, and all things of its one kind are what it has to find: `*` is the same set as `…:kind/*`"
_LISTS = "asked for all of them, or for all of a prefix, AWS judges it on every one there is"
EXPLAINED = {
    ("unrestricted", action): reason
    for reason, actions in {
        _ALL: (
            "acm:DescribeCertificate",
            "cloudfront:GetVpcOrigin",
            "ec2:DescribeVpcAttribute",
            "ec2:GetActiveVpnTunnelStatus",
            "ec2:GetManagedPrefixListEntries",
            "ec2:GetVpnTunnelReplacementStatus",
            "route53:GetHostedZone",
            "route53:GetHostedZoneLimit",
            "route53:ListResourceRecordSets",
            "route53:ListVPCAssociationAuthorizations",
            "servicequotas:GetServiceQuota",
        ),
        _LISTS: (
            "cloudwatch:DescribeAlarms",
            "directconnect:DescribeDirectConnectGatewayAssociations",
            "directconnect:DescribeVirtualInterfaces",
        ),
    }.items()
    for action in actions
}
OF_DEPLOYERS = {
    (
        "unrestricted",
        "cloudformation:DescribeStackResources",
    ): "asked by a table's name, whatever stack holds it: that is the question",
    ("unrestricted", "cloudwatch:DescribeAlarms"): _LISTS,
}


def findings(policy: Json) -> Found:
    scanned: Any = PolicyDocument(policy)
    kinds = {
        "unrestricted": scanned.all_allowed_unrestricted_actions,
        "escalation": [one["type"] for one in scanned.allows_privilege_escalation],
        "exfiltration": scanned.allows_data_exfiltration_actions,
        "credentials": scanned.credentials_exposure,
        "infrastructure": scanned.infrastructure_modification,
        "permissions": scanned.permissions_management_without_constraints,
        "whole service": scanned.service_wildcard,
    }
    return {(kind, action) for kind, actions in kinds.items() for action in actions}


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("iam:CreateAccessKey", "escalation"),
        ("secretsmanager:GetSecretValue", "exfiltration"),
        ("iam:PutRolePolicy", "permissions"),
        ("ec2:DeleteRoute", "infrastructure"),
        ("sts:GetFederationToken", "credentials"),
        ("s3:*", "whole service"),
    ],
)
def test_it_does_find_what_is_wrong(action: str, kind: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    assert kind in {found for found, _ in findings(document)}


def test_nothing_is_found_that_is_not_explained_and_no_explanation_is_left_over() -> None:
    assert held_against(EXPLAINED, findings) == (set(), set())


def test_of_what_people_deploy_with_nothing_is_found_that_is_not_explained() -> None:
    """It calls nothing an escalation that is bound to names; docs/permissions.md says what writing these roles amounts to."""
    assert held_against(OF_DEPLOYERS, findings, deployers) == (set(), set())


def test_the_roles_of_the_package_are_what_was_looked_at(packaged: Packaged) -> None:
    """Chalice puts each function's file into its role, the stage's own, and the template has no other role."""
    roles = role_policies(packaged.template)
    assert roles.keys() == {_role(one.name) for one in packaged.functions}
    for one in packaged.functions:
        assert roles[_role(one.name)]["Statement"] == packaged.role(one.name)["Statement"]
        assert packaged.configuration.role_policy(one.name) == packaged.configuration.made_role(one.name)


def _role(function: str) -> str:
    return "".join(word.title() for word in function.split("_")) + "Role"


@pytest.mark.parametrize("name", ["resources.json", "hub-bus.json"])
def test_the_other_templates_have_no_role(name: str) -> None:
    """Their policies are of topics, queues and a bus; tests/deploy and tests/aws hold them to what they promise."""
    template = json.loads((ROOT / "deploy" / name).read_text())
    assert role_policies(template) == {}
    assert "AWS::IAM" not in json.dumps(template)
