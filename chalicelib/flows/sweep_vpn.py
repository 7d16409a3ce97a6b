"""Every VPN connection of every place, whatever events came or did not come. Grace ends here: nobody else looks again.

A place is read whole, in a number of reads that does not grow with its connections. What keeps one place from being read,
or one part of it, is told and does not keep the others from being judged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.alerts.vpn_alerts import SETUP, parts_alert, parts_fingerprint, vpn_fingerprint
from chalicelib.decide.tunnel_alarms import alarm_connection
from chalicelib.flows.ports import World
from chalicelib.flows.sweep_ends import PASSING
from chalicelib.flows.vpn import joined, settle_connections
from chalicelib.model.alert import Alert
from chalicelib.model.errors import NetreflexError
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision
from chalicelib.model.report import Report
from chalicelib.model.triggers import SweepDue
from chalicelib.model.vpn import VpnSnapshot

LOG = logging.getLogger(__name__)
ENOUGH_SECONDS = 30.0  # what one more place may take at worst, with the retries of its calls


def sweep_connections(world: World, seconds_left: Callable[[], float] = lambda: float("inf")) -> Report:
    """One pass over the VPN connections of all places."""
    open_vpn = {alert.fingerprint: alert for alert in world.road.open_alerts(kinds.VPN)}
    open_parts = frozenset(world.road.open_fingerprints(kinds.AUTOMATION))
    reports: list[Report] = []
    places = _turned(world)
    for number, place in enumerate(places):
        if seconds_left() < ENOUGH_SECONDS:
            note = f"out of time: the VPN connections of {len(places) - number} places are left to the next sweep"
            reports.append(_noted(note))
            break
        reports.append(_sweep_place(place, world, open_vpn, open_parts))
    return joined(SweepDue(), reports)


def _turned(world: World) -> tuple[Place, ...]:
    """The places, begun elsewhere at each sweep: slow ones at the front must not starve those behind them for ever."""
    places = world.policy.places
    first = int(world.now().timestamp() // 60) % max(len(places), 1)
    return places[first:] + places[:first]


def _sweep_place(place: Place, world: World, open_vpn: Mapping[str, Alert], open_parts: Collection[str]) -> Report:
    try:
        snapshot = world.vpn().look(place)
    except NetreflexError as error:
        LOG.warning("sweep.vpn_unread", extra={"place": str(place), "error": str(error)})
        told = _tell_parts(place, (str(error),), world, open_parts, blind=True)
        return joined(SweepDue(), (_noted(f"the VPN connections of {place} were not read: {error}"), *told))
    ids = _ids(snapshot, open_vpn, world.now())
    try:
        settled = settle_connections(SweepDue(), snapshot, ids, world, open_vpn)
    except NetreflexError as error:
        LOG.warning("sweep.vpn_failed", extra={"place": str(place), "error": str(error)})
        return _noted(f"the VPN connections of {place}: {error}")
    counted = f"{place}: {len(ids)} VPN connections" if ids else f"{place}: no VPN connection"
    report = settled.report
    problems = (*settled.unread, *(one.reason for one in report.refused), *(one.error for one in report.failed))
    told = _tell_parts(place, tuple(dict.fromkeys(problems)), world, open_parts, blind=False)
    return joined(SweepDue(), (_noted(counted), report, *told))


def _ids(snapshot: VpnSnapshot, open_vpn: Mapping[str, Alert], now: datetime) -> tuple[str, ...]:
    """What EC2 shows, and what it no longer shows but an alarm of ours or an alert still names.

    A connection that has been deleted for long and has no open alert needs no judgement.
    """
    alarms = (alarm_connection(alarm.name) for alarm in snapshot.alarms or () if alarm.ours)
    seen = (
        one.connection_id
        for one in snapshot.connections
        if not one.state.gone
        or any(vpn_fingerprint(snapshot.place, one.connection_id, part) in open_vpn for part in ("", SETUP))
    )
    told = _unseen(snapshot, open_vpn.values(), now)
    return tuple(dict.fromkeys((*sorted(seen), *sorted(one for one in alarms if one is not None), *sorted(told))))


def _unseen(snapshot: VpnSnapshot, alerts: Iterable[Alert], now: datetime) -> Iterator[str]:
    """The connections that an alert names and EC2 shows no more: deleted while nobody looked."""
    shown = {one.connection_id for one in snapshot.connections}
    for alert in alerts:
        connection_id = alert.subject.id.removesuffix(SETUP)
        here = (alert.subject.account, alert.subject.region) == (snapshot.place.account, snapshot.place.region)
        if here and connection_id not in shown and now - alert.at >= PASSING:
            yield connection_id


def _tell_parts(
    place: Place, problems: tuple[str, ...], world: World, open_alerts: Collection[str], *, blind: bool
) -> tuple[Report, ...]:
    """One alert for each place that is watched only in part, and its end."""
    if not problems and parts_fingerprint(place) not in open_alerts:
        return ()
    alert = parts_alert(place, problems, world.policy, world.now(), blind=blind)
    world.road.tell(alert)
    return (Report(trigger=SweepDue(), decision=Decision.OBSERVED, alerts=(alert.fingerprint,)),)


def _noted(note: str) -> Report:
    return Report(trigger=SweepDue(), decision=Decision.OBSERVED, reasons=(note,))
