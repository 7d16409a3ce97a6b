"""VPN connections as AWS answers, held to botocore's own model; the secrets in the answers go no further than here.

moto lacks most of these calls, so botocore's Stubber plays AWS: it refuses a request or an answer that is not in the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.decide.vpn_questions import VpnQuestions
from chalicelib.model.errors import AccessRefused
from chalicelib.model.network import Place
from chalicelib.model.tunnel_details import ActiveTunnel, LogLine, Maintenance, TunnelDetails, TunnelKey, Validity
from chalicelib.model.tunnel_memory import Told, TunnelQuestion, TunnelSort
from chalicelib.model.vpn import ConnectionState, GatewayKind, TunnelAlarm, TunnelStatus, VpnSnapshot
from chalicelib.observe.tunnel_answers import Answers
from chalicelib.observe.vpn import connection_fact
from chalicelib.observe.vpn_details import VpnObserver
from tests.decide.test_tunnels import TABLE
from tests.vpn_answers import (
    CGW,
    FIRST,
    ID,
    LONG_AGO,
    NOW,
    PLACE,
    SECOND,
    SECRETS,
    TGW,
    VGW,
    XML,
    answer,
    down,
    up,
)

KEY = TunnelKey(ID, FIRST)
OTHER_KEY = TunnelKey(ID, SECOND)


class Aws:
    """Stubbed clients; what was queued must be asked, in that order, and nothing else."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._stubs: dict[str, Stubber] = {}
        self._clients: dict[str, Any] = {}

    def home(self, service: str) -> Any:  # noqa: ANN401
        raise AssertionError(service)

    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        assert place == PLACE
        if service not in self._clients:
            self._clients[service] = boto3.client(service, "eu-west-1")  # type: ignore[call-overload]
            self._stubs[service] = self._stack.enter_context(Stubber(self._clients[service]))
        return self._clients[service]

    def tells(self, service: str, operation: str, told: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self.client(service, PLACE)
        self._stubs[service].add_response(operation, told, asked)

    def refuses(self, service: str, operation: str, code: str = "UnauthorizedOperation") -> None:
        self.client(service, PLACE)
        self._stubs[service].add_client_error(operation, code, "no")

    def close(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()
        self._stack.close()


@pytest.fixture
def aws() -> Iterator[Aws]:
    stubbed = Aws()
    yield stubbed
    stubbed.close()


def observer(aws: Aws) -> VpnObserver:
    return VpnObserver(aws, lambda: NOW)


def read(aws: Aws, *answers: dict[str, Any]) -> VpnSnapshot:
    """A look at a place with these connections and nothing else."""
    aws.tells("ec2", "describe_vpn_connections", {"VpnConnections": list(answers)}, {})
    aws.tells("ec2", "describe_transit_gateways", {"TransitGateways": []})
    aws.tells("ec2", "describe_customer_gateways", {"CustomerGateways": []}, {})
    aws.tells("cloudwatch", "describe_alarms", {"MetricAlarms": []})
    return observer(aws).look(PLACE)


@pytest.mark.parametrize("told", [pytest.param(case.values[0], id=case.id) for case in TABLE])
def test_every_fixture_of_the_table_is_in_awss_own_shape(told: dict[str, Any]) -> None:
    ec2 = boto3.client("ec2", "eu-west-1")
    with Stubber(ec2) as stub:
        stub.add_response("describe_vpn_connections", {"VpnConnections": [told]}, {})  # it validates
        ec2.describe_vpn_connections()


def test_telemetry_and_options_meet_by_address(aws: Aws) -> None:
    [connection] = read(aws, answer(down(SECOND), up(FIRST), addresses=(SECOND, FIRST))).connections

    told = {
        one.address: (one.telemetry.status, one.telemetry.routes, one.options.inside_cidr)
        for one in connection.tunnels
        if one.telemetry and one.options
    }
    assert told == {
        SECOND: (TunnelStatus.DOWN, 0, "169.254.10.0/30"),
        FIRST: (TunnelStatus.UP, 4, "169.254.20.0/30"),
    }
    assert connection.unplaced == 0


def test_rows_that_no_address_can_claim_are_counted() -> None:
    connection = connection_fact(answer(up(""), up(FIRST), down(FIRST), up("192.0.2.99")), PLACE)
    told = {one.address: one.telemetry for one in connection.tunnels}
    assert connection.unplaced == 2
    assert told[FIRST] is None
    assert told["192.0.2.99"] is not None
    assert set(told) == {FIRST, SECOND, "192.0.2.99"}


def test_what_aws_leaves_out_is_its_default() -> None:
    connection = connection_fact({"VpnConnectionId": ID, "VgwTelemetry": [{"OutsideIpAddress": FIRST}]}, PLACE)
    bare = connection_fact(answer(tunnel={}), PLACE).tunnels[0].options

    assert (connection.state, connection.gateway.kind) == (ConnectionState.UNKNOWN, GatewayKind.NONE)
    assert connection.tunnels[0].options is None
    assert connection.name == ID
    assert bare is not None
    assert (bare.startup, bare.dpd_action, bare.dpd_seconds) == ("add", "clear", 30)
    assert (bare.ike_versions, bare.dh_groups) == (("ikev1", "ikev2"), (2, 14))
    assert (bare.logs, bare.bgp_logs, bare.lifecycle_control) == (False, False, False)


def test_a_time_without_a_zone_is_no_time() -> None:
    naive = connection_fact(answer({**up(FIRST), "LastStatusChange": datetime(2026, 1, 1)}), PLACE)  # noqa: DTZ001
    assert [one.telemetry.changed_at for one in naive.tunnels if one.telemetry] == [None]


@pytest.mark.parametrize(
    ("gateway", "kind"),
    [
        ({"TransitGatewayId": TGW}, GatewayKind.TRANSIT),
        ({"VpnGatewayId": VGW}, GatewayKind.VIRTUAL_PRIVATE),
        ({"CoreNetworkArn": "arn:aws:networkmanager::1:core-network/c"}, GatewayKind.CORE_NETWORK),
        ({"VpnConcentratorId": "vcn-1"}, GatewayKind.CONCENTRATOR),
        ({}, GatewayKind.NONE),
        ({"TransitGatewayId": ""}, GatewayKind.NONE),
    ],
)
def test_a_connection_has_one_gateway_or_none(gateway: dict[str, str], kind: GatewayKind) -> None:
    assert connection_fact(answer(gateway=gateway), PLACE).gateway.kind is kind


def test_no_secret_gets_into_a_fact(aws: Aws) -> None:
    told = answer()
    assert XML in str(told)
    assert not any(secret in repr(read(aws, told)) for secret in SECRETS)


def test_a_place_is_read_whole(aws: Aws) -> None:
    virtual = answer(gateway={"VpnGatewayId": VGW}, VpnConnectionId="vpn-0aaaaaaaaaaaaaaaa")
    aws.tells("ec2", "describe_vpn_connections", {"VpnConnections": [answer(), virtual]}, {})
    aws.tells("ec2", "describe_vpn_gateways", {"VpnGateways": [{"VpnGatewayId": VGW, "AmazonSideAsn": 64513}]}, {})
    transit = {"TransitGatewayId": TGW, "Options": {"AmazonSideAsn": 64512}}
    aws.tells("ec2", "describe_transit_gateways", {"TransitGateways": [transit]}, {})
    device = {
        "CustomerGatewayId": CGW, "IpAddress": "192.0.2.7", "BgpAsn": "65010", "DeviceName": "edge-1",
        "State": "available", "Tags": [{"Key": "Vendor", "Value": "Generic"}],
    }  # fmt: skip
    aws.tells("ec2", "describe_customer_gateways", {"CustomerGateways": [device]}, {})
    alarm = {"AlarmName": "netreflex-vpn-x", "AlarmDescription": "Made by netreflex: x"}
    asked = {"AlarmNamePrefix": "netreflex-vpn-", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}
    aws.tells("cloudwatch", "describe_alarms", {"MetricAlarms": [alarm], "NextToken": "more"}, asked)
    composite = {"AlarmName": "netreflex-vpn-y"}
    aws.tells("cloudwatch", "describe_alarms", {"CompositeAlarms": [composite]}, {**asked, "NextToken": "more"})

    seen = observer(aws).look(PLACE)

    assert seen.asns == {TGW: "64512", VGW: "64513"}
    assert {key: one.device for key, one in (seen.customer_gateways or {}).items()} == {CGW: "edge-1"}
    assert seen.alarms == (
        TunnelAlarm(name="netreflex-vpn-x", ours=True, fits=False),
        TunnelAlarm(name="netreflex-vpn-y", ours=False, fits=False),
    )
    assert seen.notes == ()


def test_a_place_without_connections_costs_two_reads(aws: Aws) -> None:
    aws.tells("ec2", "describe_vpn_connections", {"VpnConnections": []}, {})
    aws.tells("cloudwatch", "describe_alarms", {"MetricAlarms": []})
    assert observer(aws).look(PLACE) == VpnSnapshot(place=PLACE, customer_gateways={}, alarms=())


def test_a_part_that_cannot_be_read_is_noted_and_the_rest_is_there(aws: Aws) -> None:
    aws.tells("ec2", "describe_vpn_connections", {"VpnConnections": [answer()]})
    aws.refuses("ec2", "describe_transit_gateways")
    aws.refuses("ec2", "describe_customer_gateways")
    aws.refuses("cloudwatch", "describe_alarms", "AccessDenied")

    seen = observer(aws).look(PLACE)

    assert len(seen.connections) == 1
    assert (seen.customer_gateways, seen.alarms) == (None, None)
    assert [note.split(" ")[0] for note in seen.notes] == [
        "ec2:DescribeTransitGateways", "ec2:DescribeCustomerGateways", "cloudwatch:DescribeAlarms",
    ]  # fmt: skip


def test_connections_that_cannot_be_read_are_an_error_without_a_secret(aws: Aws) -> None:
    aws.refuses("ec2", "describe_vpn_connections")
    with pytest.raises(AccessRefused, match="ec2:DescribeVpnConnections was refused in account 111122223333"):
        observer(aws).look(PLACE)


# ---- what is asked of tunnels -------------------------------------------------------------------------------------
def asked(**questions: Any) -> VpnQuestions:  # noqa: ANN401
    return VpnQuestions(flapping=timedelta(minutes=30), **questions)


def details(aws: Aws, key: TunnelKey = KEY, **questions: Any) -> TunnelDetails:  # noqa: ANN401
    return observer(aws).answer(VpnSnapshot(place=PLACE), asked(**questions)).details.get(key, TunnelDetails())


def told(aws: Aws, sort: TunnelSort, group: str = "") -> Told:
    """The answer to one question about one tunnel."""
    question = TunnelQuestion(KEY, sort, group)
    answers = observer(aws).ask(PLACE, [question])
    assert answers.notes == ()
    return answers.told[question]


@pytest.mark.parametrize(
    ("pending", "expected"), [("True", True), ("true", True), ("False", False), ("", False), (None, False)]
)
def test_maintenance(aws: Aws, pending: str | None, expected: bool) -> None:  # noqa: FBT001 - a table
    answered: dict[str, Any] = {"MaintenanceAutoAppliedAfter": NOW, "LastMaintenanceApplied": LONG_AGO}
    answered |= {} if pending is None else {"PendingMaintenance": pending}
    request = {"VpnConnectionId": ID, "VpnTunnelOutsideIpAddress": FIRST}
    aws.tells("ec2", "get_vpn_tunnel_replacement_status", {"MaintenanceDetails": answered}, request)
    assert told(aws, TunnelSort.MAINTENANCE) == Maintenance(pending=expected, applied_after=NOW, last_applied=LONG_AGO)


def test_what_a_tunnel_negotiated(aws: Aws) -> None:
    answered = {
        "ProvisioningStatus": "failed", "ProvisioningStatusReason": "why", "IkeVersion": "IKEV1", "Phase1DHGroup": 2,
        "Phase1EncryptionAlgorithm": "AES128", "Phase2IntegrityAlgorithm": "SHA1",
    }  # fmt: skip
    aws.tells("ec2", "get_active_vpn_tunnel_status", {"ActiveVpnTunnelStatus": answered}, ANY_REQUEST)
    assert told(aws, TunnelSort.ACTIVE) == ActiveTunnel(
        provisioning="failed", reason="why", ike_version="ikev1", algorithms=("AES128", "SHA1"), dh_groups=(2,)
    )


ANY_REQUEST = {"VpnConnectionId": ANY, "VpnTunnelOutsideIpAddress": ANY}


def test_a_refusal_is_met_once_and_not_for_every_tunnel(aws: Aws) -> None:
    aws.refuses("ec2", "get_vpn_tunnel_replacement_status")
    maintenance = [TunnelQuestion(key, TunnelSort.MAINTENANCE) for key in (KEY, OTHER_KEY)]
    answers = observer(aws).ask(PLACE, maintenance)
    assert answers.told == {}
    [note] = answers.notes
    assert note.startswith("ec2:GetVpnTunnelReplacementStatus was refused")


def test_what_one_tunnel_meets_keeps_no_other_from_its_answer(aws: Aws) -> None:
    aws.refuses("ec2", "get_active_vpn_tunnel_status", "InvalidVpnConnectionID.NotFound")
    aws.tells("ec2", "get_active_vpn_tunnel_status", {"ActiveVpnTunnelStatus": {}}, ANY_REQUEST)
    first, second = (TunnelQuestion(key, TunnelSort.ACTIVE) for key in (KEY, OTHER_KEY))
    answers = observer(aws).ask(PLACE, [first, second])
    assert answers.told == {second: ActiveTunnel()}
    assert len(answers.notes) == 1


def test_a_log_group_that_is_refused_says_nothing_of_another(aws: Aws) -> None:
    aws.refuses("logs", "filter_log_events", "AccessDeniedException")
    aws.tells("logs", "filter_log_events", {"events": []})
    refused, silent = TunnelQuestion(KEY, TunnelSort.LOG, "a"), TunnelQuestion(KEY, TunnelSort.LOG, "b")
    answers = observer(aws).ask(PLACE, [silent, refused])
    assert answers.told == {silent: None}
    assert len(answers.notes) == 1


def series(*results: tuple[str, list[float]]) -> dict[str, Any]:
    times = [NOW - timedelta(minutes=5 * number) for number in range(1, 9)]
    return {
        "MetricDataResults": [
            {"Id": name, "Timestamps": times[: len(values)], "Values": values} for name, values in results
        ]
    }


@pytest.mark.parametrize(
    ("lowest", "highest", "changes"),
    [
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 0),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 0),
        ([1.0, 0.0, 1.0], [1.0, 0.0, 1.0], 2),
        ([1.0, 0.0, 1.0], [1.0, 1.0, 1.0], 1),
        ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], 3),
        ([0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], 3),
        ([], [], None),
    ],
)
def test_changes_of_state_are_counted(aws: Aws, lowest: list[float], highest: list[float], changes: int | None) -> None:
    aws.tells("cloudwatch", "get_metric_data", series(("q0", lowest), ("q1", highest)))
    assert details(aws, recent=(KEY,)).changes == changes


