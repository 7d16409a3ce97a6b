"""Everything, whatever events came or did not come: events make netreflex fast, the sweep makes it right.

Each place is read once and whole, so the reads grow with AWS's pages. A place that cannot be read is told and skipped; the
others are done. A run that is short of time stops between two peerings; the next one goes on, because it starts from what is
true and not from where the last one stopped.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zlib import crc32

from chalicelib.alerts import kinds
from chalicelib.alerts.left_alerts import left_alert, left_fingerprint
from chalicelib.alerts.place_alerts import place_alert, place_fingerprint
from chalicelib.flows.names import reaches_of, sweep_names
from chalicelib.flows.peering import settle
from chalicelib.flows.ports import World
from chalicelib.flows.sweep_ends import end_left_places, end_unseen
from chalicelib.flows.sweep_memory import remembered_of, with_memory
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.facts import Ledger, PeeringFacts, PeeringStatus
from chalicelib.model.names import Reach
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision
from chalicelib.model.policy import Policy, TablesBySubnetTag
from chalicelib.model.report import Report
from chalicelib.model.triggers import SweepDue
from chalicelib.observe.snapshots import Snapshot

LOG = logging.getLogger(__name__)
ENOUGH_SECONDS = 40.0  # what settling one more peering may take: its waits for AWS, and the retries of its calls
LONG = timedelta(minutes=30)
REQUEST_LASTS = timedelta(days=7)  # VPC peering guide, "VPC peering connection lifecycle"
_SETTLED = frozenset({PeeringStatus.INITIATING, PeeringStatus.PROVISIONING, PeeringStatus.UNKNOWN})


def sweep_peerings(world: World, seconds_left: Callable[[], float] = lambda: float("inf")) -> Report:
    """Every pending request into managed VPCs and every managed active peering, in one pass."""
    road = world.road.at_a_glance()
    world = replace(world, road=road)
    open_peerings = frozenset(world.road.open_fingerprints(kinds.PEERING))
    open_automation = frozenset(world.road.open_fingerprints(kinds.AUTOMATION))
    answers = world.reader.everything(world.policy.places, subnets=_asks_subnets(world.policy))
    snapshots = {place: answer for place, answer in answers.items() if isinstance(answer, Snapshot)}
    alerts = [*_tell_places(answers, open_automation, world), *_tell_policy(open_automation, world)]
    unread = [f"{place} was not read: {answer}" for place, answer in answers.items() if place not in snapshots]
    seen = sorted({one.peering_id for snapshot in snapshots.values() for one in snapshot.peerings})
    done = _Done(ledgers=remembered_of(snapshots.values(), world))
    for number, peering_id in enumerate(_turned(seen, world.now())):
        if seconds_left() < ENOUGH_SECONDS:
            done.notes.append(f"out of time: {len(seen) - number} of {len(seen)} peerings are left to the next sweep")
            break
        _settle_one(peering_id, snapshots, world, open_peerings, done)
    names = _names(done, world, seconds_left, complete=not unread and not done.notes)
    alerts += _tell_left(done.left, open_automation, world)
    alerts += [*end_unseen(frozenset(seen), world, complete=not unread), *end_left_places(world)]
    for error in (*done.broke, *road.untold):
        raise error
    return _joined(done.reports, (*unread, *done.notes), alerts, names)


@dataclass(slots=True)
class _Done:
    """What became of the peerings of one pass; ``broke`` holds errors that are no word of AWS but a fault of ours.

    ``ledgers`` is what was read of them at once, before the first was done. ``left`` is what people have to hear of.
    """

    ledgers: Mapping[str, Ledger]
    reports: list[Report] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    broke: list[Exception] = field(default_factory=list)


def _turned(peering_ids: list[str], now: datetime) -> list[str]:
    """The same ids, begun elsewhere at each sweep: slow ones at the front must not starve those behind them for ever."""
    first = crc32(now.isoformat().encode()) % max(len(peering_ids), 1)
    return peering_ids[first:] + peering_ids[:first]


def _settle_one(
    peering_id: str, snapshots: Mapping[Place, Snapshot], world: World, open_alerts: Collection[str], done: _Done
) -> None:
    """Whatever one peering meets, the others are done."""
    facts: PeeringFacts | None = None
    try:
        facts = with_memory(_facts(peering_id, snapshots, world), done.ledgers)
        report = settle(SweepDue(), facts, world, open_alerts) if facts is not None else None
    except NetreflexError as error:
        done.notes.append(f"{peering_id}: {error}")
        if not isinstance(error, RetryLater) or _waits_long(facts, world.now()):
            done.left[peering_id] = str(error)
        LOG.warning("sweep.peering_failed", extra={"peering_id": peering_id, "error": str(error)})
    except Exception as error:
        done.broke.append(error)
        LOG.exception("sweep.peering_broke", extra={"peering_id": peering_id})
    else:
        if facts is not None and report is not None:
            done.reports.append(report)
            done.reaches += _reaches(facts, report, world.policy)


def _waits_long(facts: PeeringFacts | None, now: datetime) -> bool:
    """What AWS puts off passes by itself; but a request expires, and one that many sweeps could not decide is told."""
    expires_at = facts.peering.expires_at if facts is not None else None
    return expires_at is not None and now - (expires_at - REQUEST_LASTS) > LONG


def _asks_subnets(policy: Policy) -> bool:
    """Read all subnets at once where any rule chooses by them; one by one they would cost a read for each peering."""
    choices = (side.tables for rule in policy.peering.rules for side in (rule.routes.requester, rule.routes.accepter))
    return any(isinstance(tables, TablesBySubnetTag) for tables in choices)


def _facts(peering_id: str, snapshots: Mapping[Place, Snapshot], world: World) -> PeeringFacts | None:
    """None where one side alone shows it, or it is between two states: its event or the next sweep finds it whole."""
    facts = world.reader.facts_from(peering_id, snapshots)
    return None if facts is None or facts.peering.status in _SETTLED else facts


def _reaches(facts: PeeringFacts, report: Report, policy: Policy) -> tuple[Reach, ...]:
    """From where the names of its rule have to resolve, for a peering that is approved and carries packets."""
    rule = next((rule for rule in policy.peering.rules if rule.name == report.rule), None)
    approved = report.decision is Decision.APPROVED and facts.peering.status is PeeringStatus.ACTIVE
    return reaches_of(facts, rule) if approved and rule is not None else ()


def _names(done: _Done, world: World, seconds_left: Callable[[], float], *, complete: bool) -> tuple[Report, ...]:
    """The names come last, because the peerings say from where they have to resolve."""
    try:
        report = sweep_names(world, done.reaches, seconds_left, complete=complete)
    except NetreflexError as error:
        done.notes.append(f"names: {error}")
        if not isinstance(error, RetryLater):
            done.left["names"] = str(error)
        LOG.warning("sweep.names_failed", extra={"error": str(error)})
        return ()
    return (report,) if report is not None else ()


def _joined(
    peerings: Iterable[Report], notes: Iterable[str], alerts: Iterable[str], names: tuple[Report, ...]
) -> Report:
    """One report of the whole pass: what was done, and how many peerings and names stand how."""
    reports = tuple(peerings)
    counts = Counter(report.decision for report in reports)
    told = ", ".join(f"{counts[decision]} {decision}" for decision in Decision if counts[decision])
    changed = tuple(reason for report in reports if report.performed or report.failed for reason in report.reasons)
    first = f"{len(reports)} peerings: {told}" if reports else "no peering to be seen"
    named = tuple(reason for report in names for reason in report.reasons)
    reports = (*reports, *names)
    return Report(
        trigger=SweepDue(),
        decision=Decision.OBSERVED,
        reasons=(first, *notes, *changed, *named),
        planned=tuple(action for report in reports for action in report.planned),
        performed=tuple(action for report in reports for action in report.performed),
        unchanged=sum(report.unchanged for report in reports),
        refused=tuple(refusal for report in reports for refusal in report.refused),
        failed=tuple(failure for report in reports for failure in report.failed),
        alerts=(*alerts, *(fp for report in reports for fp in report.alerts)),
        proof=tuple(line for report in names for line in report.proof),
    )


def _tell_left(left: Mapping[str, str], open_alerts: Collection[str], world: World) -> Iterable[str]:
    """One alert about all that this pass could not settle, and its end."""
    home = next(iter(world.policy.places), None)
    if home is None or not (left or left_fingerprint(home) in open_alerts):
        return
    alert = left_alert(home, left, world.now())
    world.road.tell(alert)
    yield alert.fingerprint


def _tell_policy(open_alerts: Collection[str], world: World) -> Iterable[str]:
    """Bring an alert about the policy up to date that some other container told; who may not read it has nothing to say."""
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
