"""What vpn and sweep meet of VPN connections, in a member account and in netreflex's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.flows.vpn import react_to_vpn
from chalicelib.intake.parse_vpn import parse_vpn_event
from chalicelib.model.report import Report
from demo.world import DEV, REGION
from tests.aws.answers import Answers
from tests.aws.awsbus import event
from tests.aws.local import HUB
from tests.aws.strict_moto import vpn_options, vpn_telemetry
from tests.iam.play import Play, Scenario
from tests.iam.scenarios.peerings import sweep
from tests.lab import Lab

_GROUP = "/aws/vpn/hq"


class Office:
    """A place where VPN connections end."""

    account = DEV

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.ec2 = lab.client("ec2", self.account)

    def device(self, **tags: str) -> str:
        marks = [{"Key": key, "Value": value} for key, value in tags.items()]
        more = {"TagSpecifications": [{"ResourceType": "customer-gateway", "Tags": marks}]} if marks else {}
        made = self.ec2.create_customer_gateway(Type="ipsec.1", PublicIp="192.0.2.7", BgpAsn=65010, **more)
        return str(made["CustomerGateway"]["CustomerGatewayId"])

    def connection(self, device: str, **gateway: str) -> str:
        made = self.ec2.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=device, **gateway)
        return str(made["VpnConnection"]["VpnConnectionId"])

    def transit(self) -> dict[str, str]:
        return {"TransitGatewayId": self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]}

    def virtual(self) -> dict[str, str]:
        return {"VpnGatewayId": self.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]}

    def certificate(self) -> str:
        made = self._lab.client("acm", self.account).request_certificate(DomainName="device.example.com")
        return str(made["CertificateArn"])

    def log(self, line: str) -> None:
        logs = self._lab.client("logs", self.account)
        logs.create_log_group(logGroupName=_GROUP)
        logs.create_log_stream(logGroupName=_GROUP, logStreamName="vpn-any")
        logs.put_log_events(
            logGroupName=_GROUP,
            logStreamName="vpn-any",
            logEvents=[{"timestamp": 0, "message": json.dumps({"details": line})}],
        )


class OfficeAtHome(Office):
    account = HUB


def _lab(home: bool) -> Lab:  # noqa: FBT001
    world = OfficeAtHome if home else Office
    return Lab(
        f'version: 1\naccounts: {{"{world.account}": {{name: dev}}}}\nregions: [eu-west-1]\nvpn: {{}}\n', world=world
    )


def _vpn(lab: Lab, name: str, connection_id: str) -> Report:
    call = {
        "eventVersion": "1.11",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "requestParameters": {"vpnConnectionId": connection_id},
        "responseElements": {"vpnConnection": {"vpnConnectionId": connection_id}},
    }
    told = event("aws.ec2", "AWS API Call via CloudTrail", call, account=lab.world.account, region=REGION)
    return react_to_vpn(parse_vpn_event(told), lab.flow_world())


def _run(play: Play, lab: Lab, name: str, connection_id: str, answers: Answers | None = None) -> None:
    work: dict[str, Callable[[], Report]] = {
        "vpn": partial(_vpn, lab, name, connection_id),
        "sweep": partial(sweep, lab),
    }
    play.run(lab, work[play.function], answers=answers)


def _made(play: Play, *, home: bool) -> None:
    """A new connection: introduced, and given its alarms."""
    with _lab(home) as lab:
        made = lab.world.connection(lab.world.device(), **lab.world.transit())
        vpn_telemetry(made, "UP", "UP", message="4 BGP ROUTES", accepted_routes=4)
        _run(play, lab, "CreateVpnConnection", made)


def _lost(play: Play, *, home: bool) -> None:
    """Both tunnels of the only device are down, with a log, a certificate and a known sort of device."""
    with _lab(home) as lab:
        office = lab.world
        device = office.device(vendor="Cisco Systems, Inc.", platform="ASRv 1000", software="IOS XE 16.6+")
        made = office.connection(device, **office.transit())
        office.log("AWS tunnel Timeout")
        group = f"arn:aws:logs:{REGION}:{office.account}:log-group:{_GROUP}:*"
        told: dict[str, Any] = {"CloudWatchLogOptions": {"LogEnabled": True, "LogGroupArn": group}}
        vpn_options(made, tunnel={"LogOptions": told})
        vpn_telemetry(made, "DOWN", "DOWN", message="IPSEC IS DOWN", certificate=office.certificate())
        _run(play, lab, "ModifyVpnConnection", made)


def _virtual(play: Play, *, home: bool) -> None:
    """A connection on a virtual private gateway, which may have Direct Connect beside it."""
    with _lab(home) as lab:
        made = lab.world.connection(lab.world.device(), **lab.world.virtual())
        answers: Answers = {
            ("direct-connect", "DescribeDirectConnectGatewayAssociations"): lambda: {
                "directConnectGatewayAssociations": []
            },
            ("direct-connect", "DescribeVirtualInterfaces"): lambda: {"virtualInterfaces": []},
        }
        _run(play, lab, "ModifyVpnConnection", made, answers)


def _gone(play: Play, *, home: bool) -> None:
    """A connection that was deleted leaves its alarms behind."""
    with _lab(home) as lab:
        made = lab.world.connection(lab.world.device(), **lab.world.transit())
        vpn_telemetry(made, "UP", "UP", message="4 BGP ROUTES", accepted_routes=4)
        _vpn(lab, "CreateVpnConnection", made)
        lab.alerts()
        lab.world.ec2.delete_vpn_connection(VpnConnectionId=made)
        _run(play, lab, "DeleteVpnConnection", made)


TUNNELS = tuple(
    Scenario(f"VPN {play.__name__.strip('_')} {'at home' if home else 'in a member account'}", partial(play, home=home))
    for play in (_made, _lost, _virtual, _gone)
    for home in (False, True)
)
