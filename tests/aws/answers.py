"""Answers of AWS that no emulator gives, handed to botocore in place of the network.

The request is built, checked and signed as any other, so whatever counts or judges calls sees its real parameters; the answer is
held to botocore's model of the service, as its Stubber does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.validate import validate_parameters

Answers = Mapping[tuple[str, str], Callable[[], dict[str, Any]]]


def answer_with(session: boto3.Session, answers: Answers) -> None:
    """Let the clients that this session will make be answered so: (service id in lower case, operation) to what is told."""
    for (service, operation), told in answers.items():
        session.events.register(f"before-call.{service}.{operation}", _answering(told))  # type: ignore[arg-type]


def _answering(told: Callable[[], dict[str, Any]]) -> Callable[..., tuple[AWSResponse, dict[str, Any]]]:
    def answer(model: Any, **_: object) -> tuple[AWSResponse, dict[str, Any]]:  # noqa: ANN401 - botocore's OperationModel
        made = told()
        validate_parameters(made, model.output_shape)
        return AWSResponse("", 200, HTTPHeaders(), None), {**made, "ResponseMetadata": {"HTTPStatusCode": 200}}

    return answer
