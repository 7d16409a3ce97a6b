"""A checkout of netreflex to deploy from, and the environment in which it meets the local AWS and no other.

What is unlike a deployment to AWS: the functions have this computer's architecture, because ministack runs them here; the
SDK's waiters poll fast; and pip takes the wheels that were fetched before.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import botocore.loaders

from tests.aws.local import ROOT, LocalAws
from tests.aws.wheels import fetched_wheels

COPIED = (
    *("app.py", "chalicelib", ".chalice", "requirements.txt"),  # what is deployed, and how
    *("deploy", "netreflex_cli", "Makefile", "requirements-dev.txt"),  # what stands beside it and must stay there
)
_LEFT = shutil.ignore_patterns("__pycache__", "*.pyc", "deployed", "deployments", "venv")
_MODELS = ("lambda/2015-03-31",)


def checkout(directory: Path) -> Path:
    """A copy of the project, with an environment that is ready."""
    directory.mkdir()
    for name in COPIED:
        source, target = ROOT / name, directory / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=_LEFT)
        else:
            shutil.copy2(source, target)
    path = directory / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["lambda_architecture"] = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
    path.write_text(json.dumps(config, indent=2) + "\n")
    (directory / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():  # bin, lib, pyvenv.cfg
        if part.name != ".ready":
            (directory / ".venv" / part.name).symlink_to(part)
    (directory / ".venv" / ".ready").touch()
    return directory


def surroundings(aws: LocalAws, project: Path) -> Mapping[str, str]:
    """The environment variables with which everything finds the local AWS."""
    return {
        **aws.environment,
        "AWS_DATA_PATH": str(_impatient_models(aws.directory / "models")),
        "AWS_MAX_ATTEMPTS": "2",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(fetched_wheels(project)),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _impatient_models(directory: Path) -> Path:
    """The waiters of botocore as they are, with a fifth of a second between two looks. The SDK prefers them to its own."""
    own = Path(botocore.loaders.Loader.BUILTIN_DATA_PATH)
    for model in _MODELS:
        waiters = json.loads((own / model / "waiters-2.json").read_text())
        for waiter in waiters["waiters"].values():
            waiter.update(delay=0.2, maxAttempts=300)
        (directory / model).mkdir(parents=True, exist_ok=True)
        (directory / model / "waiters-2.json").write_text(json.dumps(waiters))
    return directory
