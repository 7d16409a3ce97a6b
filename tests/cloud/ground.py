"""A place to deploy to, on a local AWS of its own, with every write counted and any operation made to fail."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from deploy.place import Place, place_of
from deploy.steps import deploy
from tests.aws.awsbus import DefaultBus
from tests.aws.local import LocalAws

_READS = ("Describe", "Get", "List", "Head", "Batch")


@dataclass
class Ground:
    """A project, the AWS it is deployed to, and what the deployment asked and said."""

    aws: LocalAws
    project: Path
    stage: str
    writes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fails: str = ""
    _place: Place | None = None

    @property
    def place(self) -> Place:
        if self._place is None:
            session = boto3.Session(aws_access_key_id=self.aws.hub, aws_secret_access_key="local")
            session.events.register("before-parameter-build", self._before)
            self._place = place_of(self.stage, session)
        return self._place

    def _before(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's operation model
        if model.name == self.fails:
            error = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
            raise ClientError(error, model.name)  # type: ignore[arg-type]
        if not model.name.startswith(_READS):
            self.writes.append(model.name)

    def deploy(self, *, fails: str = "", always: bool = False) -> list[str]:
        """One run of the deployment, in which one operation may be refused; what it wrote itself, beside Chalice."""
        self.writes.clear()
        self.said.clear()
        self.fails = fails
        try:
            deploy(self.project, self.place, self.said.append, always=always)
        finally:
            self.fails = ""
        return list(self.writes)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        return self.aws.client(service)

    def name(self, part: str) -> str:
        return self.place.name(part)

    @property
    def bus(self) -> DefaultBus:
        return DefaultBus(self.client("events"), self.client("lambda"))

    def function(self, name: str) -> Mapping[str, Any]:
        return dict(self.client("lambda").get_function_configuration(FunctionName=self.name(name)))

    def target(self, rule: str) -> Mapping[str, Any]:
        (target,) = self.client("events").list_targets_by_rule(Rule=self.name(rule))["Targets"]
        return dict(target)

    def mappings(self, function: str) -> list[str]:
        found = self.client("lambda").list_event_source_mappings(FunctionName=self.name(function))
        return [one["UUID"] for one in found["EventSourceMappings"]]

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name(queue))["QueueUrl"]
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
        return sum(int(found[name]) for name in wanted)

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Run a function and wait for its answer."""
        answer = self.client("lambda").invoke(FunctionName=self.name(function), Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return dict(json.loads(answer["Payload"].read()))

    @contextmanager
    def setting(self, function: str, **settings: str) -> Iterator[None]:
        """Other settings for one deployed function, for a while."""
        client, name = self.client("lambda"), self.name(function)
        before = self.function(function)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=name, Environment={"Variables": {**before, **settings}})
        client.get_waiter("function_updated").wait(FunctionName=name)
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Environment={"Variables": before})
            client.get_waiter("function_updated").wait(FunctionName=name)

    def letters(self) -> list[dict[str, Any]]:
        """What lies in the dead-letter queue, taken out of it."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name("dead-letters"))["QueueUrl"]
        taken = []
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(json.loads(message["Body"]))
        return taken