def test_one_call_counts_for_many_tunnels(aws: Aws) -> None:
    keys = [TunnelKey(f"vpn-{number:017x}", FIRST) for number in range(250)]
    aws.tells("cloudwatch", "get_metric_data", series(("q498", [1.0, 0.0]), ("q499", [1.0, 0.0])))
    assert details(aws, keys[-1], recent=tuple(keys)).changes == 1


@pytest.mark.parametrize(("points", "ever"), [([0.0, 1.0], True), ([0.0, 0.0], False), ([], None)])
def test_never_up_takes_points_that_say_so(aws: Aws, points: list[float], ever: bool | None) -> None:  # noqa: FBT001 - a table
    expected = {
        "MetricDataQueries": [
            {
                "Id": "q0",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/VPN",
                        "MetricName": "TunnelState",
                        "Dimensions": [{"Name": "VpnId", "Value": ID}, {"Name": "TunnelIpAddress", "Value": FIRST}],
                    },
                    "Period": 86400,
                    "Stat": "Maximum",
                },
            }
        ],
        "StartTime": NOW - timedelta(days=455),
        "EndTime": NOW,
    }
    aws.tells("cloudwatch", "get_metric_data", series(("q0", points)), expected)
    assert told(aws, TunnelSort.EVER_UP) is ever


