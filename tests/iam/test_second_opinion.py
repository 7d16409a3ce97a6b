"""A linter that knows every action, resource type and condition key of AWS finds nothing that is not explained here."""

from __future__ import annotations

import ast
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.aws.local import ROOT
from tests.iam.guard import member_role

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string, enhance_finding

POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
# Its tables are of April 2025; these came later.
NEWER = {"cloudfront:ListDistributionTenants", "ec2:GetActiveVpnTunnelStatus"}
# Reads of whatever there is: which certificates, zones and lists exist is what is being found out.
READS_OF_ALL = {
    "acm:DescribeCertificate",
    "ec2:DescribeVpcAttribute",
    "ec2:GetManagedPrefixListEntries",
    "route53:GetHostedZone",
    "route53:ListResourceRecordSets",
    "route53:ListVPCAssociationAuthorizations",
}
# AWS judges an accept on the peering and on our VPC; the condition exists on the peering alone, so these are two statements.
IN_TWO_STATEMENTS = {"ec2:AcceptVpcPeeringConnection"}


def _explained(issue: str, detail: object) -> bool:
    match issue:
        case "UNKNOWN_ACTION":
            return str(detail).removeprefix("Unknown action ") in NEWER
        case "RESOURCE_STAR":
            return set(ast.literal_eval(str(detail))) <= READS_OF_ALL
        case "RESOURCE_MISMATCH":
            return {one["action"] for one in ast.literal_eval(str(detail))} <= IN_TWO_STATEMENTS
        case _:
            return False


def findings(policy: dict[str, Any]) -> list[str]:
    """What is left to explain."""
    document = json.dumps({"Version": "2012-10-17", **policy})
    found = [enhance_finding(one) for one in analyze_policy_string(document, include_community_auditors=False).findings]
    return [f"{one.issue}: {one.detail}" for one in found if not _explained(one.issue, one.detail)]


def test_it_does_find_what_is_wrong() -> None:
    everywhere = {"Effect": "Allow", "Action": "ec2:CreateRoute", "Resource": "*"}
    unheard_of = {"Effect": "Allow", "Action": "ec2:NoSuchThing", "Resource": "*"}
    assert [one.partition(":")[0] for one in findings({"Statement": [everywhere]})] == ["RESOURCE_STAR"]
    assert [one.partition(":")[0] for one in findings({"Statement": [unheard_of]})] == ["UNKNOWN_ACTION"]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_functions_policy_has_no_finding(path: Path) -> None:
    assert findings(json.loads(path.read_text())) == []


def test_the_member_role_has_no_finding() -> None:
    _, policy = member_role("test")
    assert findings(policy) == []
