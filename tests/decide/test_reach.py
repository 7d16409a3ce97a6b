"""The proof: would a packet from every selected subnet arrive, and if not, which route is in the way?"""

from __future__ import annotations

import pytest

from chalicelib.decide.reach import Path, best_route, blocking, judge_reach
from chalicelib.decide.routes import WantedRoute
from chalicelib.model.facts import Route, Side, SideFacts
from tests.decide.build import APPS_MAIN, DATA, DEV, PCX, TIDB_MAIN, active, apps, net, route, subnet, table, tidb

PEER = "10.40.0.0/16"


def wanted(destination: str = PEER, table_id: str = APPS_MAIN, side: Side = Side.REQUESTER) -> WantedRoute:
    place = DEV if side is Side.REQUESTER else DATA
    return WantedRoute(side=side, place=place, table_id=table_id, destination=net(destination))


@pytest.mark.parametrize(
    ("routes", "best"),
    [
        pytest.param([route("0.0.0.0/0", "igw-1"), route(PEER, PCX)], PCX, id="a narrower prefix before a wider one"),
        pytest.param(
            [route("10.0.0.0/8", "tgw-1"), route("0.0.0.0/0", "igw-1")], "tgw-1", id="the longest that covers all"
        ),
        pytest.param([route("10.40.8.0/24", "tgw-1")], None, id="none where only a part is covered"),
        pytest.param([route("::/0", "igw-1")], None, id="none of the other family"),
        pytest.param([], None, id="none in an empty table"),
        pytest.param([route(PEER, "vgw-1", propagated=True), route(PEER, PCX)], PCX, id="static before propagated"),
        pytest.param(
            [route(PEER, "tgw-1", prefix_list="pl-1"), route(PEER, PCX)], PCX, id="static before a prefix list"
        ),
        pytest.param(
            [route(PEER, "vgw-1", propagated=True), route(PEER, PCX, prefix_list="pl-1")],
            PCX,
            id="a prefix list before propagated",
        ),
    ],
)
def test_the_longest_prefix_decides(routes: list[Route], best: str | None) -> None:
    for order in (routes, routes[::-1]):
        found = best_route(order, net(PEER))

        assert (found.target if found else None) == best


@pytest.mark.parametrize(
    ("routes", "obstacle"),
    [
        pytest.param([route("0.0.0.0/0", "igw-1"), route(PEER, PCX)], None, id="nothing"),
        pytest.param([route("10.0.0.0/8", PCX)], None, id="nothing where a wider route leads there"),
        pytest.param([route(PEER, PCX), route("10.40.8.0/24", PCX)], None, id="nothing where a narrower one does too"),
        pytest.param(
            [route(PEER, PCX), route("10.41.0.0/16", "tgw-1")], None, id="nothing where the other is disjoint"
        ),
        pytest.param([], "no route leads there", id="the absence of a route"),
        pytest.param([route("0.0.0.0/0", "igw-1")], "0.0.0.0/0 -> igw-1 is the longest prefix", id="the default route"),
        pytest.param([route(PEER, "tgw-1")], f"{PEER} -> tgw-1 is the longest prefix", id="a route of another target"),
        pytest.param([route(PEER, PCX, blackhole=True)], f"{PEER} -> {PCX} is a blackhole", id="a blackhole"),
        pytest.param(
            [route("10.40.9.0/24", "nat-1"), route(PEER, PCX), route("10.40.8.0/24", "tgw-1")],
            "10.40.8.0/24 -> tgw-1 is more specific",
            id="the first of the more specific routes",
        ),
    ],
)
def test_what_keeps_traffic_from_the_peer_is_named(routes: list[Route], obstacle: str | None) -> None:
    assert blocking(routes, net(PEER), PCX) == obstacle
    assert blocking(reversed(routes), net(PEER), PCX) == obstacle


def test_both_directions_are_judged_over_the_tables_as_they_are() -> None:
    seen = active(apps(routes=[route(PEER, PCX)]), tidb())

    paths = judge_reach(seen, [wanted(), wanted("10.20.0.0/16", TIDB_MAIN, Side.ACCEPTER)])

    assert [path.obstacle for path in paths] == [None, "no route leads there"]


def test_a_table_that_is_gone_is_an_obstacle() -> None:
    [path] = judge_reach(active(), [wanted(table_id="rtb-gone")])

    assert (path.subnets, path.obstacle) == ((), "route table rtb-gone is gone")


MAIN = table("rtb-main", route(PEER, PCX), main=True, subnets=("subnet-z",))
WEB = table("rtb-web", route(PEER, PCX), subnets=("subnet-c", "subnet-b"))
SUBNETS = (subnet("subnet-y"), subnet("subnet-b"), subnet("subnet-c"), subnet("subnet-x"), subnet("subnet-z"))


@pytest.mark.parametrize(
    ("side", "table_id", "subnets"),
    [
        pytest.param(
            apps(tables=(MAIN, WEB)), "rtb-web", ("subnet-b", "subnet-c"), id="those with an explicit association"
        ),
        pytest.param(
            apps(tables=(MAIN, WEB), subnets=SUBNETS),
            "rtb-main",
            ("subnet-z", "subnet-x", "subnet-y"),
            id="of the main table also those without one",
        ),
        pytest.param(
            apps(tables=(MAIN, WEB)),
            "rtb-main",
            ("subnet-z", "every subnet without its own table"),
            id="in words where the subnets were not read",
        ),
        pytest.param(apps(tables=(table("rtb-spare"),), subnets=SUBNETS), "rtb-spare", (), id="none for a spare table"),
    ],
)
def test_the_subnets_behind_a_table_are_named(side: SideFacts, table_id: str, subnets: tuple[str, ...]) -> None:
    [path] = judge_reach(active(side), [wanted(table_id=table_id)])

    assert path.subnets == subnets


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (Path(wanted=wanted(), subnets=()), f"requester {APPS_MAIN}: {PEER} reaches the peering"),
        (
            Path(wanted=wanted(), subnets=("subnet-a", "subnet-b"), obstacle="no route leads there"),
            f"requester {APPS_MAIN} (subnet-a, subnet-b): {PEER} is blocked: no route leads there",
        ),
    ],
)
def test_a_path_reads_as_a_sentence(path: Path, told: str) -> None:
    assert str(path) == told
