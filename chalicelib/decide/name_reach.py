"""From which VPCs a private zone resolves: those of approved requesters are associated with it, and nothing is put in the shade.

Across accounts an association takes three calls: authorize in the zone's account, associate with the VPC account's credentials,
take the authorization back. A run that dies between them leaves a state from which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.decide.dns_name import lies_in, normalised
from chalicelib.decide.foreign import foreign_association
from chalicelib.decide.name_choice import Obstacle
from chalicelib.model.actions import AssociateVpc, AuthorizeVpcAssociation, NameAction, RemoveVpcAuthorization
from chalicelib.model.names import Unread, VpcDns, Zone, ZoneVpc
from chalicelib.model.network import VpcRef
from chalicelib.model.plan import RefusalKind

MOST_VPCS = (
    300  # of one private zone (Route 53 developer guide, "Quotas on hosted zones"); it can be raised, or Profiles used
)
NEARLY_FULL = 270
_PROFILES = "raise the quota of VPCs per private hosted zone, or share the zone through a Route 53 Profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachVerdict:
    """One VPC and one zone: associated already, or the steps that make it so, or why not.

    ``foreign`` is the command that the owner of a VPC that is not ours has still to run.
    """

    zone: Zone
    vpc: VpcRef
    steps: tuple[NameAction, ...] = ()
    obstacle: Obstacle | None = None
    foreign: str = ""


def judge_reach_of(
    zone: Zone, wanted: Mapping[VpcRef, bool], records: Sequence[str], looked: Mapping[VpcRef, VpcDns | Unread]
) -> tuple[ReachVerdict, ...]:
    """One verdict for each VPC (True: it is ours), in a stable order. ``records`` are the names to resolve there."""
    verdicts: list[ReachVerdict] = []
    full = len(zone.vpcs or ())
    for vpc, managed in sorted(wanted.items()):
        if ZoneVpc.of(vpc) in (zone.vpcs or ()):
            verdicts.append(ReachVerdict(zone=zone, vpc=vpc, steps=_leftover(zone, vpc)))
            continue
        if managed:
            obstacle = _obstacle(zone, vpc, records, looked.get(vpc, Unread(reason="it was not asked")), full)
        else:
            obstacle = _no_room(zone, vpc, full)
        ours = _steps(zone, vpc) if managed else _opening(zone, vpc)
        foreign = "" if managed or obstacle else foreign_association(zone, vpc)
        full += obstacle is None
        verdicts.append(
            ReachVerdict(zone=zone, vpc=vpc, steps=() if obstacle else ours, obstacle=obstacle, foreign=foreign)
        )
    return tuple(verdicts)


def nearly_full(zone: Zone) -> str | None:
    """A sentence where the zone will soon take no more VPCs."""
    held = len(zone.vpcs or ())
    return f"hosted zone {zone} has {held} VPCs, {MOST_VPCS} are allowed" if held >= NEARLY_FULL else None


def _obstacle(zone: Zone, vpc: VpcRef, records: Sequence[str], looked: VpcDns | Unread, full: int) -> Obstacle | None:
    if isinstance(looked, Unread):
        reason = f"what {vpc} resolves could not be read: {looked.reason}"
        remedy = "grant what is missing; every sweep tries again by itself"
        return Obstacle(kind=RefusalKind.ACCESS, reason=reason, remedy=remedy, passing=looked.passing)
    off = [
        word for word, on in (("enableDnsSupport", looked.support), ("enableDnsHostnames", looked.hostnames)) if not on
    ]
    if off:
        reason = (
            f"{' and '.join(off)} of {vpc} {'is' if len(off) == 1 else 'are'} off, so no private zone resolves there"
        )
        attribute = "dns-support" if off[0] == "enableDnsSupport" else "dns-hostnames"
        command = f"aws ec2 modify-vpc-attribute --region {vpc.region} --vpc-id {vpc.vpc_id} --enable-{attribute}"
        return Obstacle(kind=RefusalKind.VPC_DNS, reason=reason, remedy=f"switch it on: `{command}`")
    shade = _shade(zone, records, looked)
    if shade:
        remedy = "remove that zone's association, or make the record in it by hand"
        return Obstacle(kind=RefusalKind.SHADOW, reason=f"on {vpc} {shade}", remedy=remedy)
    return _no_room(zone, vpc, full)


def _no_room(zone: Zone, vpc: VpcRef, full: int) -> Obstacle | None:
    if full < MOST_VPCS:
        return None
    reason = f"hosted zone {zone} has {full} VPCs, {MOST_VPCS} are allowed; {vpc} does not fit"
    return Obstacle(kind=RefusalKind.QUOTA, reason=reason, remedy=_PROFILES)


def _shade(zone: Zone, records: Sequence[str], looked: VpcDns) -> str | None:
    """Of several private zones of a VPC the one with the longest matching name answers, and it alone."""
    own = normalised(zone.name)
    for other in sorted(looked.zones):
        name = normalised(other.name)
        if other.zone_id == zone.zone_id or len(name) < len(own):
            continue
        hidden = [record for record in records if lies_in(record, name)]
        if hidden:
            return f"the hosted zone {name} ({other.zone_id}) would answer for {hidden[0]} instead of {zone}"
    return None


def _steps(zone: Zone, vpc: VpcRef) -> tuple[NameAction, ...]:
    associate = association(zone, vpc)
    if vpc.account == zone.account:
        return (associate,)
    return (_authorization(zone, vpc), associate, _removal(zone, vpc))


def _opening(zone: Zone, vpc: VpcRef) -> tuple[NameAction, ...]:
    """Our part for a VPC that is not ours: the authorization. It is taken back once its owner has associated the VPC."""
    there = vpc.account == zone.account or ZoneVpc.of(vpc) in (zone.authorized or ())
    return () if there else (_authorization(zone, vpc),)


def _authorization(zone: Zone, vpc: VpcRef) -> AuthorizeVpcAssociation:
    return AuthorizeVpcAssociation(place=zone.place, zone_id=zone.zone_id, zone=zone.name, vpc=vpc)


def association(zone: Zone, vpc: VpcRef) -> AssociateVpc:
    return AssociateVpc(place=vpc.place, zone_id=zone.zone_id, zone=zone.name, zone_account=zone.account, vpc=vpc)


def _leftover(zone: Zone, vpc: VpcRef) -> tuple[NameAction, ...]:
    """An authorization that a run left behind, which died after the association."""
    return (_removal(zone, vpc),) if ZoneVpc.of(vpc) in (zone.authorized or ()) else ()


def _removal(zone: Zone, vpc: VpcRef) -> RemoveVpcAuthorization:
    return RemoveVpcAuthorization(place=zone.place, zone_id=zone.zone_id, zone=zone.name, vpc=vpc)
