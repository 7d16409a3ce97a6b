"""`make deploy`, `make look` and `make destroy` under deploy/deployer.json alone: IAM is in force on the ground of these tests.

What ministack judges otherwise than AWS does is let by there (tests/cloud/deployer.py). So every call, the deployment's own and
those of `chalice`, is held against the file once more, on the resources and with the keys that AWS judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.observe import policy_source
from demo.world import POLICY
from deploy.faults import DeploymentFault
from deploy.resources import resources_template
from tests.aws.appconfig import HostedConfiguration
from tests.aws.checkout import checkout
from tests.aws.local import ROOT
from tests.cloud.ground import Ground
from tests.cloud.stories_of_deployment import changed_by_hand, mended, taken_away
from tests.iam.cloudformation import needs_of
from tests.iam.deployer_calls import needs_of_call
from tests.iam.deployers import deployer_policy
from tests.iam.evaluate import grants, listed, verdict
from tests.iam.guard import grants_of
from tests.iam.operations import Need

pytestmark = pytest.mark.cloud

# Allowed, and not asked for in these stories: the method that asks, and when.
_SELDOM = {
    "cloudformation:DeleteChangeSet": "delete_change_set",
    "cloudformation:DescribeStackEvents": "describe_stack_events",
    "s3:GetObject": "get_object",
    "s3:GetObjectVersion": "get_object",
    "ssm:GetParameter": "get_parameter",
}


_KEPT_TO_THE_BOUNDARY = {
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
}


@pytest.fixture(scope="module")
def given_up(begun: Ground, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Another stage, whose policy lies in AppConfig. Only its stack was made, and it is removed for good."""
    ground = Ground(begun.deployer, checkout(tmp_path_factory.mktemp("given-up") / "checkout"), "given")
    policy = HostedConfiguration(ground.aws, "netreflex")
    policy.deploy(POLICY)
    config = ground.project / ".chalice" / "config.json"
    config.write_text(config.read_text().replace("chalicelib/policy.yaml", policy.source))
    ground.broken_off("GetAccountSettings")
    ground.destroy(keep_table=False)
    return ground


@pytest.fixture
def played(whole: Ground, given_up: Ground) -> tuple[Ground, ...]:
    for story in (changed_by_hand, mended, taken_away):
        story(whole)
    return whole, given_up


def _needs(grounds: tuple[Ground, ...]) -> Iterator[Need]:
    for ground in grounds:
        notify = ground.place.arn("lambda", f"function:{ground.name('notify')}")
        for service, operation, params in ground.calls:
            yield from needs_of_call(service, operation, params, notify)


def test_every_call_is_allowed_as_aws_judges_it(played: tuple[Ground, ...]) -> None:
    policy, needs = deployer_policy("deployer"), list(_needs(played))
    assert {need.action for need in needs} >= {
        "iam:CreateRole",
        "lambda:UpdateFunctionCode",
        "dynamodb:UpdateTimeToLive",
    }
    assert [one for one in needs if verdict(policy, one.action, one.resource, one.context) != "allow"] == []


def test_who_may_write_none_but_bound_roles_can_deploy_a_stage_that_names_the_boundary(whole: Ground) -> None:
    """The condition that docs/permissions.md gives, which no emulator judges."""
    returned, refused = taken_away(whole), []
    bound: dict[str, str | None] = {}
    for service, operation, params in returned.calls:
        if f"{service}:{operation}" in _KEPT_TO_THE_BOUNDARY:
            has = bound[params["RoleName"]] = params.get("PermissionsBoundary", bound.get(params["RoleName"]))
            (need,) = needs_of_call(service, operation, params, "")
            keys = {"iam:permissionsboundary": has} if has else {}
            if verdict(_bounded(returned.boundary), need.action, need.resource, keys) != "allow":
                refused.append((operation, params["RoleName"]))
    assert len(bound) == len(whole.functions)
    assert refused == []


def _bounded(boundary: str) -> dict[str, Any]:
    """deploy/deployer.json with its writing of roles under the condition."""
    statements = []
    for one in deployer_policy("deployer")["Statement"]:
        free = [action for action in listed(one["Action"]) if action not in _KEPT_TO_THE_BOUNDARY]
        kept = [action for action in listed(one["Action"]) if action in _KEPT_TO_THE_BOUNDARY]
        condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        statements += [{**one, "Action": free}] if free else []
        statements += [{**one, "Action": kept, "Condition": condition}] if kept else []
    return {"Statement": statements}


def test_nothing_is_allowed_that_nobody_asks_for(played: tuple[Ground, ...]) -> None:
    policy = deployer_policy("deployer")
    asked = [*_needs(played), *needs_of(resources_template([one.name for one in played[0].functions]))]
    used = {
        (sid, need.action, pattern)
        for need in asked
        for sid, pattern in grants(policy, need.action, need.resource, need.context)
    }
    unused = {one for one in grants_of("deployer", policy) if (one.sid, one.action, one.resource) not in used}
    assert {one.action for one in unused} == _SELDOM.keys()


def test_what_is_seldom_asked_for_is_asked_for_by_a_line_of_the_code() -> None:
    sources = [*(ROOT / "deploy").glob("*.py"), Path(policy_source.__file__)]
    code = "\n".join(path.read_text() for path in sources)
    assert [method for method in _SELDOM.values() if method not in code] == []


@pytest.mark.parametrize("action", ["dynamodb:DescribeTimeToLive", "secretsmanager:DescribeSecret"])
def test_without_one_action_the_deployment_stops_and_says_which(whole: Ground, action: str) -> None:
    with whole.deployer.without(action), pytest.raises(DeploymentFault) as fault:
        whole.deploy()
    assert f"The credentials may not do {action}. deploy/deployer.json allows all that a deployment needs" in str(
        fault.value
    )
    assert "run the same command again" in str(fault.value)
    whole.look()
