"""May we write? Asked of AWS before the first write, by calls that write nothing.

EC2's DryRun "checks whether you have the required permissions for the action, without actually making the request": the
answer is DryRunOperation or UnauthorizedOperation (EC2 API reference). Any other answer proves nothing and refuses nothing.
An endpoint that does not know DryRun carries the call out, so each is one that could do no harm: a route to a peering that
cannot exist, for addresses that are for documentation only (RFC 5737), and an option set to what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clients import Clients
from chalicelib.model.actions import Action, CreateRoute, EnableDnsResolution, ReplaceRoute
from chalicelib.model.errors import AccessRefused, RetryLater
from chalicelib.model.network import Place
from chalicelib.model.plan import Refusal, RefusalKind
from chalicelib.sessions import translated

_NO_PEERING = "pcx-00000000000000000"
_NO_TRAFFIC = "192.0.2.0/24"


class Permissions:
    """Asks for each place and kind of write once."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def missing(self, actions: Sequence[Action]) -> tuple[Refusal, ...]:
        """A refusal for each write that AWS would not let us do. Raises RetryLater where AWS put the question off."""
        return tuple(self._refusals(actions))

    def _refusals(self, actions: Sequence[Action]) -> Iterator[Refusal]:
        asked: set[tuple[Place, str]] = set()
        for action in actions:
            question = _question(action)
            if question is None or (action.place, question[0]) in asked:
                continue
            operation, method, arguments = question
            asked.add((action.place, operation))
            refused = self._ask(action.place, operation, method, arguments)
            if refused is not None:
                yield Refusal(
                    kind=RefusalKind.ACCESS,
                    action=action,
                    reason=f"netreflex may not call {operation} in {action.place} ({refused.code})",
                    remedy=(
                        f"grant {operation} to netreflex's role in account {action.place.account} "
                        "(the member template's parameter Peerings); the next sweep does the rest"
                    ),
                )

    def _ask(self, place: Place, operation: str, method: str, arguments: dict[str, Any]) -> AccessRefused | None:
        try:
            getattr(self._clients.client("ec2", place), method)(DryRun=True, **arguments)
        except ClientError as error:
            meaning = translated(place.account, operation, place.region).meaning(error)
            if isinstance(meaning, RetryLater):
                raise meaning from None
            return meaning if isinstance(meaning, AccessRefused) else None
        except BotoCoreError as error:
            name = type(error).__name__
            raise RetryLater(f"{operation} in account {place.account} got no answer ({name}); run again") from None
        return None


def _question(action: Action) -> tuple[str, str, dict[str, Any]] | None:
    """The call that asks for the permission which an action needs; None where the action is asked about by no call."""
    match action:
        case CreateRoute() | ReplaceRoute():
            route = {"DestinationCidrBlock": _NO_TRAFFIC, "VpcPeeringConnectionId": _NO_PEERING}
            return "ec2:CreateRoute", "create_route", {"RouteTableId": action.table_id, **route}
        case EnableDnsResolution():
            options = {
                f"{action.side.capitalize()}PeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": False}
            }
            arguments = {"VpcPeeringConnectionId": action.peering_id, **options}
            return "ec2:ModifyVpcPeeringConnectionOptions", "modify_vpc_peering_connection_options", arguments
        case _:
            return None
