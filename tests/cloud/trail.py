"""Which role asked what of ministack, out of its CloudTrail; a call that was refused is not in it.

ministack gives each function's role an access key made from the ARNs of both, and tells no more of a caller than the key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.cloud.outside import Outside

_PREFIX = {"monitoring": "cloudwatch", "email": "ses"}
_AS_MANY_AS_IT_TELLS = 50


def role_key(stage: Outside, function: str) -> str:
    """The access key of the sessions in which a function runs."""
    found = stage.function(function)
    digest = hashlib.sha256(f"{found['FunctionArn']}:{found['Role']}".encode()).hexdigest()
    return f"ASIA{digest[:16].upper()}"


def asked(stage: Outside, key: str, action: str) -> bool:
    """Whether the holder of a key made this call, and was let."""
    service, _, name = action.partition(":")
    return any(
        service == _service(one) and _name(one) == name for one in _events(stage, key, {name, f"POST.{service}"})
    )


def _events(stage: Outside, key: str, names: set[str]) -> Iterator[Mapping[str, Any]]:
    for name in names:
        wanted = {"AccessKeyId": key, "EventName": name}
        attributes = [{"AttributeKey": one, "AttributeValue": value} for one, value in wanted.items()]
        found = stage.client("cloudtrail").lookup_events(LookupAttributes=attributes, MaxResults=_AS_MANY_AS_IT_TELLS)
        yield from (json.loads(one["CloudTrailEvent"]) for one in found["Events"])


def _service(record: Mapping[str, Any]) -> str:
    own = str(record["eventSource"]).partition(".")[0]
    return _PREFIX.get(own, own)


def _name(record: Mapping[str, Any]) -> str:
    """A call of the older protocol has its name among its parameters."""
    return str((record.get("requestParameters") or {}).get("Action") or record["eventName"])
