"""A service's name appears with its load balancer, follows when that is replaced, and never touches what people made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo.show import Outcome, Show
from demo.world import DATA, DEV, REGION, Aws, World
from tests.aws.awsbus import event

ZONE = "dev.example.internal"
NAME, BY_HAND = f"tidb.{ZONE}", f"kv.{ZONE}"
WRITTEN_BY_HAND = "kv-old.example.com"


class Names:
    """dev's private zone, and data's load balancers."""

    def __init__(self, aws: Aws, world: World) -> None:
        self._route53, self._elb = aws.client("route53", DEV), aws.client("elbv2", DATA)
        self._subnets = [
            world.ec2(DATA).create_subnet(
                VpcId=world.tidb.vpc_id, CidrBlock=f"10.40.{number}.0/24", AvailabilityZone=f"{REGION}{letter}"
            )["Subnet"]["SubnetId"]
            for number, letter in ((16, "a"), (17, "b"))
        ]
        made = self._route53.create_hosted_zone(
            Name=ZONE,
            CallerReference="demo",
            VPC={"VPCRegion": REGION, "VPCId": world.apps.vpc_id},
            HostedZoneConfig={"PrivateZone": True},
        )
        self._zone_id = made["HostedZone"]["Id"]

    def by_hand(self) -> None:
        record = {
            "Name": BY_HAND,
            "Type": "CNAME",
            "TTL": 300,
            "ResourceRecords": [{"Value": WRITTEN_BY_HAND}],
        }
        changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
        self._route53.change_resource_record_sets(HostedZoneId=self._zone_id, ChangeBatch={"Changes": changes})

    def balancer(self, name: str) -> dict[str, Any]:
        service = name.partition("-")[0]
        made = self._elb.create_load_balancer(
            Name=name,
            Scheme="internal",
            Type="network",
            Subnets=self._subnets,
            Tags=[{"Key": "service", "Value": service}],
        )
        return dict(made["LoadBalancers"][0])

    def remove(self, balancer: Mapping[str, Any]) -> None:
        self._elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])

    def records(self) -> list[tuple[str, str, str]]:
        """(name, type, value) of every record that somebody made."""
        found = self._route53.list_resource_record_sets(HostedZoneId=self._zone_id)["ResourceRecordSets"]
        return [
            (one["Name"].removesuffix("."), one["Type"], one["ResourceRecords"][0]["Value"])
            for one in found
            if one["Type"] not in {"SOA", "NS"}
        ]

    def cname(self, name: str = NAME) -> str | None:
        return next((value for at, kind, value in self.records() if (at, kind) == (name, "CNAME")), None)


def play_names(show: Show, number: int) -> None:
    """Appears, follows, and leaves alone what is not ours."""
    show.screen.title(f"{number}. A name for the service: it appears, follows its load balancer, and overwrites nobody")
    names = Names(show.deployment.aws, show.world)
    blue = names.balancer("tidb-blue")
    born = _told(
        show,
        names,
        f"CreateLoadBalancer tidb-blue, tagged service=tidb; {NAME} is in the policy",
        balancer_created(blue),
    )
    show.checks.that(f"{NAME} leads to it", names.cname() == blue["DNSName"])
    show.checks.that(
        "the owner's mark stands beside it", (f"_netreflex.{NAME}", "TXT") in {r[:2] for r in names.records()}
    )

    green = names.balancer("tidb-green")
    names.remove(blue)
    moved = _told(show, names, "tidb-green takes over: DeleteLoadBalancer tidb-blue", balancer_deleted(blue))
    show.checks.that("the name followed", names.cname() == green["DNSName"])
    show.checks.that("each was told", born.messages and moved.messages)
    again = _told(show, names, "The same event again", balancer_deleted(blue))
    show.checks.that("nothing was planned, done or told", not (again.report["planned"] or again.messages))

    names.by_hand()
    kept = _told(
        show,
        names,
        f"CreateLoadBalancer kv, where somebody made {BY_HAND} by hand",
        balancer_created(names.balancer("kv")),
    )
    show.checks.that("the record is as it was", names.cname(BY_HAND) == WRITTEN_BY_HAND)
    show.checks.that("nothing was done", not kept.report["performed"])
    show.checks.that("somebody was told, and what to do", len(kept.messages) == 1 and "left alone" in kept.why)
    show.checks.close()


def _told(show: Show, names: Names, what: str, one: dict[str, Any]) -> Outcome:
    show.screen.say("Arrived", what)
    outcome = show.deliver(one)
    show.screen.items("Names", outcome.report["reasons"])
    rows = [(at, kind, value if len(value) <= 44 else value[:43] + "…") for at, kind, value in names.records()]
    show.screen.table(("record", "type", "value"), rows)
    show.tell_slack(outcome.posted)
    return outcome


def balancer_created(balancer: Mapping[str, Any]) -> dict[str, Any]:
    """CloudTrail's record of a load balancer's creation."""
    answer = {"loadBalancers": [{"loadBalancerArn": balancer["LoadBalancerArn"], "dNSName": balancer["DNSName"]}]}
    return _call("CreateLoadBalancer", {"name": balancer["LoadBalancerName"]}, answer)


def balancer_deleted(balancer: Mapping[str, Any]) -> dict[str, Any]:
    """CloudTrail's record of a load balancer's deletion."""
    return _call("DeleteLoadBalancer", {"loadBalancerArn": balancer["LoadBalancerArn"]}, None)


def _call(name: str, request: Mapping[str, object], answer: object) -> dict[str, Any]:
    """CloudTrail's record of a call in the data account."""
    detail = {
        "eventVersion": "1.11",
        "eventSource": "elasticloadbalancing.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "apiVersion": "2015-12-01",
        "requestParameters": dict(request),
        "responseElements": answer,
    }
    return dict(event("aws.elasticloadbalancing", "AWS API Call via CloudTrail", detail, account=DATA, region=REGION))
