"""The life of one alert as people see it: one message that changes, and replies only where something is news."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.model.alert import AlertStatus
from chalicelib.model.policy import AlertPolicy
from tests.alerts import samples
from tests.alerts.samples import recovered
from tests.alerts.stage import START
from tests.alerts.world import World


def test_a_problem_that_grows_and_ends_stays_one_message(world: World) -> None:
    """Degraded, down, recovered: one message in the channel, one broadcast for the critical step, one quiet reply."""
    world.policy = AlertPolicy(mention={"critical": "<!subteam^S0123>"})
    steps = (
        samples.vpn_degraded(),
        samples.vpn_down(START + timedelta(minutes=7)),
        recovered(at=START + timedelta(minutes=16)),
    )
    for step in steps:
        world.tell(step)
        world.pump()

    [message] = [one for one in world.slack.messages if not one.thread_ts]
    worse, over = world.slack.thread(message.ts)
    assert message.states == [
        "🟠 ERROR · VPN hq-dc1: 1 of 2 tunnels down",
        "🔴 CRITICAL · VPN hq-dc1: all tunnels down",
    ]
    assert message.header == "✅ RESOLVED · VPN hq-dc1: both tunnels up"
    assert "This alert was open for 16 min." in message.text
    assert worse.broadcast
    assert "<!subteam^S0123>" in str(worse.blocks)
    assert not over.broadcast
    assert "Over after 16 min." in over.text
    assert "<!subteam" not in str(over.blocks) + str(message.blocks)


def test_what_is_over_at_once_has_no_length_in_seconds(world: World) -> None:
    """What it is about may have lasted for long; that is told, in its own words, where AWS says so."""
    for step in (samples.vpn_degraded(), recovered(at=START + timedelta(seconds=20))):
        world.tell(step)
        world.pump()
    [message] = [one for one in world.slack.messages if not one.thread_ts]
    assert "This alert was open for less than a minute." in message.text
    assert "Over after less than a minute." in world.slack.thread(message.ts)[-1].text


def test_a_held_request_that_is_approved_becomes_done(world: World) -> None:
    world.tell(samples.peering_held())
    world.pump()
    world.tell(samples.peering_approved(START + timedelta(hours=2)))
    world.pump()

    [message] = [one for one in world.slack.messages if not one.thread_ts]
    assert message.states == ["🔵 ACTION NEEDED · VPC peering request waits"]
    assert message.header.endswith("DONE · VPC peering approved")
    assert [reply.broadcast for reply in world.slack.thread(message.ts)] == [False]


def test_what_never_fired_is_never_told(world: World) -> None:
    assert world.tell(recovered()) == [False]
    world.settle(3)

    assert world.slack.messages == []
    assert world.sns.published == []


def test_what_comes_back_soon_is_the_same_message_and_later_a_new_one(world: World) -> None:
    minutes = [0, 5, 14, 30, 60]
    for minute in minutes:
        world.clock.sleep((START + timedelta(minutes=minute) - world.clock()).total_seconds())
        firing = minute in {0, 14, 60}
        at = START + timedelta(minutes=minute)
        world.tell(samples.alert(at=at) if firing else recovered(at=at))
        world.pump()

    first, second = [one for one in world.slack.messages if not one.thread_ts]
    assert len(first.states) == 3
    assert first.header.startswith("✅ RESOLVED")
    assert second.header.startswith("🟠 ERROR")
    assert "It is back." in world.slack.thread(first.ts)[1].text


def test_reminders_follow_the_policy_and_end_with_the_problem(world: World) -> None:
    """A critical alert is told again after 1 h, 4 h, 24 h and then daily, in its thread."""
    world.tell(samples.vpn_down())
    world.pump()
    for _ in range(50 * 4):
        world.clock.sleep(15 * 60)
        world.sweep()
        world.pump()

    [message] = [one for one in world.slack.messages if not one.thread_ts]
    told = [reply.text.partition("after ")[2].partition(".")[0] for reply in world.slack.thread(message.ts)]
    assert told == ["1 h", "4 h", "1 d", "2 d"]
    world.tell(recovered(at=world.clock()))
    world.pump()
    replies = len(world.slack.thread(message.ts))
    world.clock.sleep(3 * 86400)
    world.sweep()
    world.pump()
    assert len(world.slack.thread(message.ts)) == replies


def test_open_fingerprints_are_those_that_fire(world: World) -> None:
    fires, ended = samples.alert(subject_id="a"), samples.alert(subject_id="b")
    world.tell(fires, ended, recovered(subject_id="b", at=START + timedelta(minutes=1)), samples.peering_held())
    world.pump()

    assert list(world.road.open_fingerprints("vpn")) == [fires.fingerprint]
    assert world.stored(ended.fingerprint).alert.status is AlertStatus.RESOLVED


def test_a_deleted_message_is_posted_anew(world: World) -> None:
    """Slack's ``message_not_found``: the update is lost, so the newest state becomes a new message."""
    world.tell(samples.vpn_degraded())
    world.pump()
    world.slack.messages.clear()
    world.tell(samples.vpn_down(START + timedelta(minutes=1)))
    world.pump()

    [message] = world.slack.messages
    assert message.header.startswith("🔴 CRITICAL")
    assert world.stored(samples.vpn_down().fingerprint).ts == message.ts


def test_blocks_that_slack_refuses_are_sent_as_plain_text(world: World) -> None:
    """A fault of ours must not hide an alert."""
    world.slack.refuse_blocks = True
    world.tell(samples.vpn_degraded())
    world.pump()

    [message] = world.slack.messages
    assert message.blocks == []
    assert "1. Check 198.51.100.7" in message.text
