"""Where the road itself meets trouble: refused publishes, crowds of writers, a second topic that fails, one bad alert."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.alerts.amazon_q import AmazonQ
from chalicelib.alerts.deliver import Outcome
from chalicelib.alerts.publish import Publisher, fingerprint_in
from chalicelib.alerts.road import Road
from chalicelib.alerts.secret import SecretReader
from chalicelib.alerts.store import AlertStore, Conflict
from chalicelib.model.errors import ConfigurationError, RetryLater
from tests.alerts import samples
from tests.alerts.samples import alert
from tests.alerts.stage import START
from tests.alerts.world import TABLE, TOPIC, Topics, World


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
        ("NotFound", ["netreflex cannot deliver alerts: amazon_q_refused"]),
        ("Throttled", []),
    ],
)
def test_a_refusing_topic_of_amazon_q_is_told_to_people_and_tried_again(
    world: World, code: str, mails: list[str]
) -> None:
    """What only a person can repair is told on the second topic; the rest passes."""
    world.tell(samples.vpn_degraded())
    delivery = world.delivery()
    sink = AmazonQ(Refuses(code), "arn:aws:sns:eu-west-1:111122223333:netreflex-test-amazon-q")
    delivery = replace(delivery, around=replace(delivery.around, open_sink=lambda _: sink))

    with suppress(RetryLater):
        delivery.notify(world.sns.queue[0].body)
    assert [one["Subject"] for one in world.sns.inbox] == mails
    assert all("sns:Publish" in one["Message"] for one in world.sns.inbox)
    assert world.stored(samples.vpn_degraded().fingerprint).pending


@pytest.mark.parametrize("name", ["netreflex/slack", "/netreflex/slack"])
def test_a_secret_that_may_not_be_read_is_named(name: str) -> None:
    reader = SecretReader(name, secrets=Refuses(), ssm=Refuses())

    with pytest.raises(ConfigurationError, match="netreflex/slack cannot be read"):
        reader.read()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"Message": 3}',
        '{"Message": "{}"}',
        '{"schema": "netreflex.alert/1", "fp": "../../x"}',
    ],
)
def test_a_message_that_is_not_an_alert_is_put_aside(world: World, body: str) -> None:
    """Whatever stands in the queue, only a fingerprint is taken from it."""
    assert fingerprint_in(body) is None
    assert world.notify(body) is Outcome.UNKNOWN


def test_a_forged_alert_shows_nothing(world: World) -> None:
    """A message whose alert was never observed leads to one refused claim and to no message."""
    assert world.notify('{"schema": "netreflex.alert/1", "fp": "0123456789abcdef"}') is Outcome.UNKNOWN
    assert world.slack.calls == []


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
