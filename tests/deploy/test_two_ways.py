"""A stage is deployed one way or the other: `make deploy` and `make destroy` keep away from what a pipeline deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.faults import DeploymentFault
from deploy.place import Place
from deploy.stack import stack_of
from deploy.steps import deploy, destroy


class CloudFormation:
    """Knows which stack holds the table, and of nothing else; ``holder`` empty: none does."""

    def __init__(self, holder: str) -> None:
        self.holder = holder

    def describe_stack_resources(self, PhysicalResourceId: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        if not self.holder:
            told = {"Error": {"Code": "ValidationError", "Message": f"Stack for {PhysicalResourceId} does not exist"}}
            raise ClientError(told, "DescribeStackResources")  # type: ignore[arg-type]
        assert PhysicalResourceId == "netreflex-prod-state"
        return {"StackResources": [{"StackName": self.holder, "LogicalResourceId": "StateTable"}]}


def place(holder: str) -> Place:
    clients = {"cloudformation": CloudFormation(holder)}
    return Place("prod", "123456789012", "eu-west-1", "aws", boto3.Session(region_name="eu-west-1"), clients)


WAYS: dict[str, Callable[[Path, Place], None]] = {
    "deploy": lambda project, there: deploy(project, there, list[str]().append),
    "destroy": lambda project, there: destroy(project, there, list[str]().append, keep_table=True),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_the_stack_of_a_pipeline_holds_is_left_alone(way: str, tmp_path: Path) -> None:
    """No other service is asked anything, and nothing in the project is read or written."""
    with pytest.raises(DeploymentFault, match=r"the stack netreflex holds its table.*\n.*delete netreflex"):
        WAYS[way](tmp_path, place("netreflex"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("holder", ["", "netreflex-prod-resources"], ids=["no stack", "its own stack"])
def test_what_is_ours_or_nobodys_is_gone_on_with(way: str, holder: str, tmp_path: Path) -> None:
    with pytest.raises(DeploymentFault, match=r"config\.json cannot be read"):
        WAYS[way](tmp_path, place(holder))


@pytest.mark.parametrize(
    ("code", "goes_on"), [("AccessDenied", True), ("ValidationError", True), ("Throttling", False)]
)
def test_who_may_look_into_our_stacks_alone_is_not_kept_from_deploying(code: str, *, goes_on: bool) -> None:
    there = place("")

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeStackResources")

    there.client("cloudformation").describe_stack_resources = refuse
    if goes_on:
        assert stack_of(there, "netreflex-prod-state") == ""
        return
    with pytest.raises(ClientError):
        stack_of(there, "netreflex-prod-state")
