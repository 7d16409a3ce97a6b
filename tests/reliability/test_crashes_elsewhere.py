"""The other flows, cut off at every one of their calls: a withdrawal, a sweep, and the telling of a held request."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from demo.world import DEV
from tests.aws.faults import Crash, Fault, at
from tests.lab import Lab
from tests.reliability.events import called
from tests.reliability.worlds import NARROW, Pair, faulty, figure, forget, request, state_of, targets

HOLDING = NARROW.replace("service: tidb", "service: other")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_withdrawal_that_is_cut_short_is_finished_by_the_next_sweep(lab: Lab, when: str) -> None:
    points = 0
    with faulty(lab) as faults:
        for k in range(40):
            peering = request(lab)
            peering_id = str(peering["VpcPeeringConnectionId"])
            lab.request_arrives(peering)
            lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
            lab.fresh_runtime()
            faults.log.clear()
            faults.plan = at(k, Fault("crash", "before" if when == "before" else "after"))
            with suppress(Crash):
                lab.event_arrives(called("DeleteVpcPeeringConnection", peering_id, DEV))
            calls, faults.plan = len(faults.log), None
            lab.fresh_runtime()
            lab.sweep()
            assert targets(lab, lab.world.apps) == targets(lab, lab.world.tidb) == {}, f"call {k}"
            forget(lab, peering_id)
            if calls <= k:
                break
            points += 1
    assert points >= 10
    figure(f"withdrawal, crash {when} each of {points} calls: {points} of {points} finished by one sweep")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sweep_that_is_cut_short_is_finished_by_the_next(lab: Lab, when: str) -> None:
    points, ends = 0, set()
    with faulty(lab) as faults:
        for k in range(40):
            peering_id = str(request(lab)["VpcPeeringConnectionId"])
            lab.fresh_runtime()
            faults.log.clear()
            faults.plan = at(k, Fault("crash", "before" if when == "before" else "after"))
            with suppress(Crash):
                lab.sweep()
            calls, faults.plan = len(faults.log), None
            lab.fresh_runtime()
            lab.sweep()
            ends.add(str(state_of(lab, peering_id)))
            assert any("approved" in alert["title"] for alert in lab.alerts()), f"call {k}"
            forget(lab, peering_id)
            if calls <= k:
                break
            points += 1
    assert points >= 19
    assert len(ends) == 1
    figure(f"sweep, crash {when} each of {points} calls: {points} of {points} finished by one sweep")


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_alert_about_a_held_request_is_never_lost(when: str) -> None:
    """Between the state table and the topic lies a crash: the alert waits in the table, and the sweep of alerts finds it."""
    clock = [datetime(2026, 11, 23, 6, 0, tzinfo=UTC)]
    points = 0
    with Lab(HOLDING, world=Pair, now=lambda: clock[0]) as lab, faulty(lab) as faults:
        for k in range(30):
            peering = request(lab)
            lab.alerts()
            lab.fresh_runtime()
            faults.log.clear()
            faults.plan = at(k, Fault("crash", "before" if when == "before" else "after"))
            with suppress(Crash):
                lab.request_arrives(peering)
            calls, faults.plan = len(faults.log), None
            clock[0] += timedelta(seconds=61)  # Lambda's own retry comes after a minute
            lab.fresh_runtime()
            lab.request_arrives(peering)
            lab.runtime.alert_sweep().run()
            told = {alert["subject"]["id"] for alert in lab.alerts()}
            assert peering["VpcPeeringConnectionId"] in told, f"call {k}"
            forget(lab, str(peering["VpcPeeringConnectionId"]))
            if calls <= k:
                break
            points += 1
    assert points >= 10
    figure(f"held request, crash {when} each of {points} calls: {points} of {points} told")
