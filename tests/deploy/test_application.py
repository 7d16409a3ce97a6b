"""`chalice` as a step of the deployment: where it fails, the step fails, and nothing is marked as deployed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.application import run_chalice
from deploy.configuration import Configuration, read_configuration
from deploy.faults import DeploymentFault


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    (tmp_path / ".chalice").mkdir()
    stages = {"version": "2.0", "app_name": "netreflex", "stages": {"prod": {}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(stages))
    return read_configuration(tmp_path, "prod")


@pytest.mark.parametrize(
    "application",
    ["raise ValueError('no such thing')\n", "def\n", "import a_module_that_is_not_there\n"],
    ids=["an exception", "a syntax error", "a missing module"],
)
def test_what_chalice_ends_with_a_traceback_is_a_failed_step(
    configuration: Configuration, capsys: pytest.CaptureFixture[str], application: str
) -> None:
    """Chalice prints the traceback and returns from its ``main``, as if all were well."""
    (configuration.project / "app.py").write_text(application)
    with pytest.raises(DeploymentFault, match="`chalice package` did not finish"):
        run_chalice(configuration, "package", "out")
    assert "Traceback" in capsys.readouterr().out


def test_a_command_of_chalice_that_works_is_no_fault(
    configuration: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    run_chalice(configuration, "dev", "plan", "--help")
    assert "Usage:" in capsys.readouterr().out
