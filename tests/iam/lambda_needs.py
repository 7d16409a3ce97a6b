"""What Lambda itself does with a function's role, so that no call of ours shows it.

Derived from what a deployment sets up for each function: its log group, the queue that wakes it, the queue for what it gave up.
Sources: Lambda developer guide, "Lambda execution role", "Capturing records of asynchronous invocations", "Using Lambda with
Amazon SQS".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import boto3

from deploy.configuration import read_configuration
from deploy.declared import Function, WokenBy, declared_functions
from deploy.place import Place
from deploy.safeguards import wanted_invocation
from tests.aws.local import HUB, ROOT
from tests.iam.operations import Need

STAGE, REGION = "test", "eu-west-1"
_COLLECTING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@cache
def functions() -> dict[str, Function]:
    """The functions as the application declares them, by name."""
    return {one.name: one for one in declared_functions(read_configuration(ROOT, "dev"))}


def needs_of_lambda(name: str) -> Iterator[Need]:
    """The permissions that Lambda takes from the role of one function."""
    function = functions()[name]
    group = f"arn:aws:logs:{REGION}:{HUB}:log-group:/aws/lambda/netreflex-{STAGE}-{name}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield Need(action, f"{group}:log-stream:2026/11/23/[$LATEST]0123456789abcdef")
    yield Need("sqs:SendMessage", _failures(function))
    if function.woken_by is WokenBy.QUEUE:
        queue = f"arn:aws:sqs:{REGION}:{HUB}:{function.queue.replace('-dev-', f'-{STAGE}-')}"
        yield from (Need(action, queue) for action in _COLLECTING)


def _failures(function: Function) -> str:
    place = Place(STAGE, HUB, REGION, "aws", boto3.Session())
    return str(wanted_invocation(place, function)["DestinationConfig"]["OnFailure"]["Destination"])
