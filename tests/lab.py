"""netreflex against moto in this process: the real sessions, observers, executor and road, and every call counted.

::

    with Lab(POLICY) as lab:
        pcx = lab.world.request(lab.world.apps, lab.world.tidb)
        report = lab.request_arrives(pcx)
        assert lab.calls["ec2:AcceptVpcPeeringConnection"] == 1
"""

from __future__ import annotations

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import boto3
import botocore.client
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.flows.peering import react_to_peering
from chalicelib.flows.ports import World as FlowWorld
from chalicelib.flows.sweep import sweep_peerings
from chalicelib.intake.parse import parse_peering_event
from chalicelib.model.report import Report
from chalicelib.perform.executor import AwsExecutor, Executor
from chalicelib.settings import Mode, Settings
from chalicelib.wiring import Runtime
from demo.cloudtrail import peering_requested
from demo.world import REGION, World
from tests.aws import strict_moto  # noqa: F401 - moto becomes strict
from tests.aws.moto_lock import serialized_moto

HUB = "123456789012"
RESOURCES = json.loads((Path(__file__).parent.parent / "deploy" / "resources.json").read_text())
TABLE = "netreflex-test-state"
DRY_RUN = " (dry run)"
WRITES = ("Accept", "Reject", "Create", "Replace", "Delete", "Modify", "Put", "Update", "BatchWrite", "Publish")


