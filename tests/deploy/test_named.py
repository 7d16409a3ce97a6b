"""AppConfig is reached by ids and named by names; what is named twice, or not at all, is told."""

from __future__ import annotations

import boto3
import pytest

from deploy.faults import DeploymentFault
from deploy.named import named_things
from deploy.place import Place
from tests.iam.stage import AppConfig, configured

SOURCE = {"NETREFLEX_POLICY": "appconfig:netreflex/prod/policy"}
IDS = {"netreflex": "a1b2c3d", "prod": "e4f5g6h", "policy": "i7j8k9l"}


def arns(settings: dict[str, str], appconfig: object, *, ask: bool = True) -> set[str]:
    place = Place("test", "123456789012", "eu-west-1", "aws", boto3.Session(), {"appconfig": appconfig})
    return {one.arn for one in named_things(configured(settings), place, ask=ask)}


@pytest.mark.parametrize("named", ["netreflex/prod/policy", "a1b2c3d/e4f5g6h/i7j8k9l", "netreflex/e4f5g6h/policy"])
def test_a_configuration_is_named_by_names_or_ids(named: str) -> None:
    found = arns({"NETREFLEX_POLICY": f"appconfig:{named}"}, AppConfig(**IDS))
    path = "application/a1b2c3d/environment/e4f5g6h/configuration/i7j8k9l"
    assert found == {f"arn:aws:appconfig:eu-west-1:123456789012:{path}"}


def test_without_asking_any_id_will_do() -> None:
    path = "application/*/environment/*/configuration/*"
    assert arns(SOURCE, None, ask=False) == {f"arn:aws:appconfig:eu-west-1:123456789012:{path}"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("appconfig:net/prod/policy", "the application net of AppConfig, and there is none"),
        ("appconfig:netreflex/dev/policy", "the environment dev of AppConfig, and there is none"),
        ("appconfig:netreflex/prod/x", "the profile x of AppConfig, and there is none"),
    ],
)
def test_what_is_not_there_is_told(source: str, told: str) -> None:
    with pytest.raises(DeploymentFault, match=told):
        arns({"NETREFLEX_POLICY": source}, AppConfig())


def test_a_name_that_two_have_is_told() -> None:
    source = {"NETREFLEX_POLICY": "appconfig:other/prod/policy"}
    with pytest.raises(DeploymentFault, match="2 that are called so; give its id"):
        arns(source, AppConfig(netreflex="other"))
