"""X-Ray is off, and nothing of it is there, until a stage asks; the permission comes first and goes last."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.application import digest
from deploy.configuration import Configuration, read_configuration, with_tracing
from deploy.declared import Function, WokenBy
from deploy.package import logical_id, merge_template
from deploy.place import Place
from deploy.prepare import tracing_faults
from deploy.tracing import DOCUMENT, tracing_differences
from tests.aws.checkout import checkout
from tests.deploy.conftest import Packaged

FUNCTIONS = (Function("peering", WokenBy.EVENT), Function("sweep", WokenBy.SCHEDULE))
WRITES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


class Aws:
    """Lambda and IAM of a stage. ``slow`` updates are refused first, as until a new permission is seen."""

    def __init__(self, *, slow: int = 0) -> None:
        self.modes = {f"netreflex-prod-{one.name}": "PassThrough" for one in FUNCTIONS}
        self.policies: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.slow, self.waited = slow, list[float]()

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        if FunctionName not in self.modes:
            raise _error("ResourceNotFoundException", "GetFunctionConfiguration")
        return {"TracingConfig": {"Mode": self.modes[FunctionName]}}

    def update_function_configuration(self, FunctionName: str, TracingConfig: dict[str, str]) -> None:  # noqa: N803
        self.calls.append(f"{TracingConfig['Mode']} {FunctionName}")
        if TracingConfig["Mode"] == "Active":
            assert self.policies[FunctionName] == DOCUMENT, "AWS refuses to trace where the role may not"
            if self.slow:
                self.slow -= 1
                raise _error("InvalidParameterValueException", "UpdateFunctionConfiguration")
        self.modes[FunctionName] = TracingConfig["Mode"]

    def get_role_policy(self, RoleName: str, PolicyName: str) -> dict[str, Any]:  # noqa: N803
        assert PolicyName == "netreflex-prod-xray"
        if RoleName not in self.policies:
            raise _error("NoSuchEntity", "GetRolePolicy")
        return {"PolicyDocument": self.policies[RoleName]}

    def put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:  # noqa: N803
        self.calls.append(f"put {PolicyName} {RoleName}")
        self.policies[RoleName] = json.loads(PolicyDocument)

    def delete_role_policy(self, RoleName: str, PolicyName: str) -> None:  # noqa: N803
        assert self.modes.get(RoleName) != "Active"
        self.calls.append(f"delete {PolicyName} {RoleName}")
        del self.policies[RoleName]

    def bring(self, *, on: bool) -> list[str]:
        """Mend every difference; the calls that this took."""
        self.calls.clear()
        place = Place("prod", "123456789012", "eu-west-1", "aws", boto3.Session(), {"lambda": self, "iam": self})
        for difference in tracing_differences(place, FUNCTIONS, on=on, sleep=self.waited.append):
            difference.mend()
        return self.calls


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def test_off_is_how_it_begins_and_costs_no_write() -> None:
    assert Aws().bring(on=False) == []


def test_on_gives_the_permission_first_and_off_takes_it_last() -> None:
    aws = Aws()
    assert aws.bring(on=True) == [
        "put netreflex-prod-xray netreflex-prod-peering",
        "put netreflex-prod-xray netreflex-prod-sweep",
        "Active netreflex-prod-peering",
        "Active netreflex-prod-sweep",
    ]
    assert aws.bring(on=True) == []
    assert aws.bring(on=False) == [
        "PassThrough netreflex-prod-peering",
        "PassThrough netreflex-prod-sweep",
        "delete netreflex-prod-xray netreflex-prod-peering",
        "delete netreflex-prod-xray netreflex-prod-sweep",
    ]
    assert (aws.policies, aws.bring(on=False)) == ({}, [])


def test_what_was_changed_by_hand_is_put_right() -> None:
    aws = Aws()
    aws.bring(on=True)
    aws.policies["netreflex-prod-sweep"] = {"Version": "2012-10-17", "Statement": []}
    assert aws.bring(on=True) == ["put netreflex-prod-xray netreflex-prod-sweep"]


def test_lambda_is_waited_for_until_it_sees_the_permission() -> None:
    aws = Aws(slow=3)
    aws.bring(on=True)
    assert set(aws.modes.values()) == {"Active"}
    assert aws.waited == [1.0, 2.0, 4.0]


def test_the_waiting_has_an_end() -> None:
    aws = Aws(slow=100)
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        aws.bring(on=True)
    assert len(aws.waited) == 5


def test_a_function_that_is_missing_is_left_to_the_check() -> None:
    aws = Aws()
    del aws.modes["netreflex-prod-sweep"]
    assert "Active netreflex-prod-sweep" not in aws.bring(on=True)


# ---- the switch ------------------------------------------------------------------------------------------------------
@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return read_configuration(checkout(tmp_path / "checkout"), "dev")


def test_the_switch_is_written_into_the_stage_and_taken_out_again(configuration: Configuration) -> None:
    path = configuration.project / ".chalice" / "config.json"
    before, said = json.loads(path.read_text()), list[str]()
    traced = with_tracing(configuration, "yes", said.append)
    assert traced.tracing
    assert read_configuration(configuration.project, "dev").tracing, "the next run needs no switch"
    assert with_tracing(traced, "", said.append) is traced
    assert with_tracing(traced, "yes", said.append) is traced
    assert not with_tracing(traced, "no", said.append).tracing
    assert json.loads(path.read_text()) == before
    assert len(said) == 2


def test_tracing_alone_deploys_no_function_again(configuration: Configuration) -> None:
    assert digest(configuration) == digest(with_tracing(configuration, "yes", list[str]().append))


@pytest.mark.parametrize("where", ["top", "stage", "function"])
def test_chalices_own_key_is_refused_wherever_it_stands(configuration: Configuration, where: str) -> None:
    document = json.loads(json.dumps(configuration.document))
    places = {
        "top": document,
        "stage": document["stages"]["dev"],
        "function": document["lambda_functions"]["vpn"],
    }
    places[where]["xray"] = True
    assert tracing_faults(configuration) == []
    [fault] = tracing_faults(replace(configuration, document=document))
    assert "XRAY=yes" in fault


# ---- the package -----------------------------------------------------------------------------------------------------
def test_the_package_of_a_stage_that_is_not_traced_knows_nothing_of_xray(packaged: Packaged) -> None:
    assert "xray" not in json.dumps(packaged.template).lower()
    assert {one["Tracing"] for one in packaged.of_type("AWS::Serverless::Function").values()} == {"PassThrough"}


def test_the_package_of_a_traced_stage_has_the_permission_beside_each_functions_own(packaged: Packaged) -> None:
    """A merge replaces a list, so the role's own policy has to be given again, and to be the same."""
    document = json.loads(json.dumps(packaged.configuration.document))
    document["stages"]["prod"]["tracing"] = True
    traced = replace(packaged.configuration, document=document)
    merged = merge_template(traced, packaged.functions)["Resources"]
    roles = packaged.of_type("AWS::IAM::Role")
    for one in packaged.functions:
        logical = logical_id(one.name)
        assert merged[logical]["Properties"]["Tracing"] == "Active"
        own, traces = merged[f"{logical}Role"]["Properties"]["Policies"]
        assert [own["PolicyDocument"]] == [it["PolicyDocument"] for it in roles[f"{logical}Role"]["Policies"]]
        assert traces == {"PolicyName": "netreflex-prod-xray", "PolicyDocument": DOCUMENT}
    assert {action for one in DOCUMENT["Statement"] for action in one["Action"]} == WRITES
