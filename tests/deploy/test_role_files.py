"""The roles of a stage lie in files that chalice takes, made anew whenever what they are made of has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.configuration import Configuration, read_configuration
from deploy.faults import DeploymentFault
from deploy.place import place_of_topic
from deploy.prepare import prepare_package
from deploy.stage_roles import stage_roles, stale_roles
from tests.aws.checkout import checkout
from tests.iam.evaluate import listed
from tests.iam.stage import configured

TOPIC = "arn:aws:sns:eu-west-1:123456789012:netreflex-prod-alerts"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return checkout(tmp_path / "checkout")


def prepare(project: Path) -> tuple[Configuration, list[str]]:
    said: list[str] = []
    return prepare_package(project, "prod", said.append), said


def changed(project: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def stage_says(project: Path, **what: object) -> None:
    changed(project, lambda document: document["stages"]["prod"].update(what))


def resources(project: Path, function: str, sid: str) -> list[str]:
    role = json.loads((project / ".chalice" / "roles" / "prod" / f"{function}.json").read_text())
    return [arn for one in role["Statement"] if one["Sid"] == sid for arn in listed(one["Resource"])]


def stale(configuration: Configuration) -> list[str]:
    place = place_of_topic("prod", None)
    return list(stale_roles(configuration, stage_roles(configuration, place, ask=False)))


def test_every_function_gets_a_file_that_chalice_takes_and_a_second_run_writes_nothing(project: Path) -> None:
    configuration, said = prepare(project)
    assert any("9 of 9 roles are new or changed" in line for line in said)
    for function in configuration.functions:
        assert configuration.role_policy(function) == project / ".chalice" / "roles" / "prod" / f"{function}.json"
    before = {path: path.stat().st_mtime_ns for path in (project / ".chalice").rglob("*.json")}
    again, said = prepare(project)
    assert (again.document, said) == (configuration.document, [])
    assert {path: path.stat().st_mtime_ns for path in (project / ".chalice").rglob("*.json")} == before


def test_the_other_stages_and_the_patterns_stay_as_they_are(project: Path) -> None:
    patterns = {path: path.read_text() for path in (project / ".chalice").glob("policy-*.json")}
    before = read_configuration(project, "dev")
    prepare(project)
    after = read_configuration(project, "dev")
    assert after.document["stages"]["dev"] == before.document["stages"]["dev"]
    assert {path: path.read_text() for path in patterns} == patterns


def test_the_account_is_the_topics_or_any(project: Path) -> None:
    prepare(project)
    assert resources(project, "peering", "Remember") == ["arn:aws:dynamodb:*:*:table/netreflex-prod-state"]
    changed(
        project,
        lambda document: document["stages"]["prod"]["environment_variables"].update(NETREFLEX_ALERTS_TOPIC_ARN=TOPIC),
    )
    prepare(project)
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/netreflex-prod-state"
    assert resources(project, "peering", "Remember") == [table]
    assert resources(project, "peering", "RouteInTheHomeAccount") == ["arn:aws:ec2:*:123456789012:route-table/*"]
    peerings = "arn:aws:ec2:*:*:vpc-peering-connection/*"
    assert resources(project, "peering", "AnswerPeeringsOfTheHomeAccount") == [peerings], "it has two owners"


def test_what_the_stage_says_of_the_hubs_own_account_is_in_the_roles(project: Path) -> None:
    prepare(project)
    stage_says(project, hub_account={"Peerings": "no", "HostedZones": ["arn:aws:route53:::hostedzone/Z1"]})
    _, said = prepare(project)
    assert any("5 of 9 roles are new or changed" in line for line in said), (
        "peerings and names are of three, records of two"
    )
    assert resources(project, "peering", "RouteInTheHomeAccount") == []
    assert resources(project, "peering", "WriteCnamesAndTheirMarks") == ["arn:aws:route53:::hostedzone/Z1"]


def test_a_word_that_is_not_known_of_the_hubs_own_account_is_a_fault_beside_all_others(project: Path) -> None:
    prepare(project)
    stage_says(project, hub_account={"Peering": "no"}, xray=True)
    with pytest.raises(DeploymentFault) as fault:
        prepare(project)
    assert "hub_account.Peering is not known" in str(fault.value)
    assert "`xray`" in str(fault.value)


def test_a_place_that_the_patterns_do_not_allow_is_a_fault_and_no_role_is_made(project: Path) -> None:
    """A pipeline is told as well, though nobody can look into that place for it."""
    prepare(project)
    stage_says(project, environment_variables={"NETREFLEX_POLICY": "ssm:/network/policy"})
    with pytest.raises(
        DeploymentFault, match=r"ssm:GetParameter on arn:aws:ssm:\*:\*:parameter/network/policy is not allowed"
    ):
        prepare(project)


def test_a_pattern_that_changed_makes_the_roles_anew(project: Path) -> None:
    """As after an update: the check names the file until the next deployment writes it."""
    configuration, _ = prepare(project)
    assert stale(configuration) == []
    path = project / ".chalice" / "policy-vpn.json"
    pattern = json.loads(path.read_text())
    more = {"Sid": "Ours", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:*:key/netreflex-*-x"}
    path.write_text(json.dumps({**pattern, "Statement": [*pattern["Statement"], more]}))
    assert stale(configuration) == [".chalice/roles/prod/vpn.json is not what its pattern and the stage's settings say"]
    prepare(project)
    assert resources(project, "vpn", "Ours") == [more["Resource"]], "what somebody added is taken as it is"
    assert stale(configuration) == []


def test_a_file_that_was_lost_is_named_and_made_anew(project: Path) -> None:
    configuration, _ = prepare(project)
    (project / ".chalice" / "roles" / "prod" / "notify.json").unlink()
    assert [line.split(" ")[0] for line in stale(configuration)] == [".chalice/roles/prod/notify.json"]
    prepare(project)
    assert stale(configuration) == []


def test_a_stage_that_was_deployed_before_there_were_such_files_is_told(project: Path) -> None:
    """Its roles are those of the patterns, until the next deployment."""
    assert len(stale(read_configuration(project, "prod"))) == 9


def test_a_file_of_somebodys_own_choice_is_left_alone(project: Path) -> None:
    prepare(project)
    own = {"Version": "2012-10-17", "Statement": []}
    (project / ".chalice" / "ours.json").write_text(json.dumps(own))
    changed(
        project,
        lambda document: document["stages"]["prod"]["lambda_functions"]["vpn"].update(iam_policy_file="ours.json"),
    )
    configuration, said = prepare_without_reach(project)
    assert configuration.role_policy("vpn") == project / ".chalice" / "ours.json"
    assert json.loads((project / ".chalice" / "ours.json").read_text()) == own
    assert said == []
    assert stale(configuration) == []


def prepare_without_reach(project: Path) -> tuple[Configuration, list[str]]:
    """A policy in the bundle and no member role: nothing that such a file would have to allow."""
    changed(
        project, lambda document: document["stages"]["prod"]["environment_variables"].pop("NETREFLEX_MEMBER_ROLE", None)
    )
    prepare(project)
    return prepare(project)


def test_a_function_that_is_no_more_leaves_no_name_behind(project: Path) -> None:
    prepare(project)
    changed(project, lambda document: document["lambda_functions"].pop("origins"))
    configuration, _ = prepare(project)
    assert "origins" not in configuration.functions
    assert "origins" not in configuration.of_stage["lambda_functions"]


def test_what_iam_would_refuse_for_its_size_is_told_before(project: Path) -> None:
    path = project / ".chalice" / "policy-vpn.json"
    pattern = json.loads(path.read_text())
    much = {"Sid": "Much", "Effect": "Allow", "Action": "ec2:CreateRoute", "Resource": ["arn:" + "x" * 100] * 110}
    path.write_text(json.dumps({**pattern, "Statement": [much]}))
    with pytest.raises(DeploymentFault, match=r"the role of vpn has 11[0-9]{3} characters; IAM takes 10240"):
        prepare(project)
    assert not (project / ".chalice" / "roles").exists()


PARAMETER = "arn:aws:ssm:*:*:parameter/netreflex/policy"
OBJECT = "arn:aws:s3:::netreflex-policies/policy.yaml"
CONFIGURATION = "arn:aws:appconfig:*:*:application/*/environment/*/configuration/*"
SECRET = "arn:aws:secretsmanager:*:*:secret:netreflex-prod-slack"


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("NETREFLEX_POLICY", "ssm:/netreflex/policy", {("ssm:GetParameter", PARAMETER)}),
        ("NETREFLEX_POLICY", "ssm:/netreflex/policy:3", {("ssm:GetParameter", PARAMETER)}),
        ("NETREFLEX_POLICY", "s3://netreflex-policies/policy.yaml", {("s3:GetObject", OBJECT)}),
        ("NETREFLEX_POLICY", "s3://netreflex-policies/policy.yaml?versionId=x", {("s3:GetObjectVersion", OBJECT)}),
        (
            "NETREFLEX_POLICY",
            "appconfig:net/prod/policy",
            {("appconfig:StartConfigurationSession", CONFIGURATION), ("appconfig:GetLatestConfiguration", CONFIGURATION)},
        ),
        ("NETREFLEX_SLACK_SECRET", "netreflex-prod-slack", {("secretsmanager:GetSecretValue", f"{SECRET}-??????")}),
        ("NETREFLEX_SLACK_SECRET", "ssm:/netreflex/policy", {("ssm:GetParameter", PARAMETER)}),
        ("NETREFLEX_SLACK_SECRET", "arn:aws:sns:*:*:netreflex-prod-amazon-q", {("sns:Publish", "arn:aws:sns:*:*:netreflex-prod-amazon-q")}),
    ],
)  # fmt: skip
def test_of_what_a_setting_names_the_role_allows_just_that(
    setting: str, value: str, allowed: set[tuple[str, str]]
) -> None:
    without, having = (roles_of({}), roles_of({setting: value}))
    assert having - without == allowed
    assert without - having == set()


def roles_of(settings: dict[str, str]) -> set[tuple[str, str]]:
    """What `notify` may with these settings."""
    role = stage_roles(configured(settings, stage="prod"), place_of_topic("prod", None), ask=False)["notify"]
    return {
        (action, arn)
        for one in role["Statement"]
        for action in listed(one["Action"])
        for arn in listed(one["Resource"])
    }
