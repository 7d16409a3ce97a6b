"""Which alarms on tunnels there should be: ours alone are made, set right and removed."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.decide.tunnel_alarms import alarm_connection, alarm_settings, fits, is_ours, plan_alarms
from chalicelib.model.actions import DeleteTunnelAlarm, PutTunnelAlarm
from chalicelib.model.policy import VpnPolicy
from chalicelib.model.vpn import TunnelAlarm
from tests.vpn_answers import FIRST, ID, PLACE, SECOND, answer, snapshot

NAMES = [f"netreflex-vpn-0123456789abcdef0-{address}" for address in (FIRST, SECOND)]


def alarm(name: str, *, ours: bool = True, fits: bool = True) -> TunnelAlarm:
    return TunnelAlarm(name=name, ours=ours, fits=fits)


def planned(told: dict[str, Any], *alarms: TunnelAlarm, on: bool = True) -> Any:  # noqa: ANN401 - a Plan
    return plan_alarms(snapshot(told, alone=True, alarms=alarms), VpnPolicy(alarms=on))


def test_each_tunnel_gets_its_own_alarm() -> None:
    plan = planned(answer())
    assert plan.actions == tuple(
        PutTunnelAlarm(place=PLACE, connection_id=ID, address=address) for address in (FIRST, SECOND)
    )
    assert [action.name for action in plan.actions] == NAMES
    assert plan.actions[0].describe() == f"make alarm {NAMES[0]} in 111122223333/eu-west-1"


def test_planning_after_performing_is_empty() -> None:
    plan = planned(answer(), *map(alarm, NAMES))
    assert (plan.actions, plan.unchanged, plan.refusals) == ((), 2, ())


def test_an_alarm_of_ours_that_somebody_changed_is_set_right() -> None:
    plan = planned(answer(), alarm(NAMES[0], fits=False), alarm(NAMES[1]))
    assert plan.actions == (PutTunnelAlarm(place=PLACE, connection_id=ID, address=FIRST),)


def test_somebody_elses_alarm_of_our_name_is_left_alone_and_reported() -> None:
    plan = planned(answer(), alarm(NAMES[0], ours=False, fits=False), alarm(NAMES[1]))
    assert (plan.actions, plan.unchanged) == ((), 1)
    [refusal] = plan.refusals
    assert refusal.reason == f"an alarm {NAMES[0]} is there that netreflex did not make"


@pytest.mark.parametrize("state", ["deleted", "deleting"])
def test_the_alarms_of_a_connection_that_is_gone_are_removed(state: str) -> None:
    plan = planned(answer(State=state), *map(alarm, NAMES))
    assert plan.actions == tuple(DeleteTunnelAlarm(place=PLACE, name=name) for name in NAMES)
    assert plan.actions[0].describe() == f"delete alarm {NAMES[0]} in 111122223333/eu-west-1"


def test_the_alarm_of_a_replaced_address_is_removed_and_foreign_ones_are_not() -> None:
    old = "netreflex-vpn-0123456789abcdef0-192.0.2.200"
    foreign = alarm("netreflex-vpn-something-of-yours", ours=False)
    plan = planned(answer(), alarm(old), foreign, *map(alarm, NAMES))
    assert plan.actions == (DeleteTunnelAlarm(place=PLACE, name=old),)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(answer(State="pending", addresses=(), VgwTelemetry=[]), id="being made"),
        pytest.param(answer(State="odd"), id="in a state that nobody knows"),
        pytest.param(answer(addresses=(), VgwTelemetry=[]), id="without a single address"),
    ],
)
def test_odd_telemetry_removes_no_alarm(told: dict[str, Any]) -> None:
    assert planned(told, *map(alarm, NAMES)).actions == ()


def test_switched_off_leaves_none_of_ours() -> None:
    plan = planned(answer(), *map(alarm, NAMES), alarm("netreflex-vpn-yours", ours=False), on=False)
    assert plan.actions == tuple(DeleteTunnelAlarm(place=PLACE, name=name) for name in NAMES)


def test_unread_alarms_give_no_plan() -> None:
    assert plan_alarms(snapshot(answer(), alarms=None), VpnPolicy()).actions == ()


@pytest.mark.parametrize(
    ("name", "connection"),
    [
        (NAMES[0], ID),
        ("netreflex-vpn-0123456789abcdef0-2001:db8::7", ID),
        ("netreflex-vpn-something", None),
        ("netreflex-vpn-0123456789abcdef0-", None),
        ("another", None),
    ],
)
def test_an_alarms_name_says_whose_it_is(name: str, connection: str | None) -> None:
    assert alarm_connection(name) == connection


def test_the_settings_are_per_tunnel_three_of_three_and_silence_is_breaching() -> None:
    settings = alarm_settings(ID, FIRST)
    told = {
        key: settings[key] for key in ("EvaluationPeriods", "DatapointsToAlarm", "Period", "Threshold", "Statistic")
    }
    assert told == {
        "EvaluationPeriods": 3, "DatapointsToAlarm": 3, "Period": 300, "Threshold": 1.0, "Statistic": "Maximum",
    }  # fmt: skip
    assert settings["TreatMissingData"] == "breaching"
    assert {one["Name"]: one["Value"] for one in settings["Dimensions"]} == {"VpnId": ID, "TunnelIpAddress": FIRST}


def test_an_alarm_is_ours_by_its_mark_and_fits_by_every_setting() -> None:
    settings = alarm_settings(ID, FIRST)
    turned = {**settings, "Dimensions": settings["Dimensions"][::-1]}
    assert (fits(settings), fits(turned), fits({**settings, "Threshold": 0.5}), fits({})) == (True, True, False, False)
    assert is_ours({"AlarmDescription": "Made by netreflex: x"})
    assert not is_ours({"AlarmDescription": "Site-to-Site VPN tunnel down"})
    assert not is_ours({})
