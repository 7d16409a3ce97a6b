"""From which VPCs a private zone resolves: those of approved requesters are associated with it, and nothing is put in the shade.

Across accounts an association takes three calls: authorize in the zone's account, associate with the VPC account's credentials,
take the authorization back. A run that dies between them leaves a state from which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.decide.dns_name import lies_in, normalised
from chalicelib.decide.foreign import foreign_association
from chalicelib.decide.name_choice import GRANT, Obstacle
from chalicelib.model.actions import AssociateVpc, AuthorizeVpcAssociation, NameAction, RemoveVpcAuthorization
from chalicelib.model.names import RecordSet, Unread, VpcDns, Zone, ZoneOfVpc, ZoneVpc
from chalicelib.model.network import VpcRef
from chalicelib.model.plan import RefusalKind

# Of one private zone (Route 53 developer guide, "Quotas on hosted zones"). A zone that nears it is asked whether it was raised.
MOST_VPCS = 300
NEARLY_FULL = 270
Beneath = Mapping[tuple[str, str], RecordSet | Unread | None]
_PROFILES = "Raise the quota of VPCs per private hosted zone, or share the zone through a Route 53 Profile."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachVerdict:
    """One VPC and one zone: associated already, or the steps that make it so, or why not.

    ``obstacle`` without ``steps`` may also be told of a VPC that is associated, and yet finds nothing. ``foreign`` is the
    command that the owner of a VPC that is not ours has still to run.
    """

    zone: Zone
    vpc: VpcRef
    steps: tuple[NameAction, ...] = ()
    obstacle: Obstacle | None = None
    foreign: str = ""


def judge_reach_of(
    zone: Zone,
    wanted: Mapping[VpcRef, bool],
    records: Sequence[str],
    looked: Mapping[VpcRef, VpcDns | Unread],
    beneath: Beneath,
) -> tuple[ReachVerdict, ...]:
    """One verdict for each VPC (True: it is ours), in a stable order. ``records`` are the names to resolve there.

    An association alone is no proof: the VPC's DNS may be switched off later, or another zone put in front. So those that are
    associated are judged as well. What is not ours cannot be looked into, and is taken to be well. ``beneath`` is as
    ``NamesFacts`` has it: what an association would hide is looked at before it is made.
    """
    verdicts: list[ReachVerdict] = []
    full = len(zone.vpcs or ())
    for vpc, managed in sorted(wanted.items()):
        look = looked.get(vpc, Unread(reason="it was not asked"))
        obstacle = _hindrance(zone, vpc, records, look) if managed else None
        if ZoneVpc.of(vpc) in (zone.vpcs or ()):
            verdicts.append(ReachVerdict(zone=zone, vpc=vpc, steps=_leftover(zone, vpc), obstacle=obstacle))
            continue
        obstacle = obstacle or _hides(zone, vpc, look, beneath) or _no_room(zone, vpc, full)
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
    return _room_of(zone, held) if held * MOST_VPCS >= most_vpcs(zone) * NEARLY_FULL else None


def most_vpcs(zone: Zone) -> int:
    """How many VPCs the zone may have; the default where it was not asked, or did not say."""
    return zone.most_vpcs if isinstance(zone.most_vpcs, int) else MOST_VPCS


def _room_of(zone: Zone, held: int) -> str:
    asked = zone.most_vpcs
    doubt = (
        f" by default; whether that was raised could not be read: {asked.reason}" if isinstance(asked, Unread) else ""
    )
    return f"hosted zone {zone} has {held} VPCs, {most_vpcs(zone)} are allowed{doubt}"


def _hindrance(zone: Zone, vpc: VpcRef, records: Sequence[str], looked: VpcDns | Unread) -> Obstacle | None:
    if isinstance(looked, Unread):
        reason = f"what {vpc} resolves could not be read: {looked.reason}"
        return Obstacle(kind=RefusalKind.ACCESS, reason=reason, remedy=GRANT, passing=looked.passing)
    return hindrance(zone, vpc, records, looked)


def hindrance(zone: Zone, vpc: VpcRef, records: Sequence[str], looked: VpcDns) -> Obstacle | None:
    """Why a VPC would not find these names although it is associated with their zone; None where it would."""
    options = (("enableDnsSupport", looked.support, "support"), ("enableDnsHostnames", looked.hostnames, "hostnames"))
    off = [(word, option) for word, on, option in options if not on]
    if off:
        words, verb = " and ".join(word for word, _ in off), "is" if len(off) == 1 else "are"
        call = f"aws ec2 modify-vpc-attribute --region {vpc.region} --vpc-id {vpc.vpc_id} --enable-dns-"
        return Obstacle(  # one attribute a call (EC2 API reference, ModifyVpcAttribute)
            kind=RefusalKind.VPC_DNS,
            reason=f"{words} of {vpc} {verb} off, so no private zone resolves there",
            remedy=f"Switch {'it' if len(off) == 1 else 'both'} on: `{' && '.join(call + option for _, option in off)}`",
        )
    shade = _shade(zone, records, looked)
    if shade is None:
        return None
    other, hidden = shade
    remove = (
        f"aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id {other.zone_id} "
        f"--vpc VPCRegion={vpc.region},VPCId={vpc.vpc_id}"
    )
    return Obstacle(
        kind=RefusalKind.SHADOW,
        reason=f"on {vpc} the hosted zone {normalised(other.name)} ({other.zone_id}) would answer for {hidden} instead of {zone}",
        remedy=f"Make the record in that zone by hand, or remove its association: `{remove}`",
    )


def wider_zones(zone: Zone, looked: VpcDns) -> tuple[ZoneOfVpc, ...]:
    """The zones of a VPC that answer there for names in our zone, as long as ours is not associated."""
    own = normalised(zone.name)
    return tuple(
        one for one in sorted(looked.zones) if normalised(one.name) != own and lies_in(own, normalised(one.name))
    )


def _hides(zone: Zone, vpc: VpcRef, looked: VpcDns | Unread, beneath: Beneath) -> Obstacle | None:
    """Our zone would answer alone for all its names, also for those that a wider zone has records of."""
    for other in wider_zones(zone, looked) if isinstance(looked, VpcDns) else ():
        found = beneath.get((other.zone_id, zone.zone_id))
        if isinstance(found, Unread):
            reason = f"what {vpc} resolves in {other.name} ({other.zone_id}) could not be read: {found.reason}"
            return Obstacle(kind=RefusalKind.ACCESS, reason=reason, remedy=GRANT, passing=found.passing)
        if found is not None:
            return Obstacle(
                kind=RefusalKind.SHADOW,
                reason=f"on {vpc} the hosted zone {other.name} ({other.zone_id}) answers for {found.name}, which {zone} would hide",
                remedy=f"Make what {other.name} holds in {zone.name} in {zone} by hand, and delete it there.",
                look=f"aws route53 list-resource-record-sets --hosted-zone-id {other.zone_id} --start-record-name {zone.name}",
            )
    return None


def _no_room(zone: Zone, vpc: VpcRef, full: int) -> Obstacle | None:
    if full < most_vpcs(zone):
        return None
    reason = f"{_room_of(zone, full)}; {vpc} does not fit"
    return Obstacle(kind=RefusalKind.QUOTA, reason=reason, remedy=_PROFILES)


def _shade(zone: Zone, records: Sequence[str], looked: VpcDns) -> tuple[ZoneOfVpc, str] | None:
    """Of several private zones of a VPC the one with the longest matching name answers, and it alone."""
    own = normalised(zone.name)
    for other in sorted(looked.zones):
        name = normalised(other.name)
        if other.zone_id == zone.zone_id or len(name) < len(own):
            continue
        hidden = [record for record in records if lies_in(record, name)]
        if hidden:
            return other, hidden[0]
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
