"""How a VPN connection stands: the same judgement whatever event woke us, from telemetry joined by outside address. Pure.

What is missing or odd is a finding of its own and never healthy; nothing here depends on the order of telemetry rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain

from chalicelib.decide.tunnel_remedy import bgp_checks, checks, likely_cause, log_evidence
from chalicelib.decide.vpn_case import Case, named, row, when
from chalicelib.decide.vpn_findings import Finding, Hold, HoldReason
from chalicelib.decide.vpn_redundancy import judge_redundancy
from chalicelib.decide.vpn_setup import judge_setup
from chalicelib.decide.vpn_telemetry import judge_telemetry
from chalicelib.model.policy import Policy
from chalicelib.model.vpn import (
    TUNNELS,
    Connection,
    ConnectionState,
    Tunnel,
    VpnProblem,
    VpnSnapshot,
)


class Health(StrEnum):
    """What a judgement comes to.

    ``waiting``: a loss that is not told yet. ``unknown``: no fault is seen, and no health either. ``unsettled``: AWS is
    still making the connection. ``not yet up``: its device was never connected. ``gone``: it is deleted, or nowhere to be seen.
    """

    HEALTHY = "healthy"
    FAULTY = "faulty"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    UNSETTLED = "unsettled"
    NOT_YET_UP = "not yet up"
    GONE = "gone"


# How the tunnels stand now; every other kind is about the set-up, lasts, and must not keep an outage from ending.
STATE = frozenset(
    {
        VpnProblem.ALL_TUNNELS_DOWN,
        VpnProblem.NOT_YET_UP,
        VpnProblem.ONE_TUNNEL_DOWN,
        VpnProblem.NEVER_CONFIGURED_TUNNEL,
        VpnProblem.BGP_DOWN_IPSEC_UP,
        VpnProblem.NO_ROUTES_ACCEPTED,
        VpnProblem.PROVISIONING_FAILED,
        VpnProblem.FLAPPING,
        VpnProblem.MAINTENANCE_IN_PROGRESS,
        VpnProblem.TELEMETRY_UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All that holds of a connection, the worst first. ``health`` is that of its tunnels. ``look_again`` is when a loss that is quiet now counts in full."""

    connection_id: str
    health: Health
    findings: tuple[Finding, ...] = ()
    rows: tuple[str, ...] = ()
    look_again: datetime | None = None

    def losses(self, *, known: bool) -> tuple[Finding, ...]:
        """What an alert on the tunnels' state is made of, with all else that holds behind it; empty where nothing is.

        A loss in its grace is left out, unless people know of a loss already: then it must not seem to be over.
        """
        told = [one for one in self.findings if one.hold is None or (known and one.hold.reason is HoldReason.GRACE)]
        state = [one for one in told if one.kind in STATE]
        return (*state, *(one for one in told if one.kind not in STATE)) if state else ()

    @property
    def weaknesses(self) -> tuple[Finding, ...]:
        """What an alert on the set-up is made of; empty where none of it is worth one."""
        found = tuple(one for one in self.findings if one.kind not in STATE)
        return found if any(one.opens for one in found) else ()


def judge_tunnels(snapshot: VpnSnapshot, connection: Connection, policy: Policy, now: datetime) -> Verdict:
    """The verdict on one connection of a snapshot."""
    case = Case(snapshot=snapshot, connection=connection, policy=policy, now=now)
    rows = tuple(row(tunnel) for tunnel in connection.tunnels)
    if connection.state.gone or connection.state is ConnectionState.PENDING:
        health = Health.GONE if connection.state.gone else Health.UNSETTLED
        return Verdict(connection_id=connection.connection_id, health=health, rows=rows)
    losses = tuple(_losses(case))
    troubled = frozenset(a for one in losses if one.kind is not VpnProblem.NOT_YET_UP for a in one.tunnels)
    found = chain(
        losses, _pauses(losses, case), judge_telemetry(case), judge_setup(case, troubled), judge_redundancy(case)
    )
    findings = tuple(sorted(found, key=lambda one: (-one.severity.rank, _RANK[one.kind], one.tunnels)))
    holds = [one.hold for one in losses if one.hold and one.hold.until]
    return Verdict(
        connection_id=connection.connection_id,
        health=_health([one for one in findings if one.kind in STATE]),
        findings=findings,
        rows=(*rows, *log_evidence(case)),
        look_again=min((hold.until for hold in holds if hold.until), default=None),
    )


# Among equally bad ones the one that says most about the cause comes first.
_LEADS = (
    VpnProblem.ALL_TUNNELS_DOWN,
    VpnProblem.NEVER_CONFIGURED_TUNNEL,
    VpnProblem.PROVISIONING_FAILED,
    VpnProblem.ONE_TUNNEL_DOWN,
)
_RANK = {kind: rank for rank, kind in enumerate(dict.fromkeys((*_LEADS, *VpnProblem)))}


def _health(findings: Sequence[Finding]) -> Health:
    if any(one.opens for one in findings):
        return Health.FAULTY
    if any(one.hold and one.hold.reason is not HoldReason.ALLOWED for one in findings):
        return Health.WAITING
    if any(one.kind is VpnProblem.NOT_YET_UP for one in findings):
        return Health.NOT_YET_UP
    if any(one.kind is VpnProblem.TELEMETRY_UNKNOWN for one in findings):
        return Health.UNKNOWN
    return Health.HEALTHY


