"""EventBridge: PutEvents refuses ``aws.*`` sources, as AWS does (moto takes them)."""

from __future__ import annotations

from moto.events.models import EventsBackend

_put_events = EventsBackend.put_events
_REFUSED = {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}


def _put_foreign_events(self: EventsBackend, events: list[dict]) -> list[dict]:
    forged = [str(event.get("Source", "")).startswith("aws.") for event in events]
    honest = [event for event, bad in zip(events, forged, strict=True) if not bad]
    answers = iter(_put_events(self, honest) if honest else [])
    return [dict(_REFUSED) if bad else next(answers) for bad in forged]


def install() -> None:
    EventsBackend.put_events = _put_foreign_events
