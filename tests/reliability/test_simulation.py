"""The simulation, seed by seed: whatever comes in whatever order, no never happens, and in the end there is nothing left to do.

``SIMULATIONS=200`` plays more seeds than the few of every run; a failure names its seed and its history.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.model.report import Report
from tests.flows.names_world import NAME
from tests.lab import TABLE
from tests.reliability.nevers import NEVERS, SERVICE, Broken, Seen, net
from tests.reliability.simulation import Simulation, a_day, pass_time
from tests.reliability.worlds import figure

SEEDS = range(int(os.environ.get("SIMULATIONS", "4")))
STEPS = 30


def play(one: Simulation) -> None:
    """People, events and sweeps, each as likely as its weight says."""
    happenings = [
        (one.an_event_arrives, 10),
        (one.the_sweep_comes, 3),
        (one.somebody_asks, 6),
        (one.somebody_deletes_a_peering, 1),
        (one.somebody_deletes_a_route, 2),
        (one.somebody_routes_elsewhere, 2),
        (one.somebody_adds_a_cidr, 1),
        (one.the_service_moves, 2),
        (one.somebody_writes_a_record, 2),
    ]
    actions, weights = zip(*happenings, strict=True)
    for number in range(STEPS):
        drawn = one.dice.choices(actions, weights, k=9)
        happened = next(filter(None, (action() for action in drawn)), "nothing")
        one.history.append(f"{number:3d} {happened}")
        pass_time(one)


def calm(one: Simulation) -> Report:
    """Nothing fails any more: what is queued or was given up is delivered, and sweeps come. The report of the last one."""
    for _, event, _ in (*one.queue, *one.dead):
        event()
        pass_time(one)
    for _ in range(2):
        one.lab.fresh_runtime()
        one.lab.sweep()
        pass_time(one)
    one.listen()
    return one.lab.sweep()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_a_small_network(seed: int) -> None:
    with a_day(seed) as one:
        play(one)
        before = one.look()
        last = calm(one)
        one.check(before, one.look())
        if last.planned or one.lab.writes:
            raise one.fail(f"the sweep does not come to rest: {last.planned}, {dict(one.lab.writes)}")
        for wrong in (*_unsettled(one), *_untold(one), *_leaked(one)):
            raise one.fail(wrong)
        figure(f"seed {seed}: {len(one.history)} steps, {one.broken} broken runs, {len(one.dead)} events given up")


def _unsettled(one: Simulation) -> Iterator[str]:
    """What is approved and meets nothing is routed both ways; what is not is held. The name leads where it should."""
    seen = one.look()
    for peering_id, (name, code) in seen.peerings.items():
        if code not in {"active", "pending-acceptance"}:
            continue
        wanted = {(name, one.vpcs[SERVICE].cidrs[0], peering_id), (SERVICE, one.vpcs[name].cidrs[0], peering_id)}
        free = {route for route in wanted if not _in_the_way(one, route)}
        if name != "stranger" and code == "active" and not free <= seen.routes:
            yield f"{peering_id} of {name} lacks {free - seen.routes}"
        covered = not (name == "apps" and one.added)  # one CIDR that the policy does not cover spoils the whole request
        if name != "stranger" and code == "pending-acceptance" and free == wanted and covered:
            yield f"{peering_id} of {name} waits, although nothing is in its way"
    leads = one.balancer["DNSName"] if one.balancer else None
    if not one.record and one.lab.world.cname() != leads:
        yield f"{NAME} leads to {one.lab.world.cname()}, not to {leads}"


def _in_the_way(one: Simulation, route: tuple[str, str, str]) -> bool:
    return any(vpc == route[0] and net(destination).overlaps(net(route[1])) for vpc, destination in one.others)


def _untold(one: Simulation) -> Iterator[str]:
    """Every alert that people should see has left the table for the topic, or the sweep of alerts brings it there."""
    one.clock[0] += timedelta(hours=1)
    one.lab.runtime.alert_sweep().run()
    one.listen()
    items = one.lab.client("dynamodb").scan(TableName=TABLE)["Items"]
    alerts = {item["pk"]["S"].removeprefix("A#"): item for item in items if item["sk"]["S"] == "ALERT"}
    for fp, item in alerts.items():
        if int(item["version"]["N"]) and fp not in one.told:
            yield f"the alert {item['alert']['S']} was never published"
    subjects = {
        json.loads(item["alert"]["S"])["subject"]["id"] for item in alerts.values() if item["status"]["S"] == "firing"
    }
    for peering_id, (name, code) in one.look().peerings.items():
        if code == "pending-acceptance" and peering_id not in subjects:
            yield f"nobody is told that {peering_id} of {name} waits"


def _leaked(one: Simulation) -> Iterator[str]:
    """Nothing of what netreflex proves itself with is in its table, or in what it said."""
    written = json.dumps(one.lab.client("dynamodb").scan(TableName=TABLE)["Items"], default=str)
    for secret in one.lab.secrets:
        if any(secret in text for text in (written, *one.said)):
            yield "a credential of netreflex is in its table or in an alert"


GOOD = Seen({"pcx-1": ("apps", "active")}, frozenset({("apps", "10.40.0.0/16", "pcx-1")}))
CIDRS = {"apps": "10.16.0.0/16", "stranger": "10.18.0.0/16", SERVICE: "10.40.0.0/16"}


@pytest.mark.parametrize(
    ("before", "after", "others", "says"),
    [
        (GOOD, Seen({"pcx-1": ("stranger", "active")}, frozenset()), (), "of a stranger is active"),
        (GOOD, Seen({"pcx-1": ("apps", "pending-acceptance")}, GOOD.routes), (), "a request that waits"),
        (
            Seen({"pcx-1": ("apps", "pending-acceptance")}, frozenset({("tidb", "10.16.128.0/17", "igw-1")})),
            Seen(GOOD.peerings, frozenset()),
            (),
            "was accepted, although tidb routes 10.16.128.0/17",
        ),
        (GOOD, GOOD, (("tidb", "10.16.0.0/16", "igw-1"),), "which is not ours, is gone"),
        (
            Seen(GOOD.peerings, frozenset()),
            Seen(GOOD.peerings, frozenset({("tidb", "10.60.0.0/16", "pcx-1")})),
            (),
            "where 10.16.0.0/16 is allowed",
        ),
        (
            Seen(GOOD.peerings, frozenset()),
            Seen(GOOD.peerings, GOOD.routes | {("apps", "10.40.1.0/24", "igw-1")}),
            (("apps", "10.40.1.0/24", "igw-1"),),
            "beside 10.40.1.0/24",
        ),
    ],
)
def test_each_never_is_noticed(before: Seen, after: Seen, others: tuple[tuple[str, str, str], ...], says: str) -> None:
    """The checks themselves: a check that cannot fail proves nothing."""
    broken = []
    for never in NEVERS:
        never(GOOD, GOOD, CIDRS, frozenset())
        try:
            never(before, after, CIDRS, frozenset(others))
        except Broken as noticed:
            broken.append(str(noticed))
    assert len(broken) == 1
    assert says in broken[0]
