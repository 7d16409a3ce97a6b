"""What can be found wrong with a VPN connection: how bad each kind is, on whose word, and what may keep it quiet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.model.alert import Severity
from chalicelib.model.vpn import VpnProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How bad a kind is as a rule and at worst, and on whose word we say so."""

    usual: Severity
    worst: Severity
    basis: str


def _rule(usual: Severity, basis: str, worst: Severity | None = None) -> Rule:
    return Rule(usual=usual, worst=worst or usual, basis=basis)


_GUIDE = "Site-to-Site VPN guide"
RULES = {
    VpnProblem.ALL_TUNNELS_DOWN: _rule(Severity.CRITICAL, "VgwTelemetry: every tunnel is DOWN"),
    VpnProblem.NOT_YET_UP: _rule(Severity.INFO, "TunnelState over all that CloudWatch keeps"),
    VpnProblem.ONE_TUNNEL_DOWN: _rule(Severity.ERROR, "VgwTelemetry"),
    VpnProblem.NEVER_CONFIGURED_TUNNEL: _rule(Severity.ERROR, "TunnelState over all that CloudWatch keeps"),
    VpnProblem.BGP_DOWN_IPSEC_UP: _rule(
        Severity.ERROR, "VgwTelemetry: DOWN and IPSEC IS UP; published labs", Severity.CRITICAL
    ),
    VpnProblem.NO_ROUTES_ACCEPTED: _rule(Severity.ERROR, "VgwTelemetry: AcceptedRouteCount"),
    VpnProblem.ROUTE_QUOTA_NEAR: _rule(Severity.WARNING, f"{_GUIDE}, quotas"),
    VpnProblem.CGW_SINGLE_POINT_OF_FAILURE: _rule(Severity.WARNING, f"{_GUIDE}, redundant connections"),
    VpnProblem.STATIC_NO_ROUTES: _rule(Severity.ERROR, f"{_GUIDE}, static routing"),
    VpnProblem.UNATTACHED: _rule(Severity.ERROR, "GatewayAssociationState"),
    VpnProblem.PROVISIONING_FAILED: _rule(Severity.ERROR, "GetActiveVpnTunnelStatus"),
    VpnProblem.MAINTENANCE_PENDING: _rule(Severity.INFO, "GetVpnTunnelReplacementStatus"),
    VpnProblem.MAINTENANCE_IN_PROGRESS: _rule(Severity.INFO, f"{_GUIDE}, endpoint replacements"),
    VpnProblem.FLAPPING: _rule(Severity.WARNING, "TunnelState in CloudWatch, five-minute points"),
    VpnProblem.TUNNEL_CERT_EXPIRING: _rule(Severity.WARNING, "ACM, NotAfter"),
    VpnProblem.LOGS_DISABLED: _rule(Severity.INFO, f"{_GUIDE}, tunnel logs", Severity.WARNING),
    VpnProblem.BGP_LOGS_DISABLED: _rule(Severity.INFO, f"{_GUIDE}, tunnel logs", Severity.WARNING),
    VpnProblem.IKEV1_OR_WEAK_ALGORITHMS: _rule(Severity.INFO, f"{_GUIDE}, tunnel options", Severity.WARNING),
    VpnProblem.STARTUP_ADD_IDLE_RISK: _rule(Severity.INFO, f"{_GUIDE}, tunnel initiation", Severity.WARNING),
    VpnProblem.TELEMETRY_UNKNOWN: _rule(Severity.INFO, "VgwTelemetry, as far as its words are documented"),
}
# Of these a person wants to know by themselves, although they are no fault.
_OPENING = frozenset({VpnProblem.MAINTENANCE_PENDING, VpnProblem.MAINTENANCE_IN_PROGRESS})


class HoldReason(StrEnum):
    """Why a loss is not told, or not yet."""

    ALLOWED = "allowed"
    GRACE = "grace"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """``until`` is when the loss counts in full; None is never."""

    reason: HoldReason
    says: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that holds of a connection now: how bad, where, the proof, and what to do."""

    kind: VpnProblem
    severity: Severity
    says: str
    basis: str
    tunnels: tuple[str, ...] = ()
    evidence: str = ""
    remedy: tuple[str, ...] = ()
    hold: Hold | None = None

    @property
    def opens(self) -> bool:
        """Is it worth an alert by itself?"""
        return self.hold is None and (self.severity.rank >= Severity.WARNING.rank or self.kind in _OPENING)
