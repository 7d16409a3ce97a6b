"""What is true now, as AWS answered. No decision is made here, and no value here carries a secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.model.network import Network, Place, Tags, VpcRef


class Side(StrEnum):
    """The two ends of a peering, in AWS's spelling."""

    REQUESTER = "requester"
    ACCEPTER = "accepter"

    @property
    def other(self) -> Side:
        return Side.ACCEPTER if self is Side.REQUESTER else Side.REQUESTER


class PeeringStatus(StrEnum):
    """Status codes of a VPC peering (VPC peering guide, "VPC peering connection lifecycle")."""

    INITIATING = "initiating-request"
    PENDING = "pending-acceptance"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    DELETING = "deleting"
    DELETED = "deleted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, code: str) -> PeeringStatus:
        """The status AWS named; a word we do not know is UNKNOWN, and nothing is done on UNKNOWN."""
        return cls(code) if code in cls._value2member_map_ else cls.UNKNOWN

    @property
    def gone(self) -> bool:
        """True where the peering can never carry traffic again."""
        return self in {self.DELETING, self.DELETED, self.REJECTED, self.EXPIRED, self.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringEnd:
    """One end of a peering, as DescribeVpcPeeringConnections tells it.

    ``cidrs`` is empty where AWS does not tell it: of the accepter while the request is pending.
    ``dns_resolution`` is None where AWS does not tell it.
    """

    vpc: VpcRef
    cidrs: tuple[Network, ...] = ()
    dns_resolution: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """A VPC peering as one place sees it. Tags belong to that place alone: the other end has its own."""

    peering_id: str
    status: PeeringStatus
    status_message: str = ""
    expires_at: datetime | None = None
    requester: PeeringEnd
    accepter: PeeringEnd
    tags: Tags = field(default_factory=dict)

    def end(self, side: Side) -> PeeringEnd:
        return self.requester if side is Side.REQUESTER else self.accepter


class RouteState(StrEnum):
    ACTIVE = "active"
    BLACKHOLE = "blackhole"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of a table. A route to a prefix list appears once for each entry of the list.

    ``target`` is AWS's identifier (``pcx-…``, ``tgw-…``, ``igw-…``, ``local``).
    """

    destination: Network
    target: str
    state: RouteState = RouteState.ACTIVE
    propagated: bool = False
    prefix_list: str | None = None

    @property
    def local(self) -> bool:
        return self.target == "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """A route table; ``subnets`` are the explicitly associated ones only.

    ``edge`` is True for the table of a gateway (VPC guide, "Gateway route tables"): it routes what comes in from outside
    and can hold no route to a peering. ``prefix_lists`` are the ids of the lists that its routes name, ``endpoints`` the
    number of its gateway endpoints, whose lists are AWS's own and not among them.
    """

    table_id: str
    vpc_id: str
    main: bool = False
    edge: bool = False
    subnets: tuple[str, ...] = ()
    tags: Tags = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    prefix_lists: tuple[str, ...] = ()
    endpoints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixList:
    """A managed prefix list; ``version`` is that of its addresses, 4 or 6.

    ``max_entries`` is the room that it takes up wherever it is named, however few entries it has; None where AWS does
    not tell it.
    """

    list_id: str
    version: int
    max_entries: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    subnet_id: str
    vpc_id: str
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """A VPC with every associated CIDR, IPv4 and IPv6; CIDRs being added or removed are left out."""

    ref: VpcRef
    cidrs: tuple[Network, ...] = ()
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A service quota and where its value comes from, in words for the report."""

    code: str
    value: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRoute:
    """A route that netreflex made (routes carry no tags, so the state table remembers them)."""

    place: Place
    table_id: str
    destination: Network
    peering_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What netreflex remembers of one peering: the CIDRs it approved, and its routes unless ``routes_unread``."""

    routes: tuple[LedgerRoute, ...] = ()
    approved: tuple[Network, ...] = ()
    routes_unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFacts:
    """One side of a peering, with all that a decision needs.

    ``managed`` is False where the account or Region is not in the policy: then nothing of it was read, and nothing
    will be changed. ``subnets``, ``prefix_lists`` and each quota are None until a decision asks for them.
    """

    side: Side
    ref: VpcRef
    managed: bool
    view: Peering | None = None
    vpc: Vpc | None = None
    tables: tuple[RouteTable, ...] = ()
    subnets: tuple[Subnet, ...] | None = None
    others: tuple[Peering, ...] = ()
    prefix_lists: tuple[PrefixList, ...] | None = None
    quotas: tuple[Quota, ...] = ()

    def quota(self, code: str) -> Quota | None:
        return next((quota for quota in self.quotas if quota.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringFacts:
    """A peering, both its sides, and (where a decision asked for it) what netreflex did for it before.

    ``tags_read`` is True where our side's tags were asked for by themselves and stand in its view.
    """

    peering: Peering
    requester: SideFacts
    accepter: SideFacts
    ledger: Ledger | None = None
    tags_read: bool = False

    def side(self, side: Side) -> SideFacts:
        return self.requester if side is Side.REQUESTER else self.accepter

    @property
    def sides(self) -> tuple[SideFacts, SideFacts]:
        return (self.requester, self.accepter)
