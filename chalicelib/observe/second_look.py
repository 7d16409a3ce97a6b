"""A second look at one thing, for the moments in which the answer to a change leaves open what is true now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chalicelib.clients import Clients
from chalicelib.model.actions import RouteAction
from chalicelib.model.errors import RetryLater
from chalicelib.model.facts import Peering, PeeringStatus, Route
from chalicelib.model.network import Place
from chalicelib.observe import ec2
from chalicelib.observe.patience import patiently


class SecondLook:
    """Reads again what the executor asks about; ``sleep`` waits a number of seconds."""

    def __init__(self, clients: Clients, sleep: Callable[[float], None]) -> None:
        self._clients, self._sleep = clients, sleep

    def peering(self, place: Place, peering_id: str) -> Peering | None:
        """One peering as a place sees it now."""
        seen = ec2.describe_peerings(self._clients.client("ec2", place), place)
        return next((one for one in seen if one.peering_id == peering_id), None)

    def wait_until_active(self, place: Place, peering_id: str, status: PeeringStatus) -> None:
        """Return once the peering is active, by the accept's own answer or by reading again.

        Raises RetryLater where it is not active within the bound.
        """
        if status is PeeringStatus.ACTIVE:
            return
        seen = patiently(partial(self.peering, place, peering_id), _is_active, self._sleep)
        if not _is_active(seen):
            raise RetryLater(f"{peering_id} was accepted and is not active yet; run again to add its routes")

    def route(self, action: RouteAction) -> Route | None:
        """The static route that a table holds now for the destination of an action."""
        client = self._clients.client("ec2", action.place)
        tables = ec2.describe_route_table(client, action.place, action.table_id)
        held = [route for table in tables for route in table.routes if route.destination == action.destination]
        return next((route for route in held if not route.propagated and route.prefix_list is None), None)


def _is_active(peering: Peering | None) -> bool:
    return peering is not None and peering.status is PeeringStatus.ACTIVE
