"""Carries out a plan's actions, in order, with each account's own credentials.

"Already so" answers mean: look again. A call whose answer was lost is repeated by the SDK and then meets its own effect
(InvalidStateTransition on an accept, RouteAlreadyExists on a route), which is success, unless what is there is another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.clients import Clients
from chalicelib.model.actions import (
    AcceptPeering,
    Action,
    AssociateVpc,
    AuthorizeVpcAssociation,
    ChangeRecordSets,
    CreateRoute,
    DeleteRoute,
    DeleteTunnelAlarm,
    EnableDnsResolution,
    PutTunnelAlarm,
    RejectPeering,
    RemoveVpcAuthorization,
    ReplaceRoute,
    RouteAction,
    TagPeering,
)
from chalicelib.model.errors import AwsFailure, NetreflexError, RetryLater
from chalicelib.model.facts import Peering, PeeringStatus, Route
from chalicelib.model.names import ChangeInfo
from chalicelib.model.network import Place
from chalicelib.model.plan import Refusal
from chalicelib.model.report import Failure
from chalicelib.perform.answers import is_code, no_answer, repeated
from chalicelib.perform.permissions import Permissions
from chalicelib.perform.record_sets import OVERTAKEN, RecordSets
from chalicelib.perform.routes import Routes
from chalicelib.perform.tunnel_alarms import TunnelAlarms
from chalicelib.sessions import translated

GONE = "RequestGone"  # not a code of AWS: the request ended before it was answered
NOT_TRIED = "not tried, because an earlier action failed; the next run tries again"


class Look(Protocol):
    """Reading again, for the moments in which an answer leaves open what is true."""

    def peering(self, place: Place, peering_id: str) -> Peering | None:
        """The peering as the place sees it now."""

    def route(self, action: RouteAction) -> Route | None:
        """The route that the action's table holds now for its destination."""

    def wait_until_active(self, place: Place, peering_id: str, status: PeeringStatus) -> None:
        """Return once the peering is active; RetryLater where it is not within the bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the actions: performed by us, found to be so already, or failed.

    ``retry`` where the same action later may succeed; ``overtaken`` where somebody else was faster, so a new plan is needed.
    ``answers`` are Route 53's to the change batches among the performed. The outcomes of steps add up to that of the whole.
    """

    performed: tuple[Action, ...] = ()
    unchanged: int = 0
    failed: tuple[Failure, ...] = ()
    retry: bool = False
    overtaken: bool = False
    answers: tuple[tuple[Action, ChangeInfo], ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            performed=(*self.performed, *other.performed),
            unchanged=self.unchanged + other.unchanged,
            failed=(*self.failed, *other.failed),
            retry=self.retry or other.retry,
            overtaken=self.overtaken or other.overtaken,
            answers=(*self.answers, *other.answers),
        )


class Executor(Protocol):
    """Performs actions, or only says that it would."""

    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:
        """Carry the actions out in their order; after a failure the rest is not tried.

        ``apart``: places stand for themselves, so a failure in one ends the work there and not in the others.
        """

    def not_permitted(self, actions: Sequence[Action]) -> tuple[Refusal, ...]:
        """The writes among these actions that AWS would refuse to us, found out without writing."""


class DryRunExecutor:
    """Performs nothing: the plan is the whole outcome (observe mode, ``plan`` on the command line)."""

    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:  # noqa: ARG002 - the point of it
        return Outcome()

    def not_permitted(self, actions: Sequence[Action]) -> tuple[Refusal, ...]:  # noqa: ARG002 - it will not write
        return ()


