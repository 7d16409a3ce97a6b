"""What peering, load_balancers and sweep meet of names: zones, load balancers and VPCs in one account or in several."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from chalicelib.decide.name_reach import NEARLY_FULL
from chalicelib.flows.names import react_to_load_balancer
from chalicelib.intake.parse_load_balancers import parse_load_balancer_event
from chalicelib.model.report import Report
from demo.cloudtrail import peering_requested
from demo.world import DATA, DEV
from tests.aws.local import HUB
from tests.flows import names_world
from tests.iam.play import Play, Scenario
from tests.iam.scenarios.peerings import WORK
from tests.lab import Lab


def _world(requester: str, server: str, zone_owner: str) -> type[names_world.NamesWorld]:
    accounts = {"requester": requester, "server": server, "zone_owner": zone_owner}
    return type("Accounts", (names_world.NamesWorld,), accounts)


def _text(requester: str, server: str, zone_owner: str, choice: str, zone: str = "") -> str:
    listed = "".join(f'  "{one}": {{name: a{one[:4]}}}\n' for one in sorted({requester, server, zone_owner}))
    text = names_world.HEAD.partition("accounts:")[0] + f"accounts:\n{listed}regions: [eu-west-1]\n"
    rules = names_world.PEERING.replace(f'requester: {{accounts: ["{DEV}"]', f'requester: {{accounts: ["{requester}"]')
    text += rules.replace(f'accepter: {{accounts: ["{DATA}"]', f'accepter: {{accounts: ["{server}"]') + "names:\n"
    name = names_world.name_text(choice).replace(f'zone_account: "{DEV}"', f'zone_account: "{zone_owner}"')
    name = name.replace(f'load_balancer: {{account: "{DATA}"', f'load_balancer: {{account: "{server}"')
    return text + (name.replace(f"zone: {names_world.ZONE}", f"zone: {zone}") if zone else name)


BY_NAME, BY_TAGS = "name: tidb", "tags: {service: tidb}"


def _of_a_peering(play: Play, *, accounts: tuple[str, str, str], choice: str, crowd: int = 0) -> None:
    """An approved peering opens the names of its rule to the requester's VPC. ``crowd``: so many VPCs are in the zone."""
    with names_world.lab_of(_text(*accounts, choice), world=_world(*accounts)) as lab:
        world = lab.world
        world.balancer(tags={"service": "tidb"})
        world.crowd(crowd)
        event = peering_requested(world.request(world.apps, world.tidb))
        play.run(lab, partial(WORK[play.function], lab, event))
        if play.function == "sweep":  # the event's run settles the names with the peering, the sweep at its next look
            play.run(lab, partial(WORK[play.function], lab, event))


def _balancer(lab: Lab, event: Mapping[str, Any]) -> Report:
    return react_to_load_balancer(parse_load_balancer_event(event), lab.flow_world())


def _born(play: Play, *, accounts: tuple[str, str, str], choice: str) -> None:
    """A load balancer is made, and the name is led there."""
    with names_world.lab_of(_text(*accounts, choice), world=_world(*accounts)) as lab:
        made = lab.world.balancer(tags={"service": "tidb"})
        play.run(lab, partial(_balancer, lab, names_world.created(made, accounts[1])))


def _dead(play: Play, *, accounts: tuple[str, str, str]) -> None:
    """A load balancer is deleted: which names led there is in the memory."""
    with names_world.lab_of(_text(*accounts, BY_TAGS), world=_world(*accounts)) as lab:
        made = lab.world.balancer(tags={"service": "tidb"})
        _balancer(lab, names_world.created(made, accounts[1]))
        lab.alerts()
        lab.world.remove(made)
        play.run(lab, partial(_balancer, lab, names_world.deleted(made, accounts[1])))


def _zone_by_id(play: Play, *, accounts: tuple[str, str, str]) -> None:
    """The policy gives the zone by its id."""
    with names_world.lab_of(_text(*accounts, BY_NAME), world=_world(*accounts)) as lab:
        made = lab.world.balancer()
        lab.policy_text = _text(*accounts, BY_NAME, lab.world.zone_id)
        play.run(lab, partial(_balancer, lab, names_world.created(made, accounts[1])))


NAMES_OF_PEERINGS = tuple(
    Scenario(f"names: {what}", partial(_of_a_peering, accounts=accounts, choice=choice, crowd=crowd))
    for what, accounts, choice, crowd in (
        ("zone in the other account", (DEV, DATA, DATA), BY_NAME, 0),
        ("by tags", (DEV, DATA, DEV), BY_TAGS, 0),
        ("zone at home", (DEV, DATA, HUB), BY_NAME, 0),
        ("requester at home", (HUB, DATA, DATA), BY_NAME, 0),
        ("all at home", (HUB, HUB, HUB), BY_TAGS, 0),
        ("zone nearly full", (DEV, DATA, DEV), BY_NAME, NEARLY_FULL),
        ("zone nearly full, all at home", (HUB, HUB, HUB), BY_NAME, NEARLY_FULL),
    )
)
LOAD_BALANCERS = tuple(
    Scenario(f"load balancer {play.func.__name__.strip('_')} {'at home' if home else 'in member accounts'}", play)
    for home, accounts in ((False, (DEV, DATA, DEV)), (True, (HUB, HUB, HUB)))
    for play in (
        partial(_born, accounts=accounts, choice=BY_NAME),
        partial(_born, accounts=accounts, choice=BY_TAGS),
        partial(_dead, accounts=accounts),
        partial(_zone_by_id, accounts=accounts),
    )
)
