"""What people are told to do: the values of their own connection, in the order in which to look, and never a secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.decide.tunnel_remedy import likely_cause
from chalicelib.decide.vpn_case import Case
from chalicelib.decide.vpn_sheet import lacks, setup_sheet
from chalicelib.model.tunnel_details import LogLine, TunnelDetails, Validity
from chalicelib.model.vpn import CustomerGateway, VpnProblem
from tests.vpn_answers import (
    CGW,
    CGW2,
    FIRST,
    ID,
    NOW,
    SAFE,
    SECOND,
    SECRETS,
    VGW,
    answer,
    down,
    judged,
    policy,
    snapshot,
    up,
)

ONE_DOWN = [down(SECOND), up(FIRST)]
TAGGED = {"Name": "dc1", "vendor": "Generic", "Platform": "Generic", "software": "Vendor Agnostic"}


def case(*answers: Any, **more: Any) -> Case:  # noqa: ANN401
    place = snapshot(*answers, **more)
    return Case(snapshot=place, connection=place.connections[0], policy=policy(), now=NOW)


def steps(*answers: Any, **more: Any) -> tuple[str, ...]:  # noqa: ANN401
    return judged(*answers, **more).findings[0].remedy


@pytest.mark.parametrize(
    ("gateway", "routes", "said"),
    [({"VpnGatewayId": VGW}, 95, "move to a transit gateway, which takes 1000"), (None, 950, "")],
)
def test_many_routes_are_summarised_or_moved_to_where_more_fit(gateway: Any, routes: int, said: str) -> None:  # noqa: ANN401
    [found] = judged(answer(up(FIRST, routes), up(SECOND), gateway=gateway)).findings
    assert found.remedy[0].startswith("Summarise the prefixes on the device")
    assert ("transit gateway" in found.remedy[0]) is bool(said)
    assert said in found.remedy[0]


@pytest.mark.parametrize(
    ("days", "said"),
    [(3, "ends at 2026-03-05 10:00:00Z; then IKE fails"), (-1, "ended at 2026-03-01 10:00:00Z: IKE fails from now on")],
)
def test_a_certificate_that_ended_is_not_told_as_one_that_will(days: int, said: str) -> None:
    known = Validity(starts=NOW - timedelta(days=300), ends=NOW + timedelta(days=days))
    [found] = judged(answer(), details={(ID, FIRST): TunnelDetails(certificate=known)}).findings
    assert found.says == f"the certificate of {FIRST} {said}"


def test_the_checks_come_in_order_with_this_connections_values() -> None:
    ike, ipsec, firewall, routing, fetch = steps(answer(*ONE_DOWN))

    assert ike == (
        "On cgw-0123456789abcdef0 at 192.0.2.7 (ASN 65010): is there an IKE SA with 203.0.113.12? "
        "AWS starts IKE here (startup action start), the device answers."
    )
    assert "IPsec SA" in ipsec
    assert firewall == (
        "Firewall, both directions, with 203.0.113.12: UDP 500, IP protocol 50 (ESP), UDP 4500 (where there is NAT)."
    )
    assert routing == "BGP: peer inside 169.254.10.0/30 (AWS has the first address), device ASN 65010, AWS ASN 64512."
    assert fetch == (
        "What AWS expects; it holds the keys (DEVICE_TYPE: from `get-vpn-connection-device-types`):"
        " `aws ec2 get-vpn-connection-device-sample-configuration --region eu-west-1 --vpn-connection-id "
        f"{ID} --vpn-connection-device-type-id DEVICE_TYPE --internet-key-exchange-version ikev2 --output text > "
        "vpn.txt`"
    )


def test_every_step_fits_into_a_message() -> None:
    long = CustomerGateway(gateway_id=CGW, address="192.0.2.7", asn="65010", tags=TAGGED)
    told = judged(answer(down(FIRST), down(SECOND)), customer_gateways={CGW: long})
    assert max(len(step) for one in told.findings for step in one.remedy) <= 500  # what an alert keeps of a step


@pytest.mark.parametrize(
    ("startup", "accelerated", "said"),
    [
        ("start", False, "AWS starts IKE here"),
        ("add", False, "The device must start IKE"),
        ("start", True, "The device must start IKE"),
    ],
)
def test_who_has_to_begin(startup: str, accelerated: bool, said: str) -> None:  # noqa: FBT001 - a table
    told = answer(*ONE_DOWN, tunnel={**SAFE, "StartupAction": startup}, options={"EnableAcceleration": accelerated})
    ike, _, firewall, *_ = steps(told)
    assert said in ike
    assert ("needed, because the connection is accelerated" in firewall) is accelerated


def test_the_device_type_comes_from_tags_and_names_the_exact_command() -> None:
    devices = {CGW: CustomerGateway(gateway_id=CGW, address="192.0.2.7", tags=TAGGED)}
    types = {("Generic", "Generic", "Vendor Agnostic"): "9005b6c1"}
    ike, *_, fetch = steps(answer(*ONE_DOWN), customer_gateways=devices, device_types=types)

    assert "On dc1 at 192.0.2.7 (Generic Generic Vendor Agnostic)" in ike
    assert "--vpn-connection-device-type-id 9005b6c1 " in fetch
    assert "DEVICE_TYPE" not in fetch


def test_a_tunnel_that_takes_only_ikev1_gets_its_own_sample() -> None:
    told = answer(*ONE_DOWN, tunnel={**SAFE, "IkeVersions": [{"Value": "ikev1"}]})
    assert "--internet-key-exchange-version ikev1" in steps(told)[-1]


def test_bgp_is_checked_where_ipsec_is_up() -> None:
    first, *_ = steps(answer(down(SECOND, "IPSEC IS UP"), up(FIRST)))
    assert first.startswith("IPsec is well, so look at BGP")


def test_static_routes_are_named() -> None:
    routes = [{"DestinationCidrBlock": "10.9.0.0/16", "State": "available"}]
    told = answer(down(SECOND), up(FIRST, 1, ""), options={"StaticRoutesOnly": True}, Routes=routes)
    assert "Static routes: AWS has 10.9.0.0/16" in steps(told)[3]


def test_a_device_that_is_not_to_be_seen_is_named_by_its_id() -> None:
    assert f"the customer gateway {CGW}" in steps(answer(*ONE_DOWN), customer_gateways={})[0]


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("Pre-shared key mismatch detected", "the pre-shared keys of the two sides differ (tunnel log)"),
        ("AWS tunnel: No Proposal Match Found", "the phase 1 algorithms"),
        ("no proposal chosen", "the phase 2 (or IKEv2) algorithms"),
        ("TS_UNACCEPTABLE", "the traffic selectors"),
        ("AUTHENTICATION_FAILED", "authentication failed"),
        ("deleting un-established Phase 1", "a firewall or NAT"),
        ("received DELETE for IKE SA", "the customer gateway closed the tunnel"),
        ("Peer is not responsive", "does not answer"),
        ("DPD timed out", "dead peer detection"),
        ("collision", "rekeyed at the same moment"),
        ("something new", "no IPsec tunnel is established"),
    ],
)
def test_the_log_says_why(detail: str, cause: str) -> None:
    line = TunnelDetails(log=LogLine(at=NOW - timedelta(hours=3), detail=detail))
    told = case(answer(*ONE_DOWN), details={(ID, SECOND): line})
    assert cause in likely_cause(told, told.down[0])


def test_an_old_line_of_the_log_says_nothing_of_this_loss() -> None:
    line = TunnelDetails(log=LogLine(at=NOW - timedelta(hours=9), detail="DPD timed out"))
    told = case(answer(*ONE_DOWN), details={(ID, SECOND): line})
    assert likely_cause(told, told.down[0]) == "no IPsec tunnel is established"


def test_a_message_without_meaning_is_not_given_one() -> None:
    told = case(answer(down(SECOND, ""), up(FIRST)))
    assert likely_cause(told, told.down[0]) == "AWS names no cause"


def test_the_last_line_of_the_log_is_among_the_proof() -> None:
    line = TunnelDetails(log=LogLine(at=NOW, detail="DPD timed out"))
    rows = judged(answer(*ONE_DOWN), details={(ID, SECOND): line, (ID, FIRST): line}).rows
    assert [row for row in rows if "log" in row] == [f"{SECOND}  log 2026-03-02 10:00:00Z: DPD timed out"]


# ---- idle ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("detail", "severity"), [("tunnel is idle", "warning"), ("DPD timed out", "info")])
def test_an_idle_drop_makes_the_risk_a_warning(detail: str, severity: str) -> None:
    line = TunnelDetails(log=LogLine(at=NOW, detail=detail))
    told = judged(answer(*ONE_DOWN, tunnel={**SAFE, "StartupAction": "add"}), details={(ID, SECOND): line})
    [risk] = [one for one in told.findings if one.kind is VpnProblem.STARTUP_ADD_IDLE_RISK]
    assert risk.severity == severity


# ---- the set-up sheet ---------------------------------------------------------------------------------------------
def test_the_sheet_says_what_a_team_must_know() -> None:
    devices = {CGW: CustomerGateway(gateway_id=CGW, address="192.0.2.7", asn="65010", tags=TAGGED)}
    sheet = "\n".join(setup_sheet(case(answer(), customer_gateways=devices, alone=True)))

    assert "1. Device: vendor Generic; platform Generic; software Vendor Agnostic" in sheet
    assert "2. Outside address of the device: 192.0.2.7; it must not change" in sheet
    assert "3. Routing: BGP, device ASN 65010, AWS ASN 64512" in sheet
    assert "198.51.100.77: inside 169.254.20.0/30, AWS 169.254.20.1, device 169.254.20.2" in sheet
    assert "203.0.113.12: inside 169.254.10.0/30" in sheet
    assert "ikev2; AES256-GCM-16, SHA2-256; groups 20; DPD 30 s, then clear" in sheet
    assert "UDP 500, IP protocol 50 (ESP), UDP 4500 (only where the device is behind NAT)" in sheet
    assert "Still lacking: one device, 192.0.2.7" in sheet
    assert not any(secret in sheet for secret in SECRETS)


def test_the_sheet_of_a_connection_that_is_still_being_made() -> None:
    told = case(
        answer(State="pending", VgwTelemetry=[], addresses=(), options={"StaticRoutesOnly": True},
               gateway={"VpnGatewayId": VGW}),
        customer_gateways={},
    )  # fmt: skip
    sheet = "\n".join(setup_sheet(told))

    assert "vendor not said (tag the customer gateway: vendor)" in sheet
    assert "none registered" in sheet
    assert "static; routes on AWS's side: none yet" in sheet
    assert "AWS has not told both tunnels yet" in sheet
    assert VpnProblem.STATIC_NO_ROUTES in [one.kind for one in lacks(told)]


@pytest.mark.parametrize("inside", ["", "odd", "169.254.10.0/32"])
def test_an_odd_inside_address_breaks_nothing(inside: str) -> None:
    told = case(answer(tunnel={**SAFE, "TunnelInsideCidr": inside}, options={"EnableAcceleration": True}))
    sheet = "\n".join(setup_sheet(told))
    assert ("not told" if not inside else f"{inside} (not a network as we know it)") in sheet
    assert "UDP 4500 (required)" in sheet


def test_a_second_device_that_is_still_being_made_counts_for_itself() -> None:
    place = snapshot(answer(), answer(VpnConnectionId="vpn-0aaaaaaaaaaaaaaaa", CustomerGatewayId=CGW2, State="pending"))
    new = Case(snapshot=place, connection=place.connections[1], policy=policy(), now=NOW)
    assert VpnProblem.CGW_SINGLE_POINT_OF_FAILURE not in [one.kind for one in lacks(new)]
