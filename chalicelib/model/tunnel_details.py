"""What is asked of a VPN tunnel beyond its telemetry, tunnel by tunnel. No value here can hold a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class TunnelKey(NamedTuple):
    """A tunnel of a connection."""

    connection_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """What GetVpnTunnelReplacementStatus says of a tunnel."""

    pending: bool = False
    applied_after: datetime | None = None
    last_applied: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveTunnel:
    """What a tunnel negotiated, and whether AWS could provision it."""

    provisioning: str = ""
    reason: str = ""
    ike_version: str = ""
    algorithms: tuple[str, ...] = ()
    dh_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """The last line of a tunnel's activity log."""

    at: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """From when until when a certificate is valid."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelDetails:
    """What was asked of a tunnel beyond its telemetry; None is what was not asked, or what AWS did not answer.

    ``changes`` counts state changes within the policy's flapping time; ``ever_up`` looks over all the metric's retention, and
    ``silent`` says that it holds no point at all.
    """

    changes: int | None = None
    ever_up: bool | None = None
    silent: bool = False
    maintenance: Maintenance | None = None
    active: ActiveTunnel | None = None
    log: LogLine | None = None
    certificate: Validity | None = None
