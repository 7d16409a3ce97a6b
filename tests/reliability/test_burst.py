"""Ten thousand events in no order: what is not ours costs nothing, what repeats costs reads, and each thing is done once.

AWS is a few dictionaries here, behind the ports of the flows; the events, their intake, the decisions, the alerts and
their table are the real ones. Calls are counted; nothing is timed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from chalicelib.alerts.publish import Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.store import AlertStore
from chalicelib.decide.case import Questions
from chalicelib.decide.peering import PeeringDecision
from chalicelib.flows.peering import react_to_peering
from chalicelib.flows.ports import NameMemory, NamesReader, VpnMemory, VpnReader, World
from chalicelib.intake.parse import parse_peering_event
from chalicelib.model.actions import Action
from chalicelib.model.facts import Peering, PeeringFacts, PeeringStatus
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision, Plan, Refusal
from chalicelib.model.policy import Match
from chalicelib.perform.executor import Outcome
from demo.cloudtrail import peering_requested
from tests.alerts.fake_dynamodb import FakeDynamoDB
from tests.decide.build import DEV, NOW, apps, facts, policy, rule, tidb
from tests.decide.simulate import performed
from tests.reliability.worlds import figure

EVENTS, PEERINGS, COPIES = 10_000, 300, 10
STRANGER = Place(account="999999999999", region="eu-west-1")


@dataclass
class Memory:
    """AWS as facts by the peering's id: a reader, an executor and a ledger over the same dictionary."""

    peerings: dict[str, PeeringFacts]
    calls: Counter[str] = field(default_factory=Counter)

    def find(self, peering_id: str, _places: Iterable[Place], *, patient: bool) -> PeeringFacts | None:
        assert patient
        self.calls["reads"] += 1
        return self.peerings.get(peering_id)

    def answer(self, _facts: PeeringFacts, questions: Questions) -> PeeringFacts:
        raise AssertionError(f"nothing has to be asked: {questions}")

    def reread(self, seen: PeeringFacts, caught_up: Callable[[PeeringFacts], bool]) -> PeeringFacts:
        self.calls["proofs"] += 1
        fresh = self.peerings[seen.peering.peering_id]
        assert caught_up(fresh)
        return fresh

    def not_permitted(self, _actions: Sequence[Action]) -> tuple[Refusal, ...]:
        self.calls["asked"] += 1
        return ()

    def perform(self, actions: Sequence[Action], *, apart: bool = False) -> Outcome:
        assert not (apart and actions)  # nothing here is repaired
        for action in actions:
            self.calls[type(action).__name__] += 1
            peering_id = action.peering_id  # type: ignore[union-attr]
            done = PeeringDecision(decision=Decision.APPROVED, plan=Plan(actions=(action,)))
            self.peerings[peering_id] = replace(performed(self.peerings[peering_id], done), ledger=None)
        return Outcome(performed=tuple(actions))

    def remember(self, *_: object) -> None:
        self.calls["remembered"] += 1


class Topic:
    """SNS, as far as it counts."""

    def __init__(self) -> None:
        self.published: Counter[str] = Counter()

    def publish(self, **message: Any) -> None:  # noqa: ANN401 - an SNS request
        self.published[message["MessageAttributes"]["status"]["StringValue"]] += 1


def requested(number: int, requester: Place = DEV) -> PeeringFacts:
    """One pending request of many; every third comes from an account that no rule names."""
    seen = facts(apps(), tidb())
    peering_id = f"pcx-{number:017x}"

    def known(one: Peering | None) -> Peering | None:
        return replace(one, peering_id=peering_id) if one else None

    peering = replace(seen.peering, peering_id=peering_id)
    sides = [replace(side, view=known(side.view)) for side in seen.sides]
    if requester != DEV:
        ref = replace(sides[0].ref, place=requester)
        sides[0] = replace(sides[0], ref=ref, managed=False, vpc=None, tables=(), view=None)
        peering = replace(peering, requester=replace(peering.requester, vpc=ref))
    return PeeringFacts(peering=peering, requester=sides[0], accepter=sides[1])


