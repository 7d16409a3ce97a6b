"""``chalice deploy``, only where the application in AWS is not this one.

A finished deployment is marked on every function with the digest of what it was made from. Chalice removes marks it does not
know from each function it touches, so a deployment that broke off leaves at least one function without.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import chalice
from botocore.exceptions import ClientError

from deploy.configuration import TRACING, Configuration
from deploy.declared import Function
from deploy.faults import DeploymentFault, lacking
from deploy.place import Place

MARK = "netreflex:digest"
# Chalice's ``main`` returns 2 where it printed a traceback; only ``sys.exit`` makes that the command's own status.
CHALICE = (sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())")
_NO_WHEEL = "Could not install dependencies"
_SHIPPED = ("app.py", "chalicelib", "vendor", "requirements.txt")


def digest(configuration: Configuration) -> str:
    """What the deployed application depends on: code, requirements, settings, roles, Python and Chalice."""
    seen = hashlib.sha256(f"{sys.version_info[:2]} {chalice.__version__}".encode())
    general = {key: value for key, value in configuration.document.items() if key != "stages"}
    whole = configuration.document["stages"].get(configuration.stage, {})
    stage = {key: value for key, value in whole.items() if key != TRACING}  # which is set afterwards
    seen.update(json.dumps([general, stage], sort_keys=True).encode())
    for path in _files(configuration):
        seen.update(f"{path.relative_to(configuration.project)}\0".encode())
        seen.update(hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()[:32]


def _files(configuration: Configuration) -> Iterator[Path]:
    for name in _SHIPPED:
        path = configuration.project / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (one for one in found if one.is_file() and "__pycache__" not in one.parts)
    yield from (configuration.role_policy(function) for function in configuration.functions)


def deployed_digests(place: Place, functions: Sequence[Function]) -> dict[str, str]:
    """The mark of each function that is there."""
    client, found = place.client("lambda"), {}
    for function in functions:
        arn = place.arn("lambda", f"function:{place.name(function.name)}")
        try:
            found[function.name] = str(client.list_tags(Resource=arn)["Tags"].get(MARK, ""))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
    return found


def is_deployed(place: Place, functions: Sequence[Function], wanted: str) -> bool:
    marks = deployed_digests(place, functions)
    return len(marks) == len(functions) and set(marks.values()) == {wanted}


def mark(place: Place, functions: Sequence[Function], wanted: str) -> None:
    """Say on every function that all of them are made from ``wanted``; an empty one takes the marks away."""
    client = place.client("lambda")
    for name in deployed_digests(place, functions):
        arn = place.arn("lambda", f"function:{place.name(name)}")
        if wanted:
            client.tag_resource(Resource=arn, Tags={MARK: wanted})
        else:
            client.untag_resource(Resource=arn, TagKeys=[MARK])


def run_chalice(configuration: Configuration, *arguments: str) -> None:
    """The chalice command of this Python, in the project, with its output shown as it comes.

    Chalice goes on where a requirement has no wheel for Lambda, and deploys functions that cannot start. Here that is the end.
    """
    no_wheel, said = False, []
    with subprocess.Popen(  # noqa: S603 - chalice itself
        [*CHALICE, *arguments, "--stage", configuration.stage],
        cwd=configuration.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        for line in running.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            said.append(line)
            if line.startswith(_NO_WHEEL):
                no_wheel = True
            elif no_wheel and not line.strip():  # the list of what is lacking has ended
                running.terminate()
    if no_wheel:
        raise DeploymentFault(
            "no function was changed: Lambda has no wheel of what is named above; pin another version"
        )
    if running.returncode:
        raise DeploymentFault(
            f"`chalice {arguments[0]}` did not finish; what it said is above.\n{lacking(''.join(said))}Remove the cause and run "
            "the same command again: it goes on from what is there."
        )


def unreserved_concurrency(place: Place) -> int | None:
    """How much of the account's concurrency no function has reserved; None where AWS does not tell."""
    limits: dict[str, Any] = place.client("lambda").get_account_settings().get("AccountLimit") or {}
    return limits.get("UnreservedConcurrentExecutions")
