"""The policy as the runs of one container see it.

Which one a run goes by, who hears that a newer one is broken, and what the report says of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.flows.policy import PolicyKeeper, PolicyState
from chalicelib.model.alert import Alert, bounded
from chalicelib.model.errors import AccessRefused, NetreflexError
from chalicelib.model.policy import AlertPolicy, Policy

if TYPE_CHECKING:  # most of what it names is loaded only where it is needed
    from chalicelib.flows.ports import AlertRoad

_FAULT = 1200  # characters of a fault in a report, as many as an alert's cause has


MakeAlert = Callable[[str, str | None], Alert]


class PolicyWatch:
    """``alert`` makes the alert of a fault (empty: of its end) and of the hash in force (None: of none).

    ``own`` makes the one of a fault that is this function's alone, because it may not read what others read; None where
    nobody knows which function this is.
    """

    def __init__(self, keeper: PolicyKeeper, alert: MakeAlert, own: MakeAlert | None = None) -> None:
        self._keeper, self._alert, self._own = keeper, alert, own
        self._told, self._told_own = "", ""
        self._given: PolicyState | None = None
        self._looked: PolicyState | None = None

    def policy(self) -> Policy:
        """The policy in force. Raises NetreflexError where none is good."""
        return self._keeper.state().policy

    def for_run(self, road: AlertRoad) -> tuple[Policy, Alert | None]:
        """The policy that a run goes by, and the alert that says how its newest version stands.

        A new fault is told at once; its end by this container, or by the sweep where this container did not see the fault.
        Who may not read the newest version cannot say how it stands (None), and tells only that.
        Raises NetreflexError, once it is told, where no policy is good.
        """
        self._given = None
        try:
            state = self._keeper.state()
        except NetreflexError as error:
            ours = self._own if isinstance(error, AccessRefused) else None
            road.tell((ours or self._alert)(str(error), None))
            raise
        self._given = state
        self._tell_own(state, road)
        if state.refused and self._own:
            return state.policy, None
        health = self._alert(state.fault, state.version)
        if state.fault != self._told:
            road.tell(health)
            self._told = state.fault
        return state.policy, health

    def _tell_own(self, state: PolicyState, road: AlertRoad) -> None:
        """Tell that we may not read the policy, and the end of it, which only a container of this function can see.

        Whether it still fires is asked once for each reading of the source, and once in all of what is bundled: one read of
        the state table. It must be asked. Who told it may be gone, any other container may be the next to run, and neither
        the source nor anything else that a reading touches knows what is told. To ask only in new containers would leave
        the alert of a repaired function to those that lived through the fault without a run: for hours. The price is a
        cent a month for a container that is never idle, beside the reading itself.
        """
        before = self._looked
        if self._own is None or state is before or not (before is None or self._keeper.changes):
            return
        fault = state.fault if state.refused else ""
        alert = self._own(fault, state.version)
        if fault != self._told_own or (not fault and road.fires(alert.fingerprint)):
            road.tell(alert)
        self._told_own, self._looked = fault, state  # last, so that what broke off is done by the next run

    def for_alerts(self, road: AlertRoad) -> AlertPolicy:
        """How alerts are told: by the policy in force, and as ever where there is none, for people must hear just that."""
        try:
            policy, _ = self.for_run(road)
        except NetreflexError:
            return AlertPolicy()
        return policy.alerts

    def runbook(self) -> str:
        """Where people read the runbook, as the policy in force says; empty where it does not say, or where none is good."""
        try:
            state = self._given or self._keeper.state()
        except NetreflexError:
            return ""
        return state.policy.alerts.runbook or ""

    def for_report(self) -> dict[str, str | None]:
        """What the report of a run says: the hash of the policy it went by, and why a newer text is not that policy.

        A long run goes by one policy to its end, whatever was written meanwhile. One that asked for none is told what is in
        force: None, and why, where nothing good is left.
        """
        state, self._given = self._given, None
        try:
            state = state or self._keeper.state()
        except NetreflexError as error:
            return {"policy": None, "policy_fault": bounded(str(error), _FAULT, lines=True)}
        return {
            "policy": state.version,
            "policy_fault": bounded(state.fault or state.unkept, _FAULT, lines=True) or None,
        }
