"""Names among each other: one record for one name, few batches, and a brake before many records go at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decide.name_batches import MOST_CHARACTERS, MOST_ELEMENTS, change_batches, changed_names
from chalicelib.decide.name_brake import MOST_REMOVALS
from chalicelib.decide.name_marks import read_mark
from chalicelib.decide.name_verdicts import NameVerdict, Standing
from chalicelib.decide.names import plan_names, with_rivals
from chalicelib.model.actions import ChangeRecordSets, RecordChange, Verb
from chalicelib.model.names import LoadBalancer, NamesFacts, RecordSet, Unread
from chalicelib.model.policy import Name
from tests.decide.names_build import (
    NAME,
    OWNER,
    ZONE,
    applied,
    balancer,
    cname,
    facts,
    led,
    mark,
    name,
    obstacles,
    plan,
    record,
    zone,
)

A, B = name("a", choice={"name": "blue"}), name("b", NAME.upper(), choice={"name": "green"})
BLUE, GREEN = balancer("blue", 1), balancer("green", 2)


@pytest.mark.parametrize(
    ("there", "winner"),
    [((), "a"), (led(GREEN, name_id="b"), "b"), (led(BLUE, name_id="a"), "a"), (led(BLUE, name_id="gone"), "a")],
    ids=["nobody's", "b has it", "a has it", "one that is gone had it"],
)
def test_two_names_that_claim_one_record_have_the_same_winner_in_any_order(
    there: tuple[RecordSet, ...], winner: str
) -> None:
    decisions = [plan(facts(*there, names=[A, B], balancers=(BLUE, GREEN)), *order) for order in permutations([A, B])]
    assert decisions[0] == decisions[1]
    standing = {one.name.id: one.standing for one in decisions[0].verdicts}
    [loser] = {"a", "b"} - {winner}
    assert standing[winner] in {Standing.LEADS, Standing.CHANGES}
    assert standing[loser] is Standing.REFUSED
    [reason] = obstacles(decisions[0])
    assert f"claimed by {winner} already" in reason


def test_the_loser_alone_does_not_take_the_record_while_the_winner_is_looked_at_too() -> None:
    other = name("c", f"c.{ZONE}")
    assert with_rivals([B], [A, B, other]) == (A, B)
    assert with_rivals([], [A, B, other]) == ()


def test_the_same_record_in_two_zones_is_no_claim() -> None:
    twin = name("b", zone="Z2", zone_account=None, choice={"name": "green"})
    seen = facts(names=[A], balancers=(BLUE, GREEN))
    there = facts(names=[twin], zones=(zone("Z2"),), balancers=(BLUE, GREEN))
    both = replace(seen, zones={**seen.zones, **there.zones}, records={**seen.records, **there.records})
    decision = plan(both, A, twin)
    assert [one.standing for one in decision.verdicts] == [Standing.CHANGES] * 2
    assert len(decision.steps) == 2


def many(number: int) -> list[Name]:
    return [name(f"n{one:03}", f"n{one:03}.{ZONE}", choice={"name": f"lb{one:03}"}) for one in range(number)]


def served(number: int, gone: int = 0) -> tuple[list[Name], NamesFacts]:
    names = many(number)
    targets = [balancer(f"lb{one:03}", one + 1) for one in range(number)]
    records = [r for one, to in zip(names, targets, strict=True) for r in led(to, one.name, one.id)]
    return names, facts(*records, names=names, balancers=tuple(targets[gone:]))


@pytest.mark.parametrize(
    ("owned", "gone", "brakes"),
    [
        (1, 1, False),
        (3, 1, False),
        (9, 2, True),
        (10, 2, False),
        (25, 5, False),
        (24, 5, True),
        (100, 5, False),
        (100, 6, True),
    ],
)
def test_the_brake_holds_more_than_five_records_and_more_than_a_fifth(owned: int, gone: int, *, brakes: bool) -> None:
    names, seen = served(owned, gone)
    decision = plan(seen, *names)
    going = [one for one in decision.verdicts if one.standing is Standing.REMOVED]
    assert len(going) == (0 if brakes else gone)
    assert bool(decision.plan.actions) is not brakes
    assert len(decision.braked) == (gone if brakes else 0)
    if brakes:
        assert f"{gone} of {owned} records" in decision.brake
        assert {refusal.kind for refusal in decision.plan.refusals} == {"brake"}


def sharing(owned: int, behind: int) -> tuple[list[Name], NamesFacts]:
    """``behind`` names of one load balancer that is gone, the others each with their own that is there."""
    names, seen = served(owned)
    shared = balancer("shared", 999)
    here = [name(one.id, one.name, choice={"name": "shared"}) for one in names[:behind]]
    ours = [r for one in here for r in led(shared, one.name, one.id)]
    others = [r for r in _records(seen) if r.name.removeprefix("_netreflex.") not in {one.name for one in here}]
    return [*here, *names[behind:]], replace(seen, records={"Z1": (*ours, *others)})


@pytest.mark.parametrize(
    ("owned", "behind", "brakes"),
    [(1, 1, False), (2, 2, False), (5, 5, False), (6, 6, True), (9, 3, False), (10, 2, False), (10, 3, True)],
)
def test_of_few_records_one_load_balancer_may_take_several_along(owned: int, behind: int, *, brakes: bool) -> None:
    names, seen = sharing(owned, behind)
    decision = plan(seen, *names)
    assert bool(decision.braked) is brakes
    assert bool(decision.plan.actions) is not brakes


@pytest.mark.parametrize(("owned", "gone"), [(1, 1), (30, 1), (30, 2), (30, 6)])
def test_an_event_removes_one_record_and_leaves_more_to_the_sweep(owned: int, gone: int) -> None:
    names, seen = served(owned, gone)
    decision = plan_names(seen, names, [], OWNER, whole=False)
    assert (decision.braked, decision.brake) == ((), "")
    if gone == 1:
        assert len(decision.plan.actions) == 1
    else:
        assert decision.plan.actions == ()
        assert {refusal.reason for refusal in decision.plan.refusals} == {
            f"{gone} records would go at once; that is left to the next sweep, which knows all of them"
        }


# ---- what left the policy --------------------------------------------------------------------------------------------
def left_over(seen: NamesFacts, *names: Name, whole: bool = True) -> list[tuple[str, list[str]]]:
    decision = plan_names(seen, names, [], OWNER, whole=whole)
    assert decision.plan.actions == ()
    return [(one.zone.zone_id, sorted(one.records)) for one in decision.leftovers]


def test_records_of_ours_that_the_policy_does_not_name_are_told_and_stay() -> None:
    names, seen = served(3)
    foreign = (
        *led(at=f"x.{ZONE}")[:1],
        mark(at=f"y.{ZONE}", owner="somebody/else"),
        record("A", "10.0.0.1", f"z.{ZONE}"),
    )
    acm = mark(
        balancer(arn="arn:aws:acm:us-east-1:111122223333:certificate/1"), at=f"_a.{ZONE}", name_id="acm-validation"
    )
    there = replace(seen, whole=(zone(),), records={"Z1": (*_records(seen), *foreign, acm)})
    assert left_over(there, *names) == [("Z1", [])]
    assert left_over(there, *names[1:]) == [("Z1", [f"n000.{ZONE}"])]
    [left] = plan_names(there, names[1:], [], OWNER).leftovers
    assert [one.type for one in left.records[f"n000.{ZONE}"]] == ["CNAME", "TXT"]
    assert str(left) == f"n000.{ZONE} in hosted zone {ZONE} (Z1) is ours, but not in the policy"
    assert left_over(there, *names[2:]) == [("Z1", [f"n000.{ZONE}", f"n001.{ZONE}"])]
    assert "are ours" in str(plan_names(there, names[2:], [], OWNER).leftovers[0])


def test_nothing_is_left_over_where_the_zone_was_not_read_whole_or_the_names_zone_is_not_known() -> None:
    names, seen = served(2)
    assert left_over(seen, *names[1:]) == []
    assert left_over(replace(seen, whole=(zone(),)), *names[1:], whole=False) == []
    lost = replace(seen, whole=(zone(),), zones=dict.fromkeys(seen.zones, Unread(reason="AccessDenied")))
    assert left_over(lost, *names) == [("Z1", [])]


def test_only_our_own_marks_count_for_the_brake() -> None:
    names, seen = served(4, gone=2)
    foreign = [mark(at=f"x{one}.{ZONE}", owner="somebody/else") for one in range(50)]
    foreign += [record("TXT", '"v=spf1"', f"y{one}.{ZONE}") for one in range(50)]
    crowded = replace(seen, records={"Z1": (*_records(seen), *foreign)})
    assert plan(crowded, *names).brake.startswith("2 of 4")


def test_the_brake_keeps_nothing_else_from_being_done() -> None:
    names, seen = served(12, gone=MOST_REMOVALS + 1)
    new = name("new", f"new.{ZONE}", choice={"name": "lb011"})
    decision = plan(replace(seen, zones={**seen.zones}), *names, new)
    [action] = decision.plan.actions
    assert isinstance(action, ChangeRecordSets)
    assert changed_names(action) == {f"new.{ZONE}"}


def _records(seen: NamesFacts) -> tuple[RecordSet, ...]:
    found = seen.records["Z1"]
    assert isinstance(found, tuple)
    return found


def test_twenty_changed_names_are_one_batch_and_apart_they_are_twenty() -> None:
    names, seen = served(20)
    moved = replace(seen, balancers={place: tuple(_renumbered(seen)) for place in seen.balancers})
    decision = plan(moved, *names)
    [action] = decision.plan.actions
    assert isinstance(action, ChangeRecordSets)
    assert len(action.changes) == 80
    assert len(plan(moved, *names, together=False).steps) == 20


def _renumbered(seen: NamesFacts) -> list[LoadBalancer]:
    [found] = seen.balancers.values()
    assert isinstance(found, tuple)
    return [balancer(one.name, 1000 + number) for number, one in enumerate(found)]


def change(number: int, length: int) -> NameVerdict:
    asked = name(f"n{number}", f"n{number}.{ZONE}")
    changes = tuple(
        RecordChange(verb=verb, record=RecordSet(name=asked.name, type="TXT", ttl=60, values=("x" * length,)))
        for verb in Verb
    )
    return NameVerdict(name=asked, standing=Standing.CHANGES, zone=zone(), changes=changes)


@given(lengths=st.lists(st.integers(1, 4000), max_size=60), together=st.booleans())
def test_batches_stay_within_route_53s_bounds_and_no_name_is_torn(lengths: list[int], *, together: bool) -> None:
    verdicts = [change(number, length) for number, length in enumerate(lengths)]
    batches = list(change_batches(verdicts, together=together))
    assert [one for batch in batches for one in batch.changes] == [one for v in verdicts for one in v.changes]
    for batch in batches:
        values = [value for one in batch.changes for value in one.record.values]
        assert len(values) <= MOST_ELEMENTS
        assert sum(map(len, values)) <= MOST_CHARACTERS
        assert len(batch.changes) == 2 * len(changed_names(batch))
    if not together:
        assert len(batches) == len(verdicts)


def test_a_thousand_elements_are_the_most() -> None:
    verdicts = [change(number, 1) for number in range(501)]
    assert [len(batch.changes) for batch in change_batches(verdicts, together=True)] == [1000, 2]


# ---- properties ------------------------------------------------------------------------------------------------------
LABELS = st.sampled_from(["a", "b", "c"])
TARGETS = st.sampled_from([balancer("blue", 1), balancer("green", 2), balancer("gone", 3)])


@st.composite
def records(draw: st.DrawFn) -> tuple[RecordSet, ...]:
    """Any mixture of ours, another's and nobody's records, as Route 53 could hold it."""
    found: list[RecordSet] = []
    for label in draw(st.sets(LABELS)):
        at, target = f"{label}.{ZONE}", draw(TARGETS)
        found += draw(
            st.sampled_from(
                [
                    led(target, at, label),
                    led(target, at, "older"),
                    (cname(target, at),),
                    (mark(target, at),),
                    (record("A", "10.0.0.1", at),),
                    (cname(target, at), mark(target, at, owner="another/one")),
                    (cname(target, at, ttl=5), mark(target, at)),
                ]
            )
        )
    if draw(st.booleans()):
        found.append(record("A", "10.0.0.9", f"*.{ZONE}"))
    return tuple(found)


@st.composite
def policies(draw: st.DrawFn) -> list[Name]:
    words = draw(st.lists(st.tuples(LABELS, st.sampled_from(["blue", "green", "none"])), min_size=1, max_size=5))
    return [name(f"{label}{n}", f"{label}.{ZONE}", choice={"name": to}) for n, (label, to) in enumerate(words)]


@given(there=records(), names=policies(), together=st.booleans())
def test_no_batch_touches_what_is_not_ours_and_a_second_plan_is_empty(
    there: tuple[RecordSet, ...], names: list[Name], *, together: bool
) -> None:
    seen = facts(*there, names=names, balancers=(balancer("blue", 1), balancer("green", 2)))
    decision = plan(seen, *names, together=together)
    allowed = {one.name for one in names} | {f"_netreflex.{one.name}" for one in names}
    marked = {
        one.name.removeprefix("_netreflex.")
        for one in there
        if one.type == "TXT" and (read := read_mark(one.values[0])) and read.owner == OWNER
    }
    for action in decision.plan.actions:
        assert isinstance(action, ChangeRecordSets)
        for one in action.changes:
            assert one.record.name in allowed
            assert one.record.type in {"CNAME", "TXT"}
            if one.verb is Verb.DELETE:
                assert one.record in there
                assert one.record.name.removeprefix("_netreflex.") in marked
    after = applied(seen, decision)
    assert plan(after, *names, together=together).plan.actions == ()


@given(records(), policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_policy_decides_nothing(
    there: tuple[RecordSet, ...], names: list[Name], random: Random
) -> None:
    seen = facts(*there, names=names, balancers=(balancer("blue", 1), balancer("green", 2)))
    shuffled = list(names)
    random.shuffle(shuffled)
    assert plan(seen, *names) == plan(seen, *shuffled)
