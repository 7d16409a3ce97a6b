"""Where the road itself meets trouble: refused publishes, crowds of writers, a second topic that fails, one bad alert."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.alerts.amazon_q import AmazonQ
from chalicelib.alerts.announced import UnreadableMessage, bodies
from chalicelib.alerts.deliver import Outcome
from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.secret import SecretReader
from chalicelib.alerts.slack import opener
from chalicelib.alerts.store import AlertStore, Conflict
from chalicelib.model.errors import ConfigurationError, RetryLater
from tests.alerts import samples
from tests.alerts.samples import alert
from tests.alerts.stage import START
from tests.alerts.world import TABLE, TOPIC, Topics, World, lone_messages


class Refuses:
    """A client whose every call is refused."""

    def __init__(self, code: str = "AccessDenied") -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is asked
        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, name)

        return refuse


def test_what_could_not_be_published_is_found_by_the_sweep(world: World) -> None:
    """The observation counts as told: the table has it, and the next sweep publishes it."""
    road = Road(world.store, Publisher(Refuses(), TOPIC), world.clock)

    assert road.tell(samples.vpn_degraded())
    assert world.slack.messages == []
    world.settle(3)
    assert len(world.slack.messages) == 1


class Crowded(AlertStore):
    """A table in which somebody always wrote just before."""

    def put(self, stored: Any) -> Any:  # noqa: ANN401 - the store's own types
        raise Conflict(replace(stored, alert=alert(at=START - timedelta(hours=1))))


def test_a_crowd_of_writers_ends_in_a_later_retry(world: World) -> None:
    road = Road(Crowded(world.client, TABLE), world.publisher, world.clock)

    with pytest.raises(RetryLater, match="observe again"):
        road.tell(samples.vpn_degraded())


def test_a_second_topic_that_fails_is_tried_again(world: World) -> None:
    """Nobody was told, so it raises, which Lambda counts, and the cause is told at the next attempt; then once a day."""
    world.slack.error = "is_archived"
    publish = world.sns.publish
    world.sns.publish = Refuses().publish  # type: ignore[method-assign]
    world.store.put(replace(_opened(world), due=world.clock()))
    with pytest.raises(RetryLater, match=r"is_archived.*sns:Publish to the second topic failed"):
        world.delivery().deliver(samples.vpn_degraded().fingerprint)
    world.sns.publish = publish  # type: ignore[method-assign]
    world.settle(60)

    assert len(world.sns.inbox) == 1
    world.settle(60 * 25)
    assert len(world.sns.inbox) == 2, "once more for each day that it lasts"


def test_a_sweep_that_can_tell_neither_topic_raises_once_all_is_looked_at(world: World) -> None:
    """Nobody collects and nobody can be told: only Lambda's own count of errors is left, and CloudWatch's alarm on it."""
    world.sns.publish = Refuses().publish  # type: ignore[method-assign]
    world.tell(samples.vpn_degraded())
    world.clock.sleep(900)
    with pytest.raises(RetryLater, match=r"not_collected.*sns:Publish"):
        world.sweep()
    assert world.stored(samples.vpn_degraded().fingerprint).pending


def _opened(world: World) -> Any:  # noqa: ANN401 - the store's own type
    from chalicelib.alerts import life

    return life.fold(None, samples.vpn_degraded(), world.clock()).stored


def test_one_alert_that_fails_stops_no_other(world: World) -> None:
    """The sweep carries the rest on, and says how many it could not."""
    world.tell(samples.vpn_degraded(), samples.peering_held(), samples.certificate())
    world.sns.queue.clear()
    broken = samples.peering_held().fingerprint
    world.client.items[(f"A#{broken}", "ALERT")]["version"] = {"N": "1"}
    delivery = world.delivery()

    def deliver(fp: str) -> Outcome:
        if fp == broken:
            raise ValueError(fp)
        return delivery.deliver(fp)

    world.clock.sleep(120)
    swept = world.sweep(carry=lambda stored: deliver(stored.fp))

    assert (swept.looked, swept.carried, swept.failed) == (3, 2, 1)
    assert len(world.slack.messages) == 2


def test_an_alert_reaches_amazon_q(world: World) -> None:
    """The same delivery with another sink: new messages for what is news, none for what is not."""
    topic = Topics(world.clock)
    delivery = world.delivery()
    sink = AmazonQ(topic, "arn:aws:sns:eu-west-1:111122223333:netreflex-test-q")
    delivery = replace(delivery, around=replace(delivery.around, open_sink=lambda _: sink))
    for step in (
        samples.vpn_degraded(),
        samples.vpn_down(START + timedelta(minutes=5)),
        samples.recovered(at=START + timedelta(minutes=9)),
    ):
        world.tell(step)
        assert delivery.notify(world.sns.queue[-1].body) is Outcome.SHOWN

    assert len(topic.published) == 3


@pytest.mark.parametrize(
    ("code", "mails"),
    [
        ("AuthorizationError", ["netreflex cannot deliver alerts: amazon_q_refused"]),
        ("AccessDenied", ["netreflex cannot deliver alerts: amazon_q_refused"]),
        ("NotFound", ["netreflex cannot deliver alerts: amazon_q_refused"]),
        ("KMSAccessDenied", ["netreflex cannot deliver alerts: amazon_q_refused"]),
        ("Throttled", []),
    ],
)
def test_a_refusing_topic_of_amazon_q_is_told_to_people_and_tried_again(
    world: World, code: str, mails: list[str]
) -> None:
    """What only a person can repair is told on the second topic, with SNS's own word; the rest passes."""
    world.tell(samples.vpn_degraded())
    delivery = world.delivery()
    sink = AmazonQ(Refuses(code), "arn:aws:sns:eu-west-1:111122223333:netreflex-test-amazon-q")
    delivery = replace(delivery, around=replace(delivery.around, open_sink=lambda _: sink))

    with suppress(RetryLater):
        delivery.notify(world.sns.queue[0].body)
    assert [one["Subject"] for one in world.sns.inbox] == mails
    assert all("sns:Publish" in one["Message"] for one in world.sns.inbox)
    assert all(f"The answer was: {code}." in one["Message"] for one in world.sns.inbox)
    assert world.stored(samples.vpn_degraded().fingerprint).pending


