"""Lambda answers 429 for some functions, as it does where events come faster than it takes them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


@contextmanager
def throttled(lambda_: Any, *functions: str) -> Iterator[None]:  # noqa: ANN401 - boto3's clients have no common type
    """Every Invoke of these functions through this client is answered TooManyRequestsException, and reaches nobody."""

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        if not any(request.url.partition("/functions/")[2].partition("/")[0].endswith(one) for one in functions):
            return None
        body = json.dumps({"Reason": "CallerRateLimitExceeded", "message": "Rate Exceeded."}).encode()
        headers = {"x-amzn-ErrorType": "TooManyRequestsException", "Content-Type": "application/json"}
        return AWSResponse(request.url, 429, headers, _Raw(body))  # type: ignore[arg-type]

    events = lambda_.meta.events
    events.register_first("before-send.lambda.Invoke", answer)
    try:
        yield
    finally:
        events.unregister("before-send.lambda.Invoke", answer)
