"""A pipeline is given no package of a configuration with faults; all of them are told, and no AWS is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.configuration import read_configuration
from deploy.faults import DeploymentFault
from deploy.package import package
from deploy.prepare import bundled_policy_faults
from tests.aws.checkout import checkout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return checkout(tmp_path / "checkout")


def configure(project: Path, **settings: str) -> None:
    path = project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    document["stages"]["dev"]["environment_variables"].update(settings)
    path.write_text(json.dumps(document))


def test_every_fault_is_told_and_nothing_is_packaged(project: Path) -> None:
    (project / "chalicelib" / "ours.yaml").write_text("version: 7\nacounts: {}\n")
    (project / ".chalice" / "policy-vpn.json").write_text("{")
    configure(
        project, NETREFLEX_MODE="sometimes", NETREFLEX_STATE_TABLE="mine", NETREFLEX_POLICY="chalicelib/ours.yaml"
    )
    with pytest.raises(DeploymentFault) as fault:
        package(project, "dev", project / "out", list[str]().append)
    for said in (
        "NETREFLEX_MODE must be",
        "NETREFLEX_STATE_TABLE must be netreflex-dev-state",
        "acounts",
        "policy-vpn.json",
    ):
        assert said in str(fault.value)
    assert not (project / "out").exists()


@pytest.mark.parametrize("source", ["ssm:/netreflex/policy", "s3://netreflex-x/policy.yaml", "appconfig:a/b/c"])
def test_a_policy_that_lies_in_aws_is_not_looked_at(project: Path, source: str) -> None:
    configure(project, NETREFLEX_POLICY=source)
    assert bundled_policy_faults(read_configuration(project, "dev")) == []


@pytest.mark.parametrize("path", ["policy.yaml", "deploy/ours.yaml", "chalicelib/../policy.yaml", "/etc/policy.yaml"])
def test_a_policy_that_is_here_but_not_in_the_bundle_is_a_fault(project: Path, path: str) -> None:
    """The functions would find nothing there, and decide nothing."""
    for name in ("policy.yaml", "deploy/ours.yaml"):
        (project / name).write_text("version: 1\n")
    configure(project, NETREFLEX_POLICY=path)
    [fault] = bundled_policy_faults(read_configuration(project, "dev"))
    assert f"{path} is not deployed with the functions" in fault


@pytest.mark.parametrize("path", ["chalicelib/ours.yaml", "chalicelib/policies/ours.yaml"])
def test_a_policy_below_chalicelib_is_taken(project: Path, path: str) -> None:
    (project / path).parent.mkdir(exist_ok=True)
    (project / path).write_text("version: 1\n")
    configure(project, NETREFLEX_POLICY=path)
    assert bundled_policy_faults(read_configuration(project, "dev")) == []
