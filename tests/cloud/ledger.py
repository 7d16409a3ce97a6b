"""Where every event that was sent is now: done, in a dead-letter queue, or still under way. Nothing else is possible."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.aws.eventbridge import EventBridge
from tests.cloud.outside import Outside, soon

_ALL = 10


@dataclass
class Ledger:
    """Events by their ids. What was once done stays done; what lies in a queue is not done."""

    stage: Outside
    bridge: EventBridge
    functions: tuple[str, ...]
    sent: set[str] = field(default_factory=set)
    known_done: set[str] = field(default_factory=set)

    def send(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Send each event, and look at the books after each."""
        for one in events:
            assert self.bridge.send(one) == 1
            self.sent.add(str(one["id"]))
            self.look()

    def done(self) -> set[str]:
        """The events of which a function has logged its report."""
        return {found for function in self.functions for found in self._reported(function)} & self.sent

    def _reported(self, function: str) -> Iterable[str]:
        pages = self.stage.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=f"/aws/lambda/{self.stage.name(function)}"):
            for line in (line for one in page["events"] for line in one["message"].splitlines()):
                if '"message":"report"' in line:
                    yield str(json.loads(line).get("correlation_id"))

    def dead(self) -> list[str]:
        """The events in the dead-letter queue, which stay in it."""
        sqs, url = self.stage.client("sqs"), self.stage.queue_url("dead-letters")
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_ALL, VisibilityTimeout=0).get("Messages", [])
        assert len(found) < _ALL, "one look does not show them all"
        return [event_of(message)["id"] for message in found]

    def in_flight(self) -> list[str]:
        """The events that the bus still tries to deliver."""
        return [str(one.event["id"]) for one in self.bridge.in_flight]

    def look(self) -> set[str]:
        """Check the books; the events that Lambda has, and is neither done with nor has given up."""
        done, dead, in_flight = self.done(), self.dead(), self.in_flight()
        assert len(dead) == len(set(dead)), "an event lies in the queue twice"
        assert not done & set(dead), "what is done is given up as well"
        assert not set(in_flight) & (done | set(dead)), "what the bus still has was delivered"
        assert self.known_done <= done
        assert self.bridge.dropped == []
        self.known_done |= done
        return self.sent - done - set(dead) - set(in_flight)

    def settled(self) -> tuple[int, int, int]:
        """Once Lambda has nothing under way: (done, dead, in flight), which are all that was sent."""
        soon(lambda: not self.look(), "something was lost, or is retried for ever")
        counts = len(self.done()), len(self.dead()), len(self.in_flight())
        assert sum(counts) == len(self.sent)
        return counts


def event_of(letter: Mapping[str, Any]) -> dict[str, Any]:
    """The event in a dead letter: EventBridge leaves it as it was, Lambda wraps it."""
    body = json.loads(letter["Body"])
    return dict(body.get("requestPayload", body))
