"""From the judgement of a connection to what people are told of it: one alert for its tunnels, one for its set-up."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from chalicelib.alerts.vpn_alerts import SETUP, VpnTold, tells_loss, vpn_alert, vpn_fingerprint, vpn_resolved
from chalicelib.decide.tunnels import Health, Verdict, judge_tunnels
from chalicelib.flows.ports import World
from chalicelib.flows.vpn_answers import Answered
from chalicelib.model.alert import Alert
from chalicelib.model.vpn import Connection, VpnSnapshot


def judged(snapshot: VpnSnapshot, connection_id: str, world: World) -> Verdict:
    """How a connection stands; one that is nowhere to be seen is gone."""
    connection = snapshot.connection(connection_id)
    if connection is None:
        return Verdict(connection_id=connection_id, health=Health.GONE)
    return judge_tunnels(snapshot, connection, world.policy, world.now())


def alerts_of(verdict: Verdict, known: Answered, world: World, open_alerts: Collection[str] | None) -> Iterator[Alert]:
    """What is to be told. Health is told as the end of what people know of; what is not known ends nothing.

    ``open_alerts`` are the fingerprints that fire now; None where the road has to be asked.
    """

    def told(part: str) -> VpnTold:
        fingerprint = vpn_fingerprint(known.snapshot.place, verdict.connection_id, part)
        may_fire = open_alerts is None or fingerprint in open_alerts
        former = world.road.firing(fingerprint) if may_fire else None
        return VpnTold(verdict=verdict, snapshot=known.snapshot, policy=world.policy, now=world.now(), former=former)

    state = told("")
    connection = known.snapshot.connection(verdict.connection_id)
    if verdict.health in {Health.GONE, Health.HEALTHY, Health.NOT_YET_UP}:
        if state.former:
            yield vpn_resolved(state)
        yield from _setup(told(SETUP), connection, unasked=verdict.connection_id in known.unasked, ended=state)
    elif connection is not None:
        findings = verdict.losses(known=tells_loss(state.former))
        if findings and (state.former or verdict.health is Health.FAULTY):
            yield vpn_alert(state, connection, findings)


def _setup(setup: VpnTold, connection: Connection | None, *, unasked: bool, ended: VpnTold) -> Iterator[Alert]:
    """The set-up has an alert of its own, so that an outage can end while a weakness lasts.

    It is told only where the tunnels are well and no outage has just ended: in an outage it is listed, and one message is
    enough. While something of the connection is still to be asked, what was told stays as it is: the answers may say the same.
    """
    weaknesses = setup.verdict.weaknesses
    if unasked and setup.former:
        return
    if weaknesses and connection is not None and not ended.former:
        yield vpn_alert(setup, connection, weaknesses, SETUP)
    elif setup.former and not weaknesses:
        yield vpn_resolved(setup, SETUP)
