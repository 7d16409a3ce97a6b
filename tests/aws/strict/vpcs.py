"""VPCs: an IPv6 CIDR of one's own choice (AssociateVpcCidrBlock with Ipv6CidrBlock and Ipv6Pool, as with a BYOIP pool).

moto gives random Amazon CIDRs only, so that two VPCs with overlapping IPv6 CIDRs could not be built.
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses.vpcs import VPCs

_associate = VPCs.associate_vpc_cidr_block
_associated = ("associated", "associating")


def cidrs(vpc: VPC, *, ipv6: bool) -> list[str]:
    """The CIDRs of a VPC that are in force."""
    return [
        block["cidr_block"]
        for block in vpc.get_cidr_block_association_set(ipv6=ipv6)
        if block["cidr_block_state"]["state"] in _associated
    ]


def _associate_vpc_cidr_block(self: VPCs) -> ActionResult:
    chosen = self._get_param("Ipv6CidrBlock")
    if not chosen:
        return _associate(self)
    vpc_id = self._get_param("VpcId")
    block = self.ec2_backend.get_vpc(vpc_id).associate_vpc_cidr_block(None, amazon_provided_ipv6_cidr_block=True)
    block.update(cidr_block=chosen, ipv6_pool=self._get_param("Ipv6Pool"))
    for table in list(self.ec2_backend.route_tables.values()):
        if table.vpc_id == vpc_id:
            self.ec2_backend.create_route(table.id, None, destination_ipv6_cidr_block=chosen, local=True)
    return ActionResult(
        {
            "VpcId": vpc_id,
            "Ipv6CidrBlockAssociation": {
                "AssociationId": block["association_id"],
                "Ipv6CidrBlock": chosen,
                "Ipv6CidrBlockState": {"State": "associating"},
                "Ipv6Pool": block["ipv6_pool"],
            },
        }
    )


def install() -> None:
    VPCs.associate_vpc_cidr_block = _associate_vpc_cidr_block
