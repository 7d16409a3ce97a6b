"""One-sided peerings: what the owner of the other side has to run, exactly, because netreflex has no hand there."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.decide.cidr import ordered
from chalicelib.model.facts import PeeringFacts, PeeringStatus, Side
from chalicelib.model.names import Zone
from chalicelib.model.network import Network, VpcRef

_OPTIONS = {4: "--destination-cidr-block", 6: "--destination-ipv6-cidr-block"}
_TOGETHER = {4: 10, 6: 6}  # CIDRs of one command, so that a step of a message has room for all of it


def foreign_steps(
    facts: PeeringFacts, side: Side, peer_cidrs: tuple[Network, ...], *, dns_resolution: bool
) -> Iterator[str]:
    """AWS CLI commands for the owner of ``side``, in their order; ``peer_cidrs`` are ours, which they have to route.

    While the request is pending a foreign accepter accepts it first; options can be set only after that (EC2 API
    reference, ModifyVpcPeeringConnectionOptions). What only they can fill in is in capitals: angle brackets would be
    redirections to a shell.
    """
    ref = facts.side(side).ref
    peering = f"--vpc-peering-connection-id {facts.peering.peering_id}"
    if side is Side.ACCEPTER and facts.peering.status is PeeringStatus.PENDING:
        yield f"aws ec2 accept-vpc-peering-connection --region {ref.region} {peering}"
    for version, option in _OPTIONS.items():
        cidrs = [str(cidr) for cidr in ordered(peer_cidrs) if cidr.version == version]
        for start in range(0, len(cidrs), _TOGETHER[version]):
            yield _routed(ref, cidrs[start : start + _TOGETHER[version]], option, peering)
    if dns_resolution:
        yield (
            f"aws ec2 modify-vpc-peering-connection-options --region {ref.region} {peering} "
            f"--{side}-peering-connection-options AllowDnsResolutionFromRemoteVpc=true"
        )


def foreign_association(zone: Zone, vpc: VpcRef) -> str:
    """The AWS CLI command with which the owner of a VPC associates it with a zone of ours."""
    return (
        f"aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {zone.zone_id} "
        f"--vpc VPCRegion={vpc.region},VPCId={vpc.vpc_id}"
    )


def _routed(ref: VpcRef, cidrs: list[str], option: str, peering: str) -> str:
    alone = len(cidrs) == 1
    command = (
        f"aws ec2 create-route --region {ref.region} --route-table-id ROUTE_TABLE_ID "
        f"{option} {cidrs[0] if alone else '$cidr'} {peering}"
    )
    return command if alone else f"for cidr in {' '.join(cidrs)}; do {command}; done"
