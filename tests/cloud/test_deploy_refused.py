"""What must not be deployed is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.faults import DeploymentFault
from deploy.place import place_of
from tests.aws.checkout import checkout
from tests.cloud.ground import Ground

pytestmark = pytest.mark.cloud


@pytest.fixture
def other(begun: Ground, tmp_path: Path) -> Ground:
    """A checkout of its own, to be configured wrongly, and the same AWS."""
    return Ground(begun.deployer, checkout(tmp_path / "checkout"), "test")


def test_the_credentials_of_another_account_deploy_nothing(other: Ground) -> None:
    _rewrite(other, {'"dev": {\n      "environment_variables": {': _PINNED})
    with pytest.raises(DeploymentFault, match=r"configured for arn:aws:sns:eu-west-1:999999999999:.*\n.*123456789012"):
        other.deploy()
    assert other.writes == []


_PINNED = """"test": {
      "environment_variables": {"NETREFLEX_ALERTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:999999999999:netreflex-test-alerts"}
    },
    "dev": {
      "environment_variables": {"""


def test_every_fault_of_the_configuration_is_told_before_anything_is_deployed(other: Ground) -> None:
    wrong = {"enforce": "sometimes", "netreflex-dev-state": "mine", "chalicelib/policy.yaml": "chalicelib/other.yaml"}
    _rewrite(other, wrong)
    (other.project / "chalicelib" / "other.yaml").write_text("version: 7\n")
    with pytest.raises(DeploymentFault) as fault:
        other.deploy()
    assert other.writes == []
    for said in ("NETREFLEX_MODE", "NETREFLEX_STATE_TABLE must be netreflex-test-state", "other.yaml"):
        assert said in str(fault.value)


@pytest.mark.parametrize("stage", ["", "Prod", "a-b", "x" * 17])
def test_a_stage_that_cannot_be_part_of_a_name_is_refused(stage: str) -> None:
    with pytest.raises(DeploymentFault, match="lower-case letters and digits"):
        place_of(stage)


def test_the_checkout_of_the_tests_is_not_this_one(begun: Ground) -> None:
    assert begun.project.resolve() != Path.cwd().resolve()


def _rewrite(ground: Ground, words: dict[str, str]) -> None:
    path = ground.project / ".chalice" / "config.json"
    text = path.read_text()
    for was, now in words.items():
        assert was in text
        text = text.replace(was, now)
    path.write_text(text)
