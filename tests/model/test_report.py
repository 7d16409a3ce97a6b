"""A report is the JSON that the public contract fixes, for every trigger, action and outcome."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.model.actions import (
    AcceptPeering,
    Action,
    CreateRoute,
    DeleteRoute,
    EnableDnsResolution,
    RejectPeering,
    ReplaceRoute,
    TagPeering,
)
from chalicelib.model.facts import Side
from chalicelib.model.network import Place, VpcRef
from chalicelib.model.plan import Decision, Refusal, RefusalKind
from chalicelib.model.report import Failure, Report, tagged
from chalicelib.model.triggers import (
    Ignored,
    PeeringAccepted,
    PeeringDeleted,
    PeeringRejected,
    PeeringRequested,
    SweepDue,
    Trigger,
)

DEV = Place(account="111122223333", region="eu-west-1")
PCX = "pcx-0bb22cc33dd44ee55"
RTB = "rtb-0a00000000000000a"
CIDR, CIDR6 = ip_network("10.40.8.0/22"), ip_network("2001:db8:40::/56")
AT = datetime(2026, 3, 2, 9, 18, 2, tzinfo=UTC)
HERE = {"account": "111122223333", "region": "eu-west-1", "peering_id": PCX}
ACTIONS: list[tuple[Action, dict[str, Any], str]] = [
    (
        AcceptPeering(place=DEV, peering_id=PCX),
        {"action": "AcceptPeering", **HERE},
        f"accept {PCX} in 111122223333/eu-west-1",
    ),
    (
        RejectPeering(place=DEV, peering_id=PCX),
        {"action": "RejectPeering", **HERE},
        f"reject {PCX} in 111122223333/eu-west-1",
    ),
    (
        CreateRoute(place=DEV, table_id=RTB, destination=CIDR, peering_id=PCX),
        {"action": "CreateRoute", **HERE, "table_id": RTB, "destination": "10.40.8.0/22"},
        f"add route 10.40.8.0/22 -> {PCX} to {RTB} in 111122223333/eu-west-1",
    ),
    (
        ReplaceRoute(place=DEV, table_id=RTB, destination=CIDR6, peering_id=PCX, was="pcx-0dd44ee55ff660077"),
        {
            "action": "ReplaceRoute",
            **HERE,
            "table_id": RTB,
            "destination": "2001:db8:40::/56",
            "was": "pcx-0dd44ee55ff660077",
        },
        f"replace blackhole 2001:db8:40::/56 -> pcx-0dd44ee55ff660077 by {PCX} in {RTB} in 111122223333/eu-west-1",
    ),
    (
        DeleteRoute(place=DEV, table_id=RTB, destination=CIDR, peering_id=PCX),
        {"action": "DeleteRoute", **HERE, "table_id": RTB, "destination": "10.40.8.0/22"},
        f"delete route 10.40.8.0/22 -> {PCX} from {RTB} in 111122223333/eu-west-1",
    ),
    (
        EnableDnsResolution(place=DEV, peering_id=PCX, side=Side.REQUESTER),
        {"action": "EnableDnsResolution", **HERE, "side": "requester"},
        f"enable DNS resolution of {PCX} for the requester in 111122223333/eu-west-1",
    ),
    (
        TagPeering(place=DEV, peering_id=PCX, tags=(("netreflex:rule", "dev-to-tidb"), ("netreflex:version", "0.1.0"))),
        {
            "action": "TagPeering",
            **HERE,
            "tags": [["netreflex:rule", "dev-to-tidb"], ["netreflex:version", "0.1.0"]],
        },
        f"tag {PCX} in 111122223333/eu-west-1: netreflex:rule=dev-to-tidb, netreflex:version=0.1.0",
    ),
]
TRIGGERS: list[tuple[Trigger | Ignored, dict[str, Any]]] = [
    *(
        (
            kind(peering_id=PCX, places=(DEV,), at=AT),
            {
                "trigger": kind.__name__,
                "peering_id": PCX,
                "places": [{"account": "111122223333", "region": "eu-west-1"}],
                "at": "2026-03-02T09:18:02+00:00",
            },
        )
        for kind in (PeeringRequested, PeeringAccepted, PeeringRejected, PeeringDeleted)
    ),
    (SweepDue(), {"trigger": "SweepDue"}),
    (Ignored(reason="not ours"), {"trigger": "Ignored", "reason": "not ours"}),
]


def through_json(report: Report) -> Any:  # noqa: ANN401 - JSON is what it is
    return json.loads(json.dumps(report.as_json()))


@pytest.mark.parametrize(("action", "expected", "_words"), ACTIONS, ids=[type(one[0]).__name__ for one in ACTIONS])
def test_an_action_is_a_flat_object_that_names_its_kind_and_place(
    action: Action, expected: dict[str, Any], _words: str
) -> None:
    report = Report(trigger=SweepDue(), decision=Decision.APPROVED, planned=(action,), performed=(action,))

    assert through_json(report)["planned"] == [expected]
    assert through_json(report)["performed"] == [expected]


@pytest.mark.parametrize(("action", "_expected", "words"), ACTIONS, ids=[type(one[0]).__name__ for one in ACTIONS])
def test_an_action_describes_itself_in_a_line(action: Action, _expected: dict[str, Any], words: str) -> None:
    assert action.describe() == words


def test_every_action_about_peerings_is_covered_here() -> None:
    about_peerings = {kind for kind in get_args(Action) if "peering_id" in kind.__slots__}

    assert {type(action) for action, _, _ in ACTIONS} == about_peerings


@pytest.mark.parametrize(("trigger", "expected"), TRIGGERS, ids=[type(one[0]).__name__ for one in TRIGGERS])
def test_a_trigger_is_a_flat_object_that_names_its_kind(trigger: Trigger | Ignored, expected: dict[str, Any]) -> None:
    assert through_json(Report(trigger=trigger, decision=Decision.OBSERVED))["trigger"] == expected


def test_a_time_that_is_not_known_is_null() -> None:
    trigger = PeeringDeleted(peering_id=PCX, places=(DEV,))

    assert through_json(Report(trigger=trigger, decision=Decision.IGNORED))["trigger"]["at"] is None


def test_an_empty_report_has_every_key_of_the_contract() -> None:
    assert through_json(Report(trigger=SweepDue(), decision=Decision.IGNORED)) == {
        "trigger": {"trigger": "SweepDue"},
        "decision": "ignored",
        "rule": None,
        "reasons": [],
        "planned": [],
        "performed": [],
        "unchanged": 0,
        "refused": [],
        "failed": [],
        "alerts": [],
        "proof": [],
    }


def test_a_full_report_carries_all_of_it() -> None:
    accept = AcceptPeering(place=DEV, peering_id=PCX)
    report = Report(
        trigger=SweepDue(),
        decision=Decision.HELD,
        rule="dev-to-tidb",
        reasons=("first", "second"),
        planned=(accept,),
        unchanged=3,
        refused=(Refusal(kind=RefusalKind.QUOTA, action=accept, reason="too many", remedy="ask for more"),),
        failed=(Failure(action=accept, error="denied"),),
        alerts=("peering/abc",),
        proof=("it reaches",),
    )

    told = through_json(report)

    accepted = {"action": "AcceptPeering", **HERE}
    assert (told["decision"], told["rule"], told["reasons"]) == ("held", "dev-to-tidb", ["first", "second"])
    assert (told["planned"], told["performed"], told["unchanged"]) == ([accepted], [], 3)
    assert told["refused"] == [{"action": accepted, "reason": "too many", "remedy": "ask for more"}]
    assert told["failed"] == [{"action": accepted, "error": "denied"}]
    assert (told["alerts"], told["proof"]) == (["peering/abc"], ["it reaches"])


@pytest.mark.parametrize(
    ("decision", "word"),
    [
        (Decision.APPROVED, "approved"),
        (Decision.HELD, "held"),
        (Decision.REJECTED, "rejected"),
        (Decision.IGNORED, "ignored"),
        (Decision.OBSERVED, "observed"),
    ],
)
def test_a_decision_is_one_word_of_the_contract(decision: Decision, word: str) -> None:
    assert through_json(Report(trigger=SweepDue(), decision=decision))["decision"] == word


@settings(max_examples=20, deadline=None)
@given(st.data())
@pytest.mark.parametrize("kind", [*get_args(Action), *get_args(Trigger), Ignored], ids=lambda kind: kind.__name__)
def test_whatever_an_action_or_a_trigger_holds_can_be_told(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    key = "action" if kind in get_args(Action) else "trigger"

    told = json.loads(json.dumps(tagged(key, value)))

    assert told[key] == kind.__name__
    assert {field.name for field in fields(kind)} - {"place"} <= set(told)


def test_a_value_inside_a_value_keeps_its_fields() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Seen:
        vpc: VpcRef

    assert tagged("fact", Seen(vpc=VpcRef(place=DEV, vpc_id="vpc-0a1b2c3d4e5f60718"))) == {
        "fact": "Seen",
        "vpc": {"account": "111122223333", "region": "eu-west-1", "vpc_id": "vpc-0a1b2c3d4e5f60718"},
    }


def test_what_is_no_value_of_the_model_is_an_error() -> None:
    with pytest.raises(TypeError, match="not a value of the model"):
        tagged("action", {"a": "dictionary"})
