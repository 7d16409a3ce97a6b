"""What can be done, as values: the same ones are printed (dry run), performed and compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.model.facts import Side
from chalicelib.model.names import RecordSet
from chalicelib.model.network import Network, Place, VpcRef

TUNNEL_ALARM_PREFIX = "netreflex-vpn-"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPeering:
    """Accept the request, in the accepter's account and Region."""

    place: Place
    peering_id: str

    def describe(self) -> str:
        return f"accept {self.peering_id} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectPeering:
    """Reject the request, in the accepter's account and Region."""

    place: Place
    peering_id: str

    def describe(self) -> str:
        return f"reject {self.peering_id} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRoute:
    place: Place
    table_id: str
    destination: Network
    peering_id: str

    def describe(self) -> str:
        return f"add route {self.destination} -> {self.peering_id} to {self.table_id} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceRoute:
    """Replace a blackhole whose peering is gone; ``was`` is that peering."""

    place: Place
    table_id: str
    destination: Network
    peering_id: str
    was: str

    def describe(self) -> str:
        return f"replace blackhole {self.destination} -> {self.was} by {self.peering_id} in {self.table_id} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRoute:
    """Delete a route that netreflex made for a peering that no longer wants it."""

    place: Place
    table_id: str
    destination: Network
    peering_id: str

    def describe(self) -> str:
        return f"delete route {self.destination} -> {self.peering_id} from {self.table_id} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableDnsResolution:
    """Let the peer resolve this side's public DNS hostnames to private addresses; each side sets its own."""

    place: Place
    peering_id: str
    side: Side

    def describe(self) -> str:
        return f"enable DNS resolution of {self.peering_id} for the {self.side} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPeering:
    """Mark our side of the peering. It comes last: the mark says that all else was done and told."""

    place: Place
    peering_id: str
    tags: tuple[tuple[str, str], ...]

    def describe(self) -> str:
        marks = ", ".join(f"{key}={value}" for key, value in self.tags)
        return f"tag {self.peering_id} in {self.place}: {marks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTunnelAlarm:
    """Make, or set right, the alarm that wakes netreflex when a VPN tunnel goes down."""

    place: Place
    connection_id: str
    address: str

    @property
    def name(self) -> str:
        return tunnel_alarm_name(self.connection_id, self.address)

    def describe(self) -> str:
        return f"make alarm {self.name} in {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTunnelAlarm:
    """Delete an alarm of ours whose tunnel is gone."""

    place: Place
    name: str

    def describe(self) -> str:
        return f"delete alarm {self.name} in {self.place}"


class Verb(StrEnum):
    """What a change batch may do. There is no UPSERT: it would overwrite what somebody else wrote in between."""

    CREATE = "CREATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    verb: Verb
    record: RecordSet

    def __str__(self) -> str:
        return f"{self.verb} {self.record.type} {self.record.name} -> {', '.join(self.record.values)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecordSets:
    """One change batch of a hosted zone: all of it or nothing."""

    place: Place
    zone_id: str
    zone: str
    changes: tuple[RecordChange, ...]

    def describe(self) -> str:
        told = "; ".join(str(change) for change in self.changes if change.record.type == "CNAME")
        return f"in hosted zone {self.zone} ({self.zone_id}) of account {self.place.account}: {told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeVpcAssociation:
    """Let the VPC of another account be associated with the zone; in the zone's account."""

    place: Place
    zone_id: str
    zone: str
    vpc: VpcRef

    def describe(self) -> str:
        return f"authorize {self.vpc} to be associated with hosted zone {self.zone} ({self.zone_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateVpc:
    """Associate a VPC with the zone, with the credentials of the VPC's account."""

    place: Place
    zone_id: str
    zone: str
    zone_account: str
    vpc: VpcRef

    def describe(self) -> str:
        return f"associate {self.vpc} with hosted zone {self.zone} ({self.zone_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVpcAuthorization:
    """Take the authorization back; the association stays."""

    place: Place
    zone_id: str
    zone: str
    vpc: VpcRef

    def describe(self) -> str:
        return f"remove the authorization of {self.vpc} for hosted zone {self.zone} ({self.zone_id})"


def tunnel_alarm_name(connection_id: str, address: str) -> str:
    """The name of the alarm of a tunnel; it says whose it is, so that it can be found again when the tunnel is gone."""
    return f"{TUNNEL_ALARM_PREFIX}{connection_id.removeprefix('vpn-')}-{address}"


TunnelAlarmAction = PutTunnelAlarm | DeleteTunnelAlarm
RouteAction = CreateRoute | ReplaceRoute | DeleteRoute
NameAction = ChangeRecordSets | AuthorizeVpcAssociation | AssociateVpc | RemoveVpcAuthorization
Action = AcceptPeering | RejectPeering | RouteAction | EnableDnsResolution | TagPeering | TunnelAlarmAction | NameAction
