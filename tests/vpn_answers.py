"""DescribeVpnConnections and its like in AWS's shape, secrets included; ``tests.observe.test_vpn`` holds them to botocore's model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.decide.tunnels import Verdict, judge_tunnels
from chalicelib.model.network import Place
from chalicelib.model.policy import Account, Policy, VpnPolicy
from chalicelib.model.tunnel_details import TunnelDetails, TunnelKey
from chalicelib.model.vpn import CustomerGateway, VpnProblem, VpnSnapshot
from chalicelib.observe.vpn import connection_fact

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=3)
PLACE = Place(account="111122223333", region="eu-west-1")
ID, OTHER = "vpn-0123456789abcdef0", "vpn-0fedcba9876543210"
CGW, CGW2, CGW_TWIN = "cgw-0123456789abcdef0", "cgw-0fedcba9876543210", "cgw-0aaaaaaaaaaaaaaaa"
TGW, VGW = "tgw-0123456789abcdef0", "vgw-0123456789abcdef0"
FIRST, SECOND = "198.51.100.77", "203.0.113.12"
PRE_SHARED_KEY = "PSK.canary_0d41e9"
XML = f"<vpn_connection id='x'><ike><pre_shared_key>{PRE_SHARED_KEY}</pre_shared_key></ike></vpn_connection>"
SECRETS = (PRE_SHARED_KEY, "<vpn_connection", "pre_shared_key", "CustomerGatewayConfiguration")
Json = dict[str, Any]

SAFE: Json = {
    "StartupAction": "start",
    "IkeVersions": [{"Value": "ikev2"}],
    "Phase1EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
    "Phase2EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
    "Phase1IntegrityAlgorithms": [{"Value": "SHA2-256"}],
    "Phase2IntegrityAlgorithms": [{"Value": "SHA2-256"}],
    "Phase1DHGroupNumbers": [{"Value": 20}],
    "Phase2DHGroupNumbers": [{"Value": 20}],
    "LogOptions": {
        "CloudWatchLogOptions": {
            "LogEnabled": True,
            "LogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/vpn/hq:*",
            "BgpLogEnabled": True,
        }
    },
}


def up(address: str, routes: int | None = 4, message: str | None = None, since: datetime = LONG_AGO) -> Json:
    """A row of telemetry of a tunnel that carries traffic."""
    row: Json = {"OutsideIpAddress": address, "Status": "UP", "LastStatusChange": since}
    row["StatusMessage"] = f"{routes} BGP ROUTES" if message is None else message
    return row if routes is None else {**row, "AcceptedRouteCount": routes}


def down(address: str, message: str = "IPSEC IS DOWN", since: datetime = LONG_AGO) -> Json:
    return {
        "OutsideIpAddress": address,
        "Status": "DOWN",
        "StatusMessage": message,
        "AcceptedRouteCount": 0,
        "LastStatusChange": since,
    }


def answer(
    *rows: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    tunnel: Mapping[str, Any] | None = None,
    addresses: Sequence[str] = (SECOND, FIRST),
    gateway: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    **more: Any,  # noqa: ANN401 - keys of the API
) -> Json:
    """One element of DescribeVpnConnections: both tunnels up unless rows are given, options in another order than rows."""
    made = [
        {
            "OutsideIpAddress": address,
            "TunnelInsideCidr": f"169.254.{number}0.0/30",
            "PreSharedKey": f"{PRE_SHARED_KEY}.{number}",
            **(SAFE if tunnel is None else tunnel),
        }
        for number, address in enumerate(addresses, 1)
    ]
    return {
        "VpnConnectionId": ID,
        "State": "available",
        "Type": "ipsec.1",
        "Category": "VPN",
        "CustomerGatewayId": CGW,
        "GatewayAssociationState": "associated",
        "CustomerGatewayConfiguration": XML,
        **({"TransitGatewayId": TGW} if gateway is None else gateway),
        "Options": {
            "EnableAcceleration": False,
            "StaticRoutesOnly": False,
            "TunnelInsideIpVersion": "ipv4",
            "TunnelOptions": made,
            **(options or {}),
        },
        "Routes": [],
        "Tags": [{"Key": key, "Value": value} for key, value in (tags or {"Name": "hq"}).items()],
        "VgwTelemetry": list(rows) or [up(FIRST), up(SECOND)],
        **more,
    }


DEVICES = {
    CGW: CustomerGateway(gateway_id=CGW, address="192.0.2.7", asn="65010"),
    CGW2: CustomerGateway(gateway_id=CGW2, address="192.0.2.8", asn="65010"),
    CGW_TWIN: CustomerGateway(gateway_id=CGW_TWIN, address="192.0.2.7", asn="65010"),
}


def snapshot(
    *answers: Mapping[str, Any],
    details: Mapping[tuple[str, str], TunnelDetails] | None = None,
    **more: Any,  # noqa: ANN401 - fields of the snapshot
) -> VpnSnapshot:
    """A place with these connections, and a twin of the first on a second device unless ``alone`` says otherwise."""
    alone = more.pop("alone", False)
    twin = {**answers[0], "VpnConnectionId": OTHER, "CustomerGatewayId": CGW2, "State": "available"} if answers else {}
    told = answers if alone else (*answers, twin)
    return VpnSnapshot(
        place=PLACE,
        connections=tuple(connection_fact(one, PLACE) for one in told),
        customer_gateways=more.pop("customer_gateways", DEVICES),
        direct_connect=more.pop("direct_connect", {TGW: False, VGW: False}),
        asns={TGW: "64512", VGW: "64513"},
        alarms=more.pop("alarms", ()),
        details={TunnelKey(*key): value for key, value in (details or {}).items()},
        **more,
    )


def policy(**vpn: Any) -> Policy:  # noqa: ANN401 - fields of VpnPolicy
    return Policy(accounts={PLACE.account: Account(name="dev")}, regions=(PLACE.region,), vpn=VpnPolicy(**vpn))


def judged(
    *answers: Mapping[str, Any],
    details: Mapping[tuple[str, str], TunnelDetails] | None = None,
    vpn: Mapping[str, Any] | None = None,
    now: datetime = NOW,
    **more: Any,  # noqa: ANN401
) -> Verdict:
    """The verdict on the first of these connections."""
    place = snapshot(*answers, details=details, **more)
    return judge_tunnels(place, place.connections[0], policy(**(vpn or {})), now)


def kinds(verdict: Verdict) -> list[VpnProblem]:
    return [one.kind for one in verdict.findings]
