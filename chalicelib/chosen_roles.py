"""Whether the roles that ``chalice deploy`` would give the functions are those of their settings, for whoever runs it by hand.

`make deploy` makes the files of a stage's roles out of its settings. Chalice takes the files as they are: with a policy that has
moved since, no function could read it, and the last good one would stay in force. Told here, nothing is deployed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalicelib.model.errors import ConfigurationError
from chalicelib.model.policy_place import policy_place
from chalicelib.settings import Settings


def check_roles(stage: str, root: Path, settings: Settings) -> None:
    """Raises ConfigurationError that says what to run. A role of the user's own choice is the user's business.

    ``root`` is where app.py lies.
    """
    faults = [fault for one in _roles(stage, root) for fault in _faults(one, settings)]
    if faults:
        raise ConfigurationError(
            f"the roles of stage {stage} were not made for its settings: {', '.join(faults)}. Run `make deploy STAGE={stage}` "
            f"(for a pipeline `make package STAGE={stage}`), which makes them anew"
        )


@dataclass(frozen=True)
class _Role:
    """A function's role, and the pattern of which it is made; without text where its file is missing."""

    function: str
    file: str
    text: str | None
    pattern: str


def _roles(stage: str, root: Path) -> Iterator[_Role]:
    """The roles that `make deploy` makes."""
    directory = root / ".chalice"
    document = json.loads((directory / "config.json").read_text())
    for function, own in document["stages"].get(stage, {}).get("lambda_functions", {}).items():
        file = f"roles/{stage}/{function}.json"
        if own.get("iam_policy_file") == file and function in document["lambda_functions"]:
            pattern = directory / document["lambda_functions"][function]["iam_policy_file"]
            path = directory / file
            yield _Role(function, file, path.read_text() if path.exists() else None, pattern.read_text())


def _faults(role: _Role, settings: Settings) -> Iterator[str]:
    if role.text is None:
        yield f".chalice/{role.file} is missing"
        return
    if _trace(settings.policy) not in role.text:
        yield f"{role.function} may not read the policy at {settings.policy}"
    if settings.member_role and "sts:AssumeRole" in role.pattern and f':role/{settings.member_role}"' not in role.text:
        yield f"{role.function} may not assume {settings.member_role}"
    secret = (settings.slack_secret or "").removeprefix("ssm:").lstrip("/")
    if role.function == "notify" and secret not in role.text:
        yield f"{role.function} may not use the Slack secret {settings.slack_secret}"


def _trace(policy: str) -> str:
    """What the role of a function that may read the policy has in it; empty where no permission is needed."""
    match policy_place(policy).where.partition(":"):
        case ("ssm", _, name):
            return f':parameter/{name.lstrip("/")}"'
        case ("s3", _, path):
            return f':s3:::{path.removeprefix("//")}"'
        case ("appconfig", _, _):
            return '"appconfig:GetLatestConfiguration"'
        case _:
            return ""
