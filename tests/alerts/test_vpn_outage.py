"""How long a VPN outage is said to have lasted, whatever order the tunnels go and come in; each step knows only the alert before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.alerts.vpn_alerts import SETUP, VpnTold, vpn_alert, vpn_resolved
from chalicelib.decide.tunnels import judge_tunnels
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.tunnel_details import TunnelDetails
from tests.vpn_answers import FIRST, ID, LONG_AGO, NOW, SECOND, answer, down, policy, snapshot, up

Row = Mapping[str, Any]


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def told(rows: Sequence[Row], former: Alert | None = None, changes: int | None = None) -> Alert:
    """The next alert about a connection of which AWS tells these rows now."""
    seen = snapshot(answer(*rows), details={(ID, FIRST): TunnelDetails(changes=changes)})
    connection = seen.connections[0]
    verdict = judge_tunnels(seen, connection, policy(grace=timedelta(0)), at(60))
    about = VpnTold(verdict=verdict, snapshot=seen, policy=policy(), now=at(60), former=former)
    findings = verdict.losses(known=True)
    alert = vpn_alert(about, connection, findings) if findings else vpn_resolved(about)
    return Alert.from_json(alert.bounded().as_json())


def first(status: str, minute: int) -> Row:
    return down(FIRST, since=at(minute)) if status == "DOWN" else up(FIRST, since=at(minute))


def second(status: str, minute: int) -> Row:
    return down(SECOND, since=at(minute)) if status == "DOWN" else up(SECOND, since=at(minute))


WELL = up(SECOND, since=LONG_AGO)
STORIES: list[tuple[str, list[list[Row]], str]] = [
    (
        "one tunnel",
        [[first("DOWN", 0), WELL], [first("UP", 12), WELL]],
        "One of two tunnels was down for 12 min (2026-03-02 10:00:00Z to 2026-03-02 10:12:00Z).",
    ),
    (
        "both at once",
        [[first("DOWN", 0), second("DOWN", 0)], [first("UP", 9), second("UP", 9)]],
        "Traffic was cut for 9 min (2026-03-02 10:00:00Z to 2026-03-02 10:09:00Z).",
    ),
    (
        "the first long before the second: traffic was cut for minutes and not for hours",
        [[down(FIRST, since=LONG_AGO), WELL], [down(FIRST, since=LONG_AGO), second("DOWN", 0)],
         [first("UP", 4), second("UP", 3)]],
        ("Traffic was cut for 3 min (2026-03-02 10:00:00Z to 2026-03-02 10:03:00Z). In all, one tunnel or both were "
        "down for 3 h 4 min (2026-03-02 07:00:00Z to 2026-03-02 10:04:00Z)."),
    ),
    (
        "one after the other: the loss of the first is not forgotten when it is back",
        [[first("DOWN", 0), WELL], [first("DOWN", 0), second("DOWN", 10)], [first("UP", 20), second("DOWN", 10)],
         [first("UP", 20), second("UP", 30)]],
        ("Traffic was cut for 10 min (2026-03-02 10:10:00Z to 2026-03-02 10:20:00Z). In all, one tunnel or both were "
        "down for 30 min (2026-03-02 10:00:00Z to 2026-03-02 10:30:00Z)."),
    ),
    (
        "AWS tells a later change of a tunnel that stays down, such as IPsec after BGP",
        [[first("DOWN", 0), second("DOWN", 0)], [first("DOWN", 7), second("DOWN", 8)], [first("UP", 9), second("UP", 9)]],
        "Traffic was cut for 9 min (2026-03-02 10:00:00Z to 2026-03-02 10:09:00Z).",
    ),
    (
        "cut twice",
        [[first("DOWN", 0), second("DOWN", 0)], [first("UP", 2), second("DOWN", 0)], [first("DOWN", 5), second("DOWN", 0)],
         [first("UP", 6), second("UP", 6)]],
        ("Traffic was cut for 2 min (2026-03-02 10:00:00Z to 2026-03-02 10:02:00Z). "
        "Traffic was cut for 1 min (2026-03-02 10:05:00Z to 2026-03-02 10:06:00Z). In all, one tunnel or both were "
        "down for 6 min (2026-03-02 10:00:00Z to 2026-03-02 10:06:00Z)."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "said"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES])
def test_the_end_tells_how_long_traffic_was_cut_and_how_long_redundancy_was_lost(
    steps: list[list[Row]], said: str
) -> None:
    former = None
    for rows in steps:
        former = told(rows, former)
    assert former is not None
    assert former.status is AlertStatus.RESOLVED
    assert former.summary == f"{said} The connection is in order."


def test_the_length_outlives_what_keeps_the_alert_open() -> None:
    """Both tunnels are back and one of them was restless: the alert stays for that, and its end still tells the outage."""
    lost = told([first("DOWN", 0), second("DOWN", 0)])
    restless = told([first("UP", 9), second("UP", 9)], lost, changes=9)
    assert restless.title == "VPN hq: a tunnel is flapping"
    assert told([first("UP", 9), second("UP", 9)], restless, changes=9).content_hash == restless.content_hash
    assert told([first("UP", 20), second("UP", 9)], restless).summary.startswith(
        "Traffic was cut for 9 min (2026-03-02 10:00:00Z to 2026-03-02 10:09:00Z)."
    )


def test_while_one_is_still_down_people_see_how_long_traffic_was_cut() -> None:
    lost = told([first("DOWN", 0), second("DOWN", 4)])
    half = told([first("UP", 8), second("DOWN", 4)], lost)
    fields = {field.name: field.value for field in half.fields}
    assert (fields["Down since"], fields["Outage began"]) == ("2026-03-02T10:04:00+00:00", "2026-03-02 10:00:00Z")
    assert fields["Traffic cut"] == "2026-03-02 10:04:00Z to 2026-03-02 10:08:00Z"
    assert half.content_hash == told([first("UP", 8), second("DOWN", 4)], half).content_hash


def test_an_end_without_a_time_claims_no_length() -> None:
    lost = told([first("DOWN", 0), second("DOWN", 0)])
    assert told([up(FIRST, since=LONG_AGO), WELL], lost).summary == "The connection is in order."
    half = told([up(FIRST, since=LONG_AGO), second("DOWN", 0)], lost)
    assert "Traffic cut" not in {field.name for field in half.fields}


def test_an_alert_of_an_earlier_version_tells_its_length_too() -> None:
    lost = told([first("DOWN", 0), second("DOWN", 0)])
    older = replace(lost, fields=tuple(field for field in lost.fields if field.name != "Traffic cut"))
    assert told([first("UP", 9), second("UP", 9)], older).summary.startswith("Traffic was cut for 9 min")


def test_an_alert_on_the_set_up_knows_of_no_outage() -> None:
    seen = snapshot(answer(down(FIRST), WELL), alone=True)
    connection, allowing = seen.connections[0], policy()
    verdict = judge_tunnels(seen, connection, allowing, NOW)
    about = VpnTold(verdict=verdict, snapshot=seen, policy=allowing, now=NOW)
    former = vpn_alert(about, connection, verdict.weaknesses, SETUP)
    assert (
        vpn_alert(replace(about, former=former), connection, verdict.weaknesses, SETUP).content_hash
        == former.content_hash
    )


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        (4, "What AWS sends over that tunnel vanishes."),
        (0, "AWS accepted no route over any tunnel: nothing that it sends"),
    ],
)
def test_tunnels_without_any_route_are_not_said_to_carry_traffic(routes: int, said: str) -> None:
    assert told([up(FIRST, 0, "0 BGP ROUTES"), up(SECOND, routes)]).summary.startswith(said)
