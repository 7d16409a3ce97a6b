"""What a message of the alerts topic tells of: an alert as ``netreflex.alert/1``, in whichever envelope it came. Pure.

The topic takes messages from netreflex's own roles only, but nothing else in them is believed: texts are made harmless and bounded as any
observation's, the fingerprint is computed anew, and who is called stands in the policy alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chalicelib.model.alert import SCHEMA, Alert
from chalicelib.model.errors import NetreflexError

_PARTS = frozenset(field.name for field in fields(Alert))
_OPTIONAL: dict[str, Any] = {"remedy": (), "links": (), "fields": ()}
_DIGITS = 16  # of a fingerprint


class UnreadableMessage(NetreflexError):
    """A message that tells of no alert. It is given up to the dead letters, where somebody hears of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An alert that moved. ``alert`` is None where the message names it only."""

    fp: str
    alert: Alert | None


def bodies(event: object) -> tuple[str, ...]:
    """The messages in a Lambda event from SQS or straight from SNS. Raises UnreadableMessage on any other event."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list) or not records:
        raise UnreadableMessage("the event has no Records: notify takes messages from SQS or SNS")
    return tuple(_body(record) for record in records)


def _body(record: object) -> str:
    match record:
        case {"body": str(body)}:
            return body
        case {"Sns": {"Message": str(message)}}:
            return message
        case _:
            raise UnreadableMessage("a record has neither the `body` of SQS nor the `Sns.Message` of SNS")


def announced(body: str) -> Announced:
    """What one message tells of: SNS's envelope around an alert, or the alert itself. Raises UnreadableMessage otherwise."""
    try:
        outer = json.loads(body)
        inner = json.loads(outer["Message"]) if "Message" in outer else outer
        schema = inner["schema"]
    except (ValueError, KeyError, TypeError):
        raise UnreadableMessage(f"the message is no JSON with a schema of {SCHEMA}") from None
    if schema != SCHEMA:
        raise UnreadableMessage(f"the message is not of schema {SCHEMA}")
    found = inner.get("fp")
    named = isinstance(found, str) and len(found) == _DIGITS and found.isalnum()
    if named and not _PARTS & (set(inner) - {"fp"}):
        return Announced(fp=found, alert=None)
    try:
        alert = Alert.from_json(_OPTIONAL | {name: inner[name] for name in _PARTS if name in inner}).bounded()
        return Announced(fp=alert.fingerprint, alert=alert)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableMessage(f"the message does not hold a whole alert of {SCHEMA}") from None
