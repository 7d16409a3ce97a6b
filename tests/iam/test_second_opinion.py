"""Parliament, which knows every action, resource type and condition key of AWS, finds nothing that is not explained here."""

from __future__ import annotations

import ast
import json
import warnings

from tests.iam.opinions import Found, Json, deployers, held_against

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string, enhance_finding

_NEWER = "Parliament's tables are of April 2025; this came later"
_KIND = (
    "it is about one kind of thing only, and every one in the account is looked at: `*` is the same set as `…:kind/*`"
)
_TWO = "AWS judges an accept on the peering and on our VPC; the condition exists on the peering alone, hence two statements"
EXPLAINED = {
    ("UNKNOWN_ACTION", "cloudfront:ListDistributionTenants"): _NEWER,
    ("UNKNOWN_ACTION", "ec2:GetActiveVpnTunnelStatus"): _NEWER,
    ("RESOURCE_STAR", "acm:DescribeCertificate"): _KIND,
    ("RESOURCE_STAR", "ec2:DescribeVpcAttribute"): _KIND,
    ("RESOURCE_STAR", "ec2:GetManagedPrefixListEntries"): _KIND,
    ("RESOURCE_STAR", "route53:GetHostedZone"): _KIND,
    ("RESOURCE_STAR", "route53:GetHostedZoneLimit"): _KIND,
    ("RESOURCE_STAR", "route53:ListResourceRecordSets"): _KIND,
    ("RESOURCE_STAR", "route53:ListVPCAssociationAuthorizations"): _KIND,
    ("RESOURCE_MISMATCH", "ec2:AcceptVpcPeeringConnection"): _TWO,
}
OF_DEPLOYERS = {
    ("UNKNOWN_ACTION", "lambda:GetFunctionScalingConfig"): _NEWER,
    (
        "INVALID_ARN",
        "Account expected to be of form like 123456789012",
    ): "SAM's transform belongs to AWS, whose account is `aws`",
    ("RESOURCE_STAR", "cloudwatch:DescribeAlarms"): "asked for a prefix it is judged on every alarm there is",
    (
        "RESOURCE_STAR",
        "cloudformation:DescribeStackResources",
    ): "asked by a table's name, whatever stack holds it: that is the question",
}


def findings(policy: Json) -> Found:
    found = analyze_policy_string(json.dumps(policy), include_community_auditors=False).findings
    return {
        (one.issue, action) for one in map(enhance_finding, found) for action in _actions(one.issue, str(one.detail))
    }


def _actions(issue: str, detail: str) -> list[str]:
    match issue:
        case "UNKNOWN_ACTION":
            return [detail.removeprefix("Unknown action ")]
        case "RESOURCE_STAR":
            return list(ast.literal_eval(detail))
        case "RESOURCE_MISMATCH":
            return [one["action"] for one in ast.literal_eval(detail)]
        case _:
            return [detail]


def _one(action: str) -> Json:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def test_it_does_find_what_is_wrong() -> None:
    assert findings(_one("ec2:CreateRoute")) == {("RESOURCE_STAR", "ec2:CreateRoute")}
    assert findings(_one("ec2:NoSuchThing")) == {("UNKNOWN_ACTION", "ec2:NoSuchThing")}


def test_nothing_is_found_that_is_not_explained_and_no_explanation_is_left_over() -> None:
    assert held_against(EXPLAINED, findings) == (set(), set())


def test_of_what_people_deploy_with_nothing_is_found_that_is_not_explained() -> None:
    assert held_against(OF_DEPLOYERS, findings, deployers) == (set(), set())
