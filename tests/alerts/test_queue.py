"""How soon the queue brings an alert again, with the times as deployed and without any sweep's help."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.alerts.channel import BROKEN_FOR
from chalicelib.alerts.store import LEASE
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.world import RECEIVES, VISIBILITY, World, a_world

CONFIG = json.loads((Path(__file__).parent.parent.parent / ".chalice" / "config.json").read_text())
SOON = timedelta(minutes=2)


def server_error(world: World) -> None:
    world.slack.fail = 1


def lost_answer(world: World) -> None:
    world.slack.lose_answers = 1


def throttled(world: World) -> None:
    """Somebody else used up the channel: Slack asks for 45 seconds."""
    world.slack._free_at = world.clock.epoch() + 44


def crashed(world: World) -> None:
    """The function dies between its claim and its post, so the lease stands until it runs out."""
    world.steps.crash_at = next(number for number, name in enumerate(called(world)) if name == "post")


def called(world: World) -> list[str]:
    with a_world() as other:
        other.tell(samples.vpn_degraded())
        other.pump()
        return other.steps.taken[len(world.steps.taken) :]


@pytest.mark.parametrize("trouble", [server_error, lost_answer, throttled, crashed])
def test_a_delivery_that_failed_once_is_made_up_for_within_two_minutes(
    world: World, trouble: Callable[[World], None]
) -> None:
    begun = world.clock()
    trouble(world)
    world.tell(samples.vpn_degraded())
    world.pump(minutes=30, crashes=True)

    took = world.clock() - begun
    figure(f"{trouble.__name__}: shown after {took.total_seconds():.0f} s, by the queue alone")
    assert len(world.slack.messages) == 1
    assert timedelta(0) < took <= SOON
    assert world.dead == []


def test_the_queues_times_fit_the_deliverys() -> None:
    """A message comes back when the lease of a dead delivery is over, and is not given up before people hear of an outage."""
    timeout = CONFIG.get("lambda_functions", {}).get("notify", {}).get("lambda_timeout", CONFIG["lambda_timeout"])
    visibility = timedelta(seconds=VISIBILITY)
    assert timedelta(seconds=timeout) <= LEASE < visibility <= SOON
    assert visibility * RECEIVES > 2 * BROKEN_FOR
