"""Hosted zones, record sets and load balancers, as AWS tells them. Nothing here reads or decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.model.network import Place, Tags, VpcRef
from chalicelib.model.policy import LoadBalancerChoice, Name

ROUTE53_REGION = "us-east-1"  # one service for all Regions; its calls are made, and recorded, there
# The API allows 32 characters of any kind; names of zones are kept in small letters, so no name is taken for an id.
ZONE_ID = re.compile(r"Z[A-Z0-9]{1,31}|[A-Z0-9]{8,32}", re.ASCII)
LOAD_BALANCER_NAME = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
LOAD_BALANCER_ARN = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):loadbalancer/"
    r"(?:(?P<kind>app|net|gwy)/)?(?P<name>[A-Za-z0-9-]{1,32})(?:/(?P<id>[0-9a-f]{1,32}))?",
    re.ASCII,
)


_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


class Scheme(StrEnum):
    """Who may reach a load balancer; an unknown word is never internal."""

    INTERNAL = "internal"
    INTERNET_FACING = "internet-facing"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, word: str) -> Scheme:
        return cls(word) if word in cls._value2member_map_ else cls.UNKNOWN


class BalancerState(StrEnum):
    """States of a load balancer (ELBv2 API reference). A Classic one has none and counts as active."""

    ACTIVE = "active"
    PROVISIONING = "provisioning"
    IMPAIRED = "active_impaired"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, word: str) -> BalancerState:
        return cls(word) if word in cls._value2member_map_ else cls.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """An Application, Network or Classic Load Balancer. ``tags`` is None where they were not read."""

    place: Place
    name: str
    arn: str
    dns_name: str
    scheme: Scheme
    state: BalancerState = BalancerState.ACTIVE
    tags: Tags | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.dns_name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """A record set; names are as ``decide.dns_name.normalised`` writes them, values exactly as Route 53 has them.

    ``simple`` is False for an alias, and for one of several record sets under a routing policy.
    """

    name: str
    type: str
    ttl: int | None = None
    values: tuple[str, ...] = ()
    simple: bool = True


PENDING, INSYNC = "PENDING", "INSYNC"


class ChangeInfo(NamedTuple):
    """Route 53's answer to a change batch: PENDING until all its name servers know it, then INSYNC.

    ``unread`` says why its status of now could not be read; then ``status`` is the one that was known before.
    """

    change_id: str
    status: str
    unread: str = ""

    @property
    def spread(self) -> bool:
        return self.status == INSYNC

    def __str__(self) -> str:
        return f"{self.status} ({self.unread})" if self.unread else self.status


def change_line(account: str, change: ChangeInfo) -> str:
    """How a report tells of a change."""
    return f"change {change.change_id} in {account}: {change}"


class ZoneVpc(NamedTuple):
    """A VPC as a hosted zone knows it: without its account."""

    vpc_id: str
    region: str

    @classmethod
    def of(cls, ref: VpcRef) -> ZoneVpc:
        return cls(ref.vpc_id, ref.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A hosted zone. ``vpcs``, ``authorized`` and ``most_vpcs`` (how many it may have) are None where they were not asked for."""

    zone_id: str
    account: str
    name: str
    private: bool
    vpcs: tuple[ZoneVpc, ...] | None = None
    authorized: tuple[ZoneVpc, ...] | None = None
    most_vpcs: int | Unread | None = None

    @property
    def place(self) -> Place:
        return Place(account=self.account, region=ROUTE53_REGION)

    def __str__(self) -> str:
        return f"{self.name} ({self.zone_id})"


class ZoneChoice(NamedTuple):
    """How the policy says which zone: a name or an id, an account, a VPC."""

    zone: str
    account: str | None
    vpc: str | None

    @classmethod
    def of(cls, name: Name) -> ZoneChoice:
        return cls(name.zone, name.zone_account, name.zone_vpc)

    @property
    def by_id(self) -> bool:
        return ZONE_ID.fullmatch(self.zone) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A VPC from which a name has to resolve, because an approved peering leads from there to the service.

    ``managed`` is False where the VPC is not in the policy: its owner has to associate it.
    """

    name_id: str
    vpc: VpcRef
    managed: bool = True


class ZoneOfVpc(NamedTuple):
    """A private zone that a VPC resolves already. ``account`` is its owner's; empty where a service of AWS owns it."""

    zone_id: str
    name: str
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcDns:
    """What a VPC resolves now. Private zones need both of its DNS attributes."""

    zones: tuple[ZoneOfVpc, ...] = ()
    support: bool = True
    hostnames: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that could not be read: nothing may be concluded from it. ``passing`` where it passes by itself."""

    reason: str
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesFacts:
    """All that is true of some names: their zones, the record sets there, the load balancers, the VPCs to be reached from.

    ``whole`` are the zones whose record sets were read to the end; of others only as far as the names go. ``beneath`` tells by the
    ids of a wider zone and of ours the first record of the wider one that lies in ours; nothing where there is none.
    """

    zones: Mapping[ZoneChoice, tuple[Zone, ...] | Unread] = field(default_factory=dict)
    records: Mapping[str, tuple[RecordSet, ...] | Unread] = field(default_factory=dict)
    balancers: Mapping[Place, tuple[LoadBalancer, ...] | Unread] = field(default_factory=dict)
    vpcs: Mapping[VpcRef, VpcDns | Unread] = field(default_factory=dict)
    whole: tuple[Zone, ...] = ()
    beneath: Mapping[tuple[str, str], RecordSet | Unread | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A change batch of ours that Route 53 was still spreading when it was last asked; ``unread`` as of ``ChangeInfo``."""

    change_id: str
    zone: Zone
    since: datetime
    unread: str = ""

    def __str__(self) -> str:
        return change_line(self.zone.account, ChangeInfo(self.change_id, PENDING, self.unread))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesRemembered:
    """What the state table says of earlier runs: every zone that was written to, and the changes that are not spread yet."""

    zones: tuple[Zone, ...] = ()
    changes: tuple[PendingChange, ...] = ()


def classic_arn(place: Place, name: str) -> str:
    """The ARN of a Classic Load Balancer, which its API does not tell (IAM: Service Authorization Reference)."""
    partition = next((word for start, word in _PARTITIONS.items() if place.region.startswith(start)), "aws")
    return f"arn:{partition}:elasticloadbalancing:{place.region}:{place.account}:loadbalancer/{name}"


def place_of(choice: LoadBalancerChoice) -> Place:
    """Where the policy looks for a load balancer."""
    return Place(account=choice.account, region=choice.region)
