"""The questions that ask for a permission: what each answer of AWS means, and that none of them could do harm."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.model.actions import AcceptPeering, Action, CreateRoute, EnableDnsResolution, ReplaceRoute, TagPeering
from chalicelib.model.errors import RetryLater
from chalicelib.model.facts import Side
from chalicelib.model.network import Place
from chalicelib.model.plan import RefusalKind
from chalicelib.perform.permissions import Permissions

DEV, DATA = (Place(account=account, region="eu-west-1") for account in ("111122223333", "444455556666"))
PCX = "pcx-0123456789abcdef0"


class Ec2:
    """EC2 in every place; each call is answered with an error of this code, or carried out where there is none."""

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str, place: Place) -> Ec2:
        assert (service, place.region) == ("ec2", "eu-west-1")
        return self

    def _answer(self, name: str, arguments: dict[str, Any]) -> None:
        self.asked.append((name, arguments))
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "told"}}, name)

    def create_route(self, **arguments: Any) -> None:  # noqa: ANN401
        self._answer("create_route", arguments)

    def modify_vpc_peering_connection_options(self, **arguments: Any) -> None:  # noqa: ANN401
        self._answer("modify_vpc_peering_connection_options", arguments)


def route(place: Place, table: str = "rtb-1") -> CreateRoute:
    return CreateRoute(place=place, table_id=table, destination=ip_network("10.40.0.0/16"), peering_id=PCX)


PLAN: tuple[Action, ...] = (
    AcceptPeering(place=DATA, peering_id=PCX),
    route(DEV),
    route(DEV, "rtb-2"),
    ReplaceRoute(place=DATA, table_id="rtb-3", destination=ip_network("10.16.0.0/16"), peering_id=PCX, was="pcx-dead"),
    EnableDnsResolution(place=DEV, peering_id=PCX, side=Side.REQUESTER),
    TagPeering(place=DATA, peering_id=PCX, tags=()),
)


def test_each_place_and_kind_of_write_is_asked_once_and_every_question_is_a_dry_run() -> None:
    ec2 = Ec2("DryRunOperation")

    assert Permissions(ec2).missing(PLAN) == ()
    assert [name for name, _ in ec2.asked] == [
        "create_route",
        "create_route",
        "modify_vpc_peering_connection_options",
    ]
    assert all(arguments["DryRun"] is True for _, arguments in ec2.asked)


def test_no_question_could_do_harm_where_dry_run_is_not_understood() -> None:
    ec2 = Ec2(None)

    assert Permissions(ec2).missing(PLAN) == ()
    for _, arguments in ec2.asked[:2]:
        assert arguments["DestinationCidrBlock"] == "192.0.2.0/24"  # RFC 5737: for documentation only
        assert arguments["VpcPeeringConnectionId"] != PCX
    assert ec2.asked[2][1]["RequesterPeeringConnectionOptions"] == {"AllowDnsResolutionFromRemoteVpc": False}


@pytest.mark.parametrize(
    "code", ["InvalidVpcPeeringConnectionID.NotFound", "OperationNotPermitted", "RouteAlreadyExists"]
)
def test_any_other_answer_refuses_nothing(code: str) -> None:
    assert Permissions(Ec2(code)).missing(PLAN) == ()


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "AccessDenied"])
def test_a_refusal_names_the_call_the_place_and_the_remedy(code: str) -> None:
    refusals = Permissions(Ec2(code)).missing(PLAN)

    assert [(refusal.kind, refusal.action) for refusal in refusals] == [
        (RefusalKind.ACCESS, PLAN[1]),
        (RefusalKind.ACCESS, PLAN[3]),
        (RefusalKind.ACCESS, PLAN[4]),
    ]
    assert refusals[0].reason == f"netreflex may not call ec2:CreateRoute in 111122223333/eu-west-1 ({code})"
    assert "ec2:CreateRoute" in refusals[0].remedy
    assert "account 111122223333" in refusals[0].remedy


def test_a_question_that_aws_puts_off_is_asked_again_later() -> None:
    with pytest.raises(RetryLater, match="ec2:CreateRoute in account 111122223333 was put off"):
        Permissions(Ec2("RequestLimitExceeded")).missing(PLAN)
