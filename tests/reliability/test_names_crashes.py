"""Names, broken before and after every call: one more run, in a cold container, makes them whole. Associations included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from chalicelib.model.errors import NetreflexError
from demo.world import DATA, REGION
from tests.aws.faults import Crash, Faults, Plan, at
from tests.flows.names_world import ALONE, NAME, AcrossAccounts, NamesWorld, arrive, created, deleted, lab_of
from tests.flows.test_names_peering import ACROSS
from tests.lab import Lab
from tests.reliability.test_crashes import BREAKS, MOST_CALLS
from tests.reliability.worlds import faulty, figure, forget


@dataclass(frozen=True)
class Left:
    """All that is left of a run in Route 53."""

    records: tuple[tuple[str, str, str], ...]
    vpcs: frozenset[str]
    authorized: tuple[str, ...]


def left(lab: Lab) -> Left:
    return Left(
        records=tuple(sorted((*key, value) for key, value in lab.world.records().items())),
        vpcs=frozenset(lab.world.vpcs_of_zone()),
        authorized=tuple(lab.world.authorized()),
    )


def tidy(lab: Lab) -> None:
    """The world as it was: no record, no association but the first, no authorization."""
    zone = route53_backends[lab.world.zone_owner]["aws"].zones[lab.world.zone_id]
    zone.rrsets = [one for one in zone.rrsets if one.type in {"SOA", "NS"}]
    zone.vpcs, zone.authorized = zone.vpcs[:1], set()


def broken(
    lab: Lab, faults: Faults, plan: Plan | None, run: Callable[[], object]
) -> tuple[Left, list[tuple[str, str]]]:
    """One run that meets a plan of faults, and one more that does not."""
    lab.fresh_runtime()
    faults.log.clear()
    faults.plan = plan
    with suppress(Crash, NetreflexError, ClientError, BotoCoreError):  # Lambda delivers the event again
        run()
    calls = list(faults.log)
    faults.plan = None
    if plan is not None:
        lab.fresh_runtime()
        run()
    return left(lab), calls


def enumerated(
    lab: Lab, faults: Faults, kind: str, begin: Callable[[], Callable[[], object]]
) -> tuple[int, Left, list[str]]:
    """Break call 0, call 1 and so on until a run is too short to meet the fault: (runs, the aim, what went wrong)."""
    wanted, _ = broken(lab, faults, None, begin())
    wrong: list[str] = []
    for k in range(2 * MOST_CALLS):
        reached, calls = broken(lab, faults, at(k, BREAKS[kind]), begin())
        if len(calls) <= k:
            return k, wanted, wrong
        if reached != wanted:
            wrong.append(f"call {k} {calls[k]}: {reached}")
    raise AssertionError("the enumeration has lost its way")


@contextmanager
def world_of(policy: str, world: type[NamesWorld]) -> Iterator[tuple[Lab, Faults]]:
    with lab_of(policy, world=world) as lab, faulty(lab) as faults:
        yield lab, faults


@pytest.mark.parametrize("kind", BREAKS)
def test_one_more_run_heals_a_name_that_was_being_written(kind: str) -> None:
    with world_of(ALONE, NamesWorld) as (lab, faults):
        event = created(lab.world.balancer())

        def begin() -> Callable[[], object]:
            tidy(lab)
            return lambda: arrive(lab, event)

        points, wanted, wrong = enumerated(lab, faults, kind, begin)
    assert wrong == []
    assert len(wanted.records) == 2
    assert points >= 10
    figure(f"{kind} at each of {points} calls of a new name: all healed by one run")


@pytest.mark.parametrize("kind", ["crash before", "crash after", "answer lost"])
def test_one_more_run_heals_a_name_that_was_being_removed(kind: str) -> None:
    with world_of(ALONE, NamesWorld) as (lab, faults):
        made = lab.world.balancer()
        kept = dict(elbv2_backends[DATA][REGION].load_balancers)

        def begin() -> Callable[[], object]:
            tidy(lab)
            elbv2_backends[DATA][REGION].load_balancers.update(kept)
            arrive(lab, created(made))
            lab.world.remove(made)
            return lambda: arrive(lab, deleted(made))

        points, wanted, wrong = enumerated(lab, faults, kind, begin)
    assert wrong == []
    assert wanted.records == ()
    assert points >= 8
    figure(f"{kind} at each of {points} calls of a removal: all healed by one run")


@pytest.mark.parametrize("kind", ["crash before", "crash after", "answer lost"])
def test_one_more_run_heals_an_association_across_accounts(kind: str) -> None:
    """The whole approval of a peering with a name, whose zone belongs to the other account."""
    with world_of(ACROSS, AcrossAccounts) as (lab, faults):
        lab.world.balancer()
        peerings: list[str] = []

        def begin() -> Callable[[], object]:
            for peering_id in peerings:
                forget(lab, peering_id)
            tidy(lab)
            peering = lab.world.request(lab.world.apps, lab.world.tidb)
            peerings[:] = [peering["VpcPeeringConnectionId"]]
            return lambda: lab.request_arrives(peering)

        points, wanted, wrong = enumerated(lab, faults, kind, begin)
    assert wrong == []
    assert (len(wanted.records), len(wanted.vpcs), wanted.authorized) == (2, 2, ())
    assert any(name == NAME for name, _, _ in wanted.records)
    assert points >= 35
    figure(f"{kind} at each of {points} calls of an approval with a name across accounts: all healed by one run")
