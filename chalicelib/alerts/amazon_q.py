"""Amazon Q Developer in chat applications as a sink: its custom notification, published to a topic of its own.

Q posts for us and tells us nothing: no editing, no lookup, no blocks. Unknown keys are never sent, because Q drops silently what it does
not support. The form is that of its user guide, "Custom notifications" (schema version 1.0).
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.alerts.fallback import AMAZON_Q_REFUSED
from chalicelib.alerts.publish import name_of
from chalicelib.alerts.sinks import Message, Misconfigured, Refused, SinkFault, Throttled, Unreachable, UpdateLost

# SNS API reference, Publish, "Errors", as codes with and without the ending that the SDKs know.
_CONFIGURATION = re.compile(
    r"(AuthorizationError|NotFound|EndpointDisabled|InvalidSecurity|KMSAccessDenied|KMSDisabled|KMSInvalidState"
    r"|KMSNotFound|KMSOptInRequired|AccessDenied|InvalidClientTokenId|OptInRequired)(Exception)?"
)
_OUR_BUG = re.compile(
    r"(InvalidParameter|InvalidParameterValue|ParameterValueInvalid|ValidationError|Validation)(Exception)?"
)
_THROTTLED = re.compile(r"(KMS)?(Throttled|Throttling)(Exception)?")
_CODE = re.compile(r"[A-Za-z0-9]{1,60}")


class AmazonQ:
    """The topic that Q subscribes to; ``client`` is an SNS client."""

    edits = False

    def __init__(self, client: Any, topic_arn: str) -> None:  # noqa: ANN401
        self._client, self._topic_arn = client, topic_arn

    @property
    def gate(self) -> str:
        return f"amazon-q:{self._topic_arn.rpartition(':')[2]}"

    def post(self, message: Message, *, thread: str = "") -> str:
        del thread  # Q threads by ``threadId``, which the message's key gives
        try:
            self._client.publish(
                TopicArn=self._topic_arn, Message=json.dumps(notification(message), ensure_ascii=False)
            )
        except ClientError as error:
            raise _fault(error) from None
        except BotoCoreError as error:
            raise Unreachable(name_of(error), perhaps=False) from None
        return ""

    def update(self, ts: str, message: Message) -> None:
        del ts, message
        raise UpdateLost("amazon_q_cannot_update")

    def find(self, key: str, *, since: float, thread: str = "") -> str | None:
        del key, since, thread
        return None


def _fault(error: ClientError) -> SinkFault:
    """The class of SNS's refusal; its code is the cause, its message is not: that may quote what we sent."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    cause = code if _CODE.fullmatch(code) else type(error).__name__
    if _CONFIGURATION.fullmatch(code):
        return Misconfigured(AMAZON_Q_REFUSED, detail=cause)
    if _OUR_BUG.fullmatch(code):
        return Refused(cause)
    if _THROTTLED.fullmatch(code):
        return Throttled(cause, retry_after=5)
    return Unreachable(cause, perhaps=False)


def notification(message: Message) -> dict[str, Any]:
    """The custom notification of one message; titles stay below 250 and descriptions below 8,000 characters."""
    problem = message.key.partition("#")[0]
    return {
        "version": "1.0",
        "source": "custom",
        "id": f"{message.key}-{message.version}",
        "content": {
            "textType": "client-markdown",
            "title": message.title,
            "description": message.body[:8000] or message.title,
            "nextSteps": list(message.steps),
            "keywords": ["netreflex", *message.keywords],
        },
        "metadata": {
            "threadId": message.key.partition("/")[0],
            "summary": message.title,
            "eventType": message.keywords[0] if message.keywords else "alert",
            "relatedResources": [problem],
            "enableCustomActions": False,
        },
    }
