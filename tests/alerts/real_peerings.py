"""What production tells of peerings, made by the flows over an AWS in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from chalicelib.model.alert import Alert
from demo.world import DATA, DEV, STRANGER, Aws
from tests.flows.test_one_sided import OURS_IS_DEV
from tests.lab import Lab
from tests.reliability import worlds
from tests.reliability.worlds import add_route, gateway, request

Told = tuple[str, Alert]
HELD = worlds.NARROW.replace("10.16.0.0/12, 100.64.0.0/10", "10.99.0.0/16")
PARTS = (
    "kind",
    "status",
    "severity",
    "subject",
    "title",
    "summary",
    "at",
    "cause",
    "remedy",
    "links",
    "evidence",
    "fields",
)


def told(lab: Lab, what: str) -> Iterator[Told]:
    """What the lab was told since the last look, as alerts."""
    for plain in lab.alerts():
        yield what, Alert.from_json({name: plain[name] for name in PARTS})


def peerings() -> Iterator[Told]:
    """What happened to a peering, and the alert about it."""
    with Lab(HELD, world=worlds.Pair) as lab:
        lab.request_arrives(request(lab))
        yield from told(lab, "a request that no rule approves")
    with Lab(HELD, world=worlds.Pair, now=lambda: datetime.now(UTC) + timedelta(days=6)) as lab:
        lab.request_arrives(request(lab))
        lab.sweep()
        yield from told(lab, "a request that expires soon")
    with Lab(worlds.NARROW.replace("decision: approve", "decision: reject"), world=worlds.Pair) as lab:
        lab.request_arrives(request(lab))
        yield from told(lab, "a request that the policy turns down")
    with Lab(worlds.WIDE, world=worlds.WidePair) as lab:
        lab.request_arrives(request(lab))
        yield from told(lab, "an approved request")
    yield from _requests_of_others()
    yield from _obstructed_peerings()


class _Neighbours(worlds.Pair):
    """The pair, a VPC of an account that the policy does not know, and one whose addresses overlap."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.strange = self.vpc("strange", STRANGER, ("10.20.0.0/16",), {})
        self.twin = self.vpc("twin", DEV, ("10.40.0.0/20",), {})


def _requests_of_others() -> Iterator[Told]:
    with Lab(worlds.NARROW, world=_Neighbours) as lab:
        lab.request_arrives(lab.world.request(lab.world.strange, lab.world.tidb))
        yield from told(lab, "a stranger's request")
        lab.request_arrives(lab.world.request(lab.world.twin, lab.world.tidb))
        yield from told(lab, "a request that AWS failed")
    with Lab(worlds.NARROW.replace("decision: approve", "decision: reject"), world=worlds.Pair) as lab:
        lab.denied.add(("ec2:RejectVpcPeeringConnection", DATA))
        lab.request_arrives(request(lab))
        yield from told(lab, "a request that cannot be turned down")


def _obstructed_peerings() -> Iterator[Told]:
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        add_route(lab, lab.world.apps, "10.40.0.0/16", GatewayId=gateway(lab, lab.world.apps))
        lab.request_arrives(request(lab))
        yield from told(lab, "a route in the way of a request")
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        lab.request_arrives(request(lab))
        lab.alerts()
        add_route(lab, lab.world.apps, "10.40.4.0/24", GatewayId=gateway(lab, lab.world.apps))
        lab.sweep()
        yield from told(lab, "a more specific route beside an active peering")
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        lab.request_arrives(request(lab))
        lab.alerts()
        dev = lab.client("ec2", DEV)
        dev.associate_vpc_cidr_block(VpcId=lab.world.apps.vpc_id, CidrBlock="10.60.0.0/16")
        lab.sweep()
        yield from told(lab, "a CIDR that came after the approval")
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        lab.denied.add(("ec2:CreateRoute", DATA))
        lab.request_arrives(request(lab))
        yield from told(lab, "a missing permission to add a route")
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        lab.denied.add(("ec2:AcceptVpcPeeringConnection", DATA))
        lab.request_arrives(request(lab))
        yield from told(lab, "a missing permission to accept")
    yield from _one_sided_peerings()
    yield from _peerings_that_end()


def _peerings_that_end() -> Iterator[Told]:
    with Lab(worlds.NARROW, world=worlds.Pair) as lab:
        peering = request(lab)
        lab.request_arrives(peering)
        lab.alerts()
        lab.fresh_runtime(HELD)
        lab.sweep()
        yield from told(lab, "a peering that outlives its rule")
        lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
        lab.sweep()
        yield from told(lab, "a peering that was deleted")


def _one_sided_peerings() -> Iterator[Told]:
    one_sided = worlds.NARROW.replace("dns_resolution: none", "dns_resolution: both").replace(
        '  "111122223333": {name: dev}\n', ""
    )
    with Lab(one_sided, world=worlds.WidePair) as lab:
        lab.request_arrives(request(lab))
        yield from told(lab, "a peering of which one side is somebody else's")
    with Lab(OURS_IS_DEV, world=worlds.Pair) as lab:
        lab.request_arrives(request(lab))
        yield from told(lab, "a request to an accepter that is somebody else's")
