"""Adds, replaces and deletes routes, each only where what is there is as it was read.

EC2 knows no compare-and-swap for routes, so what is to be replaced or deleted is looked at once more, right before.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any, Protocol, assert_never

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clients import Clients
from chalicelib.model.actions import CreateRoute, DeleteRoute, ReplaceRoute, RouteAction
from chalicelib.model.errors import AwsFailure
from chalicelib.model.facts import Route, RouteState
from chalicelib.model.network import Network
from chalicelib.perform.answers import is_code, no_answer, repeated
from chalicelib.sessions import translated


class Look(Protocol):
    def route(self, action: RouteAction) -> Route | None:
        """The route that the action's table holds now for its destination."""


class Routes:
    """Performs the actions on routes."""

    def __init__(self, clients: Clients, look: Look) -> None:
        self._clients = clients
        self._look = look

    def perform(self, action: RouteAction) -> bool:
        """True where it changed the table, False where it was so already."""
        match action:
            case CreateRoute():
                return self._create_route(action)
            case ReplaceRoute():
                return self._replace_route(action)
            case DeleteRoute():
                return self._delete_route(action)
            case _:
                assert_never(action)

    def _ec2(self, action: RouteAction) -> Any:  # noqa: ANN401
        return self._clients.client("ec2", action.place)

    def _create_route(self, action: CreateRoute) -> bool:
        operation = "ec2:CreateRoute"
        try:
            self._ec2(action).create_route(**_route_arguments(action))
        except ClientError as error:
            if not is_code(error, "RouteAlreadyExists"):
                raise translated(action.place.account, operation).meaning(error) from None
            held = self._look.route(action)
            if held is None or held.target != action.peering_id:
                raise _taken(action, operation, held) from None
            return repeated(error)
        except BotoCoreError as error:
            raise no_answer(action, operation, error) from None
        return True

    def _replace_route(self, action: ReplaceRoute) -> bool:
        """EC2 knows no compare-and-swap for routes, so the blackhole is looked at once more, right before."""
        held = self._look.route(action)
        if held is not None and held.target == action.peering_id:
            return False
        if held is None or held.target != action.was or held.state is not RouteState.BLACKHOLE:
            raise _taken(action, "ec2:ReplaceRoute", held)
        with translated(action.place.account, "ec2:ReplaceRoute"):
            self._ec2(action).replace_route(**_route_arguments(action))
        return True

    def _delete_route(self, action: DeleteRoute) -> bool:
        held = self._look.route(action)
        if held is None or held.target != action.peering_id:
            return False
        with translated(action.place.account, "ec2:DeleteRoute"):
            self._ec2(action).delete_route(RouteTableId=action.table_id, **_destination(action.destination))
        return True


def _taken(action: CreateRoute | ReplaceRoute, operation: str, held: Route | None) -> AwsFailure:
    """Between reading and writing somebody else set the route; it is theirs."""
    told = f"{held.destination} -> {held.target} ({held.state})" if held else "no route"
    message = f"{action.table_id} holds {told} now, which is not ours; it was left alone"
    return AwsFailure(account=action.place.account, operation=operation, code="RouteConflict", message=message)


def _destination(cidr: Network) -> dict[str, str]:
    key = "DestinationCidrBlock" if isinstance(cidr, IPv4Network) else "DestinationIpv6CidrBlock"
    return {key: str(cidr)}


def _route_arguments(action: CreateRoute | ReplaceRoute) -> dict[str, str]:
    return {
        "RouteTableId": action.table_id,
        "VpcPeeringConnectionId": action.peering_id,
        **_destination(action.destination),
    }
