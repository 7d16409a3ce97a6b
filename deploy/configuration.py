"""The stage's part of ``.chalice/config.json``: read, and made where it is missing.

What is alike in all stages (sizes, retention, the pattern of each function's role) stands once, at the top; a stage has its
settings and whatever it wants otherwise. ``NETREFLEX_ALERTS_TOPIC_ARN`` pins a stage to one account and Region: commit it,
and nobody deploys that stage with the wrong credentials.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.faults import DeploymentFault

PATTERN_STAGE = "dev"  # a new stage begins as a copy of this one's settings
TOPIC = "NETREFLEX_ALERTS_TOPIC_ARN"
TRACING = "tracing"  # the stage's keys that Chalice does not know
HUB_ACCOUNT = "hub_account"
BOUNDARY = "permissions_boundary"


@dataclass(frozen=True)
class Configuration:
    """What is configured for one stage."""

    project: Path
    stage: str
    document: Mapping[str, Any]

    @property
    def of_stage(self) -> Mapping[str, Any]:
        """What the stage has of its own; empty where there is no such stage."""
        found: Mapping[str, Any] = self.document["stages"].get(self.stage, {})
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables of the stage's functions."""
        return {
            **self.document.get("environment_variables", {}),
            **self.of_stage.get("environment_variables", {}),
        }

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions by name, in the order of the file."""
        own = self.of_stage.get("lambda_functions", {})
        return tuple(dict.fromkeys([*self._patterns, *(one for one in own if not self.makes_role(one))]))

    @property
    def _patterns(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document.get("lambda_functions", {})
        return found

    @property
    def tracing(self) -> bool:
        """Whether X-Ray traces the functions of the stage."""
        return self.of_stage.get(TRACING) is True

    @property
    def hub_account(self) -> Any:  # noqa: ANN401 - JSON, judged before it is used
        """What the functions' roles may do in the hub's own account, where the stage says something of it."""
        return self.of_stage.get(HUB_ACCOUNT, {})

    @property
    def boundary(self) -> str:
        """The ARN of the permissions boundary of the functions' roles; empty where the stage names none."""
        return str(self.of_stage.get(BOUNDARY) or "")

    def of_function(self, function: str, key: str) -> Any:  # noqa: ANN401 - JSON
        """A value for one function, looked up where Chalice looks, in its order."""
        places = (
            self.of_stage.get("lambda_functions", {}).get(function, {}),
            self.of_stage,
            self.document.get("lambda_functions", {}).get(function, {}),
            self.document,
        )
        return next((place[key] for place in places if place.get(key) is not None), None)

    def role_policy(self, function: str) -> Path:
        """The file from which Chalice makes a function's role."""
        return self.project / ".chalice" / str(self.of_function(function, "iam_policy_file"))

    def made_role(self, function: str) -> Path:
        """The file of the stage's own role of a function, which is made of its pattern."""
        return self.project / ".chalice" / "roles" / self.stage / f"{function}.json"

    def makes_role(self, function: str) -> bool:
        """Whether that file is made; where the stage names another one, that is its owner's choice."""
        own = self.of_stage.get("lambda_functions", {}).get(function, {}).get("iam_policy_file")
        chosen = own or self.of_stage.get("iam_policy_file")
        return chosen is None or self.project / ".chalice" / str(chosen) == self.made_role(function)

    def pattern(self, function: str) -> Path:
        """The file of which a function's role is made; the role itself where that is its owner's choice."""
        if not self.makes_role(function):
            return self.role_policy(function)
        return self.project / ".chalice" / str(self._patterns[function].get("iam_policy_file"))


def read_configuration(project: Path, stage: str) -> Configuration:
    path = project / ".chalice" / "config.json"
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DeploymentFault(f"{path} cannot be read ({error}): restore it from git") from None
    return Configuration(project, stage, document)


def with_stage(configuration: Configuration, say: Callable[[str], None]) -> Configuration:
    """The configuration with the stage in it; a new one begins with the settings of the pattern stage."""
    if configuration.stage in configuration.document["stages"]:
        return configuration
    pattern = configuration.document["stages"].get(PATTERN_STAGE, {}).get("environment_variables", {})
    was, now = f"netreflex-{PATTERN_STAGE}", f"netreflex-{configuration.stage}"
    settings = {key: value.replace(was, now) for key, value in pattern.items() if key != TOPIC}
    say(
        f".chalice/config.json: stage {configuration.stage} was added, as {PATTERN_STAGE} is; look it over and commit it"
    )
    return with_settings(configuration, settings)


def with_tracing(configuration: Configuration, xray: str, say: Callable[[str], None]) -> Configuration:
    """The configuration with X-Ray switched ``yes`` or ``no``; anything else leaves it as it is."""
    wanted = {"yes": True, "no": False}.get(xray.lower(), configuration.tracing)
    if wanted == configuration.tracing:
        return configuration
    changed = _with(configuration, TRACING, True if wanted else None)
    say(f".chalice/config.json: stage {configuration.stage} is {'now' if wanted else 'no longer'} traced; commit it")
    return changed


def with_settings(configuration: Configuration, settings: Mapping[str, str]) -> Configuration:
    """The configuration, and its file, with settings of the stage added or replaced."""
    own = configuration.of_stage.get("environment_variables", {})
    return _with(configuration, "environment_variables", {**own, **settings})


def with_role_files(configuration: Configuration) -> Configuration:
    """The configuration, and its file, with the roles made for the stage in the place of their patterns."""
    before = configuration.of_stage.get("lambda_functions", {})
    own = {name: dict(before.get(name, {})) for name in configuration.functions if name in before}
    for name in filter(configuration.makes_role, configuration.functions):
        file = configuration.made_role(name).relative_to(configuration.project / ".chalice")
        own[name] = {**own.get(name, {}), "iam_policy_file": file.as_posix()}
    return _with(configuration, "lambda_functions", own)


def _with(configuration: Configuration, key: str, value: object) -> Configuration:
    """Nothing is written where nothing changes; None takes the key away."""
    if configuration.of_stage.get(key) == value:
        return configuration
    path = configuration.project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    stage = document["stages"].setdefault(configuration.stage, {})
    stage.pop(key, None)
    if value is not None:
        stage[key] = value
    path.write_text(json.dumps(document, indent=2) + "\n")
    return Configuration(configuration.project, configuration.stage, document)
