"""A refusal names the permission that is missing, wherever it comes from."""

from __future__ import annotations

import pytest

from deploy.faults import lacking

_BY_CHALICE = """An error occurred (AccessDenied) when calling the
 CreateRole operation: User: arn:aws:sts::123456789012:assumed-role/pipeline/1 is not
 authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/netreflex-prod-vpn because no identity-based
 policy allows the iam:CreateRole action
"""
_BY_CLOUDFORMATION = (
    "AlertsTopic: Resource handler returned message: User: arn:aws:sts::123456789012:assumed-role/pipeline/1 is not authorized to "
    "perform: SNS:CreateTopic on resource: arn:aws:sns:eu-west-1:123456789012:netreflex-prod-alerts"
)


@pytest.mark.parametrize(
    ("told", "actions"),
    [
        (_BY_CHALICE, "iam:CreateRole"),
        (_BY_CLOUDFORMATION, "SNS:CreateTopic"),
        (_BY_CHALICE * 2 + _BY_CLOUDFORMATION, "SNS:CreateTopic, iam:CreateRole"),
    ],
)
def test_what_aws_names_is_named_with_where_to_find_the_rest(told: str, actions: str) -> None:
    assert lacking(told).startswith(f"The credentials may not do {actions}. deploy/deployer.json allows all")


def test_any_other_failure_says_nothing_of_permissions() -> None:
    assert lacking("An error occurred (Throttling) when calling the CreateRole operation: Rate exceeded") == ""
