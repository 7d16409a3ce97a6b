"""What people allow: the policy file as frozen values. ``intake.policy_file`` reads it and reports every fault.

Denial is the default everywhere: an empty policy approves nothing and reaches no account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from chalicelib.model.alert import Severity
from chalicelib.model.network import Network, Place, Tags


class RuleDecision(StrEnum):
    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"


class DnsResolution(StrEnum):
    """On which sides of a peering DNS resolution is switched on."""

    BOTH = "both"
    REQUESTER = "requester"
    ACCEPTER = "accepter"
    NONE = "none"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account in which netreflex may act."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Conditions on one side of a request; every one that is given must hold, an empty one is not asked.

    Tag values are glob patterns (``dev*``). Every CIDR of the side must lie within ``cidrs_within``.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    vpcs: tuple[str, ...] = ()
    vpc_tags: Tags = field(default_factory=dict)
    cidrs_within: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesByTag:
    """Route tables that carry all these tags (values are glob patterns)."""

    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesBySubnetTag:
    """Route tables in force for the subnets that carry all these tags (values are glob patterns)."""

    subnet_tags: Tags


Tables = Literal["all", "main"] | TablesByTag | TablesBySubnetTag


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRoutes:
    """Which route tables of a side get routes, and to which portions of the peer; no portion means all of its CIDRs."""

    tables: Tables = "all"
    to: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    requester: SideRoutes = field(default_factory=SideRoutes)
    accepter: SideRoutes = field(default_factory=SideRoutes)
    ipv6: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the peering policy; the first whose every condition holds decides."""

    name: str
    decision: RuleDecision
    requester: Match = field(default_factory=Match)
    accepter: Match = field(default_factory=Match)
    routes: Routes = field(default_factory=Routes)
    dns_resolution: DnsResolution = DnsResolution.AUTO
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringPolicy:
    """``default`` is what happens to a request that no rule matches: hold (tell people) or reject."""

    default: Literal[RuleDecision.HOLD, RuleDecision.REJECT] = RuleDecision.HOLD
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerChoice:
    """Which load balancer a name leads to: by name, by tags or by ARN, exactly one of the three."""

    account: str
    region: str
    name: str | None = None
    tags: Tags = field(default_factory=dict)
    arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A CNAME that leads to an internal load balancer. ``zone`` is a hosted zone's name or id."""

    id: str
    zone: str
    name: str
    load_balancer: LoadBalancerChoice
    zone_account: str | None = None
    zone_vpc: str | None = None
    ttl: int = 60
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnChoice:
    """VPN connections by id or by tags; one that either names is meant. Tag values are glob patterns."""

    ids: tuple[str, ...] = ()
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """So many changes of a tunnel's state within this time are flapping."""

    changes: int = 3
    within: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnPolicy:
    """``maintenance`` bounds how long AWS's maintenance keeps the loss of one tunnel quiet.

    ``severity`` is by the words of ``model.vpn.VpnProblem``.
    """

    grace: timedelta = timedelta(minutes=5)
    maintenance: timedelta = timedelta(minutes=30)
    flapping: Flapping = field(default_factory=Flapping)
    single_tunnel_ok: VpnChoice = field(default_factory=VpnChoice)
    single_device_ok: VpnChoice = field(default_factory=VpnChoice)
    alarms: bool = True
    severity: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedProblem:
    """Problems that people know and live with; every condition that is given must hold. Names are glob patterns."""

    kinds: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePolicy:
    """How certificates are judged: the fractions of their life that may be left, and what is accepted.

    ``probe_private`` are private networks that a probe may visit; ``repair`` lets missing validation records be restored.
    """

    warn_fraction: float = 0.25
    error_fraction: float = 0.10
    accept: tuple[AcceptedProblem, ...] = ()
    probe_private: tuple[Network, ...] = ()
    repair: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """After how long an alert that still fires is told again, by severity."""

    critical: tuple[timedelta, ...] = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
    error: tuple[timedelta, ...] = (timedelta(hours=4), timedelta(hours=24))
    warning: tuple[timedelta, ...] = (timedelta(hours=24),)
    info: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """``mention`` is the only place from which a Slack mention can come: severity -> mention.

    ``runbook`` is the address of docs/runbook.md where people can read it; None for no links.
    """

    reminders: Reminders = field(default_factory=Reminders)
    mention: Mapping[str, str] = field(default_factory=dict)
    runbook: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole policy file."""

    version: Literal[1] = 1
    accounts: Mapping[str, Account] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    peering: PeeringPolicy = field(default_factory=PeeringPolicy)
    names: tuple[Name, ...] = ()
    vpn: VpnPolicy = field(default_factory=VpnPolicy)
    certificates: CertificatePolicy = field(default_factory=CertificatePolicy)
    alerts: AlertPolicy = field(default_factory=AlertPolicy)

    def manages(self, place: Place) -> bool:
        """May netreflex look and act there?"""
        return place.account in self.accounts and place.region in self.regions

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place that netreflex manages, in a stable order."""
        return tuple(
            Place(account=account, region=region)
            for account in sorted(self.accounts)
            for region in sorted(set(self.regions))
        )
