"""Actions become calls, with the right credentials in the right place; "already so" is looked at, and errors get a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chalicelib.model.actions import (
    AcceptPeering,
    Action,
    CreateRoute,
    DeleteRoute,
    EnableDnsResolution,
    RejectPeering,
    ReplaceRoute,
    RouteAction,
    TagPeering,
)
from chalicelib.model.errors import RetryLater
from chalicelib.model.facts import Peering, PeeringEnd, PeeringStatus, Route, RouteState, Side
from chalicelib.model.network import Place, VpcRef
from chalicelib.perform.executor import NOT_TRIED, AwsExecutor, DryRunExecutor
from demo.world import DATA, DEV, REGION
from tests.lab import Lab, executor_of
from tests.reliability.worlds import NARROW, Pair, add_route, gateway, request, targets

HERE, THERE = Place(account=DEV, region=REGION), Place(account=DATA, region=REGION)
PCX = "pcx-0123456789abcdef0"
CIDR = ip_network("10.40.0.0/16")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(NARROW, world=Pair) as lab:
        yield lab


def _accept(peering_id: str = PCX) -> AcceptPeering:
    return AcceptPeering(place=THERE, peering_id=peering_id)


def _route(lab: Lab, peering_id: str, cidr: str = "10.40.0.0/16") -> CreateRoute:
    return CreateRoute(
        place=HERE, table_id=lab.world.apps.tables["main"], destination=ip_network(cidr), peering_id=peering_id
    )


def _active(lab: Lab) -> str:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    assert executor_of(lab.flow_world()).perform([_accept(peering_id)]).failed == ()
    return peering_id


# ---- over moto -----------------------------------------------------------------------------------------------------
def test_a_whole_plan_is_carried_out_each_action_in_its_own_account(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    actions: list[Action] = [
        _accept(peering_id),
        _route(lab, peering_id),
        EnableDnsResolution(place=HERE, peering_id=peering_id, side=Side.REQUESTER),
        EnableDnsResolution(place=THERE, peering_id=peering_id, side=Side.ACCEPTER),
        TagPeering(place=THERE, peering_id=peering_id, tags=(("netreflex:rule", "r"),)),
    ]
    outcome = executor_of(lab.flow_world()).perform(actions)
    assert outcome.performed == tuple(actions)
    assert (outcome.unchanged, outcome.failed, outcome.retry) == (0, (), False)
    assert targets(lab, lab.world.apps) == {("main", "10.40.0.0/16"): peering_id}
    assert lab.world.peering(peering_id, DATA)["Tags"] == [{"Key": "netreflex:rule", "Value": "r"}]
    assert lab.world.peering(peering_id, DEV)["Tags"] == []


def test_an_ipv6_route_is_made_and_deleted_as_such(lab: Lab) -> None:
    peering_id = _active(lab)
    route = _route(lab, peering_id, "2600:1f18::/56")
    delete = DeleteRoute(place=HERE, table_id=route.table_id, destination=route.destination, peering_id=peering_id)
    executor = executor_of(lab.flow_world())
    assert executor.perform([route]).performed == (route,)
    assert targets(lab, lab.world.apps) == {("main", "2600:1f18::/56"): peering_id}
    assert executor.perform([delete]).performed == (delete,)
    assert targets(lab, lab.world.apps) == {}


def test_a_request_is_rejected_and_a_second_reject_changes_nothing(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    reject = RejectPeering(place=THERE, peering_id=peering_id)
    executor = executor_of(lab.flow_world())
    assert executor.perform([reject]).performed == (reject,)
    assert lab.world.status(peering_id, DATA) == "rejected"
    assert executor.perform([reject]).unchanged == 1


def test_what_is_so_already_is_unchanged(lab: Lab) -> None:
    peering_id = _active(lab)
    executor = executor_of(lab.flow_world())
    executor.perform([_route(lab, peering_id)])
    outcome = executor.perform([_accept(peering_id), _route(lab, peering_id)])
    assert (outcome.performed, outcome.unchanged, outcome.failed) == ((), 2, ())


def test_a_route_of_somebody_else_is_left_alone_and_named(lab: Lab) -> None:
    peering_id = _active(lab)
    internet = gateway(lab, lab.world.apps)
    add_route(lab, lab.world.apps, "10.40.0.0/16", GatewayId=internet)
    outcome = executor_of(lab.flow_world()).perform([_route(lab, peering_id)])
    assert f"holds 10.40.0.0/16 -> {internet} (active) now" in outcome.failed[0].error
    assert targets(lab, lab.world.apps) == {("main", "10.40.0.0/16"): internet}


def test_a_blackhole_is_replaced_only_while_it_is_what_the_plan_saw(lab: Lab) -> None:
    old = _active(lab)
    add_route(lab, lab.world.apps, "10.40.0.0/16", VpcPeeringConnectionId=old)
    lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=old)
    new = _active(lab)
    table = lab.world.apps.tables["main"]
    wrong = ReplaceRoute(place=HERE, table_id=table, destination=CIDR, peering_id=new, was="pcx-0fffffffffffffff0")
    right = ReplaceRoute(place=HERE, table_id=table, destination=CIDR, peering_id=new, was=old)
    executor = executor_of(lab.flow_world())
    assert "was left alone" in executor.perform([wrong]).failed[0].error
    assert executor.perform([right]).performed == (right,)
    assert executor.perform([right]).unchanged == 1
    assert targets(lab, lab.world.apps) == {("main", "10.40.0.0/16"): new}


def test_a_route_is_deleted_only_while_it_is_ours(lab: Lab) -> None:
    peering_id = _active(lab)
    internet = gateway(lab, lab.world.apps)
    add_route(lab, lab.world.apps, "10.40.0.0/16", GatewayId=internet)
    table = lab.world.apps.tables["main"]
    gone = DeleteRoute(place=HERE, table_id=table, destination=ip_network("10.50.0.0/16"), peering_id=peering_id)
    theirs = DeleteRoute(place=HERE, table_id=table, destination=CIDR, peering_id=peering_id)
    assert executor_of(lab.flow_world()).perform([gone, theirs]).unchanged == 2
    assert targets(lab, lab.world.apps) == {("main", "10.40.0.0/16"): internet}


def test_a_dry_run_performs_nothing(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    outcome = DryRunExecutor().perform([_accept(peering_id)])
    assert (outcome.performed, outcome.unchanged, outcome.failed) == ((), 0, ())
    assert lab.world.status(peering_id, DATA) == "pending-acceptance"


# ---- answers that moto cannot give ---------------------------------------------------------------------------------
def _error(code: str, retries: int = 0) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "as AWS says"}, "ResponseMetadata": {"RetryAttempts": retries}}
    return ClientError(answer, "X")  # type: ignore[arg-type]


@dataclass
class Aws:
    """A client whose every call ends in ``error`` (or answers ``status``), and what a look finds afterwards."""

    error: Exception | None = None
    status: str = "active"
    found: PeeringStatus | None = None
    held: Route | None = None
    calls: list[tuple[str, Place, dict[str, Any]]] = field(default_factory=list)
    waited: list[PeeringStatus] = field(default_factory=list)

    def client(self, _service: str, place: Place) -> Any:  # noqa: ANN401 - it is its own client
        return _Client(self, place)

    def peering(self, place: Place, peering_id: str) -> Peering | None:
        end = PeeringEnd(vpc=VpcRef(place=place, vpc_id="vpc-0a"))
        if self.found is None:
            return None
        return Peering(peering_id=peering_id, status=self.found, requester=end, accepter=end)

    def route(self, _action: RouteAction) -> Route | None:
        return self.held

    def wait_until_active(self, _place: Place, _peering_id: str, status: PeeringStatus) -> None:
        self.waited.append(status)

    def perform(self, *actions: Action) -> Any:  # noqa: ANN401
        return AwsExecutor(self, self).perform(actions)


@dataclass
class _Client:
    aws: Aws
    place: Place

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**arguments: Any) -> dict[str, Any]:  # noqa: ANN401
            self.aws.calls.append((operation, self.place, arguments))
            if self.aws.error:
                raise self.aws.error
            return {"VpcPeeringConnection": {"Status": {"Code": self.aws.status}}}

        return call


CREATE = CreateRoute(place=HERE, table_id="rtb-0a", destination=CIDR, peering_id=PCX)
REPLACE = ReplaceRoute(place=HERE, table_id="rtb-0a", destination=CIDR, peering_id=PCX, was="pcx-0bbbbbbbb")
DELETE = DeleteRoute(place=HERE, table_id="rtb-0a", destination=CIDR, peering_id=PCX)
DNS = EnableDnsResolution(place=HERE, peering_id=PCX, side=Side.REQUESTER)
TAG = TagPeering(place=THERE, peering_id=PCX, tags=(("a", "b"),))
REJECT = RejectPeering(place=THERE, peering_id=PCX)
DEAD = Route(destination=CIDR, target="pcx-0bbbbbbbb", state=RouteState.BLACKHOLE)
OURS = Route(destination=CIDR, target=PCX)
EVERY: list[Action] = [_accept(), REJECT, CREATE, REPLACE, DELETE, DNS, TAG]


def _held_for(action: Action) -> Route | None:
    return DEAD if action is REPLACE else OURS if action is DELETE else None


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
def test_a_refused_call_names_the_permission_and_the_account(action: Action) -> None:
    aws = Aws(error=_error("UnauthorizedOperation"), held=_held_for(action))
    outcome = aws.perform(action)
    assert outcome.retry is False
    assert f"was refused in account {action.place.account} (UnauthorizedOperation)" in outcome.failed[0].error


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
@pytest.mark.parametrize(
    "error",
    [_error("RequestLimitExceeded"), _error("InternalError"), ConnectTimeoutError(endpoint_url="https://ec2")],
    ids=["throttled", "500", "no answer"],
)
def test_a_call_that_was_put_off_is_to_be_run_again(action: Action, error: Exception) -> None:
    outcome = Aws(error=error, held=_held_for(action)).perform(action)
    assert outcome.retry is True
    assert "run again" in outcome.failed[0].error


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
def test_any_other_error_is_told_in_awss_own_words(action: Action) -> None:
    outcome = Aws(error=_error("Strange.Thing"), held=_held_for(action)).perform(action)
    assert "Strange.Thing: as AWS says" in outcome.failed[0].error
    assert outcome.retry is False


def test_after_a_failure_nothing_more_is_tried() -> None:
    aws = Aws(error=_error("UnauthorizedOperation"))
    outcome = aws.perform(CREATE, DNS, TAG)
    assert [operation for operation, _, _ in aws.calls] == ["create_route"]
    assert [failure.action for failure in outcome.failed] == [CREATE, DNS, TAG]
    assert [failure.error for failure in outcome.failed[1:]] == [NOT_TRIED, NOT_TRIED]


@pytest.mark.parametrize("status", ["provisioning", "active"])
def test_an_accept_waits_from_the_status_that_it_was_answered(status: str) -> None:
    aws = Aws(status=status)
    assert aws.perform(_accept()).performed == (_accept(),)
    assert aws.waited == [PeeringStatus(status)]


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("seen", [PeeringStatus.PENDING, PeeringStatus.PROVISIONING, PeeringStatus.ACTIVE])
def test_an_accept_that_came_too_late_is_waited_for_and_ours_only_if_it_was_repeated(
    seen: PeeringStatus, retries: int
) -> None:
    aws = Aws(error=_error("InvalidStateTransition", retries), found=seen)
    outcome = aws.perform(_accept())
    assert (len(outcome.performed), outcome.unchanged, outcome.failed) == (retries, 1 - retries, ())
    assert aws.waited == [seen]


@pytest.mark.parametrize("seen", [status for status in PeeringStatus if status.gone])
def test_an_accept_of_what_is_gone_is_overtaken_so_a_new_plan_is_needed(seen: PeeringStatus) -> None:
    aws = Aws(error=_error("InvalidStateTransition"), found=seen)
    outcome = aws.perform(_accept())
    assert (outcome.overtaken, outcome.retry, outcome.performed) == (True, False, ())
    assert f"is {seen} by now" in outcome.failed[0].error
    assert aws.waited == []


def test_an_accept_of_what_cannot_be_seen_fails() -> None:
    aws = Aws(error=_error("InvalidStateTransition"), found=None)
    outcome = aws.perform(_accept())
    assert "InvalidStateTransition" in outcome.failed[0].error
    assert outcome.overtaken is False


def test_an_accept_that_does_not_become_active_is_to_be_run_again() -> None:
    class Slow(Aws):
        def wait_until_active(self, place: Place, peering_id: str, status: PeeringStatus) -> None:
            raise RetryLater(f"{peering_id} in {place} is {status}")

    outcome = Slow(status="provisioning").perform(_accept(), CREATE)
    assert outcome.retry is True
    assert [failure.action for failure in outcome.failed] == [_accept(), CREATE]


@pytest.mark.parametrize(("retries", "performed"), [(0, 0), (2, 1)])
def test_a_route_that_exists_is_ours_only_if_the_call_was_repeated(retries: int, performed: int) -> None:
    outcome = Aws(error=_error("RouteAlreadyExists", retries), held=OURS).perform(CREATE)
    assert (len(outcome.performed), outcome.unchanged, outcome.failed) == (performed, 1 - performed, ())


@pytest.mark.parametrize("held", [DEAD, None, Route(destination=CIDR, target="tgw-0a")])
def test_a_route_that_exists_and_leads_elsewhere_is_a_conflict(held: Route | None) -> None:
    assert "RouteConflict" in Aws(error=_error("RouteAlreadyExists"), held=held).perform(CREATE).failed[0].error


@pytest.mark.parametrize(
    "held", [None, Route(destination=CIDR, target="pcx-0bbbbbbbb"), Route(destination=CIDR, target="igw-0a")]
)
def test_a_blackhole_that_came_alive_or_went_is_not_replaced(held: Route | None) -> None:
    aws = Aws(held=held)
    assert "was left alone" in aws.perform(REPLACE).failed[0].error
    assert aws.calls == []
