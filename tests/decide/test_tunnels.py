"""The table of judgements: each state of a connection leads to exactly these findings, whatever order AWS tells it in."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decide.tunnels import STATE, Health, Verdict
from chalicelib.decide.vpn_case import SKEW
from chalicelib.decide.vpn_findings import RULES, HoldReason
from chalicelib.model.alert import Severity
from chalicelib.model.policy import VpnChoice
from chalicelib.model.tunnel_details import ActiveTunnel, Maintenance, TunnelDetails, Validity
from chalicelib.model.vpn import VpnProblem
from tests.vpn_answers import (
    CGW2,
    CGW_TWIN,
    FIRST,
    ID,
    LONG_AGO,
    NOW,
    OTHER,
    SAFE,
    SECOND,
    VGW,
    answer,
    down,
    judged,
    kinds,
    up,
)

MINUTE = timedelta(minutes=1)
CORE_NETWORK = "arn:aws:networkmanager::111122223333:core-network/core-network-0123456789abcdef0"
STATIC = {"StaticRoutesOnly": True}
TO_VGW = {"VpnGatewayId": VGW}
JUST_NOW = NOW - MINUTE
UNDATED = {key: value for key, value in down(SECOND).items() if key != "LastStatusChange"}
FAILED = ActiveTunnel(provisioning="failed", reason="no route")


def at(address: str, **details: Any) -> dict[tuple[str, str], TunnelDetails]:  # noqa: ANN401
    return {(ID, address): TunnelDetails(**details)}


# sentence -> the connection, what else is known of its tunnels, the findings with their severities, and the health
TABLE: list[Any] = [
    pytest.param(answer(), {}, [], Health.HEALTHY, id="both up"),
    pytest.param(
        answer(down(SECOND), up(FIRST)), {}, [("one_tunnel_down", "error")], Health.FAULTY, id="one down"
    ),
    pytest.param(
        answer(down(FIRST), down(SECOND)), {}, [("all_tunnels_down", "critical")], Health.FAULTY, id="both down"
    ),
    pytest.param(
        answer(down(FIRST), down(SECOND), State="mystery"), {},
        [("all_tunnels_down", "critical"), ("telemetry_unknown", "info")], Health.FAULTY,
        id="both down, in a state that nobody knows",
    ),
    pytest.param(
        answer(down(SECOND, "IPSEC IS UP"), up(FIRST)), {},
        [("one_tunnel_down", "error"), ("bgp_down_ipsec_up", "error")], Health.FAULTY, id="BGP down, IPsec up, on one",
    ),
    pytest.param(
        answer(down(SECOND, "IPSEC IS UP"), down(FIRST, "IPSEC IS UP")), {},
        [("all_tunnels_down", "critical"), ("bgp_down_ipsec_up", "critical")], Health.FAULTY,
        id="BGP down, IPsec up, on both",
    ),
    pytest.param(
        answer(down(SECOND, "IPSEC IS UP"), up(FIRST, 1, ""), options=STATIC), {},
        [("one_tunnel_down", "error")], Health.FAULTY, id="a static connection has no BGP to be down",
    ),
    pytest.param(
        answer(up(FIRST, 0, "0 BGP ROUTES"), up(SECOND)), {}, [("no_routes_accepted", "error")], Health.FAULTY,
        id="up over BGP without a route",
    ),
    pytest.param(
        answer(up(FIRST, 0, "0 BGP ROUTES", JUST_NOW), up(SECOND)), {}, [("no_routes_accepted", "error")],
        Health.WAITING, id="up over BGP a minute ago, routes may come",
    ),
    pytest.param(
        answer(up(FIRST, 0, ""), up(SECOND, 0, ""), options=STATIC), {}, [], Health.HEALTHY,
        id="the number of routes says nothing of a static connection",
    ),
    pytest.param(
        answer(up(FIRST, 90), up(SECOND, 89), gateway=TO_VGW), {}, [("route_quota_near", "warning")], Health.HEALTHY,
        id="90 of 100 routes to a virtual private gateway",
    ),
    pytest.param(answer(up(FIRST, 90), up(SECOND, 899)), {}, [], Health.HEALTHY, id="899 of 1000 to a transit gateway"),
    pytest.param(
        answer(up(FIRST, 900), up(SECOND)), {}, [("route_quota_near", "warning")], Health.HEALTHY,
        id="900 of 1000 to a transit gateway",
    ),
    pytest.param(
        answer(up(FIRST, 1, ""), up(SECOND, 1, ""), options=STATIC, gateway=TO_VGW), {},
        [("static_no_routes", "error")], Health.HEALTHY, id="static without routes",
    ),
    pytest.param(
        answer(up(FIRST, 1, ""), up(SECOND, 1, ""), options=STATIC, gateway=TO_VGW,
               Routes=[{"DestinationCidrBlock": "10.9.0.0/16", "State": "available"}]), {},
        [], Health.HEALTHY, id="static with a route",
    ),
    pytest.param(
        answer(up(FIRST, 1, ""), up(SECOND, 1, ""), options=STATIC, gateway=TO_VGW,
               Routes=[{"DestinationCidrBlock": "10.9.0.0/16", "State": "deleting"}]), {},
        [("static_no_routes", "error")], Health.HEALTHY, id="static with a route that is being deleted",
    ),
    pytest.param(
        answer(gateway={}, GatewayAssociationState="not-associated"), {}, [("unattached", "error")], Health.HEALTHY,
        id="attached to nothing",
    ),
    pytest.param(
        answer(GatewayAssociationState="not-associated"), {}, [("unattached", "error")], Health.HEALTHY,
        id="a gateway is named and not associated",
    ),
    pytest.param(
        answer(down(SECOND), up(FIRST)), at(SECOND, ever_up=False),
        [("never_configured_tunnel", "error"), ("one_tunnel_down", "error")], Health.FAULTY, id="one was never up",
    ),
    pytest.param(
        answer(down(SECOND), down(FIRST)), {**at(SECOND, ever_up=False), **at(FIRST, ever_up=True)},
        [("all_tunnels_down", "critical"), ("never_configured_tunnel", "error")], Health.FAULTY,
        id="one was never up, and now the other is down",
    ),
    pytest.param(
        answer(down(SECOND), down(FIRST)), {**at(SECOND, ever_up=False), **at(FIRST, ever_up=False)},
        [("not_yet_up", "info")], Health.NOT_YET_UP, id="neither was ever up",
    ),
    pytest.param(
        answer(down(SECOND, "IPSEC IS UP"), down(FIRST, "IPSEC IS UP"), tunnel={**SAFE, "LogOptions": {}}),
        {**at(SECOND, ever_up=False), **at(FIRST, ever_up=False)},
        [("not_yet_up", "info"), ("logs_disabled", "info"), ("bgp_logs_disabled", "info")], Health.NOT_YET_UP,
        id="neither had a BGP session yet, and logs are off",
    ),
    pytest.param(
        answer(down(SECOND), down(FIRST)), {**at(SECOND, ever_up=False), **at(FIRST, ever_up=False, active=FAILED)},
        [("provisioning_failed", "error"), ("not_yet_up", "info")], Health.FAULTY,
        id="neither was ever up, because AWS could not provision one",
    ),
    pytest.param(
        answer(down(SECOND, since=JUST_NOW), down(FIRST, since=JUST_NOW)),
        {**at(SECOND, silent=True), **at(FIRST, silent=True)},
        [("all_tunnels_down", "critical")], Health.WAITING, id="down, and the metric has no point yet",
    ),
    pytest.param(
        answer(down(SECOND, since=JUST_NOW), down(FIRST, since=JUST_NOW)),
        {**at(SECOND, silent=True), **at(FIRST, ever_up=False)},
        [("all_tunnels_down", "critical")], Health.WAITING, id="down, and the metric of one has no point yet",
    ),
    pytest.param(
        answer(down(SECOND, since=JUST_NOW), down(FIRST, since=JUST_NOW)),
        {**at(SECOND, silent=True), **at(FIRST, ever_up=True)},
        [("all_tunnels_down", "critical")], Health.FAULTY, id="one has no point, and the other was up",
    ),
    pytest.param(
        answer(down(SECOND), down(FIRST)), {**at(SECOND, silent=True), **at(FIRST, silent=True)},
        [("all_tunnels_down", "critical")], Health.FAULTY, id="no point for longer than a new connection has none",
    ),
    pytest.param(
        answer(UNDATED, down(FIRST, since=JUST_NOW)),
        {**at(SECOND, silent=True), **at(FIRST, silent=True)},
        [("all_tunnels_down", "critical")], Health.FAULTY, id="no point, and nobody knows since when it is down",
    ),
    pytest.param(
        answer(down(SECOND, since=NOW + timedelta(hours=1)), down(FIRST, since=NOW + timedelta(hours=1))),
        {**at(SECOND, silent=True), **at(FIRST, silent=True)},
        [("all_tunnels_down", "critical")], Health.FAULTY, id="no point, and down since a time to come",
    ),
    pytest.param(
        answer(down(SECOND), up(FIRST)), at(SECOND, active=ActiveTunnel(provisioning="failed", reason="no route")),
        [("provisioning_failed", "error"), ("one_tunnel_down", "error")], Health.FAULTY, id="AWS could not provision",
    ),
    pytest.param(
        answer(), at(FIRST, maintenance=Maintenance(pending=True, applied_after=NOW + timedelta(days=9))),
        [("maintenance_pending", "info")], Health.HEALTHY, id="maintenance is pending",
    ),
    pytest.param(
        answer(down(SECOND, since=NOW - 10 * MINUTE), up(FIRST)),
        at(SECOND, maintenance=Maintenance(last_applied=NOW - 8 * MINUTE)),
        [("one_tunnel_down", "error"), ("maintenance_in_progress", "info")], Health.FAULTY,
        id="down for maintenance that was just applied",
    ),
    pytest.param(
        answer(down(SECOND, since=NOW - 10 * MINUTE), up(FIRST)),
        at(SECOND, maintenance=Maintenance(pending=True, applied_after=NOW - 12 * MINUTE)),
        [("one_tunnel_down", "error"), ("maintenance_pending", "info"), ("maintenance_in_progress", "info")],
        Health.FAULTY, id="down while maintenance is due",
    ),
    pytest.param(
        answer(down(SECOND, since=NOW - 40 * MINUTE), up(FIRST)),
        at(SECOND, maintenance=Maintenance(last_applied=NOW - 38 * MINUTE)),
        [("one_tunnel_down", "error")], Health.FAULTY, id="down after maintenance for longer than the mute",
    ),
    pytest.param(
        answer(down(SECOND, since=LONG_AGO), up(FIRST)),
        at(SECOND, maintenance=Maintenance(last_applied=NOW - 8 * MINUTE)),
        [("one_tunnel_down", "error")], Health.FAULTY, id="down long before the maintenance",
    ),
    pytest.param(
        answer(down(SECOND, since=NOW - 10 * MINUTE), down(FIRST, since=NOW - 10 * MINUTE), State="modifying"), {},
        [("all_tunnels_down", "critical"), ("maintenance_in_progress", "info")], Health.FAULTY,
        id="both down while the connection is modified",
    ),
    pytest.param(
        answer(down(SECOND), down(FIRST), State="modifying"), {}, [("all_tunnels_down", "critical")], Health.FAULTY,
        id="both down since long before the modification's bound",
    ),
    pytest.param(
        answer(), at(FIRST, changes=3), [("flapping", "warning")], Health.FAULTY, id="three changes in half an hour"
    ),
    pytest.param(answer(), at(FIRST, changes=2), [], Health.HEALTHY, id="two changes in half an hour"),
    pytest.param(
        answer(), at(FIRST, certificate=Validity(starts=NOW - timedelta(days=365), ends=NOW + timedelta(days=30))),
        [("tunnel_cert_expiring", "warning")], Health.HEALTHY, id="the certificate is in its last quarter",
    ),
    pytest.param(
        answer(), at(FIRST, certificate=Validity(starts=NOW - timedelta(days=10), ends=NOW + timedelta(days=355))),
        [], Health.HEALTHY, id="the certificate is young",
    ),
    pytest.param(
        answer(tunnel={**SAFE, "LogOptions": {}}), {}, [("logs_disabled", "info"), ("bgp_logs_disabled", "info")],
        Health.HEALTHY, id="no logs",
    ),
    pytest.param(
        answer(up(FIRST, 1, ""), up(SECOND, 1, ""), tunnel={**SAFE, "LogOptions": {}}, options=STATIC), {},
        [("logs_disabled", "info")], Health.HEALTHY, id="no logs, static",
    ),
    pytest.param(
        answer(down(SECOND), up(FIRST), tunnel={**SAFE, "LogOptions": {}}), {},
        [("one_tunnel_down", "error"), ("logs_disabled", "warning"), ("bgp_logs_disabled", "warning")],
        Health.FAULTY, id="no logs where they would help",
    ),
    pytest.param(
        answer(tunnel={**SAFE, "IkeVersions": [{"Value": "ikev1"}, {"Value": "ikev2"}]}), {},
        [("ikev1_or_weak_algorithms", "info")], Health.HEALTHY, id="IKEv1 is allowed",
    ),
    pytest.param(
        answer(), at(FIRST, active=ActiveTunnel(ike_version="ikev2", algorithms=("AES128", "SHA1"), dh_groups=(14,))),
        [("ikev1_or_weak_algorithms", "warning")], Health.HEALTHY, id="SHA-1 is used",
    ),
    pytest.param(
        answer(tunnel={**SAFE, "StartupAction": "add"}), {}, [("startup_add_idle_risk", "info")], Health.HEALTHY,
        id="AWS does not start the tunnels",
    ),
    pytest.param(
        answer(down(FIRST)), {}, [("one_tunnel_down", "error"), ("telemetry_unknown", "info")], Health.FAULTY,
        id="one row, and it is down",
    ),
    pytest.param(answer(up(FIRST)), {}, [("telemetry_unknown", "info")], Health.UNKNOWN, id="one row, and it is up"),
    pytest.param(
        answer(VgwTelemetry=[]), {}, [("telemetry_unknown", "info")], Health.UNKNOWN, id="no row at all"
    ),
    pytest.param(
        answer(up(FIRST), up("")), {}, [("telemetry_unknown", "info")], Health.UNKNOWN, id="a row without an address"
    ),
    pytest.param(
        answer(up(""), up(""), addresses=()), {}, [("telemetry_unknown", "info")], Health.UNKNOWN,
        id="no address anywhere",
    ),
    pytest.param(
        answer(up(FIRST), down(FIRST)), {}, [("telemetry_unknown", "info")], Health.UNKNOWN,
        id="two rows of one address that differ",
    ),
    pytest.param(
        answer({**up(FIRST), "Status": "DEGRADED"}, up(SECOND)), {}, [("telemetry_unknown", "info")], Health.UNKNOWN,
        id="a status that nobody knows",
    ),
    pytest.param(
        answer(up(FIRST, 4, "IKE IS REKEYING"), up(SECOND)), {}, [("telemetry_unknown", "info")], Health.UNKNOWN,
        id="a message that nobody knows",
    ),
    pytest.param(
        answer(up(FIRST, None, ""), up(SECOND)), {}, [("telemetry_unknown", "info")], Health.UNKNOWN,
        id="up over BGP, no number of routes",
    ),
    pytest.param(answer(State="pending", VgwTelemetry=[up("")]), {}, [], Health.UNSETTLED, id="being made"),
    pytest.param(answer(down(FIRST), down(SECOND), State="deleted"), {}, [], Health.GONE, id="deleted, lingering"),
    pytest.param(answer(down(FIRST), down(SECOND), State="deleting"), {}, [], Health.GONE, id="being deleted"),
    pytest.param(
        answer(down(SECOND), up(FIRST), options={"EnableAcceleration": True}), {}, [("one_tunnel_down", "error")],
        Health.FAULTY, id="accelerated",
    ),
    pytest.param(
        answer(options={"OutsideIpAddressType": "PrivateIpv4", "TransportTransitGatewayAttachmentId": "tgw-attach-1"}),
        {}, [], Health.HEALTHY, id="over private addresses",
    ),
    pytest.param(
        answer(gateway={"VpnConcentratorId": "vcn-1"}), {}, [], Health.HEALTHY, id="on a concentrator",
    ),
    pytest.param(
        answer(gateway={"CoreNetworkArn": CORE_NETWORK}), {}, [], Health.HEALTHY, id="on a core network of Cloud WAN",
    ),
    pytest.param(
        answer(gateway={"CoreNetworkArn": CORE_NETWORK, "CoreNetworkAttachmentArn": f"{CORE_NETWORK}/attachment-1"},
               GatewayAssociationState="associating"), {}, [], Health.HEALTHY, id="being attached to a core network",
    ),
    pytest.param(
        answer(gateway={"CoreNetworkArn": CORE_NETWORK}, GatewayAssociationState="not-associated"), {},
        [], Health.HEALTHY, id="on a core network, which EC2 does not call associated",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "details", "expected", "health"), TABLE)
def test_each_state_leads_to_exactly_these_findings(
    told: dict[str, Any], details: dict[tuple[str, str], TunnelDetails], expected: list[tuple[str, str]], health: Health
) -> None:
    verdict = judged(told, details=details)

    assert [(one.kind, one.severity) for one in verdict.findings] == expected
    assert verdict.health is health
    for finding in verdict.findings:
        assert finding.says
        assert finding.evidence
        assert finding.remedy
        assert finding.basis


def test_the_table_leaves_no_kind_out() -> None:
    shown = {kind for case in TABLE for kind, _ in case.values[2]}
    assert shown | {SPOF} == set(VpnProblem) == set(RULES)  # a single device has a table of its own


def test_what_lasts_is_not_a_state_of_the_tunnels() -> None:
    assert {kind for kind in VpnProblem if kind not in STATE} == {
        "route_quota_near", "cgw_single_point_of_failure", "static_no_routes", "unattached", "maintenance_pending",
        "tunnel_cert_expiring", "logs_disabled", "bgp_logs_disabled", "ikev1_or_weak_algorithms", "startup_add_idle_risk",
    }  # fmt: skip


# ---- telemetry is joined by address -------------------------------------------------------------------------------
@pytest.mark.parametrize("rows", list(permutations([down(SECOND), up(FIRST)])))
@pytest.mark.parametrize("addresses", list(permutations([FIRST, SECOND])))
def test_no_order_of_rows_or_options_changes_the_verdict(rows: tuple[Any, ...], addresses: tuple[str, ...]) -> None:
    verdict = judged(answer(*rows, addresses=addresses))

    [finding] = verdict.findings
    assert finding.tunnels == (SECOND,)
    assert verdict == judged(answer(up(FIRST), down(SECOND), addresses=(FIRST, SECOND))) or addresses != (FIRST, SECOND)


def test_the_right_tunnels_options_are_named_in_the_remedy() -> None:
    verdict = judged(answer(down(SECOND), up(FIRST), addresses=(FIRST, SECOND)))
    assert "169.254.20.0/30" in " ".join(verdict.findings[0].remedy)
    assert "169.254.10.0/30" not in " ".join(verdict.findings[0].remedy)


# ---- patience -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ago", "reason"),
    [
        (timedelta(minutes=4, seconds=59), HoldReason.GRACE),
        (timedelta(minutes=5), None),
        (timedelta(0), HoldReason.GRACE),
        (-SKEW, HoldReason.GRACE),
        (-SKEW - timedelta(seconds=1), None),
    ],
)
def test_one_tunnel_has_its_grace_and_no_more(ago: timedelta, reason: HoldReason | None) -> None:
    since = NOW - ago
    verdict = judged(answer(down(SECOND, since=since), up(FIRST)))

    [finding] = verdict.findings
    assert (finding.hold.reason if finding.hold else None) == reason
    assert verdict.health is (Health.WAITING if reason else Health.FAULTY)
    assert verdict.look_again == (since + timedelta(minutes=5) if reason else None)


def test_a_loss_without_a_time_has_no_grace() -> None:
    row = down(SECOND)
    del row["LastStatusChange"]
    assert judged(answer(row, up(FIRST))).health is Health.FAULTY


def test_no_patience_when_all_tunnels_are_down() -> None:
    verdict = judged(answer(down(SECOND, since=NOW), down(FIRST, since=NOW)))
    assert (verdict.health, verdict.findings[0].severity) == (Health.FAULTY, Severity.CRITICAL)


def test_maintenance_says_when_its_mute_ends_and_never_mutes_a_whole_outage() -> None:
    applied = at(SECOND, maintenance=Maintenance(last_applied=NOW - 8 * MINUTE))
    quiet = judged(answer(down(SECOND, since=NOW - 10 * MINUTE), up(FIRST)), details=applied)
    loud = judged(answer(down(SECOND, since=NOW - 10 * MINUTE), down(FIRST, since=JUST_NOW)), details=applied)

    assert quiet.look_again == NOW + 22 * MINUTE
    assert "quiet until 2026-03-02 10:22:00Z" in quiet.losses(known=False)[0].says
    assert kinds(loud) == [VpnProblem.ALL_TUNNELS_DOWN]
    assert loud.findings[0].hold is None


def test_a_loss_in_its_grace_is_told_where_people_know_of_one() -> None:
    verdict = judged(answer(down(SECOND, since=JUST_NOW), up(FIRST)))
    assert verdict.losses(known=False) == ()
    assert [one.kind for one in verdict.losses(known=True)] == [VpnProblem.ONE_TUNNEL_DOWN]


# ---- exceptions ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("choice", "tags", "allowed"),
    [
        (VpnChoice(ids=(ID,)), {"Name": "hq"}, True),
        (VpnChoice(ids=(OTHER,)), {"Name": "hq"}, False),
        (VpnChoice(tags={"redundancy": "n*"}), {"redundancy": "none"}, True),
        (VpnChoice(tags={"redundancy": "n*", "site": "x"}), {"redundancy": "none"}, False),
        (VpnChoice(tags={"redundancy": "n*"}), {"redundancy": "full"}, False),
        (VpnChoice(), {"Name": "hq"}, False),
    ],
)
def test_a_connection_may_run_on_one_tunnel_where_the_policy_says_so(
    choice: VpnChoice,
    tags: dict[str, str],
    allowed: bool,  # noqa: FBT001 - a table
) -> None:
    one_down = judged(answer(down(SECOND), up(FIRST), tags=tags), vpn={"single_tunnel_ok": choice})
    all_down = judged(answer(down(SECOND), down(FIRST), tags=tags), vpn={"single_tunnel_ok": choice})

    assert one_down.health is (Health.HEALTHY if allowed else Health.FAULTY)
    assert all_down.health is Health.FAULTY


def test_the_policy_overrides_a_severity() -> None:
    verdict = judged(answer(down(SECOND), up(FIRST)), vpn={"severity": {"one_tunnel_down": Severity.INFO}})
    assert [(one.severity, one.opens) for one in verdict.findings] == [(Severity.INFO, False)]
    assert verdict.health is Health.HEALTHY


# ---- one device ---------------------------------------------------------------------------------------------------
SPOF = VpnProblem.CGW_SINGLE_POINT_OF_FAILURE
ROUTES = [{"DestinationCidrBlock": "10.9.0.0/16", "State": "available"}]


@pytest.mark.parametrize(
    ("first", "others", "more", "alone"),
    [
        pytest.param(answer(), [], {}, True, id="one connection"),
        pytest.param(answer(), [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW2)], {}, False, id="two devices"),
        pytest.param(
            answer(), [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW_TWIN)], {}, True,
            id="two gateway objects with one address are one device",
        ),
        pytest.param(
            answer(), [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW2, State="deleted")], {}, True,
            id="the second device's connection is deleted",
        ),
        pytest.param(
            answer(), [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW2, gateway=TO_VGW)], {}, True,
            id="the second device is on another gateway",
        ),
        pytest.param(answer(), [], {"direct_connect": {"tgw-0123456789abcdef0": True}}, False, id="Direct Connect"),
        pytest.param(answer(), [], {"direct_connect": {}}, True, id="Direct Connect is unknown"),
        pytest.param(
            answer(tags={"netreflex:site": "hq"}),
            [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW2, tags={"netreflex:site": "branch"})], {}, True,
            id="the second device is at another site",
        ),
        pytest.param(
            answer(options=STATIC, Routes=ROUTES),
            [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW2, options=STATIC, Routes=ROUTES)], {}, False,
            id="two devices for the same static routes",
        ),
        pytest.param(
            answer(options={"LocalIpv4NetworkCidr": "10.9.0.0/16"}),
            [answer(VpnConnectionId=OTHER, CustomerGatewayId=CGW2, options={"LocalIpv4NetworkCidr": "10.8.0.0/16"})],
            {}, True, id="the second device serves other addresses",
        ),
        pytest.param(answer(), [], {"customer_gateways": None}, False, id="the devices could not be read"),
        pytest.param(answer(), [], {"customer_gateways": {}}, True, id="the device is not in the answer"),
    ],
)  # fmt: skip
def test_one_device_is_one_device_by_its_address(
    first: dict[str, Any],
    others: list[dict[str, Any]],
    more: dict[str, Any],
    alone: bool,  # noqa: FBT001 - a table
) -> None:
    assert (SPOF in kinds(judged(first, *others, alone=True, **more))) is alone


def test_one_device_is_enough_where_the_policy_says_so() -> None:
    assert kinds(judged(answer(), alone=True, vpn={"single_device_ok": VpnChoice(ids=(ID,))})) == []


# ---- for all ------------------------------------------------------------------------------------------------------
_ROW = st.fixed_dictionaries(
    {},
    optional={
        "OutsideIpAddress": st.sampled_from([FIRST, SECOND, "", "192.0.2.99"]),
        "Status": st.sampled_from(["UP", "DOWN", "", "BROKEN"]),
        "StatusMessage": st.sampled_from(["", "IPSEC IS UP", "IPSEC IS DOWN", "4 BGP ROUTES", "whatever"]),
        "AcceptedRouteCount": st.integers(0, 2000),
        "LastStatusChange": st.datetimes().map(lambda at: at.replace(tzinfo=NOW.tzinfo)) | st.datetimes(),
    },
)


@given(rows=st.lists(_ROW, max_size=4), state=st.sampled_from(["available", "modifying", "", "odd"]))
def test_only_two_tunnels_that_are_surely_up_are_healthy(rows: list[dict[str, Any]], state: str) -> None:
    verdict: Verdict = judged(answer(VgwTelemetry=rows, State=state))

    surely = [
        row for row in rows
        if row.get("OutsideIpAddress") in {FIRST, SECOND} and row.get("Status") == "UP"
        and re.fullmatch(r"|IPSEC IS (UP|DOWN)|\d+ BGP ROUTES", row.get("StatusMessage", ""))
        and row.get("AcceptedRouteCount", 0) > 0
    ]  # fmt: skip
    both = {row["OutsideIpAddress"] for row in surely} == {FIRST, SECOND} and len(rows) == 2
    assert (verdict.health is Health.HEALTHY) == (both and state in {"available", "modifying"})
