"""Any JSON at all may come as an event: it gives a report or RetryLater, and never a write."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.flows.peering import react_to_peering
from chalicelib.flows.ports import World as FlowWorld
from chalicelib.intake.parse import parse_peering_event
from chalicelib.model.errors import RetryLater
from demo.cloudtrail import peering_requested
from demo.world import DATA, DEV, REGION
from tests.aws.faults import Faults
from tests.lab import WRITES, Lab
from tests.reliability.worlds import NARROW, Pair

Event = dict[str, Any]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
TEMPLATE: Event = peering_requested(
    {
        "VpcPeeringConnectionId": "pcx-0123456789abcdef0",
        "RequesterVpcInfo": {"OwnerId": DEV, "Region": REGION, "VpcId": "vpc-0a"},
        "AccepterVpcInfo": {"OwnerId": DATA, "Region": REGION, "VpcId": "vpc-0b"},
    }
)
NOW = datetime.now(UTC) + timedelta(hours=1)  # the template is old by then, and not waited for


def _paths(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, content in value.items():
            yield (*path, key)
            yield from _paths(content, (*path, key))


def _put(event: Event, path: tuple[str, ...], value: object) -> Event:
    changed = copy.deepcopy(event)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@contextmanager
def quiet_world() -> Iterator[tuple[FlowWorld, Faults]]:
    with Lab(NARROW, world=Pair, now=lambda: NOW) as lab, Faults() as faults:
        yield lab.flow_world(), faults


def changes_nothing(world: FlowWorld, faults: Faults, event: object) -> None:
    faults.log.clear()
    with suppress(RetryLater):
        report = react_to_peering(parse_peering_event(event), world)
        json.dumps(report.as_json())
        assert report.planned == report.performed == ()
    assert [call for call in faults.log if call[1].startswith(WRITES)] == []


def test_any_json_as_an_event_changes_nothing() -> None:
    with quiet_world() as (world, faults):

        @settings(max_examples=200)
        @given(event=JSON)
        @example(event=None)
        @example(event=[])
        @example(event={"source": "aws.ec2", "detail-type": {}, "detail": []})
        def check(event: object) -> None:
            changes_nothing(world, faults, event)

        check()


def test_any_json_in_any_field_of_a_real_event_changes_nothing() -> None:
    with quiet_world() as (world, faults):

        @settings(max_examples=150)
        @given(path=st.sampled_from(sorted(_paths(TEMPLATE))), value=JSON)
        def check(path: tuple[str, ...], value: object) -> None:
            changes_nothing(world, faults, _put(TEMPLATE, path, value))

        check()
