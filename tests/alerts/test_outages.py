"""Slack is away, or set up wrongly, or nobody collects: nothing is lost, nothing stale is posted, people hear of it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.alerts.deliver import Outcome
from chalicelib.model.alert import Severity
from tests.alerts import samples
from tests.alerts.fake_dynamodb import FakeDynamoDB
from tests.alerts.figures import figure
from tests.alerts.samples import alert, other_kinds, recovered
from tests.alerts.stage import VirtualClock
from tests.alerts.world import World, a_world, lone_messages
from tests.slack.server import serve
from tests.slack.workspace import LocalSlack


@pytest.mark.parametrize("kind", ["bot", "webhook"])
def test_slack_is_down_for_an_hour(kind: str) -> None:
    """All current states are delivered afterwards, and no stale one ever."""
    with a_world(kind) as world:
        world.slack.down = True
        subjects = [f"vpn-{number}" for number in range(4)]
        for minute in range(0, 60, 5):
            for number, subject in enumerate(subjects):
                at = world.clock()
                ended = minute == 55 and number % 2
                worse = Severity.CRITICAL if minute % 10 else Severity.ERROR
                title = f"{subject} at minute {minute}"
                world.tell(
                    recovered(subject_id=subject, at=at, title=title)
                    if ended
                    else alert(subject_id=subject, at=at, title=title, severity=worse)
                )
            world.settle(5)
        calls = len(world.slack.calls)
        world.slack.down = False
        world.settle(15)

        shown = [one.header for one in lone_messages(world.slack)]
        stale = [header for header in shown if "minute 55" not in header]
        stale += [state for one in world.slack.messages for state in one.states if "minute 55" not in state]
        mails = [mail["Subject"] for mail in world.sns.inbox]
        figure(
            f"down for an hour ({kind}): {len(shown)} states shown, {len(stale)} stale, {calls} calls while down, {mails}"
        )
        assert len(shown) == 4
        assert stale == []
        assert world.dead == []
        assert mails == ["netreflex cannot deliver alerts: unreachable"]


@pytest.mark.parametrize("error", ["is_archived", "token_revoked", "not_in_channel"])
def test_what_only_a_person_can_repair(world: World, error: str) -> None:
    """The second topic is told within one sweep, once; Slack is asked at most every ten minutes; then all is delivered."""
    world.slack.error = error
    world.tell(*other_kinds(10))
    world.pump()
    world.clock.sleep(60)
    world.sweep()
    first = len(world.sns.inbox)
    world.settle(60)
    calls, mails = len(world.slack.calls), len(world.sns.inbox)
    world.slack.error = ""
    world.settle(15)

    figure(
        f"{error}: {first} mail within one sweep, {mails} in an hour, {calls} calls, {len(world.slack.messages)} of 10 after"
    )
    assert (first, mails, len(world.slack.messages), len(world.dead)) == (1, 1, 10, 0)
    assert calls <= 16


def test_a_road_whose_queue_is_gone_is_told_to_people(world: World) -> None:
    """The topic takes messages and nobody collects them: the second topic is told, once."""
    world.sns.lost = True
    world.tell(samples.vpn_degraded())
    world.settle(40)

    subjects = [mail["Subject"] for mail in world.sns.inbox]
    figure(f"nobody collects: {subjects}")
    assert subjects == ["netreflex cannot deliver alerts: not_collected"]


class Moody(FakeDynamoDB):
    """A table that answers calls about some items with an error, as often as it is told to."""

    def __init__(self, error: Exception, prefix: str, operation: str) -> None:
        super().__init__()
        self.error, self.prefix, self.operation, self.left = error, prefix, operation, 0

    def _moody(self, operation: str, key: dict[str, Any]) -> None:
        if operation == self.operation and key["pk"]["S"].startswith(self.prefix) and self.left:
            self.left -= 1
            raise self.error

    def get_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as DynamoDB is asked
        self._moody("get", request["Key"])
        return super().get_item(**request)

    def put_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as DynamoDB is asked
        self._moody("put", request["Item"])
        return super().put_item(**request)

    def update_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as DynamoDB is asked
        self._moody("leave" if "REMOVE holder" in request["UpdateExpression"] else "take", request["Key"])
        return super().update_item(**request)


THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "UpdateItem")
NO_ANSWER = ReadTimeoutError(endpoint_url="https://dynamodb")


@pytest.mark.parametrize("error", [THROTTLED, NO_ANSWER], ids=["throttled", "no answer"])
@pytest.mark.parametrize("operation", ["take", "leave"])
def test_a_table_that_does_not_answer_at_the_gate_neither_loses_nor_doubles_a_message(
    error: Exception, operation: str
) -> None:
    clock, table = VirtualClock(), Moody(error, "CH#", operation)
    with serve(LocalSlack(clock=clock.epoch)) as slack:
        world = World(slack=slack, clock=clock, client=table)
        world.tell(samples.vpn_degraded(), *other_kinds(2))
        table.left = 1
        world.pump()
        world.settle(10)

        assert len(lone_messages(slack)) == 3
        assert (world.dead, world.sns.inbox, table.left) == ([], [], 0)


def test_a_message_that_slack_took_is_shown_although_its_gate_cannot_be_left() -> None:
    clock, table = VirtualClock(), Moody(THROTTLED, "CH#", "leave")
    with serve(LocalSlack(clock=clock.epoch)) as slack:
        world = World(slack=slack, clock=clock, client=table)
        world.tell(samples.vpn_degraded())
        table.left = 1
        assert world.notify(world.sns.queue.pop().body) is Outcome.SHOWN


@pytest.mark.parametrize("operation", ["get", "put"])
def test_people_are_told_of_a_broken_channel_although_the_table_does_not_remember_what_they_know(
    operation: str,
) -> None:
    """A mail too many is better than none, and what waits is delivered once."""
    clock, table = VirtualClock(), Moody(THROTTLED, "TOLD#", operation)
    with serve(LocalSlack(clock=clock.epoch)) as slack:
        world = World(slack=slack, clock=clock, client=table)
        slack.error = "is_archived"
        table.left = 1
        world.tell(samples.vpn_degraded())
        world.pump()
        world.settle(20)
        slack.error = ""
        world.settle(15)

        assert {mail["Subject"] for mail in world.sns.inbox} == {"netreflex cannot deliver alerts: is_archived"}
        assert len(world.sns.inbox) == (1 if operation == "get" else 2)
        assert len(lone_messages(slack)) == 1
