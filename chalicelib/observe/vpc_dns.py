"""What a VPC resolves: its private zones, and whether its DNS is switched on at all.

That takes three calls for each VPC and no API tells it of several, so what was read of a VPC is remembered for an hour, in the
container alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.decide.name_reach import hindrance
from chalicelib.model.names import Unread, VpcDns, Zone
from chalicelib.model.network import VpcRef
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
