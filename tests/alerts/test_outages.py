"""Slack is away, or set up wrongly, or nobody collects: nothing is lost, nothing stale is posted, people hear of it."""

from __future__ import annotations

import pytest

from chalicelib.model.alert import Severity
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.samples import alert, other_kinds, recovered
from tests.alerts.world import World, a_world, lone_messages


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
