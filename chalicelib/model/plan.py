"""A plan: ordered actions, and the reasons for what is not done. Planning performs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.model.actions import Action


class Decision(StrEnum):
    """What became of a trigger; the first three are the policy's words for a request."""

    APPROVED = "approved"
    HELD = "held"
    REJECTED = "rejected"
    IGNORED = "ignored"
    OBSERVED = "observed"


class RefusalKind(StrEnum):
    """Why something is not done; it chooses the alert's words."""

    OVERLAP = "overlap"
    CONFLICT = "conflict"
    QUOTA = "quota"
    RANGE = "range"
    TABLES = "tables"
    DESTINATION = "destination"
    EXPIRED = "expired"
    STATUS = "status"
    ACCESS = "access"
    ZONE = "zone"
    LOAD_BALANCER = "load-balancer"
    SEVERAL_LOAD_BALANCERS = "several-load-balancers"
    SCHEME = "scheme"
    LOAD_BALANCER_STATE = "load-balancer-state"
    SHADOW = "shadow"
    VPC_DNS = "vpc-dns"
    BRAKE = "brake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A reason not to act. ``action`` is what would have been done, ``remedy`` what a person can do about it."""

    kind: RefusalKind
    action: Action
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Actions in the order in which they are performed. ``unchanged`` counts what is already as it should be."""

    actions: tuple[Action, ...] = ()
    unchanged: int = 0
    refusals: tuple[Refusal, ...] = ()