def test_a_past_that_may_not_be_read_is_no_answer(aws: Aws) -> None:
    aws.refuses("cloudwatch", "get_metric_data", "AccessDenied")
    answers = observer(aws).ask(PLACE, [TunnelQuestion(KEY, TunnelSort.EVER_UP)])
    assert answers.told == {}
    assert [note.split(" ")[0] for note in answers.notes] == ["cloudwatch:GetMetricData"]


def test_the_newest_line_of_the_tunnels_own_stream(aws: Aws) -> None:
    def line(seconds: int, stream: str, message: str) -> dict[str, Any]:
        return {"timestamp": 1772445600000 + seconds * 1000, "logStreamName": stream, "message": message}

    mine = f"{ID}-{FIRST}-IKE.log"
    pages = [
        [line(1, mine, '{"details": "old"}'), line(3, mine, '{"details": "DPD timed out", "secret": "x"}')],
        [line(2, mine, "plain text"), line(9, f"{ID}-{SECOND}-IKE.log", '{"details": "the other tunnel"}')],
    ]
    request = {"logGroupName": "/aws/vpn/hq", "logStreamNamePrefix": ID, "startTime": ANY}
    aws.tells("logs", "filter_log_events", {"events": pages[0], "nextToken": "t"}, request)
    aws.tells("logs", "filter_log_events", {"events": pages[1]}, {**request, "nextToken": "t"})

    assert told(aws, TunnelSort.LOG, "/aws/vpn/hq") == LogLine(
        at=datetime(2026, 3, 2, 10, 0, 3, tzinfo=UTC), detail="DPD timed out"
    )


