"""What AWS leaves out of a connection's telemetry, or says in words that we do not know. It is never health. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from chalicelib.decide.vpn_case import Case, row
from chalicelib.decide.vpn_findings import Finding
from chalicelib.model.vpn import TUNNELS, ConnectionState, Tunnel, TunnelStatus, VpnProblem

_KNOWN_MESSAGE = re.compile(r"(?:IPSEC IS (?:UP|DOWN)|[0-9]{1,5} BGP ROUTES)?", re.ASCII)


def judge_telemetry(case: Case) -> Iterator[Finding]:
    """Telemetry that is missing, or says what we do not know."""
    connection = case.connection
    odd: list[str] = []
    if len(connection.tunnels) < TUNNELS:
        odd.append(f"AWS tells of {len(connection.tunnels)} of {TUNNELS} tunnels")
    if connection.unplaced:
        odd.append(f"{connection.unplaced} telemetry rows name no outside address of their own")
    if connection.state is ConnectionState.UNKNOWN:
        odd.append("the connection is in a state that we do not know")
    odd += chain.from_iterable(_odd_words(case, one) for one in connection.tunnels)
    if odd:
        yield case.found(
            VpnProblem.TELEMETRY_UNKNOWN,
            "; ".join(odd),
            evidence="\n".join(map(row, connection.tunnels)) or "no telemetry at all",
            remedy=("Nothing yet: the next sweep reads again.",),
        )


def _odd_words(case: Case, tunnel: Tunnel) -> Iterator[str]:
    told = tunnel.telemetry
    if told is None:
        yield f"{tunnel.address} has no telemetry"
        return
    if told.status is TunnelStatus.UNKNOWN:
        yield f"{tunnel.address} is neither UP nor DOWN"
    if not _KNOWN_MESSAGE.fullmatch(told.message):
        yield f"{tunnel.address} has a status message that we do not know"
    if case.bgp and told.status is TunnelStatus.UP and told.routes is None:
        yield f"{tunnel.address} tells no number of accepted routes"
