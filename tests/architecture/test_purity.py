"""Decisions and values import nothing that could read a clock, an environment, a network or AWS, not even by a detour."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPURE = (
    "boto3",
    "botocore",
    "pydantic",
    "yaml",
    "aws_lambda_powertools",
    "chalice",
    "requests",
    "urllib3",
    "slack_sdk",
)
ASK = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
    importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""


def _loaded(package: str) -> list[str]:
    answer = subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", ASK, package], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return list(json.loads(answer.stdout))


@pytest.mark.parametrize("package", ["chalicelib.model", "chalicelib.decide"])
def test_importing_a_pure_stage_loads_nothing_impure(package: str) -> None:
    loaded = _loaded(package)
    assert [name for name in loaded if name.split(".")[0] in IMPURE] == []


@pytest.mark.parametrize("package", ["chalicelib.model", "chalicelib.decide"])
def test_a_pure_stage_loads_no_stage_that_does_anything(package: str) -> None:
    ours = {name for name in _loaded(package) if name.startswith("chalicelib.")}
    assert {name.split(".")[1] for name in ours} <= {"model", "decide"}
