"""What tells of VPN tunnels wakes one rule, and becomes a trigger that holds names and places and nothing else."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.intake.parse_vpn import parse_vpn_event
from chalicelib.intake.patterns import VPN_EVENT_NAMES, VPN_NEWS
from chalicelib.model.network import Place
from chalicelib.model.triggers import (
    Ignored,
    TunnelAlarmChanged,
    TunnelStatusTold,
    VpnChanged,
    VpnCreated,
    VpnHealthTold,
)
from tests.aws import strict_moto  # noqa: F401 - the matcher becomes as strict as AWS's
from tests.intake.matcher import event, woken

HOME = Place(account="111122223333", region="eu-west-1")
ID, OTHER, ADDRESS = "vpn-0123456789abcdef0", "vpn-0fedcba9876543210", "203.0.113.12"
ARN = f"arn:aws:ec2:eu-west-1:111122223333:vpn-connection/{ID}"


def changed(name: str, *changes: tuple[str, object]) -> dict[str, Any]:
    """A sample event with values set at dotted paths."""
    sample: dict[str, Any] = copy.deepcopy(event(name))
    for path, value in changes:
        *above, last = path.split(".")
        place: Any = sample
        for part in above:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[last] = value
    return sample


METRIC = "detail.configuration.metrics.0.metricStat.metric"
COMPOSITE = changed(
    "cloudwatch/vpn-tunnel-alarm",
    (
        "detail.configuration",
        {
            "alarmRule": f'ALARM("netreflex-vpn-0123456789abcdef0-{ADDRESS}") OR ALARM("netreflex-vpn-0fedcba9876543210-x")'
        },
    ),
)


def call(name: str, asked: object, answered: object = None, **detail: object) -> dict[str, Any]:
    """A CloudTrail record of a call to EC2."""
    return {
        "source": "aws.ec2",
        "detail-type": "AWS API Call via CloudTrail",
        "account": HOME.account,
        "region": HOME.region,
        "time": "2026-03-02T10:00:00Z",
        "detail": {
            "eventVersion": "1.11",
            "eventSource": "ec2.amazonaws.com",
            "eventName": name,
            "awsRegion": HOME.region,
            "requestParameters": asked,
            "responseElements": answered,
            **detail,
        },
    }


@pytest.mark.parametrize(
    ("told", "kind", "connections", "addresses"),
    [
        pytest.param(event("cloudwatch/vpn-tunnel-alarm"), TunnelAlarmChanged, (ID,), (ADDRESS,), id="a tunnel's alarm"),
        pytest.param(event("cloudwatch/vpn-tunnel-alarm-ok"), TunnelAlarmChanged, (ID,), (ADDRESS,), id="its end"),
        pytest.param(
            event("cloudwatch/vpn-tunnel-alarm-insufficient-data"), TunnelAlarmChanged, (OTHER,), ("192.0.2.45",),
            id="no data",
        ),
        pytest.param(
            event("cloudwatch/vpn-connection-alarm-degraded"), TunnelAlarmChanged, (ID,), (), id="by VpnId alone"
        ),
        pytest.param(
            changed("cloudwatch/vpn-tunnel-alarm", (f"{METRIC}.dimensions", {"TunnelIpAddress": ADDRESS})),
            TunnelAlarmChanged, (), (ADDRESS,), id="by TunnelIpAddress alone",
        ),
        pytest.param(
            changed("cloudwatch/vpn-tunnel-alarm", ("detail.muteDetail", {"mutedBy": "x"})), TunnelAlarmChanged, (ID,),
            (ADDRESS,), id="a muted alarm",
        ),
        pytest.param(COMPOSITE, TunnelAlarmChanged, (ID, OTHER), (), id="a composite alarm over ours"),
        pytest.param(event("health/vpn-redundancy-loss"), VpnHealthTold, (ID,), (), id="Health, redundancy"),
        pytest.param(event("health/vpn-single-tunnel"), VpnHealthTold, (ID, OTHER), (), id="Health, single tunnel"),
        pytest.param(
            changed("health/vpn-redundancy-loss", ("detail.statusCode", "closed"), ("detail.affectedEntities", []),
                    ("resources", [])),
            VpnHealthTold, (), (), id="Health, closed, of nobody by name",
        ),
        pytest.param(
            changed("health/vpn-redundancy-loss", ("detail.affectedEntities", [{"entityValue": ARN}]), ("resources", [])),
            VpnHealthTold, (ID,), (), id="Health by ARN",
        ),
        pytest.param(
            event("networkmanager/vpn-ipsec-down"), TunnelStatusTold, (ID,), (ADDRESS,), id="Network Manager, down"
        ),
        pytest.param(
            event("networkmanager/vpn-ipsec-up"), TunnelStatusTold, (ID,), (ADDRESS,), id="Network Manager, up"
        ),
        pytest.param(call("CreateVpnConnection", {}, {"vpnConnection": {"vpnConnectionId": ID}}), VpnCreated, (ID,), (),
                     id="a new connection"),
        pytest.param(
            call("DeleteVpnConnection", {"vpnConnectionId": ID}, {"_return": True}), VpnChanged, (ID,), (), id="deleted"
        ),
        pytest.param(call("ReplaceVpnTunnel", {"ReplaceVpnTunnelRequest": {"VpnConnectionId": ID}}), VpnChanged, (ID,), (),
                     id="a tunnel replaced, as newer calls are told"),
        pytest.param(call("ModifyVpnTunnelOptions", {"vpnConnectionId": ID}), VpnChanged, (ID,), (), id="options changed"),
    ],
)  # fmt: skip
def test_what_tells_of_a_tunnel_wakes_vpn_alone_and_names_it(
    told: dict[str, Any], kind: type[object], connections: tuple[str, ...], addresses: tuple[str, ...]
) -> None:
    trigger = parse_vpn_event(told)

    assert woken(told) == {"vpn"}
    assert type(trigger) is kind
    assert not isinstance(trigger, Ignored)
    assert (trigger.connections, trigger.addresses, trigger.places) == (connections, addresses, (HOME,))
    assert trigger.at is not None


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(changed("cloudwatch/vpn-tunnel-alarm", (f"{METRIC}.namespace", "AWS/EC2")), id="another namespace"),
        pytest.param(changed("cloudwatch/vpn-tunnel-alarm", (f"{METRIC}.name", "TunnelDataIn")), id="another metric"),
        pytest.param(
            changed("cloudwatch/vpn-tunnel-alarm", ("detail.configuration.metrics", [
                {"metricStat": {"metric": {"namespace": "AWS/VPN", "name": "TunnelDataIn"}}},
                {"metricStat": {"metric": {"namespace": "Custom", "name": "TunnelState"}}},
            ])), id="namespace and name in two metrics",
        ),
        pytest.param(
            changed("cloudwatch/vpn-tunnel-alarm", ("detail.configuration", {"alarmRule": 'ALARM("cpu-high")'})),
            id="a composite alarm over others",
        ),
        pytest.param(changed("cloudwatch/vpn-tunnel-alarm", ("source", "my.app")), id="an alarm told by an app"),
        pytest.param(changed("health/vpn-redundancy-loss", ("detail.service", "EC2")), id="Health of EC2"),
        pytest.param(
            changed("networkmanager/vpn-ipsec-down", ("detail.changeType", "CONNECT_PEER_BGP_DOWN")), id="a Connect peer"
        ),
        pytest.param(call("DescribeVpnConnections", {"vpnConnectionId": ID}), id="a read"),
        pytest.param(call("CreateVpcPeeringConnection", {}), id="a peering"),
        pytest.param(
            call("DeleteVpnConnection", {"vpnConnectionId": ID}, errorCode="Client.UnauthorizedOperation"), id="a refusal"
        ),
    ],
)  # fmt: skip
def test_what_is_no_news_of_a_tunnel_wakes_nothing_and_would_be_ignored(told: dict[str, Any]) -> None:
    assert "vpn" not in woken(told)
    assert isinstance(parse_vpn_event(told), Ignored)


def test_one_rule_holds_all_of_it_within_eventbridges_bound() -> None:
    assert len(json.dumps(VPN_NEWS)) <= 2048
    assert all(woken(call(name, {"vpnConnectionId": ID})) == {"vpn"} for name in VPN_EVENT_NAMES)


def test_metric_math_names_each_tunnel_once() -> None:
    metric = event("cloudwatch/vpn-tunnel-alarm")["detail"]["configuration"]["metrics"][0]
    second = json.loads(json.dumps(metric).replace(ADDRESS, "198.51.100.77"))
    told = changed(
        "cloudwatch/vpn-tunnel-alarm",
        ("detail.configuration.metrics", [{"id": "e1", "expression": "m1+m2"}, metric, second, metric]),
    )
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, TunnelAlarmChanged)
    assert (trigger.connections, trigger.addresses) == ((ID,), (ADDRESS, "198.51.100.77"))


def test_network_manager_in_its_older_spelling() -> None:
    new = event("networkmanager/vpn-ipsec-down")
    spelled = {
        "change-type": new["detail"]["changeType"], "region": "eu-west-1", "vpn-connection-arn": ARN,
        "outside-ip-address": ADDRESS,
    }  # fmt: skip
    old = {**new, "resources": [], "detail": spelled}
    assert woken(old) == {"vpn"}
    assert parse_vpn_event(old) == parse_vpn_event(new)


def test_cloud_wan_names_no_connection_and_so_the_place_is_looked_at() -> None:
    told = changed("networkmanager/vpn-ipsec-down", ("resources", []))
    del told["detail"]["vpnConnectionArn"]
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, TunnelStatusTold)
    assert (trigger.connections, trigger.addresses, trigger.places) == ((), (ADDRESS,), (HOME,))


def test_health_in_the_backup_region_leads_to_the_impacted_one() -> None:
    told = changed("health/vpn-redundancy-loss", ("region", "us-west-2"), ("detail.backupEvent", "true"))
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, VpnHealthTold)
    assert trigger.places == (HOME,)


def test_health_without_a_region_of_its_own_leads_to_where_it_was_told() -> None:
    told = changed(
        "health/vpn-redundancy-loss", ("detail.eventRegion", None), ("detail.affectedAccount", "444455556666")
    )
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, VpnHealthTold)
    assert [place.account for place in trigger.places] == ["444455556666", "111122223333"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (None, "is not an event about VPN connections"),
        (changed("cloudwatch/vpn-tunnel-alarm", ("detail-type", ["x"])), "is not an event about VPN connections"),
        (changed("cloudwatch/vpn-tunnel-alarm", ("detail.state.value", ["ALARM"])), "is not a state of an alarm"),
        (changed("cloudwatch/vpn-tunnel-alarm", ("detail.state.value", "ODD")), "'ODD' is not a state of an alarm"),
        (changed("cloudwatch/vpn-tunnel-alarm", ("detail.configuration.metrics", "x")), "not about VPN tunnels"),
        (changed("cloudwatch/vpn-tunnel-alarm", ("account", "1")), "names no account and Region"),
        (changed("networkmanager/vpn-ipsec-down", ("source", "my.app")), "a Network Manager event of 'my.app'"),
        (changed("networkmanager/vpn-ipsec-down", ("detail.changeType", 7)), "is not about a VPN connection"),
        (call("ModifyVpnConnection", {"vpnConnectionId": "vpn-XYZ"}), "names no VPN connection"),
        (call("ModifyVpnConnection", None), "names no VPN connection"),
        (call("ModifyVpnConnection", {"vpnConnectionId": ID}, eventSource="s3.amazonaws.com"), "not to EC2"),
    ],
)
def test_what_cannot_be_used_is_ignored_with_the_reason(told: object, reason: str) -> None:
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, Ignored)
    assert reason in trigger.reason


def test_names_that_are_none_are_left_out() -> None:
    told = changed(
        "cloudwatch/vpn-tunnel-alarm", (f"{METRIC}.dimensions", {"VpnId": "vpn-' OR 1=1", "TunnelIpAddress": "a.b.c.d"})
    )
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, TunnelAlarmChanged)
    assert (trigger.connections, trigger.addresses) == ((), ())
    assert trigger.at == datetime(2026, 3, 2, 9, 50, 12, tzinfo=UTC)


_KINDS = (
    "CloudWatch Alarm State Change",
    "AWS Health Event",
    "Network Manager Status Update",
    "AWS API Call via CloudTrail",
)
_SOURCES = ("aws.cloudwatch", "aws.health", "aws.networkmanager", "aws.ec2")
_KEYS = st.sampled_from(
    ["state", "value", "configuration", "metrics", "alarmRule", "service", "affectedEntities", "changeType", "eventName",
     "eventVersion", "eventSource", "requestParameters", "responseElements", "vpnConnectionId", "eventRegion"]
)  # fmt: skip
_WORDS = st.sampled_from(
    ["VPN", "ALARM", "VPN-CONNECTION-BGP-DOWN", "ReplaceVpnTunnel", "1.11", "ec2.amazonaws.com", ID, ARN]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=20,
)


@given(kind=st.sampled_from(_KINDS), source=st.sampled_from(_SOURCES), detail=_JSON, resources=_JSON, region=_JSON)
def test_no_event_is_an_exception(kind: str, source: str, detail: object, resources: object, region: object) -> None:
    told = {"detail-type": kind, "source": source, "detail": detail, "resources": resources, "account": "111122223333",
            "region": region}  # fmt: skip
    trigger = parse_vpn_event(told)
    assert isinstance(trigger, Ignored) or trigger.places
