"""VPN connections from an event to the messages, against moto: one message for one outage, whoever tells of it."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chalicelib.alerts.render import message
from chalicelib.alerts.state import Stored
from chalicelib.alerts.store import AlertStore
from chalicelib.alerts.vpn_alerts import SETUP, vpn_fingerprint
from chalicelib.flows.sweep_all import sweep_everything
from chalicelib.flows.sweep_vpn import sweep_connections
from chalicelib.flows.vpn import MOST_ALARMS, react_to_vpn
from chalicelib.intake.parse_vpn import parse_vpn_event
from chalicelib.logs import RedactingFormatter, quiet_libraries
from chalicelib.model.actions import Action
from chalicelib.model.errors import RetryLater
from chalicelib.model.network import Place
from chalicelib.model.report import Failure, Report
from chalicelib.perform.executor import DryRunExecutor, Outcome
from tests.aws.strict.vpn import PRE_SHARED_KEY, vpn_history, vpn_maintenance, vpn_options, vpn_telemetry
from tests.lab import TABLE, Lab

DEV = Place(account="111122223333", region="eu-west-1")
POLICY = """
version: 1
accounts: {"111122223333": {name: dev}}
regions: [eu-west-1]
vpn: {VPN}
"""
FIRST, SECOND = "198.51.100.1", "198.51.100.2"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UP, DOWN = ("4 BGP ROUTES", 4), ("IPSEC IS DOWN", 0)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)


class Vpn:
    """Connections on one transit gateway, each pair of them behind two devices."""

    def __init__(self, lab: Lab) -> None:
        self._ec2 = lab.client("ec2", DEV.account)
        self.gateway = self._ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        self.devices = [self.device("192.0.2.7"), self.device("192.0.2.8")]
        self.id = self.connection("hq", self.devices[0])

    def device(self, address: str) -> str:
        made = self._ec2.create_customer_gateway(Type="ipsec.1", PublicIp=address, BgpAsn=65010)
        return str(made["CustomerGateway"]["CustomerGatewayId"])

    def connection(self, name: str, device: str, **tags: str) -> str:
        named = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
        made = self._ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=device,
            TransitGatewayId=self.gateway,
            TagSpecifications=[{"ResourceType": "vpn-connection", "Tags": named}],
        )
        found = str(made["VpnConnection"]["VpnConnectionId"])
        vpn_telemetry(found, "UP", "UP", message=UP[0], accepted_routes=UP[1], changed=START - timedelta(days=9))
        return found

    def delete(self, connection_id: str) -> None:
        self._ec2.delete_vpn_connection(VpnConnectionId=connection_id)


class Stage:
    """A lab with its clock; ``tell`` is what people would have seen."""

    def __init__(self, lab: Lab, clock: Clock) -> None:
        self.lab, self.clock, self.vpn = lab, clock, lab.world
        self.second = self.vpn.connection("hq-2", self.vpn.devices[1])

    def tunnels(self, *statuses: str, at: datetime | Sequence[datetime] | None = None) -> None:
        """Both tunnels of the first connection, changed now unless a time (or one for each) is given."""
        text, routes = DOWN if "DOWN" in statuses else UP
        message = "" if len(set(statuses)) > 1 else text
        vpn_telemetry(
            self.vpn.id, *statuses, message=message, accepted_routes=routes or 4, changed=at or self.clock.now
        )

    def event(self, told: dict[str, Any]) -> Report:
        with self.lab.counting():
            return react_to_vpn(parse_vpn_event(told), self.lab.flow_world())

    def sweep(self) -> Report:
        with self.lab.counting():
            return sweep_connections(self.lab.flow_world())

    def messages(self) -> list[tuple[str, str, str]]:
        """Status, severity and title of what was published since the last look."""
        return [(one["status"], one["severity"], one["title"]) for one in self.lab.alerts()]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


class staged:  # noqa: N801 - reads as a phrase
    """A stage with a policy of its own."""

    def __init__(self, vpn: str = "{}", mode: str = "enforce") -> None:
        self._clock = Clock()
        self._lab = Lab(POLICY.replace("{VPN}", vpn), world=Vpn, now=self._clock, mode=mode)

    def __enter__(self) -> Stage:
        return Stage(self._lab.__enter__(), self._clock)

    def __exit__(self, *error: object) -> None:
        self._lab.__exit__(*error)


# ---- the four sources ---------------------------------------------------------------------------------------------
def envelope(source: str, kind: str, detail: dict[str, Any], region: str = "eu-west-1") -> dict[str, Any]:
    return {"source": source, "detail-type": kind, "account": DEV.account, "region": region,
            "time": "2026-03-02T09:00:00Z", "resources": [], "detail": detail}  # fmt: skip


def alarm(connection_id: str, address: str, state: str = "ALARM") -> dict[str, Any]:
    metric = {"namespace": "AWS/VPN", "name": "TunnelState", "dimensions": {"TunnelIpAddress": address}}
    if connection_id:
        metric["dimensions"] = {"VpnId": connection_id, "TunnelIpAddress": address}
    detail = {"state": {"value": state}, "configuration": {"metrics": [{"metricStat": {"metric": metric}}]}}
    return envelope("aws.cloudwatch", "CloudWatch Alarm State Change", detail)


def health(connection_id: str) -> dict[str, Any]:
    detail = {"service": "VPN", "eventRegion": "eu-west-1", "affectedEntities": [{"entityValue": connection_id}]}
    return envelope("aws.health", "AWS Health Event", detail, "us-west-2")


def network_manager(connection_id: str) -> dict[str, Any]:
    arn = f"arn:aws:ec2:eu-west-1:{DEV.account}:vpn-connection/{connection_id}"
    detail = {"changeType": "VPN-CONNECTION-IPSEC-DOWN", "vpnConnectionArn": arn, "region": "eu-west-1"}
    return envelope("aws.networkmanager", "Network Manager Status Update", detail, "us-west-2")


def call(name: str, connection_id: str) -> dict[str, Any]:
    detail = {"eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
              "requestParameters": {"vpnConnectionId": connection_id}}  # fmt: skip
    return envelope("aws.ec2", "AWS API Call via CloudTrail", detail)


# ---- one outage, one message --------------------------------------------------------------------------------------
SOURCES: dict[str, Callable[[Stage], Report]] = {
    "alarm": lambda stage: stage.event(alarm(stage.vpn.id, FIRST)),
    "alarm by address": lambda stage: stage.event(alarm("", SECOND)),
    "health": lambda stage: stage.event(health(stage.vpn.id)),
    "network manager": lambda stage: stage.event(network_manager(stage.vpn.id)),
    "sweep": lambda stage: stage.sweep(),
}


def test_the_same_outage_told_by_all_in_some_orders_is_one_message(stage: Stage) -> None:
    """``test_vpn_storm`` plays every order; here are some of them on the emulator, one outage after the other."""
    orders = list(itertools.permutations(SOURCES))
    for episode, order in enumerate(orders[::40]):
        stage.clock.passes(hours=1)
        stage.tunnels("DOWN", "DOWN")
        for source in order:
            SOURCES[source](stage)
            stage.clock.passes(seconds=70)
        told = stage.messages()
        assert told == [("firing", "critical", "VPN hq: all tunnels down")], (episode, order)
        stage.tunnels("UP", "UP")
        SOURCES[order[0]](stage)
        assert stage.messages() == [("resolved", "critical", "VPN hq: both tunnels up")]


def test_a_connection_on_one_device_has_its_outage_told_and_ended_like_any_other() -> None:
    with staged() as stage:
        stage.vpn.delete(stage.second)
        stage.tunnels("DOWN", "DOWN")
        for source in SOURCES.values():
            source(stage)
        assert stage.messages() == [("firing", "critical", "VPN hq: all tunnels down")]
        stage.clock.passes(minutes=3)
        stage.tunnels("UP", "UP")
        stage.event(alarm(stage.vpn.id, FIRST, "OK"))
        assert stage.messages() == [("resolved", "critical", "VPN hq: both tunnels up")]
        stage.sweep()
        assert stage.messages() == [("firing", "warning", "VPN hq: one device is all there is")]


def test_one_down_all_down_one_up_both_up_is_one_message_right_at_each_step(stage: Stage) -> None:
    lost = stage.clock.now
    stage.tunnels("UP", "DOWN")
    stage.event(alarm(stage.vpn.id, SECOND))
    assert stage.messages() == []  # it may come back by itself

    stage.clock.passes(minutes=6)
    stage.sweep()
    first = stage.lab.alerts()
    stage.clock.passes(minutes=1)
    stage.tunnels("DOWN", "DOWN", at=(stage.clock.now, lost))
    stage.event(network_manager(stage.vpn.id))
    second = stage.lab.alerts()
    stage.clock.passes(minutes=9)
    stage.tunnels("UP", "DOWN", at=(stage.clock.now, lost))
    stage.event(alarm(stage.vpn.id, FIRST, "OK"))
    third = stage.lab.alerts()
    stage.clock.passes(minutes=4)
    stage.tunnels("UP", "UP")
    stage.sweep()
    fourth = stage.lab.alerts()

    told = [one for [one] in (first, second, third, fourth)]
    assert [(one["status"], one["severity"], one["title"]) for one in told] == [
        ("firing", "error", "VPN hq: 1 of 2 tunnels down"),
        ("firing", "critical", "VPN hq: all tunnels down"),
        ("firing", "error", "VPN hq: 1 of 2 tunnels down"),
        ("resolved", "error", "VPN hq: both tunnels up"),
    ]
    assert {(one["fp"], one["ep"]) for one in told} == {(vpn_fingerprint(DEV, stage.vpn.id), 1)}
    assert told[-1]["summary"] == (
        "Traffic was cut for 9 min (2026-03-02 09:07:00Z to 2026-03-02 09:16:00Z). "
        "In all, one tunnel or both were down for 20 min (2026-03-02 09:00:00Z to 2026-03-02 09:20:00Z). "
        "The connection is in order."
    )
    assert "Traffic still flows over the other tunnel" in told[0]["summary"]
    assert "No traffic can pass" in told[1]["summary"]


def test_the_message_says_how_long_the_outage_was(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    stage.event(alarm(stage.vpn.id, FIRST))
    stage.clock.passes(minutes=9)
    stage.tunnels("UP", "UP")
    stage.event(alarm(stage.vpn.id, FIRST, "OK"))

    assert "Traffic was cut for 9 min" in stage.lab.alerts()[-1]["summary"]
    shown = message(_stored(stage, vpn_fingerprint(DEV, stage.vpn.id)))
    assert shown.text.startswith("✅ RESOLVED · VPN hq: both tunnels up")
    assert "This alert was open for 9 min" in shown.text


def test_a_tunnel_that_falls_and_rises_does_not_seem_well_in_between(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    stage.event(alarm(stage.vpn.id, FIRST))
    stage.clock.passes(minutes=2)
    stage.tunnels("UP", "DOWN")  # the second one changed a moment ago and would have its grace
    stage.event(alarm(stage.vpn.id, FIRST, "OK"))
    assert [one[1:] for one in stage.messages()] == [
        ("critical", "VPN hq: all tunnels down"), ("error", "VPN hq: 1 of 2 tunnels down"),
    ]  # fmt: skip


def test_odd_telemetry_ends_no_outage(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    stage.sweep()
    stage.clock.passes(minutes=2)
    stage.tunnels("UP", "BROKEN")
    stage.sweep()
    assert [one[0] for one in stage.messages()] == ["firing", "firing"]
    stage.clock.passes(minutes=2)
    stage.tunnels("UP", "UP")
    stage.sweep()
    assert [one[0] for one in stage.messages()] == ["resolved"]


def test_nobody_is_told_of_health_or_of_what_is_merely_unknown(stage: Stage) -> None:
    stage.sweep()
    stage.tunnels("UP", "BROKEN")
    report = stage.event(health(stage.vpn.id))
    assert stage.messages() == []
    assert report.reasons[0].startswith(f"{stage.vpn.id} is unknown")


# ---- maintenance and exceptions -----------------------------------------------------------------------------------
def test_maintenance_is_told_as_such_and_counts_in_full_after_its_bound(stage: Stage) -> None:
    stage.tunnels("UP", "DOWN")
    vpn_maintenance(stage.vpn.id, PendingMaintenance="False", LastMaintenanceApplied=stage.clock.now)
    stage.event(health(stage.vpn.id))
    stage.clock.passes(minutes=10)
    stage.sweep()
    assert stage.messages() == [("firing", "info", "VPN hq: down for maintenance")]
    stage.clock.passes(minutes=20)
    stage.sweep()
    assert stage.messages() == [("firing", "error", "VPN hq: 1 of 2 tunnels down")]


def test_an_allowed_single_tunnel_ends_what_was_told_of_it() -> None:
    with staged("{single_tunnel_ok: {tags: {Name: hq}}}") as stage:
        stage.tunnels("DOWN", "DOWN")
        stage.sweep()
        stage.clock.passes(minutes=9)
        stage.tunnels("UP", "DOWN")
        stage.sweep()
        assert stage.messages() == [
            ("firing", "critical", "VPN hq: all tunnels down"), ("resolved", "critical", "VPN hq: in order"),
        ]  # fmt: skip


@pytest.mark.parametrize("by", ["event", "sweep"])
def test_pending_maintenance_is_told_and_ends(by: str) -> None:
    with staged() as stage:
        vpn_options(stage.vpn.id, tunnel={"EnableTunnelLifecycleControl": True})
        vpn_maintenance(stage.vpn.id, PendingMaintenance="True", MaintenanceAutoAppliedAfter=START + timedelta(days=9))
        stage.sweep()
        [told] = stage.lab.alerts()
        assert (told["severity"], told["title"]) == ("info", "VPN hq: AWS maintenance is pending")
        assert "AWS applies it by itself after 2026-03-11 09:00:00Z" in told["cause"]
        assert "aws ec2 replace-vpn-tunnel" in told["remedy"][0]
        vpn_maintenance(stage.vpn.id, PendingMaintenance="False")
        stage.clock.passes(minutes=5)
        stage.sweep()
        assert stage.messages() == []  # AWS was asked a short while ago
        if by == "event":
            stage.clock.passes(seconds=1)
            stage.event(call("ReplaceVpnTunnel", stage.vpn.id))
        else:
            stage.clock.passes(hours=1)
            stage.sweep()
        assert stage.messages() == [("resolved", "info", "VPN hq: its set-up is in order")]


# ---- alarms -------------------------------------------------------------------------------------------------------
def alarm_names(stage: Stage) -> set[str]:
    found = stage.lab.client("cloudwatch", DEV.account).describe_alarms()["MetricAlarms"]
    return {one["AlarmName"] for one in found}


def test_every_tunnel_gets_its_alarm_once_and_loses_it_with_the_connection(stage: Stage) -> None:
    created = stage.event(call("CreateVpnConnection", stage.vpn.id))
    mine = {f"netreflex-vpn-{stage.vpn.id[4:]}-{address}" for address in (FIRST, SECOND)}
    assert len(created.performed) == 2
    assert alarm_names(stage) == mine
    stage.sweep()
    assert len(alarm_names(stage)) == 4
    again = stage.sweep()
    assert (again.performed, again.unchanged) == ((), 4)
    assert stage.lab.calls["cloudwatch:PutMetricAlarm"] == 0

    stage.vpn.delete(stage.second)
    stage.event(call("DeleteVpnConnection", stage.second))
    assert alarm_names(stage) == mine


def test_a_connection_that_aws_shows_no_more_loses_its_alarms_and_its_alert(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    stage.sweep()
    stage.lab.alerts()
    stage.clock.passes(minutes=5)
    from moto.ec2.models import ec2_backends

    del ec2_backends[DEV.account][DEV.region].vpn_connections[stage.vpn.id]
    stage.sweep()
    assert not any(stage.vpn.id[4:] in name for name in alarm_names(stage))
    assert ("resolved", "critical", f"VPN {stage.vpn.id}: the connection is deleted") in stage.messages()


def test_an_alert_about_a_connection_that_aws_shows_no_more_ends_without_any_alarm_of_ours() -> None:
    from moto.ec2.models import ec2_backends

    with staged("{alarms: false}") as stage:
        stage.tunnels("DOWN", "DOWN")
        stage.sweep()
        stage.lab.alerts()
        del ec2_backends[DEV.account][DEV.region].vpn_connections[stage.vpn.id]
        stage.clock.passes(minutes=5)
        stage.sweep()
        gone = ("resolved", "critical", f"VPN {stage.vpn.id}: the connection is deleted")
        assert gone not in stage.messages()  # EC2 may not show for a moment what is there
        stage.clock.passes(minutes=15)
        stage.sweep()
        assert gone in stage.messages()


def test_a_place_that_leaves_the_policy_takes_the_alerts_about_its_connections_along(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    stage.sweep()
    stage.lab.denied.add(("ec2:DescribeVpnConnections", DEV.account))
    stage.sweep()
    stage.lab.alerts()
    stage.clock.passes(minutes=5)
    stage.lab.fresh_runtime("version: 1\n")
    sweep_everything(stage.lab.flow_world())
    assert {(status, title) for status, _, title in stage.messages()} == {
        ("resolved", "netreflex need not look into hq any more"),
        ("resolved", "netreflex need not look into dev eu-west-1 any more"),
    }
    sweep_everything(stage.lab.flow_world())
    assert stage.messages() == []


def test_observe_mode_plans_and_tells_and_makes_no_alarm() -> None:
    with staged(mode="observe") as stage:
        stage.tunnels("DOWN", "DOWN")
        report = stage.event(alarm(stage.vpn.id, FIRST))
        assert len(report.planned) == 2
        assert report.performed == ()
        assert alarm_names(stage) == set()
        assert stage.messages() == [("firing", "critical", "VPN hq: all tunnels down")]
        assert set(stage.lab.writes) == {"dynamodb:PutItem", "sns:Publish"}


def test_alarms_switched_off_make_none_and_remove_ours() -> None:
    with staged("{alarms: false}") as stage:
        assert stage.sweep().planned == ()
        stage.lab.fresh_runtime(POLICY.replace("{VPN}", "{}"))
        stage.sweep()
        assert len(alarm_names(stage)) == 4
        stage.lab.fresh_runtime(POLICY.replace("{VPN}", "{alarms: false}"))
        stage.sweep()
        assert alarm_names(stage) == set()


def test_somebody_elses_alarm_of_our_name_stays_and_is_told(stage: Stage) -> None:
    name = f"netreflex-vpn-{stage.vpn.id[4:]}-{FIRST}"
    cloudwatch = stage.lab.client("cloudwatch", DEV.account)
    settings = {"ComparisonOperator": "LessThanThreshold", "EvaluationPeriods": 1, "MetricName": "x", "Namespace": "y",
                "Period": 60, "Statistic": "Sum", "Threshold": 1.0}  # fmt: skip
    cloudwatch.put_metric_alarm(AlarmName=name, AlarmDescription="mine", **settings)
    report = stage.sweep()
    assert [one.reason for one in report.refused] == [f"an alarm {name} is there that netreflex did not make"]
    assert stage.messages() == [
        ("firing", "warning", "netreflex watches the VPN connections only in part of dev eu-west-1")
    ]
    cloudwatch.delete_alarms(AlarmNames=[name])
    stage.clock.passes(minutes=5)
    stage.sweep()
    assert stage.messages() == [("resolved", "warning", "netreflex watches the VPN connections of dev eu-west-1 again")]


# ---- a new connection ---------------------------------------------------------------------------------------------
def test_a_new_connection_is_introduced_with_its_sheet_and_what_it_lacks(stage: Stage) -> None:
    stage.vpn.delete(stage.second)
    report = stage.event(call("CreateVpnConnection", stage.vpn.id))
    told = {one["status"]: one for one in stage.lab.alerts()}

    notice = told["notice"]
    assert notice["title"] == "VPN hq: new connection"
    assert "One device, 192.0.2.7" in notice["cause"]
    assert "no tunnel activity log is written" in notice["cause"].lower()
    assert any("Outside address of the device: 192.0.2.7" in line for line in report.proof)
    assert PRE_SHARED_KEY not in json.dumps(report.as_json())


def test_the_sheet_of_a_tagged_device_has_the_whole_command(stage: Stage) -> None:
    kind = {"vendor": "Generic", "platform": "Generic", "software": "Vendor Agnostic"}
    tags = [{"Key": key, "Value": value} for key, value in kind.items()]
    stage.lab.client("ec2", DEV.account).create_tags(Resources=[stage.vpn.devices[0]], Tags=tags)
    stage.event(call("CreateVpnConnection", stage.vpn.id))
    [notice] = [one for one in stage.lab.alerts() if one["status"] == "notice"]
    assert "--vpn-connection-device-type-id 9005b6c1 " in notice["remedy"][0]


def test_the_sheet_of_any_connection_comes_by_the_command_of_the_docs(stage: Stage) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "vpn.md").read_text()
    [payload] = re.findall(r"--payload '(.*)' /dev/stdout", page)
    filled = {"ACCOUNT": DEV.account, "VPN_REGION": DEV.region, "VPN_ID": stage.vpn.id}
    for word, value in filled.items():
        payload = payload.replace(f'"{word}"', f'"{value}"')
    stage.clock.passes(hours=500)
    report = stage.event(json.loads(payload))
    assert [line[0] for line in report.proof if line[0].isdigit()] == ["1", "2", "3", "4", "5"]
    assert "proof" in report.as_json()


def test_a_new_connection_that_aws_does_not_show_yet_is_waited_for(stage: Stage) -> None:
    with pytest.raises(RetryLater, match="is not to be seen yet"):
        stage.event(call("CreateVpnConnection", "vpn-0123456789abcdef0"))
    stage.clock.passes(minutes=16)
    assert stage.event(call("CreateVpnConnection", "vpn-0123456789abcdef0")).decision == "observed"
    assert stage.messages() == []


def test_a_new_connection_whose_device_is_not_connected_yet_is_no_outage(stage: Stage) -> None:
    vpn_history(stage.vpn.id, "silent")
    stage.tunnels("DOWN", "DOWN")
    assert any(one.startswith(f"{stage.vpn.id} is waiting") for one in stage.sweep().reasons)
    vpn_history(stage.vpn.id, "never")
    for _ in range(4):
        stage.clock.passes(minutes=5)
        assert any(one.startswith(f"{stage.vpn.id} is not yet up") for one in stage.sweep().reasons)
    stage.event(alarm(stage.vpn.id, FIRST))
    assert stage.messages() == []

    vpn_history(stage.vpn.id, "up")
    stage.tunnels("UP", "UP")
    stage.sweep()
    stage.clock.passes(minutes=5)
    stage.tunnels("DOWN", "DOWN")
    stage.sweep()
    assert stage.messages() == [("firing", "critical", "VPN hq: all tunnels down")]


def test_a_connection_that_cloudwatch_stays_silent_about_is_an_outage_after_a_short_while(stage: Stage) -> None:
    vpn_history(stage.vpn.id, "silent")
    stage.tunnels("DOWN", "DOWN")
    told = []
    for _ in range(4):
        stage.sweep()
        told.append(stage.messages())
        stage.clock.passes(minutes=5)
    assert told == [[], [], [], [("firing", "critical", "VPN hq: all tunnels down")]]


def test_what_was_told_of_a_connection_that_turns_out_never_to_have_been_up_ends(stage: Stage) -> None:
    stage.lab.denied.add(("cloudwatch:GetMetricData", DEV.account))
    vpn_history(stage.vpn.id, "never")
    stage.tunnels("DOWN", "DOWN")
    stage.event(alarm(stage.vpn.id, FIRST))
    stage.lab.denied.clear()
    stage.clock.passes(minutes=5)
    stage.event(alarm(stage.vpn.id, FIRST))
    assert stage.messages() == [
        ("firing", "critical", "VPN hq: all tunnels down"), ("resolved", "critical", "VPN hq: not yet up"),
    ]  # fmt: skip


# ---- who may look -------------------------------------------------------------------------------------------------
def test_places_outside_the_policy_are_not_looked_at(stage: Stage) -> None:
    told = {**alarm(stage.vpn.id, FIRST), "account": "999999999999"}
    report = stage.event(told)
    assert report.decision == "ignored"
    assert "999999999999/eu-west-1" in report.reasons[0]
    assert not any(name.startswith("ec2:") for name in stage.lab.calls)


def test_an_event_that_is_none_is_ignored(stage: Stage) -> None:
    assert stage.event({"detail-type": "x"}).decision == "ignored"


def test_a_forged_event_costs_reads_and_nothing_else(stage: Stage) -> None:
    report = stage.event(health("vpn-0123456789abcdef0"))
    assert report.reasons == ("vpn-0123456789abcdef0 is gone",)
    assert stage.lab.writes == {}
    assert stage.messages() == []


@pytest.mark.parametrize("by", ["event", "sweep"])
def test_connections_that_cannot_be_read_are_told_and_told_again_when_they_can(stage: Stage, by: str) -> None:
    stage.lab.denied.add(("ec2:DescribeVpnConnections", DEV.account))
    report = stage.event(alarm(stage.vpn.id, FIRST)) if by == "event" else stage.sweep()
    assert report.decision == ("held" if by == "event" else "observed")
    assert stage.messages() == [("firing", "error", "netreflex cannot see the VPN connections of dev eu-west-1")]
    stage.lab.denied.clear()
    stage.clock.passes(minutes=5)
    stage.sweep()
    assert stage.messages() == [("resolved", "warning", "netreflex watches the VPN connections of dev eu-west-1 again")]


def test_a_refused_detail_costs_the_detail_and_not_the_alert(stage: Stage) -> None:
    for name in ("cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms", "ec2:GetVpnTunnelReplacementStatus"):
        stage.lab.denied.add((name, DEV.account))
    stage.tunnels("DOWN", "DOWN")
    report = stage.event(alarm(stage.vpn.id, FIRST))
    assert stage.messages() == [("firing", "critical", "VPN hq: all tunnels down")]
    assert sum("was refused" in reason for reason in report.reasons) == 3
    stage.sweep()
    assert stage.messages() == [
        ("firing", "warning", "netreflex watches the VPN connections only in part of dev eu-west-1")
    ]


# ---- the sweep ----------------------------------------------------------------------------------------------------
def reads(stage: Stage) -> dict[str, int]:
    """What was asked of the place, without netreflex's own table, topic and roles."""
    apart = {"dynamodb", "sns", "sts"}
    return {name: count for name, count in stage.lab.calls.items() if name.split(":")[0] not in apart}


