"""Small worlds of two VPCs, the policies that go with them, and what such a world looks like once all is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from demo.world import DATA, DEV, REGION, Aws, Vpc, World
from tests.aws.faults import Faults, VirtualTime
from tests.lab import TABLE, Lab

NARROW = """
version: 1
accounts:
  "111122223333": {name: dev}
  "444455556666": {name: data}
regions: [eu-west-1]
peering:
  rules:
    - name: dev-to-data
      decision: approve
      requester: {accounts: ["111122223333"], cidrs_within: [10.16.0.0/12, 100.64.0.0/10]}
      accepter: {accounts: ["444455556666"], vpc_tags: {service: tidb}}
      dns_resolution: none
"""
WIDE = NARROW.replace("dns_resolution: none", "routes: {requester: {tables: all, to: [10.40.8.0/22]}}")


def figure(text: str) -> None:
    """Print a figure that a test proves (``pytest -rP`` shows them all)."""
    sys.stdout.write(f"{text}\n")


class Pair(World):
    """A VPC of dev and one of data, each with its main route table alone."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._names = {}
        self.apps = self.vpc("apps", DEV, ("10.16.0.0/16",), {"env": "dev"})
        self.tidb = self.vpc("tidb", DATA, ("10.40.0.0/16",), {"service": "tidb"})


class WidePair(World):
    """Two tables on the requester's side, and a CIDR outside RFC 1918, so that DNS resolution is wanted."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._names = {}
        apps = self.vpc("apps", DEV, ("10.16.0.0/16", "100.64.0.0/20"), {"env": "dev"})
        table = self._table(apps, "extra")
        self._subnet(apps, "a", "10.16.1.0/24", {}, table)
        self.apps = Vpc(apps.name, apps.account, apps.vpc_id, apps.cidrs, {**apps.tables, "extra": table})
        self.tidb = self.vpc("tidb", DATA, ("10.40.0.0/16",), {"service": "tidb"})


@dataclass(frozen=True)
class State:
    """All that netreflex leaves behind of one peering, with the peering's id left out."""

    status: str
    requester_tags: Mapping[str, str]
    accepter_tags: Mapping[str, str]
    dns: tuple[bool, bool]
    routes: tuple[tuple[str, str, str, str], ...]
    ledger: tuple[str, ...]


def state_of(lab: Lab, peering_id: str) -> State:
    world = lab.world
    views = [world.peering(peering_id, account) for account in (world.apps.account, world.tidb.account)]
    ends = [views[0]["RequesterVpcInfo"], views[1]["AccepterVpcInfo"]]
    requester_tags, accepter_tags = ({tag["Key"]: tag["Value"] for tag in view["Tags"]} for view in views)
    return State(
        status=views[0]["Status"]["Code"],
        requester_tags=requester_tags,
        accepter_tags=accepter_tags,
        dns=tuple(bool(end.get("PeeringOptions", {}).get("AllowDnsResolutionFromRemoteVpc")) for end in ends),  # type: ignore[arg-type]
        routes=tuple(
            sorted(
                (row.vpc, row.table, row.destination, row.target.replace(peering_id, "pcx"))
                for row in world.routes(world.apps, world.tidb)
            )
        ),
        ledger=tuple(sorted(_ledger(lab, peering_id))),
    )


def _ledger(lab: Lab, peering_id: str) -> Iterator[str]:
    answer = lab.client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"PEERING#{peering_id}"}},
    )
    for item in answer["Items"]:
        yield json.dumps({key: value for key, value in item.items() if key not in {"pk", "at"}}, sort_keys=True)


def forget(lab: Lab, peering_id: str) -> None:
    """Take a peering and its routes out of the world, as if it had never been: far cheaper than a new world."""
    for vpc in (lab.world.apps, lab.world.tidb):
        ec2 = lab.client("ec2", vpc.account)
        for table in vpc.tables.values():
            for route in ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]:
                if route.get("VpcPeeringConnectionId") == peering_id:
                    ec2.delete_route(RouteTableId=table, DestinationCidrBlock=route["DestinationCidrBlock"])
    for _account, _region, backend in ec2_backends.iter_backends():
        backend.vpc_pcxs.pop(peering_id, None)
        backend.tags.pop(peering_id, None)


def request(lab: Lab) -> dict[str, Any]:
    return dict(lab.world.request(lab.world.apps, lab.world.tidb))


def add_route(lab: Lab, vpc: Vpc, destination: str, table: str = "main", **target: str) -> None:
    """A route made by somebody else."""
    lab.client("ec2", vpc.account).create_route(
        RouteTableId=vpc.tables[table], DestinationCidrBlock=destination, **target
    )


def gateway(lab: Lab, vpc: Vpc) -> str:
    """An internet gateway attached to a VPC: the target of other people's routes."""
    ec2 = lab.client("ec2", vpc.account)
    made = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc.vpc_id)
    return made


def targets(lab: Lab, vpc: Vpc) -> dict[tuple[str, str], str]:
    """(table, destination) -> target of every route of a VPC but the local ones."""
    return {(row.table, row.destination): row.target for row in lab.world.routes(vpc) if row.target != "local"}


@contextmanager
def faulty(lab: Lab) -> Iterator[Faults]:
    """Calls can be broken inside the block, and botocore's waits between its attempts take no time."""
    with VirtualTime(), Faults() as faults:
        lab.fresh_runtime()
        yield faults


__all__ = [
    "DATA",
    "DEV",
    "NARROW",
    "REGION",
    "WIDE",
    "Pair",
    "State",
    "WidePair",
    "add_route",
    "faulty",
    "figure",
    "forget",
    "gateway",
    "request",
    "state_of",
    "targets",
]
