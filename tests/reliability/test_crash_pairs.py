"""Two deaths in a row: the run dies at one call, the run that was to heal it dies at another, and the third makes all whole.

A sample of all pairs, drawn from a seed that a failure names; ``CRASH_PAIRS=600`` draws more.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import pytest

from tests.aws.faults import Crash, Fault, Faults, at
from tests.lab import Lab
from tests.reliability.worlds import NARROW, Pair, State, faulty, figure, forget, request, state_of

PAIRS = int(os.environ.get("CRASH_PAIRS", "24"))
SEED = 20261123
WHENS = ("before", "after")


@dataclass(frozen=True)
class Death:
    """The process ends before or after the call of that number."""

    call: int
    when: str

    @classmethod
    def drawn(cls, dice: random.Random, calls: int) -> Death:
        return cls(dice.randrange(calls), dice.choice(WHENS))

    def __str__(self) -> str:
        return f"{self.when} call {self.call}"


@dataclass(frozen=True)
class End:
    """What one history leads to: the state, whether people were told, how many runs died, the calls of the last one."""

    state: State
    told: bool
    died: int
    calls: int


def history(lab: Lab, faults: Faults, deaths: tuple[Death, ...], *, sweeps: bool) -> End:
    """A request whose runs meet these deaths, one each, and one more run that meets none."""
    peering = request(lab)
    peering_id = str(peering["VpcPeeringConnectionId"])
    lab.alerts()
    died = 0
    for number, death in enumerate((*deaths, None)):
        lab.fresh_runtime()
        faults.log.clear()
        faults.plan = at(death.call, Fault("crash", "after" if death.when == "after" else "before")) if death else None
        try:
            lab.sweep() if sweeps and number else lab.request_arrives(peering)
        except Crash:
            died += 1
    calls = len(faults.log)
    told = any("approved" in alert["title"] for alert in lab.alerts() if alert["subject"]["id"] == peering_id)
    end = End(state_of(lab, peering_id), told, died, calls)
    forget(lab, peering_id)
    return end


@pytest.mark.parametrize("sweeps", [False, True], ids=["the event comes again", "sweeps follow"])
def test_two_deaths_in_a_row_are_healed_by_the_third_run(*, sweeps: bool) -> None:
    dice = random.Random(SEED + sweeps)  # noqa: S311 - a sample, not a secret
    wrong, twice = [], 0
    with Lab(NARROW, world=Pair) as lab, faulty(lab) as faults:
        wanted = history(lab, faults, (), sweeps=sweeps)
        for _ in range(PAIRS // 2):
            first = Death.drawn(dice, wanted.calls)
            # The later the first run dies, the less is left for the second, which has to look all the same.
            deaths = (first, Death.drawn(dice, max(8, wanted.calls - first.call)))
            end = history(lab, faults, deaths, sweeps=sweeps)
            twice += end.died == 2
            if end.state != wanted.state or not end.told:
                wrong.append(f"seed {SEED + sweeps}, {deaths[0]}, then {deaths[1]}: told {end.told}, {end.state}")
    assert wrong == []
    assert twice >= PAIRS // 4
    figure(
        f"{PAIRS // 2} pairs of crashes of {4 * wanted.calls**2}, {twice} with both met: all healed by the third run"
    )
