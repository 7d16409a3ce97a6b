"""A few alerts by hand, for tests of what becomes of an alert. What production says is made by its producers, in ``real``."""

# ruff: noqa: ANN401 - the requests and answers of AWS and Slack are JSON

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.alerts import kinds
from chalicelib.model.alert import Alert, AlertStatus, Field, Link, Severity, Subject

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
RUNBOOK = "https://runbooks.example.com/network"


def alert(
    *,
    subject_id: str = "vpn-0a1b2c3d4e5f60718",
    status: AlertStatus = AlertStatus.FIRING,
    severity: Severity = Severity.ERROR,
    at: datetime = AT,
    kind: str = "vpn",
    **changes: Any,
) -> Alert:
    """A degraded VPN, or whatever of it a test changes."""
    fields: dict[str, Any] = {
        "title": f"VPN {subject_id}: 1 of 2 tunnels down",
        "summary": "Traffic still flows over the other tunnel. Redundancy is lost: the next failure is an outage.",
        "cause": "IPSEC IS DOWN (AWS telemetry). No AWS maintenance notice is open.",
    }
    subject = Subject(type="vpn", id=subject_id, name="hq-dc1", account="111122223333", region="eu-west-1", env="prod")
    fields |= changes
    return Alert(kind=kind, status=status, severity=severity, subject=subject, at=at, **fields)


def other_kinds(count: int, at_step: timedelta = timedelta()) -> list[Alert]:
    """Alerts of as many kinds, which therefore are no storm."""
    return [alert(kind=f"kind-{number}", at=AT + at_step * number) for number in range(count)]


def recovered(**changes: Any) -> Alert:
    """The same VPN with both tunnels up."""
    return alert(
        **{
            "status": AlertStatus.RESOLVED,
            "title": "VPN hq-dc1: both tunnels up",
            "summary": "Traffic flows, redundancy is back.",
            "cause": "",
        }
        | changes
    )


def vpn_degraded(at: datetime = AT) -> Alert:
    return alert(
        at=at,
        title="VPN hq-dc1: 1 of 2 tunnels down",
        remedy=(
            "Check 198.51.100.7: IKE and IPsec SA for 203.0.113.10",
            "If it stays down for 15 min, restart the tunnel on the on-premises side",
        ),
        links=(kinds.vpn_console("eu-west-1", "vpn-0a1b2c3d4e5f60718"), kinds.runbook(RUNBOOK, "vpn")),
        evidence="203.0.113.10  DOWN  since 02:58:12Z  IPSEC IS DOWN\n203.0.113.74  UP    9 BGP routes",
        fields=(
            Field(name="Connection", value="vpn-0a1b2c3d4e5f60718 (hq-dc1)"),
            Field(name="Gateway", value="tgw-0f00ba47"),
            Field(name="Down", value="203.0.113.10"),
            Field(name="Up", value="203.0.113.74"),
        ),
    )


def vpn_down(at: datetime = AT) -> Alert:
    return alert(
        at=at,
        severity=Severity.CRITICAL,
        title="VPN hq-dc1: all tunnels down",
        summary="No traffic can pass between tgw-0f00ba47 and hq-dc1.",
        cause="IPSEC IS DOWN on both tunnels since 03:07Z. No AWS maintenance notice is open.",
        remedy=("Call the site: is 198.51.100.7 up?", "Look for IKE packets (UDP 500, 4500) at the firewall"),
        links=(kinds.vpn_console("eu-west-1", "vpn-0a1b2c3d4e5f60718"), kinds.runbook(RUNBOOK, "vpn-down")),
        evidence="203.0.113.10  DOWN  since 02:58:12Z\n203.0.113.74  DOWN  since 03:07:40Z",
        fields=(Field(name="Down", value="203.0.113.10, 203.0.113.74"), Field(name="Gateway", value="tgw-0f00ba47")),
    )


def peering_subject() -> Subject:
    return Subject(
        type="peering",
        id="pcx-0123456789abcdef0",
        name="dev to tidb",
        account="444455556666",
        region="eu-west-1",
        env="data",
        owner="team-data",
    )


def peering_held(at: datetime = AT) -> Alert:
    return Alert(
        kind=kinds.PEERING,
        status=AlertStatus.FIRING,
        severity=Severity.INFO,
        subject=peering_subject(),
        at=at,
        title="VPC peering request waits",
        summary="No rule approves it, so nothing was accepted. It expires on 30 November.",
        cause="Rule dev-to-tidb asks for requester CIDRs within 10.16.0.0/12; 10.99.0.0/16 is outside.",
        remedy=(
            "If it is wanted, add a rule to the policy and deploy it",
            "If not: `aws ec2 reject-vpc-peering-connection --vpc-peering-connection-id pcx-0123456789abcdef0`",
        ),
        links=(kinds.peering_console("eu-west-1", "pcx-0123456789abcdef0"), kinds.runbook(RUNBOOK, "peering-held")),
        fields=(
            Field(name="Requester", value="vpc-0aaaaaaaaaaaaaaaa 111122223333/eu-west-1"),
            Field(name="Requester CIDRs", value="10.99.0.0/16"),
            Field(name="Accepter", value="vpc-0bbbbbbbbbbbbbbbb 444455556666/eu-west-1"),
            Field(name="Accepter CIDRs", value="10.40.0.0/16"),
        ),
    )


def peering_approved(at: datetime = AT) -> Alert:
    return Alert(
        kind=kinds.PEERING,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        subject=peering_subject(),
        at=at,
        title="VPC peering approved",
        summary="Accepted by rule dev-to-tidb; 4 routes added; tidb.dev.example.internal resolves to its load balancer.",
        links=(kinds.peering_console("eu-west-1", "pcx-0123456789abcdef0"),),
        fields=(Field(name="Rule", value="dev-to-tidb"), Field(name="Routes", value="4 added, 0 unchanged")),
    )


def certificate(at: datetime = AT) -> Alert:
    return Alert(
        kind=kinds.ORIGIN_CERTIFICATE,
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        subject=Subject(type="origin", id="E2ABC/origin", account="111122223333", region="us-east-1", env="prod"),
        at=at,
        title="CloudFront E2ABC: origin certificate expired",
        summary="CloudFront answers 502 for every cache miss of www.example.com.",
        cause="The certificate of origin.example.com ended on 2026-11-22 23:59Z.",
        remedy=("Install the renewed certificate on the origin", "Check that its chain is complete"),
        links=(kinds.distribution_console("E2ABC"), Link(text="Runbook", url=f"{RUNBOOK}#certificates")),
        evidence="openssl s_client -connect origin.example.com:443 -servername origin.example.com\nnotAfter=Nov 22 23:59",
    )
