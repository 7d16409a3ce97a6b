"""The function may die before or after any call to AWS or Slack: one sweep later, people have what they were to have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.model.alert import Alert
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.samples import recovered
from tests.alerts.stage import START, Crash
from tests.alerts.world import World, a_world

STORY = (
    samples.vpn_degraded(),
    samples.vpn_down(START + timedelta(minutes=2)),
    recovered(at=START + timedelta(minutes=9)),
)


def play(world: World, story: tuple[Alert, ...]) -> None:
    """Tell and deliver each step. A producer that dies is run again by the next event, which observes the same."""
    for step in story:
        world.clock.sleep(max(0.0, (step.at - world.clock()).total_seconds()))
        try:
            world.tell(step)
        except Crash:
            world.tell(step)
        world.pump(crashes=True)


def heal(world: World, *, direct: bool) -> None:
    """What time does: leases end, the queue brings back, the sweep looks once."""
    world.clock.sleep(180)
    world.sweep(direct=direct)
    world.pump()


def state(world: World) -> list[tuple[str, list[str]]]:
    """Every message of the channel as it reads now, with its replies."""
    return [
        (one.header, sorted(reply.text for reply in world.slack.thread(one.ts)))
        for one in world.slack.messages
        if not one.thread_ts
    ]


def steps_of(kind: str) -> tuple[int, list[tuple[str, list[str]]]]:
    with a_world(kind) as world:
        play(world, STORY)
        return len(world.steps.taken), state(world)


@pytest.mark.parametrize("direct", [False, True], ids=["sweep publishes", "sweep delivers"])
def test_a_crash_at_every_step_and_one_sweep(*, direct: bool) -> None:
    """Observe, publish, deliver: each call once cut off before and once after it was made. Nothing lost, nothing doubled."""
    count, wanted = steps_of("bot")
    wrong = []
    for after in (False, True):
        for number in range(count):
            with a_world("bot") as world:
                world.steps.crash_at, world.steps.after = number, after
                play(world, STORY)
                heal(world, direct=direct)
                if not _is_healed(world, wanted):
                    wrong.append((number, after, world.steps.taken[number], state(world)))

    figure(
        f"crash at each of {count} steps, before and after: {2 * count - len(wrong)} of {2 * count} delivered = wanted"
    )
    assert wrong == []


def _is_healed(world: World, wanted: list[tuple[str, list[str]]]) -> bool:
    """One message in its newest state; a step that the crash delayed may have been skipped, never said twice."""
    now = state(world)
    if len(now) != 1 or now[0][0] != wanted[0][0]:
        return False
    said = now[0][1]
    [over] = [reply for reply in wanted[0][1] if "RESOLVED" in reply]
    once = len(said) == len(set(said)) and set(said) <= set(wanted[0][1])
    return over in said and once and not world.stored(STORY[0].fingerprint).pending


@pytest.mark.parametrize("kind", ["webhook"])
def test_a_crash_at_every_step_of_a_webhook_loses_nothing(kind: str) -> None:
    """A webhook cannot be looked into: a crash right after the post doubles that message, and nothing else does."""
    count, wanted = steps_of(kind)
    lost, doubled = [], 0
    for after in (False, True):
        for number in range(count):
            with a_world(kind) as world:
                world.steps.crash_at, world.steps.after = number, after
                play(world, STORY)
                heal(world, direct=False)
                headers = [header for header, _ in state(world)]
                doubled += len(headers) - len(set(headers))
                if headers[-1] != wanted[-1][0]:
                    lost.append((number, after))

    figure(f"webhook, crash at each of {count} steps: {len(lost)} lost, {doubled} doubled in {2 * count} runs")
    assert lost == []


def test_a_storm_survives_a_crash_at_every_step() -> None:
    """Seven alerts of a kind at once, so a roll is posted too; each step cut off before and after, then one sweep."""
    seven = [samples.alert(subject_id=f"vpn-{number}", at=START) for number in range(7)]

    def run(crash_at: int | None, *, after: bool) -> tuple[int, list[str], list[str]]:
        with a_world("bot") as world:
            world.steps.crash_at, world.steps.after = crash_at, after
            for one in seven:
                try:
                    world.tell(one)
                except Crash:
                    world.tell(one)
            world.pump(crashes=True)
            count = len(world.steps.taken)
            heal(world, direct=False)
            threads = [one.header for one in world.slack.messages if one.thread_ts]
            singles = [one.header for one in world.slack.messages if not one.thread_ts]
            return count, sorted(singles), sorted(threads)

    count, singles, threads = run(None, after=False)
    outcomes = [run(number, after=after) for number in range(count) for after in (False, True)]
    wrong = [one for one in outcomes if sorted(one[1] + one[2]) != sorted(singles + threads)]

    figure(f"storm, crash at {len(outcomes)} points: {len(outcomes) - len(wrong)} complete, none doubled")
    assert wrong == []
