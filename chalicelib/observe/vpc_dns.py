"""What a VPC resolves, and what it has to find: its private zones, and whether its DNS is switched on at all.

That takes three calls for each VPC and no API tells it of several, so what was read of a VPC is remembered for an hour, in the
container alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.decide.dns_name import normalised
from chalicelib.decide.name_choice import chosen_zone
from chalicelib.decide.name_reach import hindrance
from chalicelib.model.names import NamesFacts, Reach, Unread, VpcDns, Zone
from chalicelib.model.network import VpcRef
from chalicelib.model.policy import Name
from chalicelib.observe import route53
from chalicelib.sessions import translated

REMEMBERED = timedelta(hours=1)
Wanted = Sequence[tuple[Zone, str]]  # zones, each with a record that has to be found in it


class VpcDnsMemory(Protocol):
    """What associated VPCs resolved when they were last asked."""

    def get(self, vpc: VpcRef, wanted: Wanted) -> VpcDns | None:
        """What may be relied on; None where the VPC has to be asked."""

    def put(self, vpc: VpcRef, look: VpcDns | Unread) -> None:
        """Remember what was read just now."""


class RecentVpcDns:
    """Remembers for an hour what was well; a fault is asked about each time, so that its end is seen at once."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._looks: dict[VpcRef, tuple[datetime, VpcDns]] = {}

    def get(self, vpc: VpcRef, wanted: Wanted) -> VpcDns | None:
        at, look = self._looks.get(vpc, (None, None))
        if look is None or at is None or self._now() - at >= REMEMBERED:
            return None
        return None if any(hindrance(zone, vpc, [record], look) for zone, record in wanted) else look

    def put(self, vpc: VpcRef, look: VpcDns | Unread) -> None:
        if isinstance(look, VpcDns):
            self._looks[vpc] = (self._now(), look)


class NoVpcDns:
    """Remembers nothing."""

    def get(self, vpc: VpcRef, wanted: Wanted) -> None:
        """Every VPC has to be asked."""

    def put(self, vpc: VpcRef, look: VpcDns | Unread) -> None:
        """Forget it."""


def read_vpc_dns(ec2: Any, client: Any, vpc: VpcRef) -> VpcDns:  # noqa: ANN401
    """Read it now: two attributes (DescribeVpcAttribute tells one a call) and the zones of every account."""
    on = {}
    for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        with translated(vpc.account, "ec2:DescribeVpcAttribute"):
            answer = ec2.describe_vpc_attribute(VpcId=vpc.vpc_id, Attribute=attribute)
        on[attribute] = bool(answer[key]["Value"])
    zones = route53.zones_of_vpc(client, vpc)
    return VpcDns(zones=zones, support=on["enableDnsSupport"], hostnames=on["enableDnsHostnames"])


def wanted_zones(
    facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach]
) -> Iterable[tuple[Zone, str, tuple[Reach, ...]]]:
    """The private zones and the records of the names, with the VPCs that have to reach each."""
    for name in names:
        found = tuple(reach for reach in reaches if reach.name_id == name.id)
        zone = chosen_zone(name, facts)
        if found and isinstance(zone, Zone) and zone.private:
            yield zone, normalised(name.name), found


def wanted_by_vpc(
    facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach]
) -> dict[VpcRef, list[tuple[Zone, str]]]:
    """What each VPC of ours has to find: zones, each with a record in it."""
    wanted: dict[VpcRef, list[tuple[Zone, str]]] = defaultdict(list)
    for zone, record, found in wanted_zones(facts, names, reaches):
        for one in found:
            if one.managed:
                wanted[one.vpc].append((zone, record))
    return wanted