@pytest.mark.parametrize("name", ["netreflex/slack", "/netreflex/slack"])
def test_a_secret_that_may_not_be_read_is_named(name: str) -> None:
    reader = SecretReader(name, secrets=Refuses(), ssm=Refuses())

    with pytest.raises(ConfigurationError, match=r"netreflex/slack cannot be read \(AccessDenied\)"):
        reader.read()


@pytest.mark.parametrize("name", ["netreflex/slack", "/netreflex/slack"])
@pytest.mark.parametrize("trouble", ["ThrottlingException", "InternalFailure", "no answer"])
def test_a_secret_whose_reading_was_put_off_is_read_again(world: World, name: str, trouble: str) -> None:
    """AWS's hiccup is nobody's mistake: the alert waits a moment, and no mail goes out."""
    client = Silent() if trouble == "no answer" else Refuses(trouble)
    reader = SecretReader(name, secrets=client, ssm=client)
    with pytest.raises(RetryLater, match="netreflex/slack"):
        reader.read()

    world.tell(samples.vpn_degraded())
    delivery = world.delivery()
    delivery = replace(delivery, around=replace(delivery.around, open_sink=opener(reader)))
    with pytest.raises(RetryLater):
        delivery.notify(world.sns.queue[0].body)
    assert world.sns.inbox == []


