"""The world of the demo and of the end-to-end tests: three accounts, their VPCs and route tables, and peering requests.

Accounts: dev asks, data serves TiDB, and a stranger is nobody's friend; netreflex itself runs in the hub. The apps VPC has
a second CIDR outside RFC 1918, and a subnet without a route table of its own, which therefore uses the main table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

DEV, DATA, STRANGER = "111122223333", "444455556666", "777788889999"
ACCOUNTS = {DEV: "dev", DATA: "data", STRANGER: "stranger"}
REGION = "eu-west-1"
SERVICE_NETWORK = "10.40.8.0/22"
POLICY = (Path(__file__).parent / "policy.yaml").read_text()


class Aws(Protocol):
    """What the world needs of an AWS: clients by service and account."""

    def client(self, service: str, account: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        """A client of that account."""


@dataclass(frozen=True)
class Vpc:
    """A VPC as it was built; ``tables`` are its route tables by name."""

    name: str
    account: str
    vpc_id: str
    cidrs: tuple[str, ...]
    tables: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.name} ({ACCOUNTS[self.account]}, {', '.join(self.cidrs)})"


@dataclass(frozen=True)
class RouteRow:
    """A route where people look for it; ``target`` is the peering, ``local``, or another target with its state."""

    vpc: str
    table: str
    destination: str
    target: str


class World:
    """Builds VPCs, asks for peerings, and reads back what AWS says now."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._names: dict[str, str] = {}
        self.apps = self._apps()
        self.tidb = self._tidb()
        self.lab = self.vpc("lab", DEV, ("10.17.0.0/16",), {"env": "lab"})
        self.twin = self.vpc("dev-twin", DEV, ("10.40.0.0/20",), {"env": "dev-twin"})
        self.strange = self.vpc("strange", STRANGER, ("10.20.0.0/16",), {"env": "dev-apps", "service": "tidb"})

    def ec2(self, account: str) -> Any:  # noqa: ANN401 - see Aws
        return self._aws.client("ec2", account)

    def named(self, text: str) -> str:
        """The text with this world's VPCs, route tables and subnets by name, as people know them."""
        return re.sub(r"\b(vpc|rtb|subnet)-[0-9a-f]+", lambda found: self._names.get(found[0], found[0]), text)

    # ---- building --------------------------------------------------------------------------------------------------
    def vpc(self, name: str, account: str, cidrs: tuple[str, ...], tags: Mapping[str, str]) -> Vpc:
        """A VPC with its main route table."""
        ec2 = self.ec2(account)
        vpc_id = ec2.create_vpc(CidrBlock=cidrs[0], TagSpecifications=_tagged("vpc", {"Name": name, **tags}))["Vpc"][
            "VpcId"
        ]
        for cidr in cidrs[1:]:
            ec2.associate_vpc_cidr_block(VpcId=vpc_id, CidrBlock=cidr)
        main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"][0][
            "RouteTableId"
        ]
        ec2.create_tags(Resources=[main], Tags=[{"Key": "Name", "Value": "main"}])
        self._names |= {vpc_id: name, main: f"{name}/main"}
        return Vpc(name, account, vpc_id, cidrs, {"main": main})

    def _apps(self) -> Vpc:
        vpc = self.vpc("dev-apps", DEV, ("10.16.0.0/16", "100.64.0.0/20"), {"env": "dev-apps"})
        tables = dict(vpc.tables)
        for name, cidr in (("apps-a", "10.16.1.0/24"), ("apps-b", "100.64.1.0/24")):
            tables[name] = self._table(vpc, name)
            self._subnet(vpc, name, cidr, {"tier": "apps"}, tables[name])
        self._subnet(vpc, "batch", "10.16.3.0/24", {"tier": "batch"}, None)
        return Vpc(vpc.name, vpc.account, vpc.vpc_id, vpc.cidrs, tables)

    def _tidb(self) -> Vpc:
        vpc = self.vpc("tidb", DATA, ("10.40.0.0/16",), {"service": "tidb"})
        tables = {**vpc.tables, "data": self._table(vpc, "data"), "admin": self._table(vpc, "admin")}
        self._subnet(vpc, "data-a", "10.40.8.0/24", {"tier": "data"}, tables["data"])
        self._subnet(vpc, "data-b", "10.40.9.0/24", {"tier": "data"}, tables["data"])
        self._subnet(vpc, "admin", "10.40.0.0/24", {"tier": "admin"}, tables["admin"])
        return Vpc(vpc.name, vpc.account, vpc.vpc_id, vpc.cidrs, tables)

    def _table(self, vpc: Vpc, name: str) -> str:
        made = self.ec2(vpc.account).create_route_table(
            VpcId=vpc.vpc_id, TagSpecifications=_tagged("route-table", {"Name": name})
        )
        table = str(made["RouteTable"]["RouteTableId"])
        self._names[table] = f"{vpc.name}/{name}"
        return table

    def _subnet(self, vpc: Vpc, name: str, cidr: str, tags: Mapping[str, str], table: str | None) -> None:
        ec2 = self.ec2(vpc.account)
        made = ec2.create_subnet(
            VpcId=vpc.vpc_id, CidrBlock=cidr, TagSpecifications=_tagged("subnet", {"Name": name, **tags})
        )
        self._names[made["Subnet"]["SubnetId"]] = name
        if table:
            ec2.associate_route_table(RouteTableId=table, SubnetId=made["Subnet"]["SubnetId"])

    # ---- asking and looking ----------------------------------------------------------------------------------------
    def request(self, requester: Vpc, accepter: Vpc, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
        """CreateVpcPeeringConnection by the requester's account; the answer is what CloudTrail would record."""
        marks = {"TagSpecifications": _tagged("vpc-peering-connection", tags)} if tags else {}
        answer = self.ec2(requester.account).create_vpc_peering_connection(
            VpcId=requester.vpc_id, PeerVpcId=accepter.vpc_id, PeerOwnerId=accepter.account, **marks
        )
        return dict(answer["VpcPeeringConnection"])

    def peering(self, peering_id: str, account: str) -> dict[str, Any]:
        """The peering as that account sees it now."""
        found = self.ec2(account).describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering_id])
        return dict(found["VpcPeeringConnections"][0])

    def status(self, peering_id: str, account: str) -> str:
        return str(self.peering(peering_id, account)["Status"]["Code"])

    def routes(self, *vpcs: Vpc) -> list[RouteRow]:
        """Every route of every table of these VPCs."""
        return [row for vpc in vpcs for name, table in vpc.tables.items() for row in self._rows(vpc, name, table)]

    def _rows(self, vpc: Vpc, name: str, table: str) -> list[RouteRow]:
        found = self.ec2(vpc.account).describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
        return [
            RouteRow(vpc.name, name, _destination(route), _target(route))
            for route in sorted(
                found["Routes"], key=lambda route: (route.get("GatewayId") != "local", _destination(route))
            )
        ]


def _destination(route: Mapping[str, Any]) -> str:
    return str(route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"))


def _target(route: Mapping[str, Any]) -> str:
    target = str(route.get("VpcPeeringConnectionId") or route.get("GatewayId") or "other")
    return target if route["State"] == "active" else f"{target} {route['State']}"


def _tagged(kind: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
