"""What happened, as far as it is believed: identifiers and a place to look. State is read again from AWS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.model.network import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringEvent:
    """A successful call about a peering.

    ``places`` are where it may be seen, the event's own place first; ``at`` is when the event says that it happened.
    """

    peering_id: str
    places: tuple[Place, ...]
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringRequested(PeeringEvent):
    """CreateVpcPeeringConnection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringAccepted(PeeringEvent):
    """AcceptVpcPeeringConnection, by a person or by netreflex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringRejected(PeeringEvent):
    """RejectVpcPeeringConnection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringDeleted(PeeringEvent):
    """DeleteVpcPeeringConnection, by either owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnEvent:
    """Something about VPN connections. ``connections`` and ``addresses`` say which; where both are empty, any of the place.

    ``at`` is when the event says that it happened.
    """

    connections: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    places: tuple[Place, ...]
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelAlarmChanged(VpnEvent):
    """A CloudWatch alarm on a tunnel's state changed, to whatever state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnHealthTold(VpnEvent):
    """AWS Health told something of VPN connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelStatusTold(VpnEvent):
    """Network Manager told that IPsec or BGP of a tunnel went up or down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnCreated(VpnEvent):
    """CreateVpnConnection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnChanged(VpnEvent):
    """A call that changed, replaced or deleted a VPN connection or a tunnel of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChanged:
    """ACM, or AWS Health for it, told something of certificates; ``told`` is in their words.

    ``place`` is where the certificates are, ``arns`` which ones.
    """

    place: Place
    arns: tuple[str, ...]
    told: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionChanged:
    """A distribution was created, changed or deleted."""

    account: str
    distribution_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerChanged:
    """A load balancer's listener, or its certificates, were changed."""

    place: Place
    balancer_arn: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerEvent:
    """A successful call about a load balancer of either generation; a Classic one's ARN is made of its name."""

    place: Place
    arn: str
    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerCreated(LoadBalancerEvent):
    """CreateLoadBalancer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerDeleted(LoadBalancerEvent):
    """DeleteLoadBalancer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepDue:
    """It is time to look at everything, whatever events came or did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """An event that asks for nothing, and why."""

    reason: str


PeeringTrigger = PeeringRequested | PeeringAccepted | PeeringRejected | PeeringDeleted
VpnTrigger = TunnelAlarmChanged | VpnHealthTold | TunnelStatusTold | VpnCreated | VpnChanged
OriginTrigger = DistributionChanged | ListenerChanged
LoadBalancerTrigger = LoadBalancerCreated | LoadBalancerDeleted
Trigger = PeeringTrigger | VpnTrigger | CertificateChanged | OriginTrigger | LoadBalancerTrigger | SweepDue
