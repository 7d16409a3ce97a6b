"""Would EventBridge wake a handler with this event? moto's matcher, wrapped once: it is not a public part of moto."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from moto.events.models import EventPattern

from chalicelib.intake.patterns import PATTERNS

EVENTS = Path(__file__).parents[2] / "events"
NAMES = sorted(path.relative_to(EVENTS).with_suffix("").as_posix() for path in EVENTS.rglob("*.json"))
_MATCHERS = {handler: EventPattern.load(json.dumps(pattern)) for handler, pattern in PATTERNS.items()}


def event(name: str) -> Any:  # noqa: ANN401 - an event is JSON, and a test may spoil it as it likes
    """A fresh copy of events/<name>.json."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def woken(event: object) -> set[str]:
    """The handlers whose pattern matches."""
    return {
        handler
        for handler, matcher in _MATCHERS.items()
        if any(matcher.matches_event(flat) for flat in _flattened(event))
    }


def _flattened(value: object) -> Iterator[object]:
    """EventBridge matches inside lists of objects, element by element; moto does not, so it gets one element at a time."""
    if isinstance(value, Mapping):
        for contents in product(*(tuple(_flattened(content)) for content in value.values())):
            yield dict(zip(value, contents, strict=True))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield from _flattened(item)
    else:
        yield value