class Lab:
    """A world of AWS in memory with netreflex beside it.

    ``calls`` counts what netreflex alone asked of AWS. ``denied`` holds (call, account) pairs that AWS refuses it, such
    as ("ec2:CreateRoute", "111122223333") or ("sts:AssumeRole", "111122223333"); ``revoked`` those that a dry run does not
    find out. ``stale_routes`` answers of DescribeRouteTables do not show the peerings' routes yet. ``secrets`` are what it
    proves itself with.
    """

    def __init__(
        self,
        policy: str,
        *,
        mode: str = "enforce",
        world: Callable[[Lab], Any] = World,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.policy_text, self.mode, self._make_world = policy, mode, world
        self.calls: Counter[str] = Counter()
        self.slept: list[float] = []
        self.secrets = {"test-external-id"}
        self._stack = ExitStack()
        self.denied: set[tuple[str, str]] = set()
        self.revoked: set[tuple[str, str]] = set()
        self.stale_routes = 0
        self._accounts: dict[str, str] = {}
        self._lock = threading.Lock()
        self._counting = False
        self.now = now
        self._runtime: Runtime | None = None

    def __enter__(self) -> Self:
        self._stack.enter_context(mock_aws())
        self._stack.enter_context(serialized_moto())
        self._stack.enter_context(self._counted())
        self.topic = self.client("sns").create_topic(Name="netreflex-test-alerts")["TopicArn"]
        self.client("sns").create_topic(Name="netreflex-test-fallback")  # the second one, as every installation has it
        self._make_table()
        self._inbox = self._make_inbox("inbox", self.topic)
        self.world = self._make_world(self)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def client(self, service: str, account: str = HUB, region: str = REGION) -> Any:  # noqa: ANN401
        """A client for the test itself; an access key of twelve digits is the account."""
        return _client(service, account, region)

    # ---- netreflex ---------------------------------------------------------------------------------------------------
    def fresh_runtime(self, policy: str | None = None, **settings: Any) -> Runtime:  # noqa: ANN401
        """A cold container, with a policy and further settings of its own if they are given."""
        self.policy_text = policy or self.policy_text
        runtime = _Runtime(
            Settings(
                mode=Mode(self.mode),
                state_table=TABLE,
                alerts_topic_arn=self.topic,
                member_role="netreflex-test-member",
                external_id="test-external-id",
                **settings,
            ),
            self,
        )
        self._runtime = runtime
        return runtime

    @property
    def runtime(self) -> Runtime:
        """The container that is up; it starts cold when it is first needed."""
        return self._runtime or self.fresh_runtime()

    def flow_world(self) -> FlowWorld:
        return self.runtime.world()

    def request_arrives(self, peering: Mapping[str, Any]) -> Report:
        """The CreateVpcPeeringConnection event of a request reaches the handler's flow."""
        return self.event_arrives(peering_requested(peering))

    def event_arrives(self, event: object) -> Report:
        with self.counting():
            return react_to_peering(parse_peering_event(event), self.flow_world())

    def sweep(self) -> Report:
        with self.counting():
            return sweep_peerings(self.flow_world())

    def _refuse(self, client: Any, name: str, params: Mapping[str, Any]) -> None:  # noqa: ANN401
        key = client._request_signer._credentials.access_key
        account = params["RoleArn"].split(":")[4] if name == "sts:AssumeRole" else self._accounts.get(key, HUB)
        if (name, account) in self.denied or ((name, account) in self.revoked and not params.get("DryRun")):
            code = "UnauthorizedOperation" if name.startswith("ec2:") else "AccessDenied"
            error = {"Error": {"Code": code, "Message": "You are not authorized to perform this operation."}}
            raise ClientError(error, name.split(":")[1])  # type: ignore[arg-type]

    def _as_of_before(self, answer: dict[str, Any]) -> dict[str, Any]:
        shown = [route for table in answer["RouteTables"] for route in table["Routes"]]
        if self.stale_routes and any("VpcPeeringConnectionId" in route for route in shown):
            self.stale_routes -= 1
            for table in answer["RouteTables"]:
                table["Routes"] = [route for route in table["Routes"] if "VpcPeeringConnectionId" not in route]
        return answer

    # ---- what was asked and told -------------------------------------------------------------------------------------
    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Count from zero what netreflex asks of AWS."""
        self.calls.clear()
        self._counting = True
        try:
            yield self.calls
        finally:
            self._counting = False

    @property
    def writes(self) -> Counter[str]:
        """The counted calls that change something."""
        calls = ((name, n) for name, n in self.calls.items() if not name.endswith(DRY_RUN))
        return Counter({name: n for name, n in calls if name.split(":")[1].startswith(WRITES)})

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts published since the last look."""
        return [json.loads(one) for one in self.letters(self._inbox)]

    def topic_with_inbox(self, name: str) -> tuple[str, str]:
        """A further topic, and the queue that takes what is published there."""
        arn = str(self.client("sns").create_topic(Name=name)["TopicArn"])
        return arn, self._make_inbox(f"inbox-of-{name}", arn)

    def letters(self, inbox: str) -> list[str]:
        """What a topic was told since the last look."""
        sqs, found = self.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                found.append(str(json.loads(message["Body"])["Message"]))
                sqs.delete_message(QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    # ---- the making of it --------------------------------------------------------------------------------------------
    def _make_table(self) -> None:
        properties = dict(RESOURCES["Resources"]["StateTable"]["Properties"])
        wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
        self.client("dynamodb").create_table(TableName=TABLE, **{key: properties[key] for key in wanted})

    def _make_inbox(self, name: str, topic: str) -> str:
        sqs = self.client("sqs")
        url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return url

    @contextmanager
    def _counted(self) -> Iterator[None]:
        hooked: Any = botocore.client.BaseClient
        original = hooked._make_api_call
        lab = self

        def call(client: Any, operation: str, params: Any) -> Any:  # noqa: ANN401
            name = f"{client.meta.service_model.service_name}:{operation}"
            if lab._counting:
                with lab._lock:
                    lab.calls[name + (DRY_RUN if params.get("DryRun") else "")] += 1
                lab._refuse(client, name, params)
            answer = original(client, operation, params)
            if name == "sts:AssumeRole":
                lab._accounts[answer["Credentials"]["AccessKeyId"]] = params["RoleArn"].split(":")[4]
                lab.secrets |= {answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"]}
            return lab._as_of_before(answer) if name == "ec2:DescribeRouteTables" and lab._counting else answer

        hooked._make_api_call = call
        try:
            yield
        finally:
            hooked._make_api_call = original


class _Runtime(Runtime):
    """The real runtime, with the lab's policy text and a sleep that only notes how long it would have slept."""

    def __init__(self, settings: Settings, lab: Lab) -> None:
        super().__init__(settings, policy_text=lambda: lab.policy_text, sleep=lab.slept.append, now=lab.now or _utc)


@functools.cache
def _client(service: str, account: str, region: str) -> Any:  # noqa: ANN401
    """One for all labs of the process: making a client costs more than most calls, and moto's worlds are told by account."""
    return boto3.client(  # type: ignore[call-overload]
        service, region, aws_access_key_id=account, aws_secret_access_key="testing"
    )


def _utc() -> datetime:
    return datetime.now(UTC)


def executor_of(world: FlowWorld) -> Executor:
    """The executor that a flow world performs with."""
    assert isinstance(world.executor, AwsExecutor)
    return world.executor
