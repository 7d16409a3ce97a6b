"""README's `Install in AWS`, line by line as it stands, on a local AWS. The lines that it cannot run are named here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.intake.patterns import PATTERNS
from tests.aws.checkout import checkout, surroundings
from tests.aws.local import ROOT, LocalAws

pytestmark = pytest.mark.cloud

_NOT_HERE = ("deploy/hub-bus.json",)  # the local AWS knows no policies of event buses
_OTHER = "111122223333"  # an account beside the hub
_STARTED = 240


def chapter(title: str) -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", chapter("Install in AWS"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws() as local:
        yield local


@pytest.fixture
def shell(aws: LocalAws) -> dict[str, str]:
    """The environment of somebody with credentials and an ``aws`` command, in a fresh clone."""
    project = checkout(aws.directory / "checkout")
    command = aws.directory / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests" / "aws" / "aws_cli.py"} "$@"\n')
    command.chmod(0o755)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "NETREFLEX_"))}
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, **surroundings(aws, project), "PATH": path, "PWD": str(project)}


def test_every_line_of_the_chapter_works(aws: LocalAws, shell: dict[str, str]) -> None:
    for line in lines():
        if any(word in line for word in _NOT_HERE):
            continue
        member = {"AWS_ACCESS_KEY_ID": _OTHER} if "deploy/member.json" in line else {}
        done = subprocess.run(  # noqa: S602 - our own README
            line,
            shell=True,
            cwd=Path(shell["PWD"]),
            env={**shell, **member},
            capture_output=True,
            text=True,
            timeout=_STARTED,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        if line.startswith("make look"):
            assert "yours to do" not in done.stdout, done.stdout
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("dynamodb").list_tables()["TableNames"] == ["netreflex-prod-state"]
    # The local AWS finds no Region in a template's conditions, so the role is not made here; tests/iam judges it.
    rules = aws.client("events", account=_OTHER).list_rules(NamePrefix="netreflex-prod-forward-")["Rules"]
    assert len(rules) == len(PATTERNS)


def test_what_cannot_be_run_here_is_in_the_chapter() -> None:
    assert all(any(word in line for line in lines()) for word in _NOT_HERE)
