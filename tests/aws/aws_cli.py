"""As much of the ``aws`` command as the README and the alerts use, so that their lines can be run as they stand.

Run it as a file, or put it on a PATH with ``install``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)] if __name__ == "__main__" else []

from tests.aws.bus_policy import bus_policy, has_bus_policies  # noqa: E402 - run as a file it is not in a package

_FILE = "fileb://"  # what is named by file:// the command takes for base64, where an argument is binary


def install(directory: Path) -> Path:
    """An ``aws`` command in this directory, to be put on a PATH."""
    command = directory / "aws"
    directory.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).resolve()} "$@"\n')
    command.chmod(0o755)
    return directory


def options(words: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word[2:]] = []
        else:
            found[list(found)[-1]].append(word)
    return found


def value(word: str, *, raw: bool = False) -> str | bytes:
    """An argument, or the content of the file that it names; ``raw`` says that arguments are not base64 anyway."""
    prefix = "file://" if raw else _FILE
    return Path(word.removeprefix(prefix)).read_bytes() if word.startswith(prefix) else word


def written(answer: Mapping[str, Any], files: list[str]) -> dict[str, Any]:
    """The answer without its stream, which goes into the file that was named last."""
    for name in files:
        if name == "/dev/stdout":
            sys.stdout.write(answer["Payload"].read().decode())
        else:
            Path(name).write_bytes(answer["Payload"].read())
    return {name: one for name, one in answer.items() if not (files and name == "Payload")}


def deploy(given: dict[str, list[str]]) -> None:
    pairs = [pair.split("=", 1) for pair in given.get("parameter-overrides", [])]
    template = json.loads(Path(given["template-file"][0]).read_text())
    if has_bus_policies(template):
        put_bus_policy(template, dict(pairs))
        return
    client = boto3.client("cloudformation")
    [name] = given["stack-name"]
    client.create_stack(
        StackName=name,
        TemplateBody=Path(given["template-file"][0]).read_text(),
        Capabilities=given.get("capabilities", []),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in pairs],
    )
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def put_bus_policy(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """A template that CloudFormation cannot make here, by the API that it would call."""
    client = boto3.client("events", endpoint_url=os.environ["AWS_ENDPOINT_URL_EC2"])
    account = boto3.client("sts").get_caller_identity()["Account"]
    policy = bus_policy(template, given, account, client.meta.region_name)
    client.put_permission(EventBusName="default", Policy=json.dumps(policy))


def main(service: str, operation: str, *words: str, client_of: Callable[[str], Any] | None = None) -> None:
    """One command. ``client_of`` makes the clients, where they are not to be the environment's."""
    given = options(list(words))
    if (service, operation) == ("cloudformation", "deploy"):
        deploy(given)
        return
    raw = given.pop("cli-binary-format", []) == ["raw-in-base64-out"]
    [region] = given.pop("region", [""])
    client: Any = client_of(service) if client_of else boto3.client(service, region or None)  # type: ignore[call-overload]
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    names = {xform_name(member).replace("_", "-"): member for member in shape.members}
    names["notification-endpoint"] = "Endpoint"  # the one argument here that the command names its own way
    answer = getattr(client, method)(**{names[key]: value(values[0], raw=raw) for key, values in given.items()})
    files = [word for values in given.values() for word in values[1:]]
    sys.stdout.write(json.dumps(written(answer, files), default=str) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
