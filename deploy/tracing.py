"""AWS X-Ray, off unless a stage asks for it: Lambda traces each invocation by itself, so no library is needed.

Chalice's own key `xray` is refused. AWS takes a traced function only where its role may trace, Chalice gives the roles of policy
files no such permission, and it never turns tracing off again. Here the permission comes first, as an inline policy of its own
beside the one of the function, and goes last.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from deploy.declared import Function
from deploy.difference import Difference
from deploy.place import Place
from deploy.roles import inline_policy

Json = dict[str, Any]

POLICY = "xray"  # netreflex-<stage>-xray
# X-Ray knows no resources to narrow these to (Service Authorization Reference, AWS X-Ray).
DOCUMENT: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "WriteTraces",
            "Effect": "Allow",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            "Resource": "*",
        }
    ],
}
_ACTIVE, _OFF = "Active", "PassThrough"
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds; IAM needs some of them until Lambda sees a new permission


def tracing_differences(
    place: Place, functions: Sequence[Function], *, on: bool, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Difference]:
    """What is to be written so that every function is traced, or none. A function that is missing is not told here."""
    if on:
        yield from _permissions(place, functions, on=True)
        yield from _modes(place, functions, _ACTIVE, sleep)
    else:
        yield from _modes(place, functions, _OFF, sleep)
        yield from _permissions(place, functions, on=False)


def _modes(
    place: Place, functions: Sequence[Function], wanted: str, sleep: Callable[[float], None]
) -> Iterator[Difference]:
    client = place.client("lambda")
    for name in (place.name(function.name) for function in functions):
        try:
            found = client.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            continue
        if found.get("TracingConfig", {}).get("Mode", _OFF) != wanted:
            yield Difference(f"function {name}: tracing {wanted}", _setting(client, name, wanted, sleep))


def _setting(client: Any, name: str, mode: str, sleep: Callable[[float], None]) -> Callable[[], object]:  # noqa: ANN401
    def write() -> object:
        for pause in _PAUSES:
            try:
                return client.update_function_configuration(FunctionName=name, TracingConfig={"Mode": mode})
            except ClientError as error:
                if error.response["Error"]["Code"] != "InvalidParameterValueException":
                    raise
                sleep(pause)
        return client.update_function_configuration(FunctionName=name, TracingConfig={"Mode": mode})

    return write


def _permissions(place: Place, functions: Sequence[Function], *, on: bool) -> Iterator[Difference]:
    iam, policy = place.client("iam"), place.name(POLICY)
    for role in (place.name(function.name) for function in functions):
        found = inline_policy(place, role, policy)
        named = {"RoleName": role, "PolicyName": policy}
        if on and found != DOCUMENT:
            write = partial(iam.put_role_policy, **named, PolicyDocument=json.dumps(DOCUMENT))
            yield Difference(f"role {role}: may write traces", write)
        elif not on and found is not None:
            yield Difference(f"role {role}: may write traces no longer", partial(iam.delete_role_policy, **named))