@pytest.mark.parametrize(("message", "detail"), [("plain", "plain"), ('["x"]', ""), ('{"VpnLogDetail": "y"}', "y")])
def test_a_log_line_in_another_form(aws: Aws, message: str, detail: str) -> None:
    event = {"timestamp": 1772445600000, "logStreamName": f"{ID}-{FIRST}", "message": message}
    aws.tells("logs", "filter_log_events", {"events": [event]})
    log = told(aws, TunnelSort.LOG, "g")
    assert isinstance(log, LogLine)
    assert log.detail == detail


def test_a_silent_log_says_nothing_and_pages_are_bounded(aws: Aws) -> None:
    for page in range(3):
        aws.tells("logs", "filter_log_events", {"events": [], "nextToken": f"more-{page}"})
    assert told(aws, TunnelSort.LOG, "g") is None


def test_certificates_are_found_in_one_list(aws: Aws) -> None:
    arn = "arn:aws:acm:eu-west-1:111122223333:certificate/1"
    listed = {"CertificateSummaryList": [{"CertificateArn": arn, "NotBefore": LONG_AGO, "NotAfter": NOW}]}
    aws.tells("acm", "list_certificates", listed)
    seen = observer(aws).answer(VpnSnapshot(place=PLACE), asked(certificates=((KEY, arn), (OTHER_KEY, "gone"))))
    assert seen.details == {KEY: TunnelDetails(certificate=Validity(starts=LONG_AGO, ends=NOW))}


