"""What production tells of names, made by the flows over an AWS in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from demo.world import DATA, DEV
from tests.alerts.real_peerings import Told, told
from tests.aws.strict.route53 import UNSPREAD
from tests.flows import names_world as names
from tests.flows.test_one_sided import OURS_IS_DATA

CHANGE_ID = "C2682N5HXP0BZ4"  # the only one that moto gives


def real_names() -> Iterator[Told]:
    """What happened to a name, and the alert about it."""
    yield from _written()
    yield from _unclear()
    yield from _out_of_reach()
    yield from _left()
    yield from _late()


def _written() -> Iterator[Told]:
    with names.lab_of(names.WITH_PEERING) as lab:
        lab.world.balancer()
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        yield from told(lab, "an approved request with a name")
    with names.lab_of(OURS_IS_DATA, world=names.AcrossAccounts) as lab:
        lab.world.balancer()
        lab.client("ec2", DATA).associate_vpc_cidr_block(VpcId=lab.world.tidb.vpc_id, CidrBlock="10.41.0.0/16")
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        yield from told(lab, "a name for a requester that is somebody else's")
    with names.lab_of() as lab:
        lab.world.write((names.NAME, "CNAME", "x.example.com"))
        names.arrive(lab, names.created(lab.world.balancer()))
        yield from told(lab, "somebody else's record")


def _unclear() -> Iterator[Told]:
    with names.lab_of(names.TAGGED) as lab:
        blue = lab.world.balancer("blue", tags={"service": "tidb"})
        green = lab.world.balancer("green", tags={"service": "tidb"})
        names.arrive(lab, names.created(green))
        yield from told(lab, "two load balancers of the same tags")
        lab.world.remove(blue)
        names.arrive(lab, names.deleted(blue))
        yield from told(lab, "one of them gone")
    with names.lab_of(names.TAGGED) as lab:
        for name in ("blue", "green"):
            lab.world.classic(name, tags={"service": "tidb"})
        lab.sweep()
        yield from told(lab, "two Classic load balancers of the same tags")
    for wanted, policy in (
        ("name", names.ALONE.replace(names.ZONE, "prod.example.internal")),
        ("id", names.ALONE.replace(f"zone: {names.ZONE}", "zone: Z0123456789ABCDEFGHIJ")),
    ):
        with names.lab_of(policy) as lab:
            names.arrive(lab, names.created(lab.world.balancer()))
            yield from told(lab, f"no hosted zone of that {wanted}")


def _out_of_reach() -> Iterator[Told]:
    with names.lab_of() as lab:
        lab.denied.add(("route53:ListHostedZonesByName", DEV))
        names.arrive(lab, names.created(lab.world.balancer()))
        yield from told(lab, "hosted zones that may not be listed")
    with names.lab_of(names.WITH_PEERING) as lab:
        lab.world.balancer()
        lab.client("ec2", DEV).modify_vpc_attribute(VpcId=lab.world.apps.vpc_id, EnableDnsSupport={"Value": False})
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        yield from told(lab, "a VPC that resolves no names")
    with names.lab_of(names.WITH_PEERING) as lab:
        lab.world.balancer()
        lab.world.make_zone(names.NAME, lab.world.apps.vpc_id)
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        yield from told(lab, "a zone that answers instead")


def _left() -> Iterator[Told]:
    with names.lab_of() as lab:
        lab.world.balancer()
        lab.sweep()
        lab.fresh_runtime(names.HEAD)
        lab.sweep()
        yield from told(lab, "records that left the policy")


def _late() -> Iterator[Told]:
    """Route 53 accepts the change and does not spread it."""
    clock = [datetime.now(UTC)]
    UNSPREAD.add(CHANGE_ID)
    try:
        with names.lab_of(now=lambda: clock[0]) as lab:
            lab.world.balancer()
            lab.sweep()
            clock[0] += timedelta(minutes=20)
            lab.sweep()
            yield from told(lab, "a change that is not spread")
    finally:
        UNSPREAD.discard(CHANGE_ID)
