"""The figures that the alerts promise. Each test prints its own (``pytest -rP -k figures``)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.alerts.deliver import Outcome
from chalicelib.model.alert import Alert, Severity
from chalicelib.model.errors import RetryLater
from chalicelib.model.policy import AlertPolicy
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.samples import alert, other_kinds, recovered
from tests.alerts.stage import START, RealClock
from tests.alerts.world import World, a_world, lone_messages
from tests.slack.server import serve
from tests.slack.workspace import LocalSlack


def test_copies_of_one_event(world: World) -> None:
    """200 copies in 16 threads: one message and one write to the table."""
    with ThreadPoolExecutor(16) as pool:
        news = list(pool.map(world.road.tell, [samples.vpn_degraded()] * 200))
    writes = world.client.writes
    world.pump()

    figure(f"200 copies, 16 threads: {len(world.slack.messages)} message, {writes} table write")
    assert (sum(news), writes, len(world.slack.messages), len(world.sns.published)) == (1, 1, 1, 1)


def test_a_burst_against_the_rate_limit() -> None:
    """60 alerts at once; Slack takes one message in 3 s, slower than our own pace, so it does answer 429."""
    with a_world(interval=3.0) as world:
        world.tell(*other_kinds(60))
        world.pump(minutes=60)
        world.settle()

        slack, refused = world.slack, world.slack.count("429")
        figure(
            f"60 alerts at once: {len(slack.messages)} delivered, {refused} x 429, {slack.early} calls before the gate"
            f" ended, at most {slack.most_at_once} at once, {len(world.dead)} dead letters"
        )
        assert (len(slack.messages), slack.early, slack.most_at_once, len(world.dead)) == (60, 0, 1, 0)
        assert refused > 0


def test_our_own_pace_meets_no_limit_at_all(world: World) -> None:
    """At Slack's one message a second, our pace is Slack's: not one 429."""
    world.tell(*other_kinds(60))
    world.pump(minutes=60)

    took = world.clock() - START
    figure(
        f"60 alerts at 1/s: {len(world.slack.messages)} delivered in {took.seconds} s, {world.slack.count('429')} x 429"
    )
    assert (len(world.slack.messages), world.slack.count("429")) == (60, 0)


def test_workers_share_the_gate() -> None:
    """Four real threads deliver 20 alerts in real time: never two calls at once, none lost."""
    clock = RealClock()
    with serve(LocalSlack(clock=clock.epoch, interval=0.01)) as slack:
        world = World(slack=slack, clock=clock, pace=timedelta(seconds=0.03))
        world.tell(*other_kinds(20))
        bodies = [queued.body for queued in world.sns.queue]
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(world.notify, bodies))

        figure(f"20 alerts, 4 threads: {len(slack.messages)} messages, at most {slack.most_at_once} call at once")
        assert (len(slack.messages), slack.most_at_once, slack.early) == (20, 1, 0)
        assert set(outcomes) == {Outcome.SHOWN}


def test_producers_and_workers_at_the_same_time() -> None:
    """10 alerts, 9 changes each, 3 copies of each, shuffled over 8 threads, while 4 threads deliver."""
    clock, dice = RealClock(), random.Random(5)  # noqa: S311 - a repeatable die
    story = [
        (alert if flip % 2 else recovered)(
            kind=f"kind-{number}", at=START + timedelta(minutes=5 * flip), title=f"{number} at {flip}"
        )
        for number in range(10)
        for flip in range(1, 10)
    ]
    told = dice.sample(story * 3, len(story) * 3)
    with serve(LocalSlack(clock=clock.epoch, interval=0.0)) as slack:
        world = World(slack=slack, clock=clock, pace=timedelta())

        def observe(one: Alert) -> None:
            world.tell(one)
            deliver(world, one.fingerprint)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(observe, told))
        for fp in {one.fingerprint for one in story}:
            while world.stored(fp).pending:
                deliver(world, fp)

    messages = lone_messages(slack)
    shown = [one for one in messages if one.header.endswith(" at 9")]
    keys = [one.key for one in messages]
    figure(f"270 shuffled events, 8 threads: {len(messages)} messages, {len(shown)} of 10 final states, doubled 0")
    assert len(shown) == 10
    assert all("RESOLVED" in one.header for one in messages if one not in shown), "nothing stale stands there as true"
    assert len(keys) == len(set(keys))
    assert slack.most_at_once == 1


def deliver(world: World, fp: str) -> None:
    try:
        world.delivery().deliver(fp)
    except RetryLater:
        world.clock.sleep(0.002)


@pytest.mark.parametrize("kind", ["bot", "webhook"])
def test_answers_lost_after_acceptance(kind: str) -> None:
    """20 posts are accepted and the connection ends before the answer."""
    with a_world(kind) as world:
        world.slack.lose_answers = 20
        told = other_kinds(20, timedelta(seconds=1))
        world.tell(*told)
        world.pump(minutes=60)
        world.settle(15)

        messages = [one.header for one in lone_messages(world.slack)]
        of_ours = [header for header in messages if "1 of 2 tunnels down" in header]
        doubled, extra = len(of_ours) - 20, len(messages) - len(of_ours)
        figure(f"20 answers lost ({kind}): {doubled} doubled, {extra} message that names the doubtful ones")
        assert doubled == 0
        assert extra == (0 if kind == "bot" else 1)
        assert all(not world.stored(one.fingerprint).pending for one in told)


def test_flapping(world: World) -> None:
    """30 flips in 15 minutes, and the quiet after them."""
    world.tell(samples.vpn_degraded())
    world.pump()
    for flip in range(1, 31):
        world.clock.sleep(max(0.0, (START + timedelta(seconds=30 * flip) - world.clock()).total_seconds()))
        world.tell(recovered(at=world.clock()) if flip % 2 else alert(at=world.clock()))
        world.pump()
    during = len(lone_messages(world.slack)), len(world.slack.messages)
    world.settle(20)

    [message] = lone_messages(world.slack)
    replies = world.slack.thread(message.ts)
    figure(
        f"30 flips in 15 min: {during[0]} message, {during[1] - during[0]} replies; once settled: {len(replies)} replies"
    )
    for reply in replies:
        figure(f"   {reply.text}")
    assert len(world.slack.channel_messages) <= 2
    assert len(replies) <= 3
    assert message.header.startswith("🟠 ERROR")
    assert "changed 30×" in str(message.blocks[-1])  # noqa: RUF001 - the sign of multiplication


def test_a_storm() -> None:
    """60 VPN alerts in a minute, all named, with their own messages in the thread."""
    with a_world() as world:
        vpns = [alert(subject_id=f"vpn-{number:02}", at=START) for number in range(60)]
        world.tell(*vpns)
        world.pump(minutes=60)
        world.settle(3)

        in_channel = lone_messages(world.slack)
        everything = " ".join(str(one.blocks) for one in in_channel)
        named = sum(f"vpn-{number:02}:" in everything for number in range(60))
        [summary] = [one for one in in_channel if "at once" in one.header]
        singles = world.slack.thread(summary.ts)
        figure(f"60 VPN alerts in a minute: {len(in_channel)} messages, {named} named, {len(singles)} in the thread")
        assert len(in_channel) <= 10
        assert named == 60
        assert len(in_channel) - 1 + len(singles) == 60

        for one in vpns:
            at = START + timedelta(minutes=20)
            world.tell(recovered(subject_id=one.subject.id, at=at, title=f"VPN {one.subject.id}: both tunnels up"))
        world.pump(minutes=60)
        world.settle(3)
        figure(f"and all over: {summary.header!r}, {len(lone_messages(world.slack))} messages")
        assert summary.header == "✅ RESOLVED · 60 vpn alerts at once, all over"
        assert len(world.slack.thread(summary.ts)) == len(singles) + 1, (
            "each changed silently, one reply says it is over"
        )
        assert len(lone_messages(world.slack)) <= 10


@pytest.mark.parametrize("kind", ["bot", "webhook"])
def test_a_storm_calls_people_once(kind: str) -> None:
    """60 critical alerts, one mention; who gets worse than all before calls again, in its thread."""
    with a_world(kind) as world:
        world.policy = AlertPolicy(mention={"critical": "<!subteam^S0123>", "error": "<!subteam^S0456>"})
        world.tell(*[alert(subject_id=f"vpn-{number:02}", severity=Severity.CRITICAL) for number in range(60)])
        world.pump(minutes=60)
        world.settle(3)

        figure(f"60 critical alerts at once ({kind}): {mentions(world)} mention")
        assert mentions(world) == 1


def test_what_gets_worse_in_a_storm_calls_people(world: World) -> None:
    """Errors call the one group, and the one that becomes critical the other, once each (and once for the roll)."""
    world.policy = AlertPolicy(mention={"critical": "<!subteam^S0123>", "error": "<!subteam^S0456>"})
    world.tell(*[alert(subject_id=f"vpn-{number:02}") for number in range(20)])
    world.pump(minutes=60)
    assert (mentions(world, "S0456"), mentions(world, "S0123")) == (1, 0)

    world.tell(alert(subject_id="vpn-15", at=world.clock(), severity=Severity.CRITICAL, title="vpn-15 is down"))
    world.pump(minutes=60)
    world.settle(3)

    assert (mentions(world, "S0456"), mentions(world, "S0123")) == (1, 1)


def mentions(world: World, group: str = "<!subteam") -> int:
    return sum(group in str(one.blocks) for one in world.slack.messages)


@pytest.mark.parametrize("kind", ["bot", "webhook"])
def test_many_notices_are_one_message(kind: str) -> None:
    """40 approvals in a minute: ten by themselves, then one that names all; none is kept for ever."""
    with a_world(kind) as world:
        approvals = [replace(samples.peering_approved(), title=f"approved {number:02}", subject=subject) for number, subject in
                     enumerate(replace(samples.peering_subject(), id=f"pcx-{number}") for number in range(40))]  # fmt: skip
        world.tell(*approvals)
        world.pump(minutes=60)
        world.settle(3)

        in_channel = lone_messages(world.slack)
        everything = " ".join(str(one.blocks) for one in in_channel)
        named = sum(f"approved {number:02}" in everything for number in range(40))
        figure(f"40 notices at once ({kind}): {len(in_channel)} messages in the channel, {named} named")
        assert len(in_channel) <= 14
        assert named == 40
        kept = [item for (pk, _), item in world.client.items.items() if pk.startswith("A#")]
        assert all("expires" in item for item in kept)


def test_a_storm_by_webhook() -> None:
    """Without threads the roll speaks for what is beyond the first five."""
    with a_world("webhook") as world:
        world.tell(*[alert(subject_id=f"vpn-{number:02}", at=START) for number in range(60)])
        world.pump(minutes=60)
        world.settle(3)

        everything = " ".join(str(one.blocks) for one in world.slack.messages)
        named = sum(f"vpn-{number:02}:" in everything for number in range(60))
        figure(f"60 VPN alerts in a minute (webhook): {len(world.slack.messages)} messages, {named} named")
        assert len(world.slack.messages) <= 10
        assert named == 60


def test_an_unchanged_observation_costs_one_read_and_at_most_one_write(world: World) -> None:
    client = world.client
    world.tell(samples.vpn_degraded())
    cost = client.reads, client.writes, len(world.sns.published)
    world.tell(samples.vpn_degraded(START + timedelta(seconds=30)))
    soon = client.reads - cost[0], client.writes - cost[1], len(world.sns.published) - cost[2]
    world.tell(samples.vpn_degraded(START + timedelta(seconds=90)))
    later = client.reads - cost[0] - soon[0], client.writes - cost[1] - soon[1]

    figure(f"reads, writes, publishes: news {cost}, duplicate {soon}, duplicate a minute later {later}")
    assert (cost, soon, later) == ((1, 1, 1), (1, 0, 0), (1, 1))


def test_from_the_observation_to_slack() -> None:
    """How long one alert takes through our code, a table in memory and a Slack on loopback."""
    clock = RealClock()
    took = []
    with serve(LocalSlack(clock=clock.epoch, interval=0.0)) as slack:
        world = World(slack=slack, clock=clock, pace=timedelta())
        for one in other_kinds(100):
            before = time.perf_counter()
            world.tell(one)
            world.notify(world.sns.queue.pop().body)
            took.append(1000 * (time.perf_counter() - before))

    took.sort()
    figure(f"observed to posted, 100 alerts: p50 {took[49]:.0f} ms, p99 {took[98]:.0f} ms")
    assert len(slack.messages) == 100


UNNEEDED = {"jsonschema", "hypothesis", "pydantic", "cryptography", "slack_sdk", "requests", "aiohttp"}
ELSEWHERE = ("flows.peering", "flows.names", "flows.vpn", "flows.certificates", "flows.origins", "flows.sweep", "observe.peerings",
             "observe.names", "observe.vpn", "observe.tls", "perform.executor", "decide.peering", "decide.tunnels")  # fmt: skip


def test_a_cold_start_of_notify_imports_what_it_needs_and_no_more() -> None:
    """In a fresh interpreter: the handler and what delivers, without slack_sdk, and without what other functions do."""
    code = (
        "import sys, time, json; import botocore.exceptions; n, t = len(sys.modules), time.perf_counter();"
        "import chalicelib.alerts.deliver, chalicelib.alerts.slack, chalicelib.alerts.announced;"
        "u = time.perf_counter(); m = len(sys.modules); import app; loaded = list(sys.modules);"
        "v = time.perf_counter(); k = len(sys.modules); import slack_sdk; w = time.perf_counter();"
        "print(json.dumps({'delivery': [m - n, 1000 * (u - t)], 'slack_sdk': [len(sys.modules) - k, 1000 * (w - v)],"
        " 'loaded': loaded}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    found = json.loads(ran.stdout)
    loaded = set(found["loaded"])
    for name in ("delivery", "slack_sdk"):
        modules, milliseconds = found[name]
        figure(f"import of {name}: {modules} modules, {milliseconds:.0f} ms")

    assert ran.stderr == ""
    assert loaded & UNNEEDED == set()
    assert loaded & {f"chalicelib.{name}" for name in ELSEWHERE} == set()
