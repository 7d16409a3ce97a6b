"""A VPN connection loses one tunnel, then the other, and gets both back: one message, right at each step."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.show import Outcome, Show
from demo.world import DEV, REGION
from tests.aws.awsbus import event
from tests.aws.telemetry import TELEMETRY_TAG, telemetry_tag

FIRST, SECOND = "198.51.100.1", "198.51.100.2"


class VpnConnections:
    """A connection to a transit gateway, and a second one on a second device. ``ec2`` is a client of their account."""

    def __init__(self, ec2: Any) -> None:  # noqa: ANN401 - boto3's clients have no common type
        self._ec2 = ec2
        gateway = self._ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        self.id = self._connection("hq", "192.0.2.7", gateway)
        self.set(self._connection("hq-2", "192.0.2.8", gateway), FIRST, SECOND)

    def _connection(self, name: str, device: str, gateway: str) -> str:
        made = self._ec2.create_customer_gateway(Type="ipsec.1", PublicIp=device, BgpAsn=65010)
        named = [{"ResourceType": "vpn-connection", "Tags": [{"Key": "Name", "Value": name}]}]
        connection = self._ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=made["CustomerGateway"]["CustomerGatewayId"],
            TransitGatewayId=gateway,
            TagSpecifications=named,
        )
        return str(connection["VpnConnection"]["VpnConnectionId"])

    def set(self, connection_id: str, *up: str, changed: datetime | None = None) -> None:
        """Let AWS's telemetry say that these tunnels are up, and the others down since then."""
        since = changed or datetime.now(UTC)
        rows = [
            (one, "UP", 4, "4 BGP ROUTES", since) if one in up else (one, "DOWN", 0, "IPSEC IS DOWN", since)
            for one in (FIRST, SECOND)
        ]
        tag = {"Key": TELEMETRY_TAG, "Value": telemetry_tag(*rows)}
        self._ec2.create_tags(Resources=[connection_id], Tags=[tag])

    def delete(self) -> None:
        """The connection is gone; its neighbour stays."""
        self._ec2.delete_vpn_connection(VpnConnectionId=self.id)


def play_vpn(show: Show, number: int) -> None:
    """Loss, escalation and recovery, each told by another source."""
    show.screen.title(f"{number}. A VPN connection loses one tunnel, then the other, and comes back")
    vpn, now = VpnConnections(show.world.ec2(DEV)), datetime.now(UTC)

    vpn.set(vpn.id, FIRST, changed=now - timedelta(minutes=12))
    lost = _told(show, "A CloudWatch alarm on the second tunnel", alarm_told(vpn.id, "ALARM"))
    vpn.set(vpn.id, changed=now - timedelta(minutes=12))
    worse = _told(show, "Network Manager, from us-west-2", network_manager_told(vpn.id))
    again = _told(show, "The same outage, told by AWS Health", health_told(vpn.id))
    vpn.set(vpn.id, FIRST, SECOND)
    over = _told(show, "The alarm is OK again", alarm_told(vpn.id, "OK"))

    alerts = [json.loads(one["Message"]) for told in (lost, worse, again, over) for one in told.messages]
    steps = [(one["status"], one["severity"]) for one in alerts]
    show.checks.that(
        "an error, then critical, then resolved",
        steps == [("firing", "error"), ("firing", "critical"), ("resolved", "critical")],
    )
    show.checks.that("one alert from first to last", len({(one["fp"], one["ep"]) for one in alerts}) == 1)
    show.checks.that("the third source added nothing", not again.messages)
    show.checks.that("the outage has its length", alerts and "Traffic was cut for 12 min" in alerts[-1]["summary"])
    show.checks.that(
        "each tunnel has its alarm", [one["action"] for one in lost.report["performed"]] == ["PutTunnelAlarm"] * 2
    )
    show.checks.that(
        "no key in anything said", "PSK." not in json.dumps([alerts, lost.report, worse.report, over.report])
    )
    show.checks.close()


def _told(show: Show, source: str, happened: dict[str, Any]) -> Outcome:
    show.screen.say("Arrived", source)
    outcome = show.deliver(happened)
    for one in outcome.messages:
        told = json.loads(one["Message"])
        show.screen.say("Told", one["Subject"])
        show.screen.say("", told["summary"], "dim")
        show.screen.items("Do", told["remedy"][:1])
    if not outcome.messages:
        show.screen.say("Told", "nothing new")
    return outcome


def alarm_told(connection_id: str, state: str, account: str = DEV) -> dict[str, Any]:
    """A CloudWatch alarm on the second tunnel changed its state."""
    dimensions = {"VpnId": connection_id, "TunnelIpAddress": SECOND}
    metric = {"namespace": "AWS/VPN", "name": "TunnelState", "dimensions": dimensions}
    detail = {
        "alarmName": "hq-tunnel-2",
        "state": {"value": state},
        "configuration": {"metrics": [{"metricStat": {"metric": metric, "period": 300, "stat": "Maximum"}}]},
    }
    return _event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, REGION, account)


def network_manager_told(connection_id: str) -> dict[str, Any]:
    """Network Manager, in us-west-2, saw the first tunnel's IPsec go down."""
    arn = f"arn:aws:ec2:{REGION}:{DEV}:vpn-connection/{connection_id}"
    detail = {
        "changeType": "VPN-CONNECTION-IPSEC-DOWN",
        "region": REGION,
        "vpnConnectionArn": arn,
        "outsideIpAddress": FIRST,
    }
    return _event("aws.networkmanager", "Network Manager Status Update", detail, "us-west-2")


def health_told(connection_id: str) -> dict[str, Any]:
    """AWS Health says that a connection lost its redundancy."""
    detail = {
        "service": "VPN",
        "eventTypeCode": "AWS_VPN_SINGLE_TUNNEL_NOTIFICATION",
        "eventRegion": REGION,
        "affectedEntities": [{"entityValue": connection_id, "status": "IMPAIRED"}],
    }
    return _event("aws.health", "AWS Health Event", detail, REGION)


def _event(source: str, kind: str, detail: dict[str, Any], region: str, account: str = DEV) -> dict[str, Any]:
    return dict(event(source, kind, detail, account=account, region=region))
