"""Which facts about tunnels are worth a further read, and how many reads at most. Pure.

The questions rest on the whole place and not on the event, so that the sweep and every event ask, and therefore tell, the
same of a connection. Each sort that costs a call per tunnel is bounded; what is beyond the bound stays unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.decide.tunnel_remedy import device_type
from chalicelib.decide.vpn_case import Case, options_of
from chalicelib.decide.vpn_redundancy import LIVE, device_of, together
from chalicelib.decide.vpn_setup import allows_weak
from chalicelib.model.policy import Policy
from chalicelib.model.vpn import Connection, GatewayKind, Tunnel, TunnelKey, TunnelStatus, VpnSnapshot

MOST_TUNNELS = 20  # of each sort of question that costs a call for each tunnel
MOST_GATEWAYS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnQuestions:
    """``recent`` and ``ever_up`` are answered for hundreds of tunnels by one call; the others cost a call each.

    ``flapping`` is the time over which changes are counted. ``transit`` and ``virtual`` ask for Direct Connect.
    """

    flapping: timedelta
    recent: tuple[TunnelKey, ...] = ()
    ever_up: tuple[TunnelKey, ...] = ()
    maintenance: tuple[TunnelKey, ...] = ()
    active: tuple[TunnelKey, ...] = ()
    logs: tuple[tuple[TunnelKey, str], ...] = ()
    certificates: tuple[tuple[TunnelKey, str], ...] = ()
    transit: frozenset[str] = frozenset()
    virtual: frozenset[str] = frozenset()
    device_types: bool = False

    def only(self, connection_ids: Collection[str]) -> VpnQuestions:
        """The same questions of these connections alone."""

        def chosen(keys: Iterable[TunnelKey]) -> tuple[TunnelKey, ...]:
            return tuple(key for key in keys if key.connection_id in connection_ids)

        return replace(
            self,
            recent=chosen(self.recent),
            ever_up=chosen(self.ever_up),
            maintenance=chosen(self.maintenance),
            active=chosen(self.active),
            logs=tuple(one for one in self.logs if one[0].connection_id in connection_ids),
            certificates=tuple(one for one in self.certificates if one[0].connection_id in connection_ids),
        )


def vpn_questions(snapshot: VpnSnapshot, policy: Policy, now: datetime) -> VpnQuestions:
    """What the judgement of a place's connections needs beyond what was read of all."""
    live = sorted((one for one in snapshot.connections if one.state in LIVE), key=lambda one: one.connection_id)
    every = [(one, tunnel) for one in live for tunnel in one.tunnels]
    down = [(one, tunnel) for one, tunnel in every if _is(tunnel, TunnelStatus.DOWN)]
    up = [(one, tunnel) for one, tunnel in every if _is(tunnel, TunnelStatus.UP)]
    troubled = {one.connection_id for one, _ in down}
    fresh = [pair for pair in down if _fresh(pair[1], 2 * policy.vpn.maintenance, now)]
    controlled = [pair for pair in every if options_of(pair[1]).lifecycle_control]
    weak = [pair for pair in up if allows_weak(options_of(pair[1]))]
    alone = frozenset(one.gateway.id for one in live if _alone(snapshot, one))
    cases = [Case(snapshot=snapshot, connection=one, policy=policy, now=now) for one in live]
    return VpnQuestions(
        flapping=policy.vpn.flapping.within,
        recent=_keys(every),
        ever_up=tuple(key for key in _keys(every) if key.connection_id in troubled),
        maintenance=tuple(dict.fromkeys((*_keys(fresh)[:MOST_TUNNELS], *_keys(controlled)[:MOST_TUNNELS]))),
        active=(*_keys(down)[:MOST_TUNNELS], *_keys(weak)[:MOST_TUNNELS]),
        logs=tuple((_key(one, t), options_of(t).log_group) for one, t in down if options_of(t).log_group)[
            :MOST_TUNNELS
        ],
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


def _alone(snapshot: VpnSnapshot, connection: Connection) -> bool:
    return len({device_of(snapshot, one) for one in together(snapshot, connection)}) == 1


def _is(tunnel: Tunnel, status: TunnelStatus) -> bool:
    return tunnel.telemetry is not None and tunnel.telemetry.status is status


def _fresh(tunnel: Tunnel, span: timedelta, now: datetime) -> bool:
    """Only a loss that is young can be kept quiet by maintenance."""
    changed = tunnel.telemetry.changed_at if tunnel.telemetry else None
    return changed is None or now - changed <= span


def _key(connection: Connection, tunnel: Tunnel) -> TunnelKey:
    return TunnelKey(connection.connection_id, tunnel.address)


def _keys(pairs: Iterable[tuple[Connection, Tunnel]]) -> tuple[TunnelKey, ...]:
    return tuple(_key(connection, tunnel) for connection, tunnel in pairs)