class AwsExecutor:
    """Performs actions in AWS."""

    def __init__(self, clients: Clients, look: Look) -> None:
        self._clients = clients
        self._look = look
        self._routes = Routes(clients, look)
        self._alarms = TunnelAlarms(clients)
        self._names = RecordSets(clients)
        self._permissions = Permissions(clients)

    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:
        if not apart:
            return self._in_order(actions)
        places = dict.fromkeys(action.place for action in actions)
        by_place = ([action for action in actions if action.place == place] for place in places)
        return sum(map(self._in_order, by_place), Outcome())

    def not_permitted(self, actions: Sequence[Action]) -> tuple[Refusal, ...]:
        return self._permissions.missing(actions)

    def _in_order(self, actions: Sequence[Action]) -> Outcome:
        performed: list[Action] = []
        answers: list[tuple[Action, ChangeInfo]] = []
        unchanged = 0
        for number, action in enumerate(actions):
            try:
                changed = self._perform(action)
            except NetreflexError as error:
                skipped = tuple(Failure(action=left, error=NOT_TRIED) for left in actions[number + 1 :])
                return Outcome(
                    performed=tuple(performed),
                    answers=tuple(answers),
                    unchanged=unchanged,
                    failed=(Failure(action=action, error=str(error)), *skipped),
                    retry=isinstance(error, RetryLater),
                    overtaken=isinstance(error, AwsFailure) and error.code in {OVERTAKEN, GONE},
                )
            if changed:
                performed.append(action)
                if isinstance(changed, ChangeInfo):
                    answers.append((action, changed))
            else:
                unchanged += 1
        return Outcome(performed=tuple(performed), unchanged=unchanged, answers=tuple(answers))

    def _perform(self, action: Action) -> bool | ChangeInfo:
        """Do one thing. True (or AWS's answer) where it changed AWS, False where it was so already."""
        match action:
            case AcceptPeering():
                return self._accept(action)
            case RejectPeering():
                return self._reject(action)
            case CreateRoute() | ReplaceRoute() | DeleteRoute():
                return self._routes.perform(action)
            case EnableDnsResolution():
                return self._enable_dns(action)
            case TagPeering():
                return self._tag(action)
            case PutTunnelAlarm() | DeleteTunnelAlarm():
                return self._alarms.perform(action)
            case ChangeRecordSets() | AuthorizeVpcAssociation() | AssociateVpc() | RemoveVpcAuthorization():
                return self._names.perform(action)
            case _:
                assert_never(action)

    def _ec2(self, action: Action) -> Any:  # noqa: ANN401
        return self._clients.client("ec2", action.place)

    def _accept(self, action: AcceptPeering) -> bool:
        operation = "ec2:AcceptVpcPeeringConnection"
        ours = True
        try:
            answer = self._ec2(action).accept_vpc_peering_connection(VpcPeeringConnectionId=action.peering_id)
            status = PeeringStatus.of(answer["VpcPeeringConnection"].get("Status", {}).get("Code", ""))
        except ClientError as error:
            # The request is not pending any more, so a read that says it is tells the past: it is waited for.
            now = (
                self._look.peering(action.place, action.peering_id)
                if is_code(error, "InvalidStateTransition")
                else None
            )
            if now is not None and now.status.gone:
                raise _gone(action, operation, now) from None
            if now is None:
                raise translated(action.place.account, operation).meaning(error) from None
            status, ours = now.status, repeated(error)
        except BotoCoreError as error:
            raise no_answer(action, operation, error) from None
        self._look.wait_until_active(action.place, action.peering_id, status)
        return ours

    def _reject(self, action: RejectPeering) -> bool:
        operation = "ec2:RejectVpcPeeringConnection"
        try:
            self._ec2(action).reject_vpc_peering_connection(VpcPeeringConnectionId=action.peering_id)
        except ClientError as error:
            now = (
                self._look.peering(action.place, action.peering_id)
                if is_code(error, "InvalidStateTransition")
                else None
            )
            if now is not None and now.status not in {PeeringStatus.PENDING, PeeringStatus.REJECTED}:
                raise _gone(action, operation, now) from None
            if now is None or now.status is PeeringStatus.PENDING:
                raise translated(action.place.account, operation).meaning(error) from None
            return repeated(error)
        except BotoCoreError as error:
            raise no_answer(action, operation, error) from None
        return True

    def _enable_dns(self, action: EnableDnsResolution) -> bool:
        """Each side sets its own option, with its own credentials, in its own Region (EC2 API reference)."""
        options = {f"{action.side.capitalize()}PeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
        with translated(action.place.account, "ec2:ModifyVpcPeeringConnectionOptions"):
            self._ec2(action).modify_vpc_peering_connection_options(VpcPeeringConnectionId=action.peering_id, **options)
        return True

    def _tag(self, action: TagPeering) -> bool:
        tags = [{"Key": key, "Value": value} for key, value in action.tags]
        with translated(action.place.account, "ec2:CreateTags"):
            self._ec2(action).create_tags(Resources=[action.peering_id], Tags=tags)
        return True


def _gone(action: AcceptPeering | RejectPeering, operation: str, now: Peering) -> AwsFailure:
    """Between reading and answering somebody else decided on the request or withdrew it; it waits for nobody any more."""
    message = f"{action.peering_id} is {now.status} by now"
    return AwsFailure(account=action.place.account, operation=operation, code=GONE, message=message)