def _losses(case: Case) -> Iterator[Finding]:
    """Tunnels that AWS calls DOWN, and why they are."""
    down = case.down
    if not down:
        return
    if case.never_up:
        yield _not_yet_up(case, down)
        return
    lost = case.all_down
    holds = {one.address: case.first_points() if lost else case.hold(one) for one in down}
    if lost and case.connection.state is ConnectionState.MODIFYING:
        holds = {one.address: case.maintenance_hold(one) for one in down}
    yield _down(case, down, holds, lost=lost)
    for tunnel in down:
        hold = holds[tunnel.address]
        if _never_up(case, tunnel):
            yield case.found(
                VpnProblem.NEVER_CONFIGURED_TUNNEL,
                f"{tunnel.address} was never up in all the time that CloudWatch remembers",
                tunnels=(tunnel,),
                evidence=f"{tunnel.address}  TunnelState was 0 throughout",
                remedy=_configure_second(case, tunnel),
                hold=hold,
            )
    by_bgp = _by_bgp(case)
    if by_bgp:
        yield case.found(
            VpnProblem.BGP_DOWN_IPSEC_UP,
            f"BGP is down with {named(by_bgp)} while IPsec is up",
            tunnels=by_bgp,
            evidence="\n".join(map(row, by_bgp)),
            remedy=bgp_checks(case, by_bgp),
            hold=holds[by_bgp[0].address],
            worse=len(by_bgp) == TUNNELS,
        )


def _configure_second(case: Case, tunnel: Tunnel) -> tuple[str, ...]:
    """The checklist, begun with what is missing; not a step longer, so that the command at its end is not cut off."""
    first, *others = checks(case, (tunnel,))
    return (f"Configure the second tunnel on the device; it costs nothing. {first}", *others)


def _not_yet_up(case: Case, down: tuple[Tunnel, ...]) -> Finding:
    return case.found(
        VpnProblem.NOT_YET_UP,
        f"neither {' nor '.join(one.address for one in down)} was ever up in all the time that CloudWatch remembers",
        tunnels=down,
        evidence="\n".join((*map(row, down), "TunnelState was 0 throughout")),
        remedy=bgp_checks(case, down) if down == _by_bgp(case) else checks(case, down),
    )


def _down(case: Case, down: tuple[Tunnel, ...], holds: dict[str, Hold | None], *, lost: bool) -> Finding:
    causes = "; ".join(f"{one.address} is down since {when(one.changed_at)}: {likely_cause(case, one)}" for one in down)
    return case.found(
        VpnProblem.ALL_TUNNELS_DOWN if lost else VpnProblem.ONE_TUNNEL_DOWN,
        causes,
        tunnels=down,
        evidence="\n".join(map(row, case.connection.tunnels)),
        remedy=bgp_checks(case, down) if down == _by_bgp(case) else checks(case, down),
        hold=holds[down[0].address],
    )


def _by_bgp(case: Case) -> tuple[Tunnel, ...]:
    """Down although IPsec is up: what is down is the BGP session."""
    return tuple(one for one in case.down if case.bgp and one.telemetry and one.telemetry.message == "IPSEC IS UP")


def _never_up(case: Case, tunnel: Tunnel) -> bool:
    """CloudWatch has points of this tunnel, all of them 0, while its sibling was up."""
    siblings = [one for one in case.connection.tunnels if one.address != tunnel.address]
    sibling_up = any(one in case.up or case.detail(one).ever_up for one in siblings)
    return case.detail(tunnel).ever_up is False and sibling_up


def _pauses(losses: tuple[Finding, ...], case: Case) -> Iterator[Finding]:
    """AWS's own work on a tunnel: told while it keeps a loss quiet, for as long as the policy bounds."""
    held = [one for one in losses if one.hold and one.hold.reason is HoldReason.MAINTENANCE]
    for one in held[:1]:
        tunnels = [tunnel for tunnel in case.connection.tunnels if tunnel.address in one.tunnels]
        yield case.found(
            VpnProblem.MAINTENANCE_IN_PROGRESS,
            one.hold.says if one.hold else "",
            tunnels=tunnels,
            evidence="\n".join(map(row, tunnels)),
            remedy=("Nothing: AWS brings the tunnel back. If it does not in time, this becomes an error.",),
        )
    for tunnel in case.connection.tunnels:
        known = case.detail(tunnel).maintenance
        if known is not None and known.pending:
            by = f" AWS applies it by itself after {when(known.applied_after)}." if known.applied_after else ""
            yield case.found(
                VpnProblem.MAINTENANCE_PENDING,
                f"maintenance of {tunnel.address} is pending.{by}",
                tunnels=(tunnel,),
                evidence=f"{tunnel.address}  maintenance pending, applied after {when(known.applied_after)}",
                remedy=(_replace_command(case, tunnel),),
            )


def _replace_command(case: Case, tunnel: Tunnel) -> str:
    connection = case.connection
    return (
        "In a quiet hour, while the other tunnel is UP: `aws ec2 replace-vpn-tunnel "
        f"--region {connection.place.region} --vpn-connection-id {connection.connection_id} "
        f"--vpn-tunnel-outside-ip-address {tunnel.address} --apply-pending-maintenance`"
    )
