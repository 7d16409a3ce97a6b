"""One VPN connection under judgement: its facts, the policy and the time, in the words that the judges use. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.decide.approval import unmatched_tag
from chalicelib.decide.vpn_findings import RULES, Finding, Hold, HoldReason
from chalicelib.model.policy import Policy, VpnChoice
from chalicelib.model.tunnel_details import Maintenance, TunnelDetails
from chalicelib.model.vpn import (
    TUNNELS,
    Connection,
    ConnectionState,
    CustomerGateway,
    GatewayKind,
    Tunnel,
    TunnelOptions,
    VpnProblem,
    VpnSnapshot,
)

FIRST_POINTS = timedelta(minutes=15)  # three points of TunnelState
SKEW = timedelta(minutes=5)  # clocks may differ so much; a change that lies further ahead is odd, and earns no patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A connection with all that its judgement rests on."""

    snapshot: VpnSnapshot
    connection: Connection
    policy: Policy
    now: datetime

    # ---- what it has ----------------------------------------------------------------------------------------------
    @property
    def customer_gateway(self) -> CustomerGateway | None:
        return self.snapshot.customer_gateway(self.connection)

    @property
    def bgp(self) -> bool:
        return not self.connection.static

    def detail(self, tunnel: Tunnel) -> TunnelDetails:
        return self.snapshot.detail(self.connection, tunnel)

    @property
    def down(self) -> tuple[Tunnel, ...]:
        return self.connection.down

    @property
    def up(self) -> tuple[Tunnel, ...]:
        return self.connection.up

    @property
    def all_down(self) -> bool:
        """Nothing is left: of both tunnels AWS says DOWN. With less than that said, less is claimed."""
        return len(self.down) >= TUNNELS and len(self.down) == len(self.connection.tunnels)

    @property
    def never_up(self) -> bool:
        """Both tunnels are down and always were: the device was never connected, so nothing is lost."""
        return self.all_down and all(self.detail(one).ever_up is False for one in self.down)

    # ---- what people allow ----------------------------------------------------------------------------------------
    @property
    def one_tunnel_allowed(self) -> bool:
        return _chosen(self.connection, self.policy.vpn.single_tunnel_ok)

    @property
    def one_device_allowed(self) -> bool:
        return _chosen(self.connection, self.policy.vpn.single_device_ok)

    # ---- patience -------------------------------------------------------------------------------------------------
    def hold(self, tunnel: Tunnel) -> Hold | None:
        """Why the loss of one tunnel, while the other carries on, is not told now; None where it is."""
        if self.one_tunnel_allowed:
            return Hold(reason=HoldReason.ALLOWED, says="the policy lets this connection run on one tunnel")
        return self.maintenance_hold(tunnel) or self.grace(tunnel)

    def maintenance_hold(self, tunnel: Tunnel) -> Hold | None:
        """AWS itself took the tunnel down a short while ago. The bound is the policy's, whatever AWS says."""
        changed, span = tunnel.changed_at, self.policy.vpn.maintenance
        known = self.detail(tunnel).maintenance or Maintenance()
        if self.connection.state is ConnectionState.MODIFYING and changed is not None:
            began, why = changed, "the connection is being modified"
        elif known.last_applied is not None:
            began, why = known.last_applied, f"AWS applied maintenance at {when(known.last_applied)}"
        elif known.pending and known.applied_after is not None and changed is not None:
            began, why = max(known.applied_after, changed), f"AWS's maintenance was due at {when(known.applied_after)}"
        else:
            return None
        if not -SKEW <= self.now - began < span or (changed is not None and changed < began - span):
            return None
        until = began + span
        return Hold(reason=HoldReason.MAINTENANCE, says=f"{why}; the loss is quiet until {when(until)}", until=until)

    def grace(self, tunnel: Tunnel) -> Hold | None:
        changed, grace = tunnel.changed_at, self.policy.vpn.grace
        if changed is None or not -SKEW <= self.now - changed < grace:
            return None
        until = changed + grace
        return Hold(reason=HoldReason.GRACE, says=f"it may come back by itself until {when(until)}", until=until)

    def first_points(self) -> Hold | None:
        """Both tunnels are down, and of one CloudWatch has no point at all: a new connection, of which it will have some soon.

        Only for a short while: if the metric were published otherwise than we believe, an outage would look the same.
        """
        known = [self.detail(one) for one in self.down]
        changes = [one.changed_at for one in self.down if one.changed_at]
        if len(changes) < len(known) or not all(one.silent or one.ever_up is False for one in known):
            return None
        until = min(changes) + FIRST_POINTS
        if not max(changes) - SKEW <= self.now < until:
            return None
        says = f"CloudWatch knows nothing of it yet, as of a connection that is new; it counts in full at {when(until)}"
        return Hold(reason=HoldReason.GRACE, says=says, until=until)

    # ---- findings -------------------------------------------------------------------------------------------------
    def found(
        self,
        kind: VpnProblem,
        says: str,
        *,
        tunnels: Iterable[Tunnel] = (),
        evidence: str = "",
        remedy: Iterable[str] = (),
        hold: Hold | None = None,
        worse: bool = False,
    ) -> Finding:
        rule = RULES[kind]
        severity = self.policy.vpn.severity.get(kind) or (rule.worst if worse else rule.usual)
        return Finding(
            kind=kind,
            severity=severity,
            says=says,
            basis=rule.basis,
            tunnels=tuple(one.address for one in tunnels),
            evidence=evidence,
            remedy=tuple(remedy),
            hold=hold,
        )


def _chosen(connection: Connection, choice: VpnChoice) -> bool:
    """Does the policy's choice mean this connection, by its id or by all of the tags?"""
    by_tag = bool(choice.tags) and unmatched_tag(connection.tags, choice.tags) is None
    return by_tag or connection.connection_id in choice.ids


def options_of(tunnel: Tunnel) -> TunnelOptions:
    """A tunnel's options; what AWS does not tell is its default."""
    return tunnel.options or TunnelOptions()


def to_virtual_gateway(connection: Connection) -> bool:
    return connection.gateway.kind is GatewayKind.VIRTUAL_PRIVATE


def when(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if moment else "an unknown time"


def row(tunnel: Tunnel) -> str:
    """A tunnel's telemetry as one line of proof."""
    told = tunnel.telemetry
    if told is None:
        return f"{tunnel.address}  no telemetry"
    routes = "" if told.routes is None else f"  {told.routes} routes accepted"
    return f"{tunnel.address}  {told.status}  since {when(told.changed_at)}  {told.message or '-'}{routes}"


def named(tunnels: Iterable[Tunnel]) -> str:
    return " and ".join(one.address for one in tunnels)
