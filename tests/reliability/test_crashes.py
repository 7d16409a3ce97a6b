"""The approved flow, broken before and after every one of its calls: one more run, in a cold container, makes it whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.model.errors import NetreflexError
from tests.aws.faults import Crash, Fault, Faults, Plan, at
from tests.lab import Lab
from tests.reliability.worlds import NARROW, WIDE, Pair, State, WidePair, faulty, figure, forget, request, state_of

BREAKS = {
    "crash before": Fault("crash", "before"),
    "crash after": Fault("crash", "after"),
    "answer lost": Fault("timeout", "after"),
    "connection reset": Fault("reset", "before"),
    "throttled": Fault("throttle", "before"),
    "HTTP 500": Fault("500", "before"),
}
MOST_CALLS = 60  # an enumeration that goes on beyond this has lost its way
WORLDS = {"one table a side": (NARROW, Pair), "two tables and DNS": (WIDE, WidePair)}
# In the wider world the faults that only a wider flow could tell apart; the others differ below botocore alone.
CASES = [("one table a side", kind) for kind in BREAKS] + [
    ("two tables and DNS", kind) for kind in ("crash before", "crash after", "answer lost")
]


def attempt(lab: Lab, faults: Faults, plan: Plan | None) -> tuple[State, list[str], list[tuple[str, str]]]:
    """A request whose run meets a plan of faults, and if it dies of them one more that does not; the state and the news."""
    peering = request(lab)
    peering_id = str(peering["VpcPeeringConnectionId"])
    lab.alerts()
    lab.fresh_runtime()
    faults.log.clear()
    faults.plan = plan
    survived = False
    with suppress(Crash, NetreflexError, ClientError, BotoCoreError):  # Lambda delivers the event again
        lab.request_arrives(peering)
        survived = True
    calls = list(faults.log)
    faults.plan = None
    if not survived:
        lab.fresh_runtime()
        lab.request_arrives(peering)
    reached = state_of(lab, peering_id)
    told = [alert["title"] for alert in lab.alerts() if alert["subject"]["id"] == peering_id]
    forget(lab, peering_id)
    return reached, told, calls


def enumerate_breaks(lab: Lab, faults: Faults, make_plan: Callable[[int], Plan]) -> tuple[int, list[str]]:
    """Break call 0, call 1 and so on until a run is too short to meet the fault: (runs, what went wrong in them)."""
    wanted, told, _ = attempt(lab, faults, None)
    assert any("approved" in title for title in told)
    wrong: list[str] = []
    for k in range(MOST_CALLS):
        reached, told, calls = attempt(lab, faults, make_plan(k))
        if len(calls) <= k:
            return k, wrong
        if reached != wanted:
            wrong.append(f"call {k} {calls[k]}: {reached}")
        if not any("approved" in title for title in told):
            wrong.append(f"call {k} {calls[k]}: the approval was never told, only {told}")
    raise AssertionError(f"more than {MOST_CALLS} calls")


@pytest.mark.parametrize(("size", "kind"), CASES)
def test_one_more_run_heals_whatever_a_single_fault_left_behind(size: str, kind: str) -> None:
    policy, world = WORLDS[size]
    with Lab(policy, world=world) as lab, faulty(lab) as faults:
        points, wrong = enumerate_breaks(lab, faults, lambda k: at(k, BREAKS[kind]))
    assert wrong == []
    assert points >= 18
    figure(f"{kind} at each of {points} calls, {size}: {points} of {points} healed by one run")


@pytest.mark.parametrize("kind", ["throttled", "answer lost"])
def test_one_more_run_heals_an_outage_that_begins_at_any_call(kind: str) -> None:
    def from_here_on(k: int) -> Plan:
        return lambda index, _service, _operation, _params: BREAKS[kind] if index >= k else None

    with Lab(NARROW, world=Pair) as lab, faulty(lab) as faults:
        points, wrong = enumerate_breaks(lab, faults, from_here_on)
    assert wrong == []
    assert points >= 18
    figure(f"outage ({kind}) from each of {points} calls on: {points} of {points} healed by one run")


def test_the_reference_run_makes_every_call_that_the_faults_are_aimed_at() -> None:
    with Lab(WIDE, world=WidePair) as lab, faulty(lab) as faults:
        state, told, calls = attempt(lab, faults, None)
    made = Counter(operation for _service, operation in calls)
    assert made["CreateRoute"] == 4 + 2  # and a dry run in each account
    assert made["ModifyVpcPeeringConnectionOptions"] == 2 + 2
    assert made["AcceptVpcPeeringConnection"] == made["BatchWriteItem"] == made["Publish"] == made["CreateTags"] == 1
    assert (state.status, state.dns, len(state.ledger)) == ("active", (True, True), 5)
    assert len(told) == 1
