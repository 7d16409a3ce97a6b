"""The end of a peering's run: tell people how it stands, then mark it as done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from chalicelib.alerts.peering_alerts import is_news, peering_alert
from chalicelib.alerts.peering_frame import Told
from chalicelib.flows.ports import World
from chalicelib.model.actions import Action
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.errors import RetryLater
from chalicelib.model.plan import Decision
from chalicelib.perform.executor import Outcome


def tell_and_mark(
    told: Told, mark: Sequence[Action], world: World, open_alerts: Collection[str] | None, *, ends: bool
) -> tuple[Outcome, tuple[str, ...]]:
    """Tell, then mark: the mark says that somebody was told.

    Where the peering's alert fires already, the mark comes first: what fires is told again whatever happens to this run, and
    a mark that is refused at every sweep must not be told as solved and broken in turn.
    """
    alert = peering_alert(told, world.policy, world.now())
    fires = open_alerts is not None and alert.fingerprint in open_alerts
    alerts: tuple[str, ...] = ()
    if not (told.finished and fires):
        alerts = _tell(alert, told, world, open_alerts, ends=ends)
    if not told.finished:
        return Outcome(), alerts
    marked = world.executor.perform(mark)
    if marked.retry:
        raise RetryLater(marked.failed[0].error)
    if fires or marked.failed:
        told = replace(told, failed=marked.failed)
        alerts = _tell(peering_alert(told, world.policy, world.now()), told, world, open_alerts, ends=ends)
    return marked, alerts


def _tell(
    alert: Alert, told: Told, world: World, open_alerts: Collection[str] | None, *, ends: bool
) -> tuple[str, ...]:
    """Tell what is news, and the end of what was told as open. Only events that may end something are worth a look."""
    if not is_news(alert, told):
        if open_alerts is not None:
            was_open = alert.fingerprint in open_alerts
        else:
            was_open = ends and alert.status is AlertStatus.RESOLVED and world.road.fires(alert.fingerprint)
        if not was_open:
            return ()
    unfinished = world.enforce and told.decision.decision is Decision.APPROVED and not told.decision.marked
    surely = unfinished and alert.status is AlertStatus.NOTICE
    world.road.tell(alert, surely=surely, first=told.accepted)
    return (alert.fingerprint,)
