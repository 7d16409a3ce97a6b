"""The wheels that ship to Lambda, fetched once by the set-up: from then on every deployment asks no index.

``python -m tests.aws.wheels`` fetches them; a test never does, because tests run with the network closed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.aws.local import ROOT


class DeploymentError(Exception):
    """The deployment did not succeed; the text is what the tool said."""


def fetched_wheels(project: Path = ROOT) -> Path:
    """The folder that ``fetch`` filled for the requirements of ``project``."""
    folder = _folder(project)
    if not folder.is_dir():
        message = f"the wheels of {project / 'requirements.txt'} were not fetched: run `make setup`"
        raise DeploymentError(message)
    return folder


def fetch(project: Path = ROOT) -> Path:
    """Fetch the wheels of requirements.txt, unless that has been done."""
    folder = _folder(project)
    if not folder.is_dir():
        partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
        wanted = ["-r", str(project / "requirements.txt"), "--only-binary=:all:", "--platform", _platform()]
        run([sys.executable, "-m", "pip", "download", "-q", "-d", str(partial), *wanted], project, os.environ)
        with contextlib.suppress(OSError):  # another run was faster
            partial.rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def run(command: list[str], directory: Path, environment: Mapping[str, str]) -> None:
    """Run a program of ours; raises DeploymentError with what it said where it fails."""
    done = subprocess.run(  # noqa: S603 - our own programs
        command,
        cwd=directory,
        env={**environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeploymentError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def _folder(project: Path) -> Path:
    wanted = hashlib.sha256((project / "requirements.txt").read_bytes()).hexdigest()[:16]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return ROOT / ".venv-cloud" / "wheels" / f"{wanted}-{version}-{_platform()}"


def _platform() -> str:
    """The newest that Lambda's Python 3.11 loads, for this computer's processor; pip alone would choose this computer's."""
    return f"manylinux2014_{'aarch64' if platform.machine() in {'arm64', 'aarch64'} else 'x86_64'}"


if __name__ == "__main__":
    fetch()
