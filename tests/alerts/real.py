"""Every alert that production makes, made by its real producer: the flows over an AWS in memory, never a text of a test's own.

``real_alerts()`` are (what happened, alert) pairs, made once per process; they cover every kind and every chapter of the runbook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

from chalicelib.alerts.dead_letters import Letter, dead_letter_alert
from chalicelib.alerts.policy_alerts import policy_alert, unreadable_alert
from chalicelib.alerts.roll import NOTICES, STORM, UNCONFIRMED, UNCONFIRMED_SUBJECT, join, member, subject_of
from chalicelib.alerts.state import Stored
from chalicelib.alerts.vpn_alerts import VpnTold, vpn_alert
from chalicelib.decide.tunnels import judge_tunnels
from chalicelib.flows.certificates import react_to_certificate
from chalicelib.flows.origins import react_to_origin
from chalicelib.flows.sweep_certificates import sweep_certificates
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.certificates import Contact
from chalicelib.model.errors import AccessRefused
from chalicelib.model.tunnel_details import ActiveTunnel, TunnelDetails
from chalicelib.model.vpn import VpnSnapshot
from demo.world import DEV
from tests.alerts.real_names import real_names
from tests.alerts.real_peerings import Told, peerings, told
from tests.aws.local import HUB
from tests.aws.strict.vpn import vpn_maintenance, vpn_options
from tests.flows import certificate_world as certificates
from tests.flows.test_certificates import CHANGED, RENEWED, WRONG_NAME
from tests.flows.test_vpn import FIRST, alarm, call, staged
from tests.lab import Lab
from tests.pki import NOW
from tests.reliability import worlds
from tests.reliability.worlds import request
from tests.vpn_answers import ID, SECOND, VGW, answer, down, policy, snapshot, up
from tests.vpn_answers import NOW as VPN_NOW


@cache
def real_alerts() -> tuple[Told, ...]:
    """All of them. It takes some seconds, so it is done once."""
    return (*peerings(), *real_names(), *_vpn(), *_other_vpn(), *_certificates(), *_automation(), *_rolls())


def _vpn() -> Iterator[Told]:
    with staged() as stage:
        stage.event(call("CreateVpnConnection", stage.vpn.id))
        yield from told(stage.lab, "a new VPN connection")
        for statuses in (("DOWN", "UP"), ("DOWN", "DOWN"), ("UP", "UP")):
            stage.clock.passes(minutes=10)
            stage.tunnels(*statuses)
            stage.event(alarm(stage.vpn.id, FIRST))
            yield from told(stage.lab, f"tunnels {statuses}")
        stage.lab.alerts()
        vpn_options(stage.vpn.id, tunnel={"EnableTunnelLifecycleControl": True})
        soon = stage.clock.now + timedelta(days=9)
        vpn_maintenance(stage.vpn.id, PendingMaintenance="True", MaintenanceAutoAppliedAfter=soon)
        stage.sweep()
        yield from told(stage.lab, "maintenance that AWS announced")
        stage.lab.denied.add(("ec2:DescribeVpnConnections", DEV))
        stage.sweep()
        yield from told(stage.lab, "VPN connections that cannot be read")


def _other_vpn() -> Iterator[Told]:
    """Connections of other shapes than the lab can make, judged and told as the flow does."""
    static = answer(
        up(FIRST, 1, ""), up(SECOND, 1, ""), options={"StaticRoutesOnly": True}, gateway={"VpnGatewayId": VGW}
    )
    yield "a static connection without routes", _judged(snapshot(static))
    half = answer(up(FIRST), down(SECOND))
    never = TunnelDetails(ever_up=False)
    yield "a second tunnel that was never configured", _judged(snapshot(half, details={(ID, SECOND): never}))
    failed = TunnelDetails(active=ActiveTunnel(provisioning="failed", reason="the inside CIDR is taken"))
    yield "a tunnel that AWS could not provision", _judged(snapshot(half, details={(ID, SECOND): failed}))
    modified = answer(up(FIRST), down(SECOND, since=VPN_NOW - timedelta(minutes=10)), State="modifying")
    yield "a loss while AWS is at work", _judged(snapshot(modified), quiet=True)


def _judged(seen: VpnSnapshot, *, quiet: bool = False) -> Alert:
    connection = seen.connections[0]
    verdict = judge_tunnels(seen, connection, policy(), VPN_NOW)
    about = VpnTold(verdict=verdict, snapshot=seen, policy=policy(), now=VPN_NOW)
    return vpn_alert(about, connection, verdict.losses(known=False) if quiet else verdict.findings)


def _certificates() -> Iterator[Told]:
    wrong = certificates.InMemory(chain=WRONG_NAME)
    react_to_origin(CHANGED, wrong.world())
    yield from (("an origin without the name", alert) for alert in wrong.road.told)
    refused = certificates.InMemory(contact=Contact.REFUSED)
    react_to_origin(CHANGED, refused.world())
    yield from (("an origin that refuses connections", alert) for alert in refused.road.told)
    ending = certificates.InMemory()
    ending.certificates_of = [
        certificates.acm(days_left=5, type="IMPORTED", eligible=False),
        certificates.acm(certificates.VIEWER, names=("x.example.com",)),
    ]
    react_to_certificate(RENEWED, ending.world())
    sweep_certificates(ending.world(), lambda: 300.0)
    yield from (("an imported certificate near its end, and an alias without one", alert) for alert in ending.road.told)


def _automation() -> Iterator[Told]:
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        lab.denied.add(("sts:AssumeRole", DEV))
        lab.request_arrives(request(lab))
        yield from told(lab, "an account that lets nobody in")
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        lab.denied.add(("dynamodb:BatchWriteItem", HUB))
        request(lab)
        lab.sweep()
        yield from told(lab, "a request that cannot be remembered")
    for source in (
        "chalicelib/policy.yaml",
        "ssm:/netreflex/policy",
        "ssm:/netreflex/policy:3",
        "ssm:/netreflex/policy:live",
        "s3://netreflex-policies/policy.yaml",
        "s3://netreflex-policies/policy.yaml?versionId=3sL4kqtJlcpX",
        "appconfig:a/b/c",
    ):
        for in_force in ("ab12cd34", None):
            fault = "names[0].zone: is missing; write the zone's name"
            yield (
                f"a broken policy in {source}",
                policy_alert(source, fault, in_force=in_force, account=DEV, region="eu-west-1", now=NOW),
            )
            fault = str(AccessRefused(account="home", operation="ssm:GetParameter", code="AccessDeniedException"))
            there = {"in_force": in_force, "account": DEV, "region": "eu-west-1", "now": NOW}
            yield (
                f"one function may not read {source}",
                unreadable_alert(source, fault, function="netreflex-prod-peering", **there),  # type: ignore[arg-type]
            )
    by_function = Letter(
        failed="function netreflex-prod-peering",
        cause="RetriesExhausted: AwsFailure",
        sent=NOW,
        function="netreflex-prod-peering",
    )
    by_rule = Letter(
        failed="rule netreflex-prod-vpn-event", cause="NO_PERMISSIONS", sent=NOW, function="netreflex-prod-vpn"
    )
    by_queue = Letter(failed="delivery of a message", cause="its consumer failed every time", sent=NOW, function="")
    for letters in ((by_function,), (by_rule,), (by_queue,), (by_function, by_rule, by_queue)):
        arn = "arn:aws:sqs:eu-west-1:123456789012:netreflex-prod-dead-letters"
        yield "dead letters", dead_letter_alert(arn, 3, letters, now=NOW)


def _rolls() -> Iterator[Told]:
    told = [alert for _, alert in _vpn()]
    alerts = [alert for alert in told if alert.status is AlertStatus.FIRING]
    notices = [alert for alert in told if alert.status is AlertStatus.NOTICE]
    rolls = (
        (STORM, alerts, subject_of(alerts[0])),
        (NOTICES, notices, subject_of(notices[0])),
        (UNCONFIRMED, alerts, UNCONFIRMED_SUBJECT),
    )
    for kind, some, subject in rolls:
        one = Stored(alert=some[0], first=NOW, since=NOW, worst=some[0].severity)
        members = tuple(member(replace(one, episode=number), NOW) for number in range(12))
        yield kind, join(None, kind, subject, members, NOW).alert
