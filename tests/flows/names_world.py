"""A small world for names: a private zone of dev, load balancers of data, and two VPCs that a peering may join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from chalicelib.flows.names import react_to_load_balancer
from chalicelib.intake.parse_load_balancers import parse_load_balancer_event
from chalicelib.model.report import Report
from demo.world import DATA, DEV, REGION, Aws, World
from tests.aws.awsbus import event
from tests.lab import Lab

ZONE = "dev.example.internal"
NAME = f"tidb.{ZONE}"
OWNER = "123456789012/netreflex-test"
HEAD = """
version: 1
accounts:
  "111122223333": {name: dev}
  "444455556666": {name: data}
regions: [eu-west-1]
"""
PEERING = """
peering:
  rules:
    - name: dev-to-data
      decision: approve
      requester: {accounts: ["111122223333"], cidrs_within: [10.16.0.0/12]}
      accepter: {accounts: ["444455556666"], vpc_tags: {service: tidb}}
      dns_resolution: none
      names: [tidb]
"""


def name_text(choice: str = "name: tidb", name_id: str = "tidb", name: str = NAME, more: str = "") -> str:
    """One entry of ``names``."""
    return (
        f'  - {{id: {name_id}, zone: {ZONE}, zone_account: "111122223333", name: {name}, {more}'
        f'load_balancer: {{account: "444455556666", region: eu-west-1, {choice}}}}}\n'
    )


ALONE = f"{HEAD}names:\n{name_text()}"
TAGGED = f"{HEAD}names:\n{name_text('tags: {service: tidb}')}"
WITH_PEERING = f"{HEAD}{PEERING}names:\n{name_text()}"


class NamesWorld(World):
    """A VPC of each account, dev's zone, and whatever load balancers a test makes."""

    requester, server, zone_owner = DEV, DATA, DEV

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._names = {}
        self.apps = self.vpc("apps", self.requester, ("10.16.0.0/16",), {"env": "dev"})
        self.tidb = self.vpc("tidb", self.server, ("10.40.0.0/16",), {"service": "tidb"})
        self.ops = self.vpc("ops", self.zone_owner, ("10.50.0.0/16",), {})
        for vpc in (self.apps, self.tidb, self.ops):
            self.ec2(vpc.account).modify_vpc_attribute(VpcId=vpc.vpc_id, EnableDnsHostnames={"Value": True})
        self.subnets = [self._subnet_id(number, zone) for number, zone in enumerate("ab")]
        self.zone_id = self.make_zone(ZONE)

    def _subnet_id(self, number: int, zone: str) -> str:
        made = self.ec2(self.server).create_subnet(
            VpcId=self.tidb.vpc_id, CidrBlock=f"10.40.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        return str(made["Subnet"]["SubnetId"])

    # ---- zones and records -------------------------------------------------------------------------------------------
    def route53(self, account: str | None = None) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        return self._aws.client("route53", account or self.zone_owner)

    def make_zone(self, name: str, vpc_id: str | None = None, account: str | None = None) -> str:
        made = self.route53(account).create_hosted_zone(
            Name=name,
            CallerReference=f"{name} {vpc_id}",
            VPC={"VPCRegion": REGION, "VPCId": vpc_id or self.ops.vpc_id},
            HostedZoneConfig={"PrivateZone": True},
        )
        return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")

    def records(self) -> dict[tuple[str, str], str]:
        """(name, type) -> value of every record of the zone but its SOA and NS."""
        pages = self.route53().get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.zone_id)
        return {
            (one["Name"].removesuffix("."), one["Type"]): one.get("ResourceRecords", [{"Value": "alias"}])[0]["Value"]
            for page in pages
            for one in page["ResourceRecordSets"]
            if one["Type"] not in {"SOA", "NS"}
        }

    def cname(self, name: str = NAME) -> str | None:
        return self.records().get((name, "CNAME"))

    def mark(self, name: str = NAME) -> str | None:
        return self.records().get((f"_netreflex.{name}", "TXT"))

    def write(self, *records: tuple[str, str, str], action: str = "CREATE", ttl: int = 60) -> None:
        """What somebody else writes: (name, type, value)."""
        changes = [
            {
                "Action": action,
                "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value}]},
            }
            for name, kind, value in records
        ]
        self.route53().change_resource_record_sets(HostedZoneId=self.zone_id, ChangeBatch={"Changes": changes})

    def crowd(self, number: int) -> None:
        """So many more VPCs are associated with the zone."""
        zone = route53_backends[self.zone_owner]["aws"].zones[self.zone_id]
        for one in range(number):
            zone.add_vpc(f"vpc-{one:08x}", REGION)

    def vpcs_of_zone(self) -> set[str]:
        return {vpc["VPCId"] for vpc in self.route53().get_hosted_zone(Id=self.zone_id)["VPCs"]}

    def authorized(self) -> list[str]:
        found = self.route53().list_vpc_association_authorizations(HostedZoneId=self.zone_id)["VPCs"]
        return [vpc["VPCId"] for vpc in found]

    # ---- load balancers ----------------------------------------------------------------------------------------------
    def balancer(
        self,
        name: str = "tidb",
        *,
        scheme: str = "internal",
        tags: Mapping[str, str] | None = None,
        kind: str = "network",
    ) -> dict[str, Any]:
        """CreateLoadBalancer; the answer is what CloudTrail would record."""
        made = self._aws.client("elbv2", self.server).create_load_balancer(
            Name=name,
            Scheme=scheme,
            Type=kind,
            Subnets=self.subnets,
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {"made": "by-hand"}).items()],
        )
        return dict(made["LoadBalancers"][0])

    def classic(self, name: str = "tidb", tags: Mapping[str, str] | None = None) -> str:
        """A Classic one; its DNS name."""
        made = self._aws.client("elb", self.server).create_load_balancer(
            LoadBalancerName=name,
            Scheme="internal",
            Subnets=self.subnets,
            Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 4000, "InstancePort": 4000}],
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {"made": "by-hand"}).items()],
        )
        return str(made["DNSName"])

    def remove(self, balancer: Mapping[str, Any]) -> None:
        self._aws.client("elbv2", self.server).delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])

    @staticmethod
    def set_state(balancer: Mapping[str, Any], state: str) -> None:
        """The state that AWS shows of it; moto's own goes from provisioning to active at the first look."""
        elbv2_backends[DATA][REGION].load_balancers[balancer["LoadBalancerArn"]].state = state


