"""The package of a stage, made once for all tests of this folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.configuration import Configuration, read_configuration
from deploy.declared import Function, declared_functions
from deploy.package import package
from tests.aws.checkout import checkout
from tests.aws.wheels import fetched_wheels

STAGE = "prod"


@dataclass(frozen=True)
class Packaged:
    """What a pipeline gets."""

    template: dict[str, Any]
    zip_file: Path
    said: list[str]
    functions: tuple[Function, ...]
    configuration: Configuration

    def role(self, function: str) -> dict[str, Any]:
        """The policy of a function's role, as its file has it."""
        return dict(json.loads(self.configuration.role_policy(function).read_text()))

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type, by logical id."""
        found = self.template["Resources"].items()
        return {name: one["Properties"] for name, one in found if one["Type"] == kind}


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    project, out = checkout(tmp_path_factory.mktemp("package") / "checkout"), tmp_path_factory.mktemp("out")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(fetched_wheels(project)))
        package(project, STAGE, out, said.append)
        configuration = read_configuration(project, STAGE)
        functions = declared_functions(configuration)
    template = json.loads((out / "sam.json").read_text())
    return Packaged(template, out / "deployment.zip", said, functions, configuration)
