"""Where a stage names a permissions boundary, no role of its functions is made or left without it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.boundary import boundary_differences, boundary_faults
from deploy.configuration import Configuration
from deploy.declared import Function, WokenBy
from deploy.member import member_template
from deploy.package import merge_template
from deploy.place import Place
from tests.aws.local import ROOT
from tests.deploy.conftest import Packaged

BOUNDARY, OTHER = (f"arn:aws:iam::123456789012:policy/{name}" for name in ("boundary", "other"))
FUNCTIONS = (Function("peering", WokenBy.EVENT), Function("notify", WokenBy.QUEUE))
PEERING, NOTIFY = "netreflex-prod-peering", "netreflex-prod-notify"


class Iam:
    """Roles by name, each with its boundary or none."""

    def __init__(self, **roles: str | None) -> None:
        self.roles = {f"netreflex-prod-{name}": boundary for name, boundary in roles.items()}
        self.trusted: dict[str, str] = {}

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        if RoleName not in self.roles:
            raise ClientError({"Error": {"Code": "NoSuchEntity"}}, "GetRole")
        has = self.roles[RoleName]
        bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": has}} if has else {}
        return {"Role": {"RoleName": RoleName, **bound}}

    def create_role(self, RoleName: str, PermissionsBoundary: str, AssumeRolePolicyDocument: str) -> None:  # noqa: N803
        self.roles[RoleName] = PermissionsBoundary
        self.trusted[RoleName] = json.loads(AssumeRolePolicyDocument)["Statement"][0]["Principal"]["Service"]

    def put_role_permissions_boundary(self, RoleName: str, PermissionsBoundary: str) -> None:  # noqa: N803
        self.roles[RoleName] = PermissionsBoundary


def mended(iam: Iam, boundary: str) -> list[str]:
    place = Place("prod", "123456789012", "eu-west-1", "aws", boto3.Session(), {"iam": iam})
    said = []
    for one in boundary_differences(place, FUNCTIONS, boundary):
        one.mend()
        said.append(one.what)
    return said


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ({}, [f"role {PEERING}: made, with its permissions boundary", f"role {NOTIFY}: made, with its permissions boundary"]),
        ({"peering": None, "notify": BOUNDARY}, [f"role {PEERING}: its permissions boundary"]),
        ({"peering": OTHER, "notify": OTHER}, [f"role {PEERING}: its permissions boundary", f"role {NOTIFY}: its permissions boundary"]),
        ({"peering": BOUNDARY, "notify": BOUNDARY}, []),
    ],
    ids=["no role", "one without", "another boundary", "bound"],
)  # fmt: skip
def test_every_role_is_bound_and_a_second_run_writes_nothing(there: dict[str, str | None], told: list[str]) -> None:
    iam = Iam(**there)
    assert mended(iam, BOUNDARY) == told
    assert iam.roles == {PEERING: BOUNDARY, NOTIFY: BOUNDARY}
    assert set(iam.trusted.values()) <= {"lambda.amazonaws.com"}
    assert mended(iam, BOUNDARY) == []


def test_a_stage_that_names_none_leaves_what_somebody_set_and_makes_no_role() -> None:
    iam = Iam(peering=OTHER)
    assert mended(iam, "") == []
    assert iam.roles == {PEERING: OTHER}


@pytest.mark.parametrize(
    ("boundary", "faults"), [("", 0), (BOUNDARY, 0), ("boundary", 1), ("arn:aws:iam::123456789012:role/x", 1)]
)
def test_it_is_the_arn_of_a_policy(boundary: str, faults: int) -> None:
    assert len(list(boundary_faults(boundary))) == faults


def test_the_package_binds_every_role_where_the_stage_says_so(packaged: Packaged) -> None:
    def bound(configuration: Configuration) -> set[str | None]:
        resources = merge_template(configuration, packaged.functions)["Resources"].values()
        roles = [one["Properties"] for one in resources if "RoleName" in one["Properties"]]
        assert len(roles) == len(packaged.functions)
        return {role.get("PermissionsBoundary") for role in roles}

    document = json.loads(json.dumps(packaged.configuration.document))
    document["stages"]["prod"]["permissions_boundary"] = BOUNDARY
    assert bound(packaged.configuration) == {None}
    assert bound(replace(packaged.configuration, document=document)) == {BOUNDARY}


def test_both_roles_of_a_member_account_are_bound_by_its_parameter() -> None:
    template = member_template(ROOT / ".chalice")
    roles = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    condition, yes, no = roles[0]["PermissionsBoundary"]["Fn::If"]
    assert [role["PermissionsBoundary"] for role in roles] == [{"Fn::If": [condition, yes, no]}] * 2
    assert template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundary"}, ""]}]}
    assert (yes, no) == ({"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"})
    assert template["Parameters"]["PermissionsBoundary"]["Default"] == ""