class AcrossAccounts(NamesWorld):
    """The zone belongs to data, so that the requester's VPC is of another account."""

    zone_owner = DATA


def call_event(
    name: str, request: Mapping[str, object], answer: object, version: str = "2015-12-01", account: str = DATA
) -> dict[str, Any]:
    """CloudTrail's record of a call to Elastic Load Balancing."""
    detail = {
        "eventVersion": "1.11",
        "eventSource": "elasticloadbalancing.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "apiVersion": version,
        "requestParameters": dict(request),
        "responseElements": answer,
    }
    return dict(
        event("aws.elasticloadbalancing", "AWS API Call via CloudTrail", detail, account=account, region=REGION)
    )


def created(balancer: Mapping[str, Any], account: str = DATA) -> dict[str, Any]:
    answer = {"loadBalancers": [{"loadBalancerArn": balancer["LoadBalancerArn"], "dNSName": balancer["DNSName"]}]}
    return call_event("CreateLoadBalancer", {"name": balancer["LoadBalancerName"]}, answer, account=account)


def deleted(balancer: Mapping[str, Any], account: str = DATA) -> dict[str, Any]:
    return call_event("DeleteLoadBalancer", {"loadBalancerArn": balancer["LoadBalancerArn"]}, None, account=account)


def lab_of(policy: str = ALONE, **more: Any) -> Lab:  # noqa: ANN401
    return Lab(policy, **{"world": NamesWorld, **more})


def arrive(lab: Lab, one: Mapping[str, Any]) -> Report:
    """An event about a load balancer reaches the handler's flow."""
    with lab.counting():
        return react_to_load_balancer(parse_load_balancer_event(one), lab.flow_world())


def titles(lab: Lab) -> list[str]:
    return [alert["title"] for alert in lab.alerts()]


def kinds(made: Iterable[object]) -> list[str]:
    return [type(one).__name__ for one in made]


def network_calls(lab: Lab) -> dict[str, int]:
    """What was asked of Route 53 and Elastic Load Balancing."""
    return {call: count for call, count in lab.calls.items() if call.startswith(("route53:", "elb"))}
