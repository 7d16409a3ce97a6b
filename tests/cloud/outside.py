"""A deployed stage as people and AWS see it from outside: what it is made of, what waits in its queues, what it answers."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib.alerts import roll
from chalicelib.alerts.store import AlertStore
from chalicelib.model.alert import Alert
from tests.aws.awsbus import DefaultBus, event
from tests.aws.local import REGION, LocalAws

DUE = event("aws.events", "Scheduled Event", {}, region=REGION)
_PATIENCE = 150.0  # a busy computer may take long; what was put off comes back after 90 seconds


def soon(holds: Callable[[], object], what: str = "it did not come about") -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Outside:
    """What can be asked of a stage by its names alone."""

    aws: LocalAws

    @abstractmethod
    def name(self, part: str) -> str:
        """The full name of a part."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        return self.aws.client(service)

    @property
    def bus(self) -> DefaultBus:
        """The bus through whose rules events reach the deployed functions."""
        return DefaultBus(self.client("events"), self.client("lambda"))

    def function(self, name: str) -> Mapping[str, Any]:
        return dict(self.client("lambda").get_function_configuration(FunctionName=self.name(name)))

    def target(self, rule: str) -> Mapping[str, Any]:
        (target,) = self.client("events").list_targets_by_rule(Rule=self.name(rule))["Targets"]
        return dict(target)

    def mappings(self, function: str) -> list[str]:
        found = self.client("lambda").list_event_source_mappings(FunctionName=self.name(function))
        return [one["UUID"] for one in found["EventSourceMappings"]]

    def queue_url(self, queue: str) -> str:
        return str(self.client("sqs").get_queue_url(QueueName=self.name(queue))["QueueUrl"])

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds."""
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=self.queue_url(queue), AttributeNames=wanted)
        return sum(int(found["Attributes"][name]) for name in wanted)

    def letters(self, queue: str = "dead-letters") -> list[dict[str, Any]]:
        """The messages of a dead-letter queue, taken out of it."""
        sqs, url, taken = self.client("sqs"), self.queue_url(queue), []
        wanted = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while found := sqs.receive_message(QueueUrl=url, **wanted).get("Messages", []):
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(dict(message))
        return taken

    def invoke(self, function: str, event: Mapping[str, Any] = DUE) -> dict[str, Any]:
        """Run a function and wait for its answer."""
        answer = self.client("lambda").invoke(FunctionName=self.name(function), Payload=json.dumps(event))
        body = answer["Payload"].read()
        assert "FunctionError" not in answer, body
        return dict(json.loads(body))

    def alert(self, fingerprint: str) -> Alert:
        """What is remembered of an alert."""
        stored = AlertStore(self.client("dynamodb"), self.name("state")).get(fingerprint)
        assert stored is not None
        return stored.alert

    def unshown(self) -> list[Alert]:
        """The alerts that people have yet to be shown; the rolls of many at once wait for the sweep."""
        watched = AlertStore(self.client("dynamodb"), self.name("state")).watched()
        return [one.alert for one in watched if one.pending and one.alert.kind not in roll.KINDS]

    @contextmanager
    def setting(self, function: str, **settings: str) -> Iterator[None]:
        """Other settings for one deployed function, for a while."""
        before = self.function(function)["Environment"]["Variables"]
        self._set(function, {**before, **settings})
        try:
            yield
        finally:
            self._set(function, before)

    def change(self, function: str, **settings: str) -> None:
        """Other settings for good, or the same ones; in any case the next run is that of a new container."""
        self._set(function, {**self.function(function)["Environment"]["Variables"], **settings})

    def _set(self, function: str, settings: Mapping[str, str]) -> None:
        client, name = self.client("lambda"), self.name(function)
        client.update_function_configuration(FunctionName=name, Environment={"Variables": settings})
        soon(lambda: self.function(function)["LastUpdateStatus"] == "Successful")
