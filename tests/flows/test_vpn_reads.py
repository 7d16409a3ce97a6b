"""What a pass over a place costs, whatever it has, and that people do not notice how the answers come in one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.alerts.vpn_alerts import vpn_fingerprint
from chalicelib.decide.tunnel_choice import MOST_QUESTIONS
from chalicelib.flows.ports import VpnReader, World
from chalicelib.flows.sweep_vpn import sweep_connections
from chalicelib.flows.vpn import react_to_vpn
from chalicelib.flows.vpn_answers import answered, remember
from chalicelib.intake.parse_vpn import parse_vpn_event
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.network import Place
from chalicelib.model.report import Report
from chalicelib.model.state import TUNNELS_KEY, vpn_key
from chalicelib.model.triggers import VpnHealthTold
from chalicelib.model.tunnel_details import TunnelKey
from chalicelib.model.tunnel_memory import TunnelMemory, TunnelSort
from chalicelib.observe.tunnel_memory import read_tunnels
from tests.aws.strict.vpn import PRE_SHARED_KEY, vpn_telemetry
from tests.flows.test_vpn import DEV, Stage, alarm, reads, staged
from tests.flows.vpn_world import WEAK, Many, connection_id
from tests.lab import TABLE
from tests.vpn_answers import FIRST, PLACE, SAFE, SECOND, down, up

EVERY = {
    "ec2:DescribeVpnConnections": 1, "ec2:DescribeCustomerGateways": 1, "ec2:DescribeTransitGateways": 1,
    "cloudwatch:DescribeAlarms": 1, "cloudwatch:GetMetricData": 1,
}  # fmt: skip
ACTIVE, MAINTENANCE = "ec2:GetActiveVpnTunnelStatus", "ec2:GetVpnTunnelReplacementStatus"
ADDRESS = "198.51.100.1"
MEMORY = {"dynamodb:GetItem": 1, "dynamodb:PutItem": 1}


def of_tunnels(stage: Stage) -> int:
    return stage.lab.calls[ACTIVE] + stage.lab.calls[MAINTENANCE] + stage.lab.calls["logs:FilterLogEvents"]


class Branches:
    """A stage with so many connections, of which so many have lost both tunnels."""

    def __init__(self, stage: Stage, connections: int, lost: int = 0) -> None:
        made = [stage.vpn.connection(f"b-{n}", stage.vpn.devices[n % 2]) for n in range(connections - 2)]
        self.ids = [stage.vpn.id, stage.second, *made]
        self.lost = self.ids[2 : 2 + lost]
        for one in self.lost:
            vpn_telemetry(one, "DOWN", "DOWN", message="IPSEC IS DOWN", changed=stage.clock.now)


def pass_over(stage: Stage, minutes: float = 5) -> Report:
    """The sweep that comes next."""
    stage.clock.passes(minutes=minutes)
    return stage.sweep()


@pytest.fixture
def stage_of_two() -> Iterator[Stage]:
    with staged("{alarms: false}") as made:
        yield made


# ---- the cost -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("connections", "lost", "expected"),
    [
        pytest.param(2, 0, {**EVERY, ACTIVE: 4}, id="2 that are well"),
        pytest.param(10, 0, {**EVERY, ACTIVE: 8}, id="10 that are well"),
        pytest.param(50, 0, {**EVERY, ACTIVE: 8}, id="50 that are well"),
        pytest.param(
            50, 48, {**EVERY, "cloudwatch:GetMetricData": 2, ACTIVE: 4, MAINTENANCE: 3}, id="50, of which 48 are down"
        ),
    ],
)
def test_the_reads_of_a_pass_are_the_same_for_ten_connections_and_for_fifty(
    connections: int, lost: int, expected: dict[str, int]
) -> None:
    with staged("{alarms: false}") as stage:
        Branches(stage, connections, lost)
        report = stage.sweep()
        assert reads(stage) == expected
        assert sum(expected.values()) == (9 if connections == 2 else 5 + MOST_QUESTIONS)
        assert len(report.alerts) == lost
        if not lost:  # beside the alerts, the table is read and written once
            found = {name: n for name, n in stage.lab.calls.items() if name in MEMORY}
            assert found == MEMORY


@pytest.mark.parametrize("connections", [2, 10, 50])
def test_once_every_tunnel_was_asked_a_pass_asks_of_none_and_writes_nothing(connections: int) -> None:
    with staged("{alarms: false}") as stage:
        Branches(stage, connections)
        costs = []
        for _ in range(-(-2 * connections // MOST_QUESTIONS)):
            pass_over(stage, minutes=1)
            costs.append(of_tunnels(stage))
        assert (sum(costs), max(costs)) == (2 * connections, min(MOST_QUESTIONS, 2 * connections))
        for _ in range(2):
            pass_over(stage, minutes=1)
            assert reads(stage) == EVERY
            assert stage.lab.writes == {}


def test_the_same_where_all_is_down() -> None:
    """Past and future of the alerts are another matter: here only what is asked of tunnels is played on the emulator."""
    with staged("{alarms: false}") as stage:
        ids = Branches(stage, 50, 48).ids
        passes = 0
        seen = stage.lab.flow_world().vpn().look(DEV)
        while passes == 0 or of_tunnels(stage):
            passes += 1
            stage.clock.passes(seconds=1)
            with stage.lab.counting():
                world = stage.lab.flow_world()
                remember(answered(seen, ids, world, anew=False), world)
        assert (
            passes == 26
        )  # 196 questions, 7 beside the past of all tunnels and then 8 at a time; and a pass without any
        stage.sweep()
        for _ in range(2):
            stage.sweep()
            assert reads(stage) == EVERY
            assert stage.lab.writes == {}
        assert len(read_tunnels(stage.lab.client("dynamodb"), TABLE, DEV)) == 100 + 96 + 96


# ---- many passes --------------------------------------------------------------------------------------------------
def test_what_is_older_than_an_hour_is_asked_again_a_little_at_each_pass() -> None:
    many = Many(10)
    asked = []
    for _ in range(26):
        many.sweep(minutes=5)
        asked.append(many.asks)
    hour = [8, 8, 4, *[0] * 9]
    assert asked == [*hour, *hour, 8, 8]


def logged(many: Many) -> Many:
    """All tunnels write their logs, into a group of their connection."""
    arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/vpn/{}:*"
    for one in many.rows:
        told = {"LogEnabled": True, "BgpLogEnabled": True, "LogGroupArn": arn.format(one)}
        many.tunnel[one] = {**WEAK, "LogOptions": {"CloudWatchLogOptions": told}}
    return many


@pytest.mark.parametrize(("logs", "passes"), [(False, 25), (True, 37)])
def test_texts_do_not_change_to_and_fro_while_the_answers_come_in(logs: bool, passes: int) -> None:  # noqa: FBT001
    """48 of 50 are down. Each is told at once; what AWS says of it later is added, and no text ever comes back."""
    many = Many(50, 48)
    many = logged(many) if logs else many
    asked = []
    for _ in range(passes):
        many.sweep()
        asked.append(many.asks)
        assert len(many.road.last) == 48
    assert asked == [7, *[8] * (passes - 2), asked[-1]]
    assert len(many.known) == 100
    writes = many.writes
    for _ in range(20):
        many.sweep()
        assert many.asks == 0
    assert many.writes == writes
    for _ in range(60):
        many.sweep(minutes=20)
        assert many.asks <= MOST_QUESTIONS
    for told in many.road.news.values():
        texts = [(one.severity, one.cause, one.evidence) for one in told]
        assert len(texts) == len(set(texts))
        assert {(one.status, one.severity) for one in told} == {("firing", "critical")}
        if not logs:  # told, and once more with what AWS says of its maintenance
            assert len(told) <= 2


def test_an_event_and_the_sweep_tell_the_same_of_a_tunnel_that_the_sweep_has_not_reached() -> None:
    many = logged(Many(50, 48))
    many.sweep()
    fingerprint = vpn_fingerprint(PLACE, connection_id(47))
    assert len(many.road.news[fingerprint]) == 1
    many.alarm(47)
    assert many.asked == {TunnelSort.MAINTENANCE: 2, TunnelSort.LOG: 2, TunnelSort.ACTIVE: 2}
    first, second = many.road.news[fingerprint]
    assert "No AWS maintenance is pending" not in first.cause
    assert "No AWS maintenance is pending" in second.cause
    for _ in range(40):
        many.sweep()
    assert many.road.news[fingerprint] == [first, second]


def test_an_event_asks_again_whatever_is_remembered_and_writes_only_news() -> None:
    many = Many(4, 1)
    for expected in (1, 1):
        many.alarm(0)
        assert (many.asks, many.writes) == (4, expected)
    many.pending.add(connection_id(0))
    many.alarm(0)
    assert (many.asks, many.writes) == (4, 2)


def test_maintenance_that_ends_a_grace_is_not_missed_because_it_was_asked_before() -> None:
    """AWS notes its maintenance when it is done: what it said right after the loss is asked again at each pass."""
    many = Many(50)
    one = connection_id(7)
    many.rows[one] = [up(FIRST), down(SECOND, since=many.now)]
    many.tunnel = dict.fromkeys(many.rows, SAFE)
    many.sweep(minutes=4)
    assert (many.asked[TunnelSort.MAINTENANCE], many.road.last) == (1, {})
    for _ in range(3):
        writes = many.writes
        many.sweep(minutes=4)
        assert (many.asked, many.writes) == ({TunnelSort.MAINTENANCE: 1}, writes)


def test_an_event_about_a_whole_place_has_the_budget_of_a_sweep() -> None:
    many = Many(20)
    counts = []
    for _ in range(7):
        many.now += timedelta(seconds=1)
        many.asked.clear()
        react_to_vpn(VpnHealthTold(places=(PLACE,)), many.world())
        counts.append(many.asks)
    assert counts == [8, 8, 8, 8, 8, 0, 0]


def test_an_event_that_names_many_asks_no_more_than_any_pass() -> None:
    many = Many(20, 20)
    react_to_vpn(VpnHealthTold(connections=tuple(many.rows), places=(PLACE,)), many.world())
    assert many.asks == MOST_QUESTIONS - 1  # and one for the past of all tunnels


def test_what_was_told_of_a_set_up_waits_until_its_tunnels_were_asked_again() -> None:
    """The memory is lost with many connections to ask: what people know of the last one does not end in between."""
    many = Many(20)
    last = connection_id(19)
    many.tunnel[last] = {**WEAK, "EnableTunnelLifecycleControl": True}
    many.pending.add(last)
    for _ in range(6):
        many.sweep()
    [told] = many.road.news.values()
    before = len(told)
    assert {one.title for one in told} == {f"VPN {last}: AWS maintenance is pending"}
    many.written.clear()
    for _ in range(6):
        many.sweep()
    assert len(told) == before
    many.pending.clear()
    for _ in range(20):
        many.sweep(minutes=5)
    assert told[-1].status == "resolved"


def test_a_refused_sort_of_question_is_met_at_each_pass_and_told_without_a_flicker() -> None:
    many = Many(50, 48)
    many.refused.add(TunnelSort.ACTIVE)
    for _ in range(60):
        many.sweep(minutes=0.5)
        assert many.asks <= MOST_QUESTIONS
        assert many.asked[TunnelSort.ACTIVE] >= 1
    [parts] = [told for told in many.road.news.values() if "only in part" in told[0].title]
    assert len(parts) == 1
    held = many.recall(PLACE)
    assert {q.key for q, one in held.items() if q.sort is TunnelSort.MAINTENANCE and not one.failed} == {
        TunnelKey(connection_id(n), address) for n in range(48) for address in (FIRST, SECOND)
    }
    many.refused.clear()
    for _ in range(16):
        many.sweep()
    assert many.asks == 0
    assert [one.status for one in parts] == ["firing", "resolved"]


# ---- a memory that fails ------------------------------------------------------------------------------------------
class Forgetful:
    """The state table, closed to the memory of tunnels alone; alerts lie in the same table and go their way."""

    def __init__(self, stage: Stage, *, recall: Exception | None = None, remember: Exception | None = None) -> None:
        self._stage, self._recall, self._remember = stage, recall, remember
        self.written = 0

    def world(self) -> World:
        world = self._stage.lab.flow_world()
        return replace(world, vpn=lambda: _Reader(world.vpn(), self._recall), vpn_memory=lambda: self)

    def remember(self, place: Place, memory: TunnelMemory) -> None:
        if self._remember:
            raise self._remember
        self.written += bool(memory) and place == DEV


class _Reader:
    def __init__(self, reader: VpnReader, error: Exception | None) -> None:
        self.look, self.answer, self.ask = reader.look, reader.answer, reader.ask
        self._reader, self._error = reader, error

    def recall(self, place: Place) -> TunnelMemory:
        if self._error:
            raise self._error
        return self._reader.recall(place)


REFUSED = AccessRefused(account="home", operation="dynamodb:GetItem", code="AccessDeniedException")
PUT_OFF = RetryLater("dynamodb:GetItem in netreflex's own account was put off by AWS (Throttling); run again")


@pytest.mark.parametrize("part", ["recall", "remember"])
def test_without_its_memory_a_sweep_judges_all_the_same_and_says_so_once(stage_of_two: Stage, part: str) -> None:
    stage = stage_of_two
    forgetful = Forgetful(stage, **{part: REFUSED})
    stage.tunnels("DOWN", "DOWN")
    for _ in range(3):
        report = sweep_connections(forgetful.world())
        assert str(REFUSED) in report.reasons
        stage.clock.passes(minutes=5)
    told = [(one["status"], one["title"]) for one in stage.lab.alerts()]
    assert told == [
        ("firing", "VPN hq: all tunnels down"),
        ("firing", "netreflex watches the VPN connections only in part of dev eu-west-1"),
    ]
    assert forgetful.written == 0


@pytest.mark.parametrize("part", ["recall", "remember"])
def test_a_throttled_memory_puts_the_event_off_and_is_a_note_of_the_sweep(stage_of_two: Stage, part: str) -> None:
    stage = stage_of_two
    stage.tunnels("DOWN", "DOWN")
    world = Forgetful(stage, **{part: PUT_OFF}).world()
    with pytest.raises(RetryLater, match="put off by AWS"):
        react_to_vpn(parse_vpn_event(alarm(stage.vpn.id, ADDRESS)), world)
    report = sweep_connections(world)
    assert report.reasons == (f"the VPN connections of {DEV}: {PUT_OFF}",)
    # What was judged before the write was told before it too.
    assert len(stage.messages()) == (part == "remember")


def test_the_memory_holds_no_secret_and_ends_by_itself(stage_of_two: Stage) -> None:
    stage = stage_of_two
    stage.tunnels("DOWN", "DOWN")
    stage.sweep()
    key = {"pk": {"S": vpn_key(DEV)}, "sk": {"S": TUNNELS_KEY}}
    item = stage.lab.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
    assert stage.vpn.id in str(item)
    assert PRE_SHARED_KEY not in str(item)
    assert int(item["expires"]["N"]) == int((stage.clock.now + timedelta(days=7)).timestamp())
