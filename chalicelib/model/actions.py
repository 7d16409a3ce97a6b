"""What can be done, as values: the same ones are printed (dry run), performed and compared."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.model.facts import Side
from chalicelib.model.network import Network, Place


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


RouteAction = CreateRoute | ReplaceRoute | DeleteRoute
Action = AcceptPeering | RejectPeering | RouteAction | EnableDnsResolution | TagPeering