class Silent:
    """A client whose every call ends without an answer."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is asked
        def wait(**_: object) -> None:
            raise ReadTimeoutError(endpoint_url=f"https://{name}")

        return wait


NO_ALERTS = [
    "",
    "no json",
    "[]",
    "7",
    "{}",
    '{"Message": 3}',
    '{"Message": "{}"}',
    '{"schema": "another/1", "fp": "0123456789abcdef"}',
    '{"schema": "netreflex.alert/1", "fp": "../../x"}',
    '{"schema": "netreflex.alert/1", "fp": "0123456789abcdef"}',
    '{"schema": "netreflex.alert/1", "kind": "vpn", "status": "on fire"}',
]


@pytest.mark.parametrize("body", NO_ALERTS)
def test_a_message_that_tells_of_no_alert_goes_to_the_dead_letters(world: World, body: str) -> None:
    """Nothing is dropped: what is raised brings the message back, and in the end to a queue that somebody is told of."""
    with pytest.raises(UnreadableMessage):
        world.notify(body)
    assert world.slack.calls == []


def bare(at: datetime = START, **changes: Any) -> str:  # noqa: ANN401 - parts of an alert
    """An alert as a program that is not netreflex may publish it: the least that the schema asks for."""
    alert: dict[str, Any] = {
        "schema": "netreflex.alert/1",
        "kind": "backup",
        "status": "firing",
        "severity": "error",
        "subject": {"type": "job", "id": "nightly", "account": "111122223333", "region": "eu-west-1"},
        "title": "Backup failed",
        "summary": "No backup of last night.",
        "at": at.isoformat(),
    }
    return json.dumps(alert | changes)


def test_what_the_table_does_not_know_is_taken_from_the_message(world: World) -> None:
    """Another producer's alerts have the same life: one message that changes, an older state never wins."""
    later = START + timedelta(minutes=5)
    outcomes = [
        world.notify(bare()),
        world.notify(json.dumps({"Type": "Notification", "Message": bare(later, severity="critical", title="Worse")})),
        world.notify(bare()),
    ]

    assert outcomes == [Outcome.SHOWN, Outcome.SHOWN, Outcome.NOTHING_NEW]
    [message] = lone_messages(world.slack)
    assert (message.states, message.header) == (["🟠 ERROR · Backup failed"], "🔴 CRITICAL · Worse")


def test_a_table_that_lost_the_alert_loses_no_message(world: World) -> None:
    """The wrong table, or one that was restored: what was published is shown all the same."""
    world.tell(samples.vpn_degraded())
    world.client.items.clear()
    world.pump()

    [message] = world.slack.messages
    assert message.header == "🟠 ERROR · VPN hq-dc1: 1 of 2 tunnels down"


def test_foreign_words_in_a_message_call_nobody(world: World) -> None:
    world.notify(bare(title="<!channel> xoxb-1111-2222-canaryToken", links=[{"text": "x", "url": "javascript:x"}]))

    [message] = world.slack.messages
    assert "<!channel>" not in str(message.blocks[1:]) + message.text
    assert "canaryToken" not in str(world.client.items) + str(message)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"Records": [{"body": "a"}, {"body": "b"}]}, ("a", "b")),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "a", "Subject": None}}]}, ("a",)),
    ],
)
def test_messages_come_from_a_queue_or_straight_from_the_topic(event: object, found: tuple[str, ...]) -> None:
    assert bodies(event) == found


@pytest.mark.parametrize("event", [None, {}, [], {"Records": []}, {"Records": [{"s3": {}}]}, {"Records": ["x"]}])
def test_any_other_event_is_refused_in_words(event: object) -> None:
    with pytest.raises(UnreadableMessage, match="SQS"):
        bodies(event)


def test_one_message_that_fails_keeps_no_other_from_people(world: World) -> None:
    with pytest.raises(UnreadableMessage):
        world.delivery().notify_all(["", bare()])
    assert len(world.slack.messages) == 1


def test_a_message_that_comes_twice_is_shown_once(world: World) -> None:
    world.tell(samples.vpn_degraded())
    body = world.sns.queue[0].body

    assert [world.notify(body), world.notify(body)] == [Outcome.SHOWN, Outcome.NOTHING_NEW]
    assert len(world.slack.calls) == 1


def test_somebody_elses_delivery_is_waited_for(world: World) -> None:
    """A lease may be a dead worker's, so the message goes back to the queue and is never acknowledged."""
    world.tell(samples.vpn_degraded())
    world.store.claim(samples.vpn_degraded().fingerprint, "another", world.clock())

    with pytest.raises(RetryLater, match="being delivered"):
        world.notify(world.sns.queue[0].body)
