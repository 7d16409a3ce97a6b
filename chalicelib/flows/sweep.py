"""Everything, whatever events came or did not come: events make netreflex fast, the sweep makes it right.

Each place is read once and whole, so the reads grow with AWS's pages. A place that cannot be read is told and skipped; the
others are done. A run that is short of time stops between two peerings; the next one goes on, because it starts from what is
true and not from where the last one stopped.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from chalicelib.alerts import kinds
from chalicelib.alerts.place_alerts import place_alert, place_fingerprint
from chalicelib.flows.peering import settle
from chalicelib.flows.ports import World
from chalicelib.model.errors import NetreflexError
from chalicelib.model.facts import PeeringStatus
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision
from chalicelib.model.policy import Policy, TablesBySubnetTag
from chalicelib.model.report import Report
from chalicelib.model.triggers import SweepDue
from chalicelib.observe.peerings import Snapshot

LOG = logging.getLogger(__name__)
ENOUGH_SECONDS = 20.0  # what settling one more peering may take at worst, with the retries of its calls
_SETTLED = frozenset({PeeringStatus.INITIATING, PeeringStatus.PROVISIONING, PeeringStatus.UNKNOWN})


def sweep_peerings(world: World, seconds_left: Callable[[], float] = lambda: float("inf")) -> Report:
    """Every pending request into managed VPCs and every managed active peering, in one pass."""
    open_peerings = frozenset(world.road.open_fingerprints(kinds.PEERING))
    open_automation = frozenset(world.road.open_fingerprints(kinds.AUTOMATION))
    answers = world.reader.everything(world.policy.places, subnets=_asks_subnets(world.policy))
    snapshots = {place: answer for place, answer in answers.items() if isinstance(answer, Snapshot)}
    alerts = [*_tell_places(answers, open_automation, world), *_tell_policy(open_automation, world)]
    reports: list[Report] = []
    notes: list[str] = [
        f"{place} was not read: {answer}" for place, answer in answers.items() if place not in snapshots
    ]
    waiting = sorted({one.peering_id for snapshot in snapshots.values() for one in snapshot.peerings})
    for number, peering_id in enumerate(waiting):
        if seconds_left() < ENOUGH_SECONDS:
            notes.append(f"out of time: {len(waiting) - number} of {len(waiting)} peerings are left to the next sweep")
            break
        try:
            report = _one(peering_id, snapshots, world, open_peerings)
        except NetreflexError as error:
            notes.append(f"{peering_id}: {error}")
            LOG.warning("sweep.peering_failed", extra={"peering_id": peering_id, "error": str(error)})
            continue
        if report is not None:
            reports.append(report)
    return _joined(reports, notes, alerts)


def _asks_subnets(policy: Policy) -> bool:
    """Read all subnets at once where any rule chooses by them; one by one they would cost a read for each peering."""
    choices = (side.tables for rule in policy.peering.rules for side in (rule.routes.requester, rule.routes.accepter))
    return any(isinstance(tables, TablesBySubnetTag) for tables in choices)


def _one(
    peering_id: str, snapshots: Mapping[Place, Snapshot], world: World, open_alerts: Collection[str]
) -> Report | None:
    facts = world.reader.facts_from(peering_id, snapshots)
    if facts is None or facts.peering.status in _SETTLED:
        return None  # seen by one side alone, or between two states: its event or the next sweep finds it whole
    return settle(SweepDue(), facts, world, open_alerts)


def _joined(reports: Iterable[Report], notes: Iterable[str], alerts: Iterable[str]) -> Report:
    """One report of the whole pass: what was done, and how many peerings stand how."""
    reports = tuple(reports)
    counts = Counter(report.decision for report in reports)
    told = ", ".join(f"{counts[decision]} {decision}" for decision in Decision if counts[decision])
    changed = tuple(reason for report in reports if report.performed or report.failed for reason in report.reasons)
    return Report(
        trigger=SweepDue(),
        decision=Decision.OBSERVED,
        reasons=(f"{len(reports)} peerings: {told}" if reports else "no peering to be seen", *notes, *changed),
        planned=tuple(action for report in reports for action in report.planned),
        performed=tuple(action for report in reports for action in report.performed),
        unchanged=sum(report.unchanged for report in reports),
        refused=tuple(refusal for report in reports for refusal in report.refused),
        failed=tuple(failure for report in reports for failure in report.failed),
        alerts=(*alerts, *(fp for report in reports for fp in report.alerts)),
    )


def _tell_policy(open_alerts: Collection[str], world: World) -> Iterable[str]:
    """Bring an alert about the policy up to date that some other container told."""
    health = world.policy_health
    if health is not None and health.fingerprint in open_alerts:
        world.road.tell(health)
        yield health.fingerprint


def _tell_places(
    answers: Mapping[Place, Snapshot | Exception], open_alerts: Collection[str], world: World
) -> Iterable[str]:
    """One alert for each place that cannot be read, and its end when it can be read again."""
    for place, answer in answers.items():
        broken = not isinstance(answer, Snapshot)
        if not broken and place_fingerprint(place) not in open_alerts:
            continue
        alert = place_alert(
            place, str(answer) if broken else "", world.policy.accounts[place.account].name, world.now()
        )
        world.road.tell(alert)
        yield alert.fingerprint
