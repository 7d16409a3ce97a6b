"""Deploys netreflex to the local AWS as its users do to theirs: the resources of ``deploy/``, then ``chalice deploy``.

It deploys from a copy, so that the checkout's ``.chalice/deployed`` stays as it is, and writes the stage's settings into
the copy's configuration. What is unlike a deployment to AWS: the waiters poll fast, and the functions have this
computer's architecture, because ministack runs them here.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.aws.awsbus import DefaultBus
from tests.aws.local import ROOT, LocalAws
from tests.aws.wheels import DeploymentError, fetched_wheels, run

_SHIM = Path(__file__).with_name("fast_chalice.py")
_COPIED = ("app.py", "chalicelib", "requirements.txt", "vendor")
_LEFT = shutil.ignore_patterns("__pycache__", "*.pyc", "deployed", "deployments", "venv")
_STACK_SECONDS = 60.0


@dataclass(frozen=True)
class Deployment:
    """A deployed stage: where it was deployed from, and the names its parts have."""

    aws: LocalAws
    stage: str
    project: Path
    settings: Mapping[str, str]

    def name(self, part: str) -> str:
        return f"netreflex-{self.stage}-{part}"

    def topic_arn(self, part: str) -> str:
        return f"arn:aws:sns:{self.aws.region}:{self.aws.hub}:{self.name(part)}"

    def queue_arn(self, part: str) -> str:
        return f"arn:aws:sqs:{self.aws.region}:{self.aws.hub}:{self.name(part)}"

    @property
    def bus(self) -> DefaultBus:
        """The bus through whose rules events reach the deployed functions."""
        return DefaultBus(self.aws.client("events"), self.aws.client("lambda"))

    def chalice_deploy(self) -> None:
        """Step 2, again after a change in ``project``."""
        _chalice(self.aws, self.project, "deploy", "--no-autogen-policy", "--stage", self.stage)


def deploy(
    aws: LocalAws,
    *,
    stage: str = "dev",
    policy: str | None = None,
    settings: Mapping[str, str] | None = None,
    source: Path = ROOT,
) -> Deployment:
    """Deploy the application of ``source``. ``policy`` is the text of the policy file to bundle with it."""
    make_resources(aws, stage)
    project = aws.directory / f"app-{stage}"
    chosen = {**_settings(aws, stage), **(settings or {})}
    _copy(source, project)
    if policy is not None:
        (project / "chalicelib" / "policy.local.yaml").write_text(policy)
        chosen["NETREFLEX_POLICY"] = "chalicelib/policy.local.yaml"
    _configure(project, stage, chosen)
    deployment = Deployment(aws, stage, project, chosen)
    deployment.chalice_deploy()
    return deployment


def make_resources(aws: LocalAws, stage: str) -> None:
    """Step 1: table, topics and queues, as a CloudFormation stack."""
    cloudformation, name = aws.client("cloudformation"), f"netreflex-{stage}-resources"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(ROOT / "deploy" / "resources.json").read_text(),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": stage}],
    )
    deadline = time.monotonic() + _STACK_SECONDS
    while True:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return
        if not stack["StackStatus"].endswith("IN_PROGRESS") or time.monotonic() > deadline:
            reason = stack.get("StackStatusReason", "no reason given")
            raise DeploymentError(f"stack {name} is {stack['StackStatus']}: {reason}")
        time.sleep(0.05)


def _settings(aws: LocalAws, stage: str) -> dict[str, str]:
    return {
        "NETREFLEX_MODE": "enforce",
        "NETREFLEX_STATE_TABLE": f"netreflex-{stage}-state",
        "NETREFLEX_ALERTS_TOPIC_ARN": f"arn:aws:sns:{aws.region}:{aws.hub}:netreflex-{stage}-alerts",
        "NETREFLEX_MEMBER_ROLE": f"netreflex-{stage}-member",
        "NETREFLEX_EXTERNAL_ID": "local-external-id",
    }


def _copy(source: Path, project: Path) -> None:
    shutil.copytree(source / ".chalice", project / ".chalice", ignore=_LEFT)
    for name in _COPIED:
        path = source / name
        if path.is_dir():
            shutil.copytree(path, project / name, ignore=_LEFT)
        elif path.exists():
            shutil.copy2(path, project / name)


def _configure(project: Path, stage: str, settings: Mapping[str, str]) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    chosen = config["stages"].setdefault(stage, dict(config["stages"]["dev"]))
    chosen["environment_variables"] = {**chosen.get("environment_variables", {}), **settings}
    chosen["lambda_architecture"] = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
    path.write_text(json.dumps(config, indent=2))


def _chalice(aws: LocalAws, project: Path, *arguments: str) -> None:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "NETREFLEX_"))}
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(fetched_wheels(project))}
    run([sys.executable, "-I", str(_SHIM), *arguments], project, {**inherited, **aws.environment, **offline})