def test_direct_connect_of_a_transit_gateway(aws: Aws) -> None:
    aws.tells(
        "ec2",
        "describe_transit_gateway_attachments",
        {"TransitGatewayAttachments": [{"TransitGatewayId": TGW}]},
        {
            "Filters": [
                {"Name": "resource-type", "Values": ["direct-connect-gateway"]},
                {"Name": "state", "Values": ["available", "modifying"]},
            ]
        },
    )
    seen = observer(aws).answer(VpnSnapshot(place=PLACE), asked(transit=frozenset({TGW, "tgw-other"})))
    assert seen.direct_connect == {TGW: True, "tgw-other": False}


@pytest.mark.parametrize(
    ("association", "interface", "connected"),
    [
        ({"associationState": "associated"}, {}, True),
        ({"associationState": "disassociated"}, {"virtualGatewayId": VGW, "virtualInterfaceState": "available"}, True),
        ({"associationState": "disassociated"}, {"virtualGatewayId": VGW, "virtualInterfaceState": "down"}, False),
        (
            {"associationState": "disassociated"},
            {"virtualGatewayId": "vgw-x", "virtualInterfaceState": "available"},
            False,
        ),
    ],
)
def test_direct_connect_of_a_virtual_private_gateway(
    aws: Aws,
    association: dict[str, str],
    interface: dict[str, str],
    connected: bool,  # noqa: FBT001 - a table
) -> None:
    aws.tells("directconnect", "describe_virtual_interfaces", {"virtualInterfaces": [interface]})
    joined = {"directConnectGatewayAssociations": [association]}
    request = {"virtualGatewayId": VGW}
    aws.tells("directconnect", "describe_direct_connect_gateway_associations", joined, request)
    seen = observer(aws).answer(VpnSnapshot(place=PLACE), asked(virtual=frozenset({VGW})))
    assert seen.direct_connect == {VGW: connected}