def test_alarms_of_many_connections_are_made_over_several_sweeps(stage: Stage) -> None:
    for number in range(12):
        stage.vpn.connection(f"branch-{number}", stage.vpn.devices[number % 2])
    first = stage.sweep()
    assert len(first.performed) == MOST_ALARMS
    assert "8 alarms of 111122223333/eu-west-1 are left to the next run" in first.reasons
    assert len(stage.sweep().performed) == 8
    assert stage.messages() == []


def test_a_sweep_that_is_out_of_time_leaves_places_to_the_next(stage: Stage) -> None:
    with stage.lab.counting():
        report = sweep_connections(stage.lab.flow_world(), lambda: 5.0)
    assert report.reasons == ("out of time: the VPN connections of 1 places are left to the next sweep",)
    assert reads(stage) == {}


def test_the_sweep_of_all_sees_peerings_and_vpn(stage: Stage) -> None:
    report = sweep_everything(stage.lab.flow_world())
    assert "111122223333/eu-west-1: 2 VPN connections" in report.reasons
    assert "no peering to be seen" in report.reasons


def test_what_one_sweep_meets_does_not_keep_the_next_from_its_work(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    world = stage.lab.flow_world()
    broken = type("Broken", (), {"everything": lambda *_, **__: 1 / 0})()
    with pytest.raises(ZeroDivisionError):
        sweep_everything(replace(world, reader=broken))
    assert stage.messages() == [("firing", "critical", "VPN hq: all tunnels down")]


def test_a_broken_road_is_a_note_of_the_sweep_and_retried_by_the_event(stage: Stage) -> None:
    stage.lab.denied.add(("cloudwatch:PutMetricAlarm", DEV.account))
    report = stage.sweep()
    assert all("cloudwatch:PutMetricAlarm was refused" in one.error for one in report.failed)
    assert len(report.failed) == 4


class _PutOff(DryRunExecutor):
    """CloudWatch puts off every change."""

    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:  # noqa: ARG002 - put off either way
        return Outcome(failed=tuple(Failure(action=one, error="put off; run again") for one in actions), retry=True)


def test_a_change_that_aws_put_off_is_retried_by_the_event_and_noted_by_the_sweep(stage: Stage) -> None:
    world = replace(stage.lab.flow_world(), executor=_PutOff())
    stage.tunnels("DOWN", "DOWN")
    with pytest.raises(RetryLater, match="put off; run again"):
        react_to_vpn(parse_vpn_event(alarm(stage.vpn.id, FIRST)), world)
    report = sweep_connections(world)
    assert report.reasons == ("the VPN connections of 111122223333/eu-west-1: put off; run again",)
    assert stage.messages() == [("firing", "critical", "VPN hq: all tunnels down")]


def test_a_connection_that_is_still_being_made_is_not_judged(stage: Stage) -> None:
    from moto.ec2.models import ec2_backends

    connection = ec2_backends[DEV.account][DEV.region].vpn_connections[stage.vpn.id]
    stage.tunnels("DOWN", "DOWN")
    connection.state = "pending"
    report = stage.event(alarm(stage.vpn.id, FIRST))
    assert report.reasons == (f"{stage.vpn.id} is unsettled",)
    assert (stage.messages(), alarm_names(stage)) == ([], set())


def test_an_outage_without_a_time_ends_without_a_length(stage: Stage) -> None:
    stage.tunnels("DOWN", "DOWN")
    stage.event(alarm(stage.vpn.id, FIRST))
    stage.clock.passes(minutes=5)
    stage.tunnels("UP", "UP", at=START - timedelta(days=1))  # AWS's clock says that nothing changed since
    stage.event(alarm(stage.vpn.id, FIRST, "OK"))
    assert stage.lab.alerts()[-1]["summary"] == "The connection is in order."


def test_one_tunnel_down_and_nothing_known_of_the_other_is_not_said_to_carry_traffic(stage: Stage) -> None:
    stage.tunnels("DOWN", at=START - timedelta(hours=1))
    stage.sweep()
    [told] = [one for one in stage.lab.alerts() if one["title"].startswith("VPN hq:")]
    assert told["summary"] == "One tunnel is down, and of the other nothing is known: traffic may be cut."


def test_both_down_while_the_connection_is_modified_is_told_as_that(stage: Stage) -> None:
    from moto.ec2.models import ec2_backends

    ec2_backends[DEV.account][DEV.region].vpn_connections[stage.vpn.id].state = "modifying"
    stage.tunnels("DOWN", "DOWN")
    stage.event(call("ModifyVpnConnection", stage.vpn.id))
    [told] = stage.lab.alerts()
    assert (told["severity"], told["title"]) == ("info", "VPN hq: down for maintenance")
    assert told["summary"] == "No traffic can pass over this connection. AWS is at work on it."


# ---- secrets ------------------------------------------------------------------------------------------------------
def test_no_key_and_no_configuration_gets_out_at_debug_either(stage: Stage) -> None:
    told = stage.lab.client("ec2", DEV.account).describe_vpn_connections()
    assert PRE_SHARED_KEY in str(told)  # they are there to be leaked
    assert "CustomerGatewayConfiguration" in str(told)
    written = StringIO()
    seen = logging.StreamHandler(written)
    seen.setFormatter(RedactingFormatter())
    quiet_libraries()  # as app.py's logger does when it is made
    root = logging.getLogger()
    level = root.level
    root.addHandler(seen)
    root.setLevel(logging.DEBUG)
    try:
        stage.tunnels("DOWN", "DOWN")
        reports = [stage.event(call("CreateVpnConnection", stage.vpn.id)), stage.sweep()]
        stage.tunnels("UP", "UP")
        reports.append(stage.event(alarm(stage.vpn.id, FIRST, "OK")))
    finally:
        root.removeHandler(seen)
        root.setLevel(level)
    items = stage.lab.client("dynamodb").scan(TableName=TABLE)["Items"]
    out = [written.getvalue(), *(json.dumps(one.as_json()) for one in reports), json.dumps(stage.lab.alerts())]
    out += [json.dumps(items, default=str)]
    assert "vpn.settled" in out[0]
    for text in out:
        assert text
        assert "PSK.canary" not in text
        assert "<vpn_connection" not in text
        assert "customergatewayconfiguration" not in text.lower()


def _stored(stage: Stage, fingerprint: str) -> Stored:
    found = AlertStore(stage.lab.client("dynamodb"), TABLE).get(fingerprint)
    assert found is not None
    return found


def test_state_and_set_up_are_two_matters() -> None:
    assert vpn_fingerprint(DEV, "vpn-1") != vpn_fingerprint(DEV, "vpn-1", SETUP)