def event_of(seen: PeeringFacts) -> dict[str, Any]:
    """The CloudTrail record of its request."""
    ends = [{"OwnerId": side.ref.account, "Region": side.ref.region, "VpcId": side.ref.vpc_id} for side in seen.sides]
    return peering_requested(
        {"VpcPeeringConnectionId": seen.peering.peering_id, "RequesterVpcInfo": ends[0], "AccepterVpcInfo": ends[1]}
    )


def unrelated(event: Mapping[str, Any], dice: random.Random) -> dict[str, Any]:
    """A record that is none of our business, or a forged one."""
    detail = event["detail"]
    return dict(event) | dice.choice(
        [
            {"detail": detail | {"errorCode": "Client.DryRunOperation"}},
            {"detail": detail | {"eventName": "CreateVpcEndpoint"}},
            {"detail": detail | {"eventSource": "s3.amazonaws.com"}},
            {"source": "my.ec2"},
            {"detail": None},
            {
                "account": STRANGER.account,
                "detail": detail
                | {"responseElements": {}, "requestParameters": {"vpcPeeringConnectionId": "pcx-0a0a0a0a"}},
            },
        ]
    )


@pytest.fixture
def memory() -> Memory:
    made = [requested(number, DEV if number % 3 else STRANGER) for number in range(PEERINGS)]
    return Memory({one.peering.peering_id: one for one in made})


def world_of(memory: Memory, table: FakeDynamoDB, topic: Topic, clock: Callable[[], datetime]) -> World:
    def never() -> Any:  # noqa: ANN401 - whatever else a world has
        raise AssertionError("no rule has names, and no event is about a VPN")

    adapter = cast("Any", memory)
    return World(
        policy=policy(rule(requester=Match(accounts=(DEV.account,)))),
        reader=adapter,
        executor=adapter,
        memory=adapter,
        vpn=cast("Callable[[], VpnReader]", never),
        vpn_memory=cast("Callable[[], VpnMemory]", never),
        names=cast("Callable[[], NamesReader]", never),
        name_memory=cast("Callable[[], NameMemory]", never),
        owner=never,
        road=Road(AlertStore(table, "table"), Publisher(topic, "topic"), clock),
        now=clock,
    )


def test_ten_thousand_events_do_each_thing_once(memory: Memory) -> None:
    dice = random.Random(20261123)  # noqa: S311 - an order, not a secret
    about = [event_of(one) for one in memory.peerings.values()]
    events = [event for event in about for _ in range(COPIES)]
    events += [unrelated(dice.choice(about), dice) for _ in range(EVENTS - len(events))]
    dice.shuffle(events)
    table, topic, clock = FakeDynamoDB(), Topic(), [NOW]
    world = world_of(memory, table, topic, lambda: clock[0])

    decided: Counter[str] = Counter()
    for event in events:
        clock[0] += timedelta(milliseconds=6)  # all of it within one minute
        decided[react_to_peering(parse_peering_event(event), world).decision] += 1

    held = len(range(0, PEERINGS, 3))
    approved = PEERINGS - held
    assert decided == {
        "approved": approved * COPIES,
        "held": held * COPIES,
        "ignored": EVENTS - PEERINGS * COPIES,
    }
    assert memory.calls == {
        "reads": PEERINGS * COPIES,
        "asked": approved,
        "AcceptPeering": approved,
        "CreateRoute": 2 * approved,
        "TagPeering": approved,
        "remembered": approved,
        "proofs": approved,
    }
    assert table.calls == {"GetItem": held * COPIES, "PutItem": PEERINGS}
    assert topic.published == {"notice": approved, "firing": held}
    assert {one.peering.status for one in memory.peerings.values()} == {PeeringStatus.ACTIVE, PeeringStatus.PENDING}
    figure(
        f"{EVENTS} events about {PEERINGS} peerings, each {COPIES} times: {dict(memory.calls)}, {dict(table.calls)}, "
        f"{sum(topic.published.values())} published"
    )
