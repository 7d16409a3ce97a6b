"""The whole road in one test: a table, a topic, a queue, a second topic, Slack, and a clock that a test moves.

``World.tell`` is the producer, ``pump`` the queue with its redelivery, ``sweep`` the sweep. ``faults`` lets a test end the
world before or after any call to AWS or Slack.
"""

# ruff: noqa: ANN401 - the requests and answers of AWS and Slack are JSON

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.alerts.causes import Causes
from chalicelib.alerts.channel import Surroundings
from chalicelib.alerts.deliver import Delivery, Outcome
from chalicelib.alerts.fallback import Fallback
from chalicelib.alerts.gates import PACE, Gates
from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import Road, publish_or_leave
from chalicelib.alerts.sinks import Sink
from chalicelib.alerts.slack import SlackBot, SlackWebhook
from chalicelib.alerts.state import Stored
from chalicelib.alerts.store import AlertStore
from chalicelib.alerts.sweep import Sweep, Swept
from chalicelib.model.alert import Alert
from chalicelib.model.errors import RetryLater
from chalicelib.model.policy import AlertPolicy
from tests.alerts.fake_dynamodb import FakeDynamoDB
from tests.alerts.stage import Clock, Crash, Stepped, Steps, VirtualClock
from tests.slack.server import serve
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack, Posted

TABLE = "netreflex-test-state"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:netreflex-test-alerts"
FALLBACK = "arn:aws:sns:eu-west-1:111122223333:netreflex-test-fallback"
_ROOT = Path(__file__).parent.parent.parent
QUEUE = json.loads((_ROOT / "deploy" / "resources.json").read_text())["Resources"]["NotifyQueue"]["Properties"]
VISIBILITY: int = QUEUE["VisibilityTimeout"]  # seconds until the queue brings a message again
RECEIVES: int = QUEUE["RedrivePolicy"]["maxReceiveCount"]  # until the queue gives a message up


class Topics:
    """SNS: the alerts topic feeds the queue, the second topic the inbox."""

    def __init__(self, clock: Clock) -> None:
        self.published: list[dict[str, Any]] = []
        self.inbox: list[dict[str, Any]] = []
        self.queue: list[Queued] = []
        self.lost = False
        self._clock = clock

    def publish(self, **request: Any) -> dict[str, str]:
        if request["TopicArn"] == FALLBACK:
            self.inbox.append(request)
            return {"MessageId": "f"}
        self.published.append(request)
        if not self.lost:
            body = json.dumps(
                {"Type": "Notification", "Message": request["Message"], "Subject": request.get("Subject")}
            )
            self.queue.append(Queued(body=body, visible_at=self._clock.epoch()))
        return {"MessageId": "m"}


@dataclass(slots=True)
class Queued:
    body: str
    visible_at: float
    receives: int = 0


@dataclass
class World:
    """``kind`` is the sink: ``bot`` or ``webhook``. ``client`` may be moto's."""

    slack: LocalSlack
    clock: Clock
    kind: str = "bot"
    policy: AlertPolicy = field(default_factory=AlertPolicy)
    client: Any = field(default_factory=FakeDynamoDB)
    steps: Steps = field(default_factory=Steps)
    token: str = TOKEN
    pace: timedelta = PACE
    dead: list[Queued] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sns = Topics(self.clock)
        self._owners = itertools.count()
        aws = frozenset({"get_item", "put_item", "update_item", "query", "publish"})
        self._dynamodb = Stepped(self.client, self.steps, aws)
        self._sns = Stepped(self.sns, self.steps, aws)
        self.store = AlertStore(self._dynamodb, TABLE)
        self.publisher = Publisher(self._sns, TOPIC)
        self.road = Road(self.store, self.publisher, self.clock)

    def tell(self, *alerts: Alert) -> list[bool]:
        return [self.road.tell(alert) for alert in alerts]

    def open_sink(self, fresh: bool) -> Sink:  # noqa: FBT001 - as Surroundings calls it
        del fresh
        sink: Sink = SlackBot(token=self.token, channel=CHANNEL, base_url=self.slack.base_url)
        if self.kind == "webhook":
            sink = SlackWebhook(url=self.slack.webhook_url)
        stepped: Any = Stepped(sink, self.steps, frozenset({"post", "update", "find"}))
        return stepped  # type: ignore[no-any-return]

    def delivery(self) -> Delivery:
        around = Surroundings(
            gates=Gates(self._dynamodb, TABLE),
            open_sink=self.open_sink,
            fallback=self.fallback(),
            clock=self.clock,
            sleep=self.clock.sleep,
            owner=f"request-{next(self._owners)}",
            pace=self.pace,
        )
        return Delivery(store=self.store, around=around, policy=self.policy)

    def fallback(self) -> Fallback:
        return Fallback(self._sns, FALLBACK, Causes(self._dynamodb, TABLE))

    def notify(self, body: str) -> Outcome:
        return self.delivery().notify(body)

    def pump(self, *, minutes: float = 30, crashes: bool = False) -> None:
        """Play the queue: bring each visible message to ``notify``, again after its visibility time if it raises."""
        end = self.clock.epoch() + minutes * 60
        while self.sns.queue:
            queued = min(self.sns.queue, key=lambda one: one.visible_at)
            if queued.visible_at > end:
                return
            self.clock.sleep(max(0.0, queued.visible_at - self.clock.epoch()))
            self.sns.queue.remove(queued)
            self._receive(queued, crashes=crashes)

    def _receive(self, queued: Queued, *, crashes: bool) -> None:
        queued.receives += 1
        try:
            self.notify(queued.body)
        except RetryLater:
            self._again(queued)
        except Crash:
            self._again(queued)
            if not crashes:
                raise

    def _again(self, queued: Queued) -> None:
        queued.visible_at = self.clock.epoch() + VISIBILITY
        (self.sns.queue if queued.receives < RECEIVES else self.dead).append(queued)

    def sweep(self, *, direct: bool = False, carry: Callable[[Stored], object] | None = None) -> Swept:
        """One sweep: what waits is published again, or (``direct``) delivered by the sweep itself."""
        delivery = self.delivery()

        def carried(stored: Stored) -> object:
            return delivery.deliver(stored.fp) if direct else publish_or_leave(self.publisher, stored)

        sweep = Sweep(
            store=self.store,
            carry=carry or carried,
            policy=self.policy,
            clock=self.clock,
            fallback=self.fallback(),
        )
        return sweep.run()

    def settle(self, minutes: int = 10) -> None:
        """Sweep and pump, a minute apart."""
        for _ in range(minutes):
            self.clock.sleep(60)
            self.sweep()
            self.pump()

    def stored(self, fp: str) -> Stored:
        found = AlertStore(self.client, TABLE).get(fp)
        assert found is not None
        return found


@contextmanager
def a_world(kind: str = "bot", interval: float = 1.0) -> Iterator[World]:
    """A fresh world, for tests that compare several."""
    clock = VirtualClock()
    with serve(LocalSlack(clock=clock.epoch, interval=interval)) as slack:
        yield World(slack=slack, clock=clock, kind=kind)


def lone_messages(slack: LocalSlack) -> list[Posted]:
    """What stands in the channel by itself, broadcasts of replies aside."""
    return [one for one in slack.messages if not one.thread_ts]
