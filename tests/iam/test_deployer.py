"""The policies for those who deploy: small enough to attach, no wider than needed, and enough for what CloudFormation asks.

What `make deploy`, `make look` and `make destroy` ask themselves is played in tests/cloud/test_deployer_in_force.py.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.member import member_template
from deploy.resources import resources_template, table_template
from tests.aws.local import ROOT, cloud_python
from tests.deploy.conftest import Packaged, packaged
from tests.iam.cloudformation import NOT_NEEDED, STAGE, excused, needs_of, permissions
from tests.iam.deployers import ARTIFACTS, DEPLOYERS, deployer_policy, needs_of_package, needs_of_stack
from tests.iam.evaluate import grants, listed, verdict
from tests.iam.guard import Grant, grants_of
from tests.iam.lambda_needs import functions
from tests.iam.operations import Need

__all__ = ["packaged"]  # the fixture: what a pipeline deploys, made by `python -m deploy package`

_MANAGED_POLICY = 6144  # characters without white space (IAM quotas)
_TRANSFORM = """
import json, os, sys
os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
from samtranslator.translator.transform import transform
class NoPolicies:
    def load(self):
        return {}
print(json.dumps(transform(json.load(sys.stdin), {}, NoPolicies())))
"""


@pytest.fixture(scope="session")
def transformed(packaged: Packaged) -> dict[str, Any]:
    """The package's template as `aws cloudformation package` and SAM's transform leave it."""
    template = json.loads(json.dumps(packaged.template))
    for one in template["Resources"].values():
        if one["Type"] == "AWS::Serverless::Function":
            one["Properties"]["CodeUri"] = f"s3://{ARTIFACTS}/netreflex/0123456789abcdef"
    done = subprocess.run(  # noqa: S603 - our own program
        [cloud_python(), "-c", _TRANSFORM], input=json.dumps(template), capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def _hub_bus() -> dict[str, Any]:
    return dict(json.loads((ROOT / "deploy" / "hub-bus.json").read_text()))


@pytest.mark.parametrize("name", DEPLOYERS)
def test_it_can_be_attached(name: str) -> None:
    policy = deployer_policy(name)
    assert policy["Version"] == "2012-10-17"
    assert len(json.dumps(policy, separators=(",", ":"))) <= _MANAGED_POLICY
    sids = [one["Sid"] for one in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


@pytest.mark.parametrize("name", DEPLOYERS)
def test_no_action_is_a_wildcard_and_roles_are_given_to_one_service_alone(name: str) -> None:
    for statement in deployer_policy(name)["Statement"]:
        assert "*" not in str(statement["Action"])
        if "iam:PassRole" in listed(statement["Action"]):
            assert statement["Condition"]["StringEquals"].keys() == {"iam:PassedToService"}
        if any(action.startswith("iam:") for action in listed(statement["Action"])):
            assert all(one.startswith("arn:aws:iam::*:role/netreflex-*") for one in listed(statement["Resource"]))


def test_what_our_properties_do_not_need_is_said_of_what_cloudformation_might_ask() -> None:
    assert {kind: excused(kind) - permissions(kind) for kind in NOT_NEEDED if excused(kind) - permissions(kind)} == {}


def _refused(policy: dict[str, Any], needs: Iterator[Need]) -> list[Need]:
    return [need for need in needs if verdict(policy, need.action, need.resource, need.context) != "allow"]


@pytest.mark.parametrize("template", [resources_template(tuple(functions())), table_template()])
def test_cloudformation_may_do_all_that_make_deploy_and_destroy_ask_of_it(template: dict[str, Any]) -> None:
    assert _refused(deployer_policy("deployer"), needs_of(template)) == []


def _used(name: str, needs: Iterator[Need]) -> set[Grant]:
    policy = deployer_policy(name)
    return {
        Grant(name, sid, need.action, pattern)
        for need in needs
        for sid, pattern in grants(policy, need.action, need.resource, need.context)
    }


def _of_package(transformed: dict[str, Any]) -> Iterator[Need]:
    yield from needs_of(transformed)
    yield from needs_of_stack(f"netreflex-{STAGE}")
    yield from needs_of_package()


def test_a_pipeline_may_do_what_it_must_and_nothing_else(transformed: dict[str, Any]) -> None:
    policy = deployer_policy("deployer-package")
    assert _refused(policy, _of_package(transformed)) == []
    unused = grants_of("deployer-package", policy) - _used("deployer-package", _of_package(transformed))
    assert {one.action for one in unused} == set()


def _of_accounts() -> Iterator[Need]:
    yield from needs_of(member_template())
    yield from needs_of(_hub_bus())
    yield from needs_of_stack(f"netreflex-{STAGE}-member")
    yield from needs_of_stack(f"netreflex-{STAGE}-hub-bus")


def test_who_deploys_the_templates_of_accounts_may_do_what_they_must_and_nothing_else() -> None:
    policy = deployer_policy("deployer-accounts")
    assert _refused(policy, _of_accounts()) == []
    assert grants_of("deployer-accounts", policy) == _used("deployer-accounts", _of_accounts())


@pytest.mark.parametrize(
    "need",
    [
        Need(
            "iam:PassRole",
            f"arn:aws:iam::123456789012:role/netreflex-{STAGE}-vpn",
            {"iam:PassedToService": "ec2.amazonaws.com"},
        ),
        Need("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/pipeline"),
        Need("iam:AttachRolePolicy", f"arn:aws:iam::123456789012:role/netreflex-{STAGE}-vpn"),
        Need(
            "lambda:AddPermission",
            f"arn:aws:lambda:eu-west-1:123456789012:function:netreflex-{STAGE}-vpn",
            {"lambda:Principal": "*"},
        ),
        Need("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:123456789012:function:payroll"),
        Need(
            "lambda:CreateEventSourceMapping",
            "*",
            {"lambda:FunctionArn": "arn:aws:lambda:eu-west-1:1:function:payroll"},
        ),
        Need(
            "sns:Subscribe", f"arn:aws:sns:eu-west-1:123456789012:netreflex-{STAGE}-alerts", {"sns:Protocol": "https"}
        ),
        Need(
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:netreflex-prod-slack-AbCdEf",
        ),
        Need("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:123456789012:table/netreflex-{STAGE}-state"),
        Need("cloudformation:DeleteStack", "arn:aws:cloudformation:eu-west-1:123456789012:stack/network/1"),
    ],
    ids=lambda need: f"{need.action} {need.resource.rpartition(':')[2]}",
)
def test_what_is_not_theirs_stays_shut(need: Need) -> None:
    assert [name for name in DEPLOYERS if not _refused(deployer_policy(name), iter([need]))] == []
