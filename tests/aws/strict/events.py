"""EventBridge: PutEvents refuses ``aws.*`` sources, as AWS does (moto takes them), and patterns match as in AWS.

moto looks into no array of objects and knows no wildcard. In AWS the fields of a pattern must hold within one and the same
element of an array (EventBridge user guide, "Arrays in event patterns"; Event Ruler).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from moto.events.models import EventPattern, EventsBackend

_put_events = EventsBackend.put_events
_REFUSED = {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}


def _put_foreign_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    forged = [str(event.get("Source", "")).startswith("aws.") for event in events]
    honest = [event for event, bad in zip(events, forged, strict=True) if not bad]
    answers = iter(_put_events(self, honest) if honest else [])
    return [dict(_REFUSED) if bad else next(answers) for bad in forged]


_matches_event = EventPattern.matches_event
_matches_named_filter = EventPattern._does_item_match_named_filter


def _one_element_each(node: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON is what it is
    """The event with one element in the place of each array of objects, in every combination."""
    if isinstance(node, dict):
        for values in product(*(list(_one_element_each(value)) for value in node.values())):
            yield dict(zip(node, values, strict=True))
    elif isinstance(node, list) and any(isinstance(one, dict) for one in node):
        for one in node:
            yield from _one_element_each(one)
    else:
        yield node


def _matches(self: EventPattern, event: dict[str, Any]) -> bool:
    return any(_matches_event(self, one) for one in _one_element_each(event))


def _matches_filter(item: Any, pattern: dict[str, Any]) -> bool:  # noqa: ANN401
    if "wildcard" not in pattern:
        return _matches_named_filter(item, pattern)  # type: ignore[no-any-return]
    wanted = ".*".join(map(re.escape, pattern["wildcard"].split("*")))
    values = item if isinstance(item, list) else [item]
    return any(isinstance(value, str) and re.fullmatch(wanted, value, re.DOTALL) for value in values)


def install() -> None:
    EventPattern.matches_event = _matches
    EventPattern._does_item_match_named_filter = staticmethod(_matches_filter)
    EventsBackend.put_events = _put_foreign_events
