"""A Slack and a world around it for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.alerts.stage import VirtualClock
from tests.alerts.world import World
from tests.slack.server import serve
from tests.slack.workspace import LocalSlack


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def slack(clock: VirtualClock) -> Iterator[LocalSlack]:
    """A Slack that lives in the test's virtual time."""
    with serve(LocalSlack(clock=clock.epoch)) as running:
        yield running


@pytest.fixture
def world(slack: LocalSlack, clock: VirtualClock) -> World:
    return World(slack=slack, clock=clock)