def test_interfaces_are_listed_once_for_all_gateways(aws: Aws) -> None:
    aws.tells("directconnect", "describe_virtual_interfaces", {"virtualInterfaces": []})
    for _ in range(2):
        aws.tells("directconnect", "describe_direct_connect_gateway_associations", {})
    seen = observer(aws).answer(VpnSnapshot(place=PLACE), asked(virtual=frozenset({VGW, "vgw-x"})))
    assert seen.direct_connect == {VGW: False, "vgw-x": False}


@pytest.mark.parametrize("call", ["describe_virtual_interfaces", "describe_direct_connect_gateway_associations"])
def test_direct_connect_that_may_not_be_read_is_unknown(aws: Aws, call: str) -> None:
    if call != "describe_virtual_interfaces":
        aws.tells("directconnect", "describe_virtual_interfaces", {"virtualInterfaces": []})
    aws.refuses("directconnect", call, "AccessDeniedException")
    seen = observer(aws).answer(VpnSnapshot(place=PLACE), asked(virtual=frozenset({VGW})))
    assert seen.direct_connect == {}
    assert len(seen.notes) == 1


def test_device_types_by_their_three_names(aws: Aws) -> None:
    told = {"VpnConnectionDeviceTypeId": "9005b6c1", "Vendor": "Generic", "Platform": "Generic", "Software": "Agnostic"}
    aws.tells("ec2", "get_vpn_connection_device_types", {"VpnConnectionDeviceTypes": [told]})
    seen = observer(aws).answer(VpnSnapshot(place=PLACE), asked(device_types=True))
    assert seen.device_types == {("Generic", "Generic", "Agnostic"): "9005b6c1"}


def test_nothing_asked_is_nothing_read(aws: Aws) -> None:
    assert observer(aws).answer(VpnSnapshot(place=PLACE), asked()) == VpnSnapshot(place=PLACE)
    assert observer(aws).ask(PLACE, []) == Answers()
    assert observer(aws).recall(PLACE) == {}  # no state table is set
