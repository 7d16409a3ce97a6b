"""What is true of Site-to-Site VPN connections. No value here can hold a pre-shared key or the configuration XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.model.network import Place, Tags
from chalicelib.model.tunnel_details import TunnelDetails, TunnelKey

VPN_ID = re.compile(r"vpn-[0-9a-f]{8,17}", re.ASCII)
TUNNELS = 2  # of every connection (Site-to-Site VPN guide, "Tunnel options")


class VpnProblem(StrEnum):
    """Every kind of finding about a connection; the policy overrides severities by these words."""

    ALL_TUNNELS_DOWN = "all_tunnels_down"
    NOT_YET_UP = "not_yet_up"
    ONE_TUNNEL_DOWN = "one_tunnel_down"
    NEVER_CONFIGURED_TUNNEL = "never_configured_tunnel"
    BGP_DOWN_IPSEC_UP = "bgp_down_ipsec_up"
    NO_ROUTES_ACCEPTED = "no_routes_accepted"
    ROUTE_QUOTA_NEAR = "route_quota_near"
    CGW_SINGLE_POINT_OF_FAILURE = "cgw_single_point_of_failure"
    STATIC_NO_ROUTES = "static_no_routes"
    UNATTACHED = "unattached"
    PROVISIONING_FAILED = "provisioning_failed"
    MAINTENANCE_PENDING = "maintenance_pending"
    MAINTENANCE_IN_PROGRESS = "maintenance_in_progress"
    FLAPPING = "flapping"
    TUNNEL_CERT_EXPIRING = "tunnel_cert_expiring"
    LOGS_DISABLED = "logs_disabled"
    BGP_LOGS_DISABLED = "bgp_logs_disabled"
    IKEV1_OR_WEAK_ALGORITHMS = "ikev1_or_weak_algorithms"
    STARTUP_ADD_IDLE_RISK = "startup_add_idle_risk"
    TELEMETRY_UNKNOWN = "telemetry_unknown"


class TunnelStatus(StrEnum):
    """UP or DOWN as AWS spells them; any other word is UNKNOWN, which is never healthy."""

    UP = "UP"
    DOWN = "DOWN"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, word: str) -> TunnelStatus:
        return cls(word) if word in {"UP", "DOWN"} else cls.UNKNOWN


class ConnectionState(StrEnum):
    """States of a connection. ``modifying`` is in AWS's examples and not in its API model."""

    PENDING = "pending"
    AVAILABLE = "available"
    MODIFYING = "modifying"
    DELETING = "deleting"
    DELETED = "deleted"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, word: str) -> ConnectionState:
        return cls(word) if word in cls._value2member_map_ else cls.UNKNOWN

    @property
    def gone(self) -> bool:
        return self in {self.DELETING, self.DELETED}


class GatewayKind(StrEnum):
    """What a connection is attached to on AWS's side."""

    VIRTUAL_PRIVATE = "virtual private gateway"
    TRANSIT = "transit gateway"
    CORE_NETWORK = "core network"
    CONCENTRATOR = "VPN concentrator"
    NONE = "no gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """AWS's side of a connection; ``association`` is AWS's word for how it is attached, empty where it says none."""

    kind: GatewayKind
    id: str = ""
    association: str = ""

    def __str__(self) -> str:
        return self.id or self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """One row of VgwTelemetry. ``routes`` is None where AWS does not tell it."""

    status: TunnelStatus
    message: str = ""
    changed_at: datetime | None = None
    routes: int | None = None
    certificate_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelOptions:
    """How a tunnel is set up; what AWS leaves out is its default, which is what the defaults here say (EC2 API reference)."""

    inside_cidr: str = ""
    startup: str = "add"
    dpd_action: str = "clear"
    dpd_seconds: int = 30
    ike_versions: tuple[str, ...] = ("ikev1", "ikev2")
    algorithms: tuple[str, ...] = ("AES128", "AES256", "SHA1", "SHA2-256")
    dh_groups: tuple[int, ...] = (2, 14)
    log_group: str = ""
    logs: bool = False
    bgp_logs: bool = False
    lifecycle_control: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """A tunnel by its outside address; a part that AWS did not tell of this address is None."""

    address: str
    telemetry: Telemetry | None = None
    options: TunnelOptions | None = None

    @property
    def status(self) -> TunnelStatus:
        """Without telemetry it is unknown."""
        return self.telemetry.status if self.telemetry else TunnelStatus.UNKNOWN

    @property
    def changed_at(self) -> datetime | None:
        """Since when it has its status; None where AWS does not tell."""
        return self.telemetry.changed_at if self.telemetry else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A VPN connection. ``unplaced`` counts telemetry rows that name no address, or one that another row has."""

    place: Place
    connection_id: str
    state: ConnectionState
    customer_gateway_id: str = ""
    gateway: Gateway
    static: bool = False
    accelerated: bool = False
    outside: str = "PublicIpv4"
    customer_cidr: str = ""
    routes: tuple[str, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    unplaced: int = 0
    tags: Tags = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.tags.get("Name", "") or self.connection_id

    @property
    def down(self) -> tuple[Tunnel, ...]:
        return tuple(one for one in self.tunnels if one.status is TunnelStatus.DOWN)

    @property
    def up(self) -> tuple[Tunnel, ...]:
        return tuple(one for one in self.tunnels if one.status is TunnelStatus.UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGateway:
    """The customer's device, as it was registered. ``address`` is empty where it authenticates by certificate alone."""

    gateway_id: str
    address: str = ""
    asn: str = ""
    device: str = ""
    certificate_arn: str = ""
    state: str = "available"
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelAlarm:
    """An alarm under netreflex's prefix. ``fits`` is False where its settings are not those that netreflex makes."""

    name: str
    ours: bool
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnSnapshot:
    """All that one place says of its VPN connections at one time.

    A part that could not be read is None (``alarms``, ``customer_gateways``), and ``notes`` says why. ``asns`` are those of
    AWS's side, ``direct_connect`` whether it is there too, both by gateway; ``device_types`` by vendor, platform, software.
    """

    place: Place
    connections: tuple[Connection, ...] = ()
    customer_gateways: Mapping[str, CustomerGateway] | None = None
    direct_connect: Mapping[str, bool] = field(default_factory=dict)
    asns: Mapping[str, str] = field(default_factory=dict)
    alarms: tuple[TunnelAlarm, ...] | None = None
    details: Mapping[TunnelKey, TunnelDetails] = field(default_factory=dict)
    device_types: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def connection(self, connection_id: str) -> Connection | None:
        return next((one for one in self.connections if one.connection_id == connection_id), None)

    def customer_gateway(self, connection: Connection) -> CustomerGateway | None:
        return (self.customer_gateways or {}).get(connection.customer_gateway_id)

    def detail(self, connection: Connection, tunnel: Tunnel) -> TunnelDetails:
        return self.details.get(TunnelKey(connection.connection_id, tunnel.address), TunnelDetails())
