"""The road of a sweep: what is open is read once, the same is not told again, and nothing that is news gets lost by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.alerts.unsent import LogRoad
from chalicelib.model.alert import AlertStatus, Severity
from tests.alerts.fake_dynamodb import FakeDynamoDB
from tests.alerts.samples import alert, recovered
from tests.alerts.world import World
from tests.slack.workspace import Posted


def costs(world: World) -> dict[str, int]:
    """The calls to the table since the last look."""
    assert isinstance(world.client, FakeDynamoDB)
    made = dict(world.client.calls)
    world.client.calls.clear()
    return made


@pytest.mark.parametrize("alerts", [1, 40, 120])
def test_the_same_again_costs_the_pages_of_one_query_however_many_fire(world: World, alerts: int) -> None:
    observed = [alert(subject_id=f"vpn-{number}", at=world.clock()) for number in range(alerts)]
    world.tell(*observed)
    costs(world)
    world.clock.sleep(300)
    glance = world.road.at_a_glance()

    news = [glance.tell(replace(one, at=world.clock())) for one in observed]

    assert not any(news)
    assert costs(world) == {"Query": -(-alerts // 50)}  # the fake's pages hold 50


def test_an_event_that_says_the_same_costs_one_read_and_at_most_one_write(world: World) -> None:
    """The writes count observations, one a minute at most; a sweep has nothing to count."""
    first = alert(at=world.clock())
    world.tell(first)
    for seconds, cost in ((1, {"GetItem": 1}), (60, {"GetItem": 1, "PutItem": 1}), (1, {"GetItem": 1})):
        costs(world)
        world.clock.sleep(seconds)
        world.tell(replace(first, at=world.clock()))
        assert costs(world) == cost


@pytest.mark.parametrize(
    ("change", "fires"),
    [
        ({"severity": Severity.CRITICAL}, True),
        ({"cause": "another one"}, True),
        ({"status": AlertStatus.RESOLVED}, False),
        ({"status": AlertStatus.NOTICE}, False),
    ],
)
def test_what_changed_is_told_and_known_from_then_on(world: World, change: dict[str, object], *, fires: bool) -> None:
    world.tell(alert(at=world.clock()))
    world.clock.sleep(300)
    glance = world.road.at_a_glance()
    changed = alert(at=world.clock(), **change)  # type: ignore[arg-type]

    assert glance.tell(changed)

    fp = changed.fingerprint
    assert world.stored(fp).alert == changed.bounded()
    assert (glance.fires(fp), glance.firing(fp) == changed) == (fires, fires)
    assert list(glance.open_fingerprints("vpn")) == ([fp] if fires else [])
    assert list(glance.open_alerts("vpn")) == ([changed] if fires else [])
    assert glance.at_a_glance() is glance


def test_a_first_observation_and_the_end_of_nothing_go_the_usual_way(world: World) -> None:
    glance = world.road.at_a_glance()

    assert glance.tell(alert(at=world.clock()))
    assert not glance.tell(recovered(subject_id="never fired", at=world.clock()))
    assert not glance.tell(alert(at=world.clock()))
    assert [one.header for one in _shown(world)] == ["🟠 ERROR · VPN vpn-0a1b2c3d4e5f60718: 1 of 2 tunnels down"]


def test_what_is_told_surely_is_told_however_well_it_is_known(world: World) -> None:
    """The run before may have died between the table and the topic."""
    world.sns.lost = True
    world.tell(alert(at=world.clock()))
    world.sns.lost = False

    world.road.at_a_glance().tell(alert(at=world.clock()), surely=True)

    assert len(_shown(world)) == 1


def test_an_index_that_is_late_delays_the_news_by_one_pass_and_no_more(world: World) -> None:
    """An event ended the alert after the sweep read what is open; the sweep sees it fire once more."""
    world.tell(alert(at=world.clock()))
    glance = world.road.at_a_glance()
    assert glance.fires(alert().fingerprint)
    world.clock.sleep(60)
    world.tell(recovered(at=world.clock()))
    world.clock.sleep(60)

    assert not glance.tell(alert(at=world.clock()))
    assert world.road.at_a_glance().tell(alert(at=world.clock()))
    assert world.road.fires(alert().fingerprint)


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.WARNING])
def test_reminders_come_as_often_as_with_a_road_that_counts(world: World, severity: Severity) -> None:
    replies = {}
    for name in ("plain", "glance"):
        world.tell(alert(subject_id=name, severity=severity, at=world.clock()))
        world.pump()
        for _ in range(2 * 26):
            world.clock.sleep(1800)
            road = world.road if name == "plain" else world.road.at_a_glance()
            road.tell(alert(subject_id=name, severity=severity, at=world.clock()))
            world.sweep()
            world.pump()
        stored = world.stored(alert(subject_id=name).fingerprint)
        replies[name] = [one.text.split("after")[-1] for one in world.slack.thread(stored.ts)]
        world.tell(recovered(subject_id=name, at=world.clock()))
        world.pump()

    assert replies["plain"] == replies["glance"]
    assert len(replies["glance"]) == {Severity.CRITICAL: 3, Severity.WARNING: 1}[severity]


def test_an_installation_without_a_topic_remembers_nothing_at_a_glance_either() -> None:
    road = LogRoad()

    assert road.at_a_glance() is road


def _shown(world: World) -> list[Posted]:
    world.pump()
    return list(world.slack.messages)
