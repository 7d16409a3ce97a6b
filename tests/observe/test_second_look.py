"""A second look, as the executor takes it after an answer that leaves open what is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from chalicelib.model.actions import CreateRoute
from chalicelib.model.errors import RetryLater
from chalicelib.model.facts import PeeringStatus
from chalicelib.model.network import Place
from chalicelib.observe.patience import PATIENCE
from chalicelib.observe.second_look import SecondLook
from demo.world import DATA, REGION
from tests.aws import strict_moto
from tests.lab import Lab
from tests.reliability.worlds import WIDE, WidePair, request

THERE = Place(account=DATA, region=REGION)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(WIDE, world=WidePair) as lab:
        yield lab


def _look(lab: Lab) -> SecondLook:
    return SecondLook(lab.runtime.sessions, lab.slept.append)


def test_an_accept_that_answered_active_is_not_looked_at_again(lab: Lab) -> None:
    with lab.counting():
        _look(lab).wait_until_active(THERE, "pcx-0aaaaaaaa", PeeringStatus.ACTIVE)
    assert (lab.calls, lab.slept) == ({}, [])


def test_an_accept_is_waited_for_until_it_shows(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    with strict_moto.lagging(accepted=2):
        lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        _look(lab).wait_until_active(THERE, peering_id, PeeringStatus.PROVISIONING)
    assert lab.slept == list(PATIENCE[:2])


@pytest.mark.parametrize("known", [True, False])
def test_the_wait_ends_within_the_bound(lab: Lab, known: bool) -> None:  # noqa: FBT001 - a row of the table
    peering_id = str(request(lab)["VpcPeeringConnectionId"]) if known else "pcx-0aaaaaaaa"
    with pytest.raises(RetryLater, match=f"{peering_id} was accepted and is not active yet"):
        _look(lab).wait_until_active(THERE, peering_id, PeeringStatus.PROVISIONING)
    assert lab.slept == list(PATIENCE)


def test_the_route_of_an_action_is_the_one_to_its_destination_in_its_table(lab: Lab) -> None:
    peering_id = str(request(lab)["VpcPeeringConnectionId"])
    report = lab.sweep()
    actions = [action for action in report.performed if isinstance(action, CreateRoute)]
    assert actions
    for action in actions:
        found = _look(lab).route(action)
        assert found is not None
        assert (found.destination, found.target) == (action.destination, peering_id)
        assert _look(lab).route(replace(action, destination=ip_network("192.0.2.0/24"))) is None
