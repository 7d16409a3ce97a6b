"""What peering and sweep meet of peerings, with the VPCs in member accounts and in netreflex's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moto.ec2.models import ec2_backends

from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, VERSION_TAG
from chalicelib.flows.peering import react_to_peering
from chalicelib.flows.sweep_all import sweep_everything
from chalicelib.intake.parse import parse_peering_event
from chalicelib.model.report import Report
from demo.cloudtrail import peering_requested
from demo.world import DATA, DEV, REGION, Aws, Vpc, World
from tests.aws.local import HUB
from tests.iam.play import Play, Scenario
from tests.lab import Lab
from tests.reliability.events import called

POLICY = """
version: 1
accounts: {ACCOUNTS}
regions: [eu-west-1]
peering:
  rules:
    - name: never
      decision: reject
      requester: {accounts: ["REQUESTER"], vpc_tags: {env: lab}}
    - name: dev-to-data
      decision: approve
      requester: {accounts: ["REQUESTER"], cidrs_within: [10.16.0.0/12, 100.64.0.0/10]}
      accepter: {accounts: ["ACCEPTER"], vpc_tags: {service: tidb}}
      routes: {requester: {tables: all}, accepter: {tables: {subnet_tags: {tier: data}}}}
vpn: {}
"""


def policy_text(home: bool) -> str:  # noqa: FBT001
    """The policy for a world in member accounts, or in netreflex's own."""
    requester, accepter = (HUB, HUB) if home else (DEV, DATA)
    accounts = {account: {"name": f"a{account[:4]}"} for account in (requester, accepter)}
    text = POLICY.replace("ACCOUNTS", json.dumps(accounts)[1:-1])
    return text.replace("REQUESTER", requester).replace("ACCEPTER", accepter)


class Members(World):
    """Two VPCs that ask and one that serves."""

    requester, accepter = DEV, DATA

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._names = {}
        self.apps = self.vpc("apps", self.requester, ("10.16.0.0/16", "100.64.0.0/20"), {"env": "dev"})
        self.lab = self.vpc("lab", self.requester, ("10.17.0.0/16",), {"env": "lab"})
        tidb = self.vpc("tidb", self.accepter, ("10.40.0.0/16",), {"service": "tidb"})
        tables = {**tidb.tables, "data": self._table(tidb, "data")}
        self._subnet(tidb, "data", "10.40.8.0/24", {"tier": "data"}, tables["data"])
        self.tidb = Vpc(tidb.name, tidb.account, tidb.vpc_id, tidb.cidrs, tables)


class Home(Members):
    """The same in netreflex's own account."""

    requester = accepter = HUB


def lab_of(home: bool = False, **more: Any) -> Lab:  # noqa: ANN401, FBT001, FBT002
    return Lab(policy_text(home), world=Home if home else Members, **more)


def _peering(lab: Lab, event: Mapping[str, Any]) -> Report:
    return react_to_peering(parse_peering_event(event), lab.flow_world())


def sweep(lab: Lab, _: object = None) -> Report:
    """As the handler: the alerts are carried on whatever the sweep met."""
    try:
        return sweep_everything(lab.flow_world())
    finally:
        lab.runtime.alert_sweep().run()


WORK: dict[str, Callable[[Lab, Mapping[str, Any]], Report]] = {"peering": _peering, "sweep": sweep}


def _run(play: Play, lab: Lab, event: Mapping[str, Any]) -> None:
    play.run(lab, partial(WORK[play.function], lab, event))


def _approved(play: Play, *, home: bool) -> None:
    """Asked for and approved: accepted, routed, resolved, tagged, told."""
    with lab_of(home) as lab:
        _run(play, lab, peering_requested(lab.world.request(lab.world.apps, lab.world.tidb)))


def _rejected(play: Play, *, home: bool) -> None:
    with lab_of(home) as lab:
        _run(play, lab, peering_requested(lab.world.request(lab.world.lab, lab.world.tidb)))


def _made(lab: Lab) -> str:
    """A peering that netreflex has finished, before the function under test begins."""
    peering = lab.world.request(lab.world.apps, lab.world.tidb)
    lab.request_arrives(peering)
    return str(peering["VpcPeeringConnectionId"])


def _delete(lab: Lab, peering_id: str) -> None:
    lab.world.ec2(lab.world.requester).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    lab.alerts()


def _asked_again(play: Play, *, home: bool) -> None:
    """Deleted, forgotten by EC2, and asked for again: the new one takes over the blackholes of the old one."""
    with lab_of(home) as lab:
        former = _made(lab)
        _delete(lab, former)
        for account in {lab.world.requester, lab.world.accepter}:
            ec2_backends[account][REGION].vpc_pcxs.pop(former, None)
        _run(play, lab, peering_requested(lab.world.request(lab.world.apps, lab.world.tidb)))


def _gone(play: Play, *, home: bool) -> None:
    """Deleted: its routes are found in the memory and removed."""
    with lab_of(home) as lab:
        peering_id = _made(lab)
        _delete(lab, peering_id)
        _run(play, lab, called("DeleteVpcPeeringConnection", peering_id, lab.world.requester))


def _crowded(play: Play, *, home: bool) -> None:
    """Tables with more than fifty routes, one of them to a prefix list of the customer's."""
    with lab_of(home) as lab:
        world = lab.world
        table = world.apps.tables["main"]
        backend = ec2_backends[world.requester][REGION]
        for number in range(50):
            backend.create_route(table, f"198.51.100.{number}/32", local=True)
        ec2 = world.ec2(world.requester)
        made = ec2.create_managed_prefix_list(
            PrefixListName="offices", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "203.0.113.0/24"}]
        )
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=world.apps.vpc_id)
        ec2.create_route(
            RouteTableId=table, DestinationPrefixListId=made["PrefixList"]["PrefixListId"], GatewayId=gateway
        )
        _run(play, lab, peering_requested(world.request(world.apps, world.tidb)))


def _untagged(play: Play, *, home: bool) -> None:
    """Somebody took the tags away: the ledger tells what was approved, and the tags are set again."""
    with lab_of(home) as lab:
        peering_id = _made(lab)
        tags = [{"Key": key} for key in (RULE_TAG, VERSION_TAG, CIDRS_TAG)]
        lab.world.ec2(lab.world.accepter).delete_tags(Resources=[peering_id], Tags=tags)
        lab.alerts()
        _run(play, lab, called("AcceptVpcPeeringConnection", peering_id, lab.world.accepter))


PEERINGS = tuple(
    Scenario(f"{play.__name__.strip('_')} {'at home' if home else 'in member accounts'}", partial(play, home=home))
    for play in (_approved, _rejected, _asked_again, _gone, _crowded, _untagged)
    for home in (False, True)
)
