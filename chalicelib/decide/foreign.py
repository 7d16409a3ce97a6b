"""One-sided peerings: what the owner of the other side has to run, exactly, because netreflex has no hand there."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.decide.cidr import ordered
from chalicelib.model.facts import PeeringFacts, Side
from chalicelib.model.network import Network


def foreign_steps(
    facts: PeeringFacts, side: Side, peer_cidrs: tuple[Network, ...], *, dns_resolution: bool
) -> Iterator[str]:
    """AWS CLI commands for the owner of ``side``; ``peer_cidrs`` are ours, which they have to route.

    What only they can fill in is in capitals: angle brackets would be redirections to a shell.
    """
    ref = facts.side(side).ref
    peering_id = facts.peering.peering_id
    for cidr in ordered(peer_cidrs):
        option = "--destination-cidr-block" if cidr.version == 4 else "--destination-ipv6-cidr-block"  # noqa: PLR2004
        yield (
            f"aws ec2 create-route --region {ref.region} --route-table-id ROUTE_TABLE_ID "
            f"{option} {cidr} --vpc-peering-connection-id {peering_id}"
        )
    if dns_resolution:
        yield (
            f"aws ec2 modify-vpc-peering-connection-options --region {ref.region} "
            f"--vpc-peering-connection-id {peering_id} "
            f"--{side}-peering-connection-options AllowDnsResolutionFromRemoteVpc=true"
        )
