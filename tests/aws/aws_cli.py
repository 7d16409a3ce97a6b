"""As much of the ``aws`` command as the README uses, so that its lines can be run as they stand. Run it as a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3
from botocore import xform_name


def options(words: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word[2:]] = []
        else:
            found[list(found)[-1]].append(word)
    return found


def deploy(given: dict[str, list[str]]) -> None:
    pairs = [pair.split("=", 1) for pair in given.get("parameter-overrides", [])]
    client = boto3.client("cloudformation")
    [name] = given["stack-name"]
    client.create_stack(
        StackName=name,
        TemplateBody=Path(given["template-file"][0]).read_text(),
        Capabilities=given.get("capabilities", []),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in pairs],
    )
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def main(service: str, operation: str, *words: str) -> None:
    given = options(list(words))
    if (service, operation) == ("cloudformation", "deploy"):
        deploy(given)
        return
    client = boto3.client(service)  # type: ignore[call-overload]
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    names = {xform_name(member).replace("_", "-"): member for member in shape.members}
    names["notification-endpoint"] = "Endpoint"  # the one argument here that the command names its own way
    answer = getattr(client, method)(**{names[key]: values[0] for key, values in given.items()})
    sys.stdout.write(json.dumps(answer, default=str) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
