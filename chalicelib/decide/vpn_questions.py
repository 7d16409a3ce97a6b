"""Which facts about tunnels are worth a further read. Pure.

The questions rest on the whole place and not on the event, so that the sweep and every event want, and therefore tell, the
same of a connection. Which of those that cost a call are asked now, and which were answered before, is ``tunnel_choice``'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.decide.tunnel_remedy import device_type
from chalicelib.decide.vpn_case import Case, options_of
from chalicelib.decide.vpn_redundancy import LIVE, device_of, together
from chalicelib.decide.vpn_setup import allows_weak
from chalicelib.model.policy import Policy
from chalicelib.model.tunnel_details import TunnelKey
from chalicelib.model.tunnel_memory import TunnelQuestion, TunnelSort
from chalicelib.model.vpn import Connection, GatewayKind, Tunnel, TunnelStatus, VpnSnapshot

MOST_GATEWAYS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnQuestions:
    """``tunnels`` cost a call each or nearly so; what else is asked takes a number of calls that hardly grows.

    ``flapping`` is the time over which changes of ``recent`` are counted. ``transit`` and ``virtual`` ask for Direct Connect.
    """

    flapping: timedelta
    recent: tuple[TunnelKey, ...] = ()
    tunnels: tuple[TunnelQuestion, ...] = ()
    certificates: tuple[tuple[TunnelKey, str], ...] = ()
    transit: frozenset[str] = frozenset()
    virtual: frozenset[str] = frozenset()
    device_types: bool = False

    def only(self, connection_ids: Collection[str]) -> VpnQuestions:
        """The same questions of these connections alone."""
        return replace(
            self,
            recent=tuple(key for key in self.recent if key.connection_id in connection_ids),
            tunnels=tuple(one for one in self.tunnels if one.key.connection_id in connection_ids),
            certificates=tuple(one for one in self.certificates if one[0].connection_id in connection_ids),
        )


def vpn_questions(snapshot: VpnSnapshot, policy: Policy, now: datetime) -> VpnQuestions:
    """What the judgement of a place's connections needs beyond what was read of all."""
    live = sorted((one for one in snapshot.connections if one.state in LIVE), key=lambda one: one.connection_id)
    every = [(one, tunnel) for one in live for tunnel in one.tunnels]
    troubled = {one.connection_id for one, tunnel in every if tunnel.status is TunnelStatus.DOWN}
    alone = frozenset(one.gateway.id for one in live if _alone(snapshot, one))
    cases = [Case(snapshot=snapshot, connection=one, policy=policy, now=now) for one in live]
    return VpnQuestions(
        flapping=policy.vpn.flapping.within,
        recent=tuple(_key(*pair) for pair in every),
        tunnels=tuple(
            question
            for one, tunnel in every
            for question in _of_tunnel(_key(one, tunnel), tunnel, lost=one.connection_id in troubled)
        ),
        certificates=tuple(
            (_key(one, t), t.telemetry.certificate_arn)
            for one, t in every
            if t.telemetry and t.telemetry.certificate_arn
        ),
        transit=frozenset(one.gateway.id for one in live if one.gateway.kind is GatewayKind.TRANSIT) & alone,
        virtual=frozenset(
            sorted({one.gateway.id for one in live if one.gateway.kind is GatewayKind.VIRTUAL_PRIVATE} & alone)[
                :MOST_GATEWAYS
            ]
        ),
        device_types=any(case.connection.connection_id in troubled and any(device_type(case)) for case in cases),
    )


def _of_tunnel(key: TunnelKey, tunnel: Tunnel, *, lost: bool) -> Iterator[TunnelQuestion]:
    """What is worth asking of one tunnel. ``lost``: it, or the other one of its connection, is down."""
    options, down = options_of(tunnel), tunnel.status is TunnelStatus.DOWN
    if options.lifecycle_control or down:
        yield TunnelQuestion(key, TunnelSort.MAINTENANCE)
    if down and options.log_group:
        yield TunnelQuestion(key, TunnelSort.LOG, options.log_group)
    if down or (tunnel.status is TunnelStatus.UP and allows_weak(options)):
        yield TunnelQuestion(key, TunnelSort.ACTIVE)
    if lost and tunnel.status is not TunnelStatus.UP:
        yield TunnelQuestion(key, TunnelSort.EVER_UP)


def _alone(snapshot: VpnSnapshot, connection: Connection) -> bool:
    return len({device_of(snapshot, one) for one in together(snapshot, connection)}) == 1


def _key(connection: Connection, tunnel: Tunnel) -> TunnelKey:
    return TunnelKey(connection.connection_id, tunnel.address)
