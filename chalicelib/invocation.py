"""What a handler is called with, made whole before anything reads it.

EventBridge and Lambda always send whole envelopes; people who call a function by hand, and replays, do not. What lacks keys is
then an event to ignore with a reason, and not an error from within the framework.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any

_ENVELOPE: Mapping[str, object] = {
    "version": "",
    "id": "",
    "detail-type": "",
    "source": "",
    "account": "",
    "time": "",
    "region": "",
    "resources": [],
    "detail": {},
}
_MILLISECONDS = 300_000  # for a caller that sets no limit: as long as the sweep may take


class Context:
    """Lambda's context, with what the one given lacks."""

    def __init__(self, given: object) -> None:
        self.function_name = str(getattr(given, "function_name", "netreflex"))
        self.memory_limit_in_mb = int(getattr(given, "memory_limit_in_mb", 0))
        self.invoked_function_arn = str(getattr(given, "invoked_function_arn", ""))
        self.aws_request_id = str(getattr(given, "aws_request_id", "") or uuid.uuid4())
        self._remaining = getattr(given, "get_remaining_time_in_millis", None)

    def get_remaining_time_in_millis(self) -> float:
        """Milliseconds left to this invocation."""
        return float(self._remaining()) if callable(self._remaining) else _MILLISECONDS


def whole_event(event: object) -> dict[str, Any]:
    """An EventBridge envelope with every key that it has in the documentation; what is no object has nothing in it."""
    return {**_ENVELOPE, **(event if isinstance(event, Mapping) else {})}


def whole(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A handler of EventBridge events that may be called with anything."""

    @functools.wraps(handler, updated=())
    def called(event: object, context: object = None) -> Any:  # noqa: ANN401 - what the handler answers
        return handler(whole_event(event), Context(context))

    return called


def in_whole_context(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A handler of other events, which says itself what is wrong with one, that needs no more of the context than is there."""

    @functools.wraps(handler, updated=())
    def called(event: object, context: object = None) -> Any:  # noqa: ANN401 - what the handler answers
        return handler(event, Context(context))

    return called
