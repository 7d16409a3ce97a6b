"""The dead-letter queues, looked at: one alert for each queue in which something lies, and its end once it is empty."""

from __future__ import annotations

from datetime import datetime

from chalicelib.alerts.dead_letters import KIND, look
from chalicelib.flows.ports import AlertRoad
from chalicelib.model.alert import AlertStatus
from chalicelib.model.plan import Decision
from chalicelib.model.report import Report
from chalicelib.model.triggers import SweepDue
from chalicelib.observe.queues import DeadLetterQueues


def look_at_dead_letters(queues: DeadLetterQueues, road: AlertRoad, now: datetime) -> Report:
    """Tell what was given up. Nothing is taken out of a queue, and an empty one is told only where it was not before."""
    seen = look(queues.client, queues.urls(), now=now)
    firing = [alert for alert in seen if alert.status is AlertStatus.FIRING]
    open_alerts = frozenset(road.open_fingerprints(KIND)) if len(firing) < len(seen) else frozenset()
    ended = [alert for alert in seen if alert.status is AlertStatus.RESOLVED and alert.fingerprint in open_alerts]
    for alert in (*firing, *ended):
        road.tell(alert)
    return Report(
        trigger=SweepDue(),
        decision=Decision.OBSERVED,
        reasons=tuple(alert.title for alert in firing) or (f"nothing lies in {len(seen)} dead-letter queues",),
        alerts=tuple(alert.fingerprint for alert in (*firing, *ended)),
    )
