"""`chalice deploy --stage S` by hand: a stage whose settings are not its own is not deployed, and what to run is said."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chalicelib.chosen_stage import check_stage, chosen_stage
from chalicelib.model.errors import ConfigurationError
from deploy.application import CHALICE
from tests.aws.checkout import checkout

CONFIG = Path(__file__).parent.parent.parent / ".chalice" / "config.json"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:netreflex-{}-alerts"
NOWHERE = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
}


def settings(stage: str) -> dict[str, str]:
    return {
        "NETREFLEX_ALERTS_TOPIC_ARN": TOPIC.format(stage),
        "NETREFLEX_STATE_TABLE": f"netreflex-{stage}-state",
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("by-hand") / "checkout")


def configured(stages: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {stage: {"environment_variables": variables} for stage, variables in stages.items()}


def chalice(project: Path, stages: dict[str, Any], *arguments: str) -> tuple[int, str]:
    path = project / ".chalice" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "stages": stages}))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "NETREFLEX_"))}
    done = subprocess.run(  # noqa: S603 - chalice itself
        [*CHALICE, *arguments],
        cwd=project,
        env={**inherited, **NOWHERE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [("deploy",), ("package", "out")], ids=["deploy", "package"])
@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"dev": settings("dev")}, ("NETREFLEX_ALERTS_TOPIC_ARN and NETREFLEX_STATE_TABLE are not set",)),
        (
            {"dev": settings("dev"), "prod": settings("dev")},
            ("NETREFLEX_ALERTS_TOPIC_ARN is of stage dev", "NETREFLEX_STATE_TABLE is of stage dev"),
        ),
    ],
    ids=["chalice does not know the stage", "the settings were copied from another stage"],
)
def test_a_stage_without_settings_of_its_own_is_not_deployed(
    project: Path, command: tuple[str, ...], stages: dict[str, dict[str, str]], said: tuple[str, ...]
) -> None:
    """It would take the alerts of the other stage from its queue."""
    code, told = chalice(project, configured(stages), *command, "--stage", "prod")
    assert code != 0
    for words in (*said, "make deploy STAGE=prod", "make package STAGE=prod"):
        assert words in told
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    "stages",
    [
        {"prod": settings("prod")},
        json.loads(CONFIG.read_text())["stages"],
        {"prod": {"NETREFLEX_STATE_TABLE": "netreflex-prod-state"}},
        {"prod": {"NETREFLEX_ALERTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:ours-alerts"}},
    ],
    ids=["by make deploy", "as it comes", "without a topic", "with names of its own"],
)
def test_a_stage_with_settings_of_its_own_goes_on_to_aws(project: Path, stages: dict[str, Any]) -> None:
    """There is no AWS here; what is told is that, and nothing of settings."""
    (stage,) = stages
    plain = {stage: stages[stage].get("environment_variables", stages[stage])}
    code, told = chalice(project, configured(plain), "deploy", "--stage", stage, "--no-autogen-policy")
    assert code != 0
    assert "Could not connect to the endpoint URL" in told
    assert "is not set up" not in told


def test_nothing_is_asked_of_a_function_or_a_test_that_imports_the_application() -> None:
    assert chosen_stage() is None


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_settings_of_the_stage_itself_are_taken(stage: str) -> None:
    names = {"topic_arn": TOPIC.format(stage), "state_table": f"netreflex-{stage}-state"}
    check_stage(stage, **names, prefix=f"netreflex-{stage}-")
    with pytest.raises(ConfigurationError, match=f"is of stage {stage}"):
        check_stage("other", **names, prefix=f"netreflex-{stage}-")
