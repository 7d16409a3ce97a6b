"""`chalice deploy` by hand takes the roles from their files: files that were made for other settings are not deployed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.chosen_roles import check_roles
from chalicelib.model.errors import ConfigurationError
from chalicelib.settings import Settings, read_settings
from deploy.configuration import read_configuration
from deploy.prepare import prepare_package
from tests.aws.checkout import checkout
from tests.deploy.test_by_hand import chalice

POLICY = "ssm:/netreflex/policy"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:netreflex-prod-amazon-q"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return checkout(tmp_path / "checkout")


def made_for(project: Path, **settings: str) -> Settings:
    """The settings of a stage whose roles are made for them."""
    path = project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    own = {**document["stages"]["dev"]["environment_variables"], "NETREFLEX_STATE_TABLE": "netreflex-prod-state"}
    document["stages"]["prod"] = {"environment_variables": {**own, **settings}}
    path.write_text(json.dumps(document))
    prepare_package(project, "prod", list[str]().append)
    return read_settings(read_configuration(project, "prod").settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"NETREFLEX_POLICY": POLICY},
        {"NETREFLEX_POLICY": f"{POLICY}:3"},
        {"NETREFLEX_POLICY": "s3://netreflex-policies/policy.yaml"},
        {"NETREFLEX_POLICY": "s3://netreflex-policies/policy.yaml?versionId=3sL4kqt"},
        {"NETREFLEX_POLICY": "appconfig:netreflex/prod/policy"},
        {"NETREFLEX_SLACK_SECRET": "ssm:/netreflex/slack"},
        {"NETREFLEX_SLACK_SECRET": TOPIC},
        {"NETREFLEX_SLACK_SECRET": ""},
    ],
    ids=str,
)
def test_roles_that_were_made_for_these_settings_are_deployed(project: Path, settings: dict[str, str]) -> None:
    check_roles("prod", project, made_for(project, **settings))


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({}, {"policy": POLICY}, "peering may not read the policy at ssm:/netreflex/policy, "),
        ({}, {"policy": "appconfig:a/b/c"}, "notify may not read the policy at appconfig:a/b/c, "),
        (
            {"NETREFLEX_POLICY": POLICY},
            {"policy": "s3://netreflex-policies/p.yaml"},
            "vpn may not read the policy at s3",
        ),
        ({"NETREFLEX_POLICY": POLICY}, {"policy": "ssm:/netreflex/pol"}, "origins may not read the policy at ssm"),
        (
            {},
            {"slack_secret": "/netreflex/slack"},
            "settings: notify may not use the Slack secret /netreflex/slack. Run",
        ),
        ({}, {"slack_secret": TOPIC}, "settings: notify may not use the Slack secret arn:aws:sns:"),
        ({}, {"member_role": "netreflex-other-member"}, "peering may not assume netreflex-other-member, "),
    ],
    ids=str,
)
def test_what_moved_since_is_told_with_what_to_run(
    project: Path, before: dict[str, str], now: dict[str, str], told: str
) -> None:
    settings = replace(made_for(project, **before), **now)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError) as fault:
        check_roles("prod", project, settings)
    assert told in str(fault.value)
    assert "make deploy STAGE=prod" in str(fault.value)


def test_chalice_by_hand_deploys_nothing_then(project: Path) -> None:
    made_for(project)
    stages = json.loads((project / ".chalice" / "config.json").read_text())["stages"]
    stages["prod"]["environment_variables"]["NETREFLEX_POLICY"] = POLICY
    code, told = chalice(project, stages, "package", "out", "--stage", "prod")
    assert code != 0
    assert "the roles of stage prod were not made for its settings: peering may not read the policy" in told
    assert not (project / "out").exists()


def test_functions_that_enter_no_account_are_not_asked_for_the_member_role(project: Path) -> None:
    settings = replace(made_for(project), member_role="netreflex-other-member")
    with pytest.raises(ConfigurationError) as fault:
        check_roles("prod", project, settings)
    assert "notify" not in str(fault.value)
    assert "dead_letters" not in str(fault.value)


def test_a_file_that_nobody_committed_is_told(project: Path) -> None:
    settings = made_for(project)
    (project / ".chalice" / "roles" / "prod" / "vpn.json").unlink()
    with pytest.raises(ConfigurationError, match=r"settings: \.chalice/roles/prod/vpn\.json is missing\. Run"):
        check_roles("prod", project, settings)


def test_the_patterns_and_files_of_ones_own_choice_are_taken_as_they_are(project: Path) -> None:
    settings = replace(made_for(project), policy=POLICY)
    check_roles("dev", project, settings)
    path = project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    for own in document["stages"]["prod"]["lambda_functions"].values():
        own["iam_policy_file"] = "ours.json"
    path.write_text(json.dumps(document))
    check_roles("prod", project, settings)
