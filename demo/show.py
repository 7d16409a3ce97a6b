"""One scene of the demo: a request arrives, travels through the deployed rule and function, and what came of it is shown.

Every scene ends with expectations that are checked against AWS, not against what netreflex says of itself.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.cloudtrail import peering_requested
from demo.screen import Screen
from demo.slack import DemoSlack
from demo.world import ACCOUNTS, RouteRow, Vpc, World
from tests.aws.awsbus import Delivery
from tests.aws.deploy import Deployment
from tests.slack.workspace import Posted

_ACTIONS = {
    "AcceptPeering": "accept the peering",
    "RejectPeering": "reject the peering",
    "CreateRoute": "{table_id}: add route {destination} -> the peering",
    "ReplaceRoute": "{table_id}: replace the blackhole {destination} -> {was} by the peering",
    "DeleteRoute": "{table_id}: delete route {destination} -> the peering",
    "EnableDnsResolution": "let the other side resolve the names of the {side}",
    "TagPeering": "mark the peering: {marks}",
}


@dataclass
class Checks:
    """What the demo expects of itself."""

    screen: Screen
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _here: list[str] = field(default_factory=list)

    def that(self, claim: str, holds: object) -> None:
        (self.passed if holds else self.failed).append(claim)
        if holds:
            self._here.append(claim)
        else:
            self.screen.say("FAILED", claim, "red")

    def close(self) -> None:
        """Say what held in this scene."""
        if self._here:
            self.screen.say("Checked", "; ".join(dict.fromkeys(self._here)), "green")
        self._here.clear()


class Inbox:
    """A queue that listens to the alerts topic, as a subscriber of the company's would."""

    def __init__(self, deployment: Deployment) -> None:
        aws, name = deployment.aws, "demo-inbox"
        self._sqs = aws.client("sqs")
        topic, queue = deployment.topic_arn("alerts"), f"arn:aws:sqs:{aws.region}:{aws.hub}:{name}"
        lets_in = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [lets_in]})
        self._url = self._sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
        aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def read(self) -> list[dict[str, Any]]:
        """The notifications that came since the last time."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return found
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))


@dataclass(frozen=True)
class Outcome:
    """What came of one delivery."""

    report: Mapping[str, Any]
    before: list[RouteRow]
    after: list[RouteRow]
    messages: list[dict[str, Any]]
    posted: list[Posted]

    @property
    def told(self) -> str:
        """What the alerts say it means, and what to do."""
        alerts = [json.loads(one["Message"]) for one in self.messages]
        return " ".join(text for alert in alerts for text in (alert["summary"], *alert["remedy"]))

    @property
    def why(self) -> str:
        """Every reason given, refusals included."""
        return " ".join([*self.report["reasons"], *(refused["reason"] for refused in self.report["refused"])])


@dataclass
class Show:
    """The stage: the world, the deployed application, the inbox and the screen."""

    screen: Screen
    world: World
    deployment: Deployment
    inbox: Inbox
    slack: DemoSlack
    checks: Checks

    def arrive(self, peering: Mapping[str, Any], requester: Vpc, accepter: Vpc) -> None:
        """Say what was asked."""
        self.screen.say(
            "Arrived", f"CreateVpcPeeringConnection {peering['VpcPeeringConnectionId']}, told by CloudTrail"
        )
        self.screen.say("", f"from {requester}")
        self.screen.say("", f"to   {accepter}")

    def deliver(self, event: dict[str, Any], *vpcs: Vpc) -> Outcome:
        """Let the event travel through the deployed rule to the deployed function, and see what changed."""
        before, start = self.world.routes(*vpcs), time.monotonic()
        (delivery,) = self._delivered(event)
        seconds = time.monotonic() - start
        function = delivery.function_arn.rsplit(":", 1)[-1]
        self.screen.say("Travelled", f"rule {delivery.rule} -> function {function}, {seconds:.1f} s")
        messages = self.inbox.read()
        posted = self.slack.news(messages)
        return Outcome(delivery.answer, before, self.world.routes(*vpcs), messages, posted)

    def _delivered(self, event: dict[str, Any]) -> Sequence[Delivery]:
        delivered = self.deployment.bus.put(event, "RequestResponse")
        if len(delivered) != 1:
            raise RuntimeError(f"the event matched {len(delivered)} rules, not one")
        return list(delivered)

    def tell(self, outcome: Outcome) -> None:
        """The decision, the plan, the routes and the messages of one delivery."""
        report = outcome.report
        by_rule = f" by rule {report['rule']}" if report["rule"] else ""
        colour = {"approved": "green", "held": "yellow"}.get(report["decision"], "red")
        self.screen.say("Decided", f"{report['decision']}{by_rule}", colour)
        self.screen.items("Why", map(self.world.named, report["reasons"]))
        self._tell_plan(report)
        self._tell_routes(outcome)
        self.screen.items("Proof", map(self.world.named, report.get("proof", [])))
        self.tell_slack(outcome.posted)

    def tell_slack(self, posted: Sequence[Posted]) -> None:
        """The messages that came up in Slack, as a telephone's lock screen shows them."""
        for message in posted:
            self.screen.say("Slack", self.world.named(("(reply) " if message.thread_ts else "") + message.header))
            rest = html.unescape(message.text).removeprefix(message.header).lstrip(": ")
            for line in rest.splitlines() if not message.thread_ts else ():
                self.screen.say("", self.world.named(line), "dim")

    def _tell_plan(self, report: Mapping[str, Any]) -> None:
        unchanged = f"; {report['unchanged']} things are as they should be" if report["unchanged"] else ""
        if not report["planned"]:
            self.screen.say("Plan", f"nothing to do{unchanged}")
            return
        self.screen.say("Plan", f"{len(report['planned'])} actions, in this order{unchanged}")
        rows = []
        for number, action in enumerate(report["planned"], start=1):
            done = "done" if action in report["performed"] else "not done"
            rows.append((f"{number}.", self.world.named(_worded(action)), ACCOUNTS[action["account"]], done))
        self.screen.table(("", "action", "account", "outcome"), rows)
        self.screen.items("Failed", (one["error"] for one in report["failed"]))

    def _tell_routes(self, outcome: Outcome) -> None:
        was = {(row.vpc, row.table, row.destination): row.target for row in outcome.before}
        now = {(row.vpc, row.table, row.destination): row.target for row in outcome.after}
        if was == now:
            self.screen.say("Routes", f"unchanged ({len(now)} in {len({key[:2] for key in now})} tables)")
            return
        keys = sorted(
            {*was, *now}, key=lambda key: (key[:2] not in _order(outcome), _order(outcome).index(key[:2]), key)
        )
        rows = [(*key, was.get(key, "-"), now.get(key, "-")) for key in keys]
        changed = frozenset(number for number, key in enumerate(keys) if was.get(key) != now.get(key))
        self.screen.say("Routes", "every table of both VPCs")
        self.screen.table(("VPC", "table", "destination", "before", "after"), rows, changed)

    def scene(self, title: str, requester: Vpc, accepter: Vpc, tags: Mapping[str, str] | None = None) -> Scene:
        """Ask for the peering, deliver its event, and tell what came of it."""
        self.screen.title(title)
        peering = self.world.request(requester, accepter, tags)
        self.arrive(peering, requester, accepter)
        event = peering_requested(peering)
        outcome = self.deliver(event, requester, accepter)
        self.tell(outcome)
        return Scene(str(peering["VpcPeeringConnectionId"]), event, outcome)


@dataclass(frozen=True)
class Scene:
    """A scene that was shown, for what comes after it."""

    peering_id: str
    event: dict[str, Any]
    outcome: Outcome


def _order(outcome: Outcome) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.vpc, row.table) for row in (*outcome.after, *outcome.before)))


def _worded(action: Mapping[str, Any]) -> str:
    marks = ", ".join(f"{key}={value}" for key, value in action.get("tags", ()) if key == "netreflex:rule")
    template = _ACTIONS.get(action["action"])
    return template.format(**action, marks=marks) if template else json.dumps(action)
