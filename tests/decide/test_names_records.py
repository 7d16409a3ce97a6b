"""Whose records these are comes first: only what carries exactly our mark is ever changed, and only by its exact value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.decide.name_marks import Mark, mark_name, read_mark
from chalicelib.decide.name_verdicts import Standing
from chalicelib.model.actions import ChangeRecordSets
from chalicelib.model.names import BalancerState, RecordSet
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
    said,
)

MARK = f"TXT _netreflex.{NAME}"
GREEN = balancer("tidb", 2)


def standing(*records: RecordSet) -> Standing:
    [verdict] = plan(facts(*records)).verdicts
    return verdict.standing


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ((), [f"CREATE CNAME {NAME}", f"CREATE {MARK}"]),
        (led(), []),
        ((mark(),), [f"CREATE CNAME {NAME}"]),
        ((mark(GREEN),), [f"DELETE {MARK}", f"CREATE CNAME {NAME}", f"CREATE {MARK}"]),
        (led(GREEN), [f"DELETE CNAME {NAME}", f"DELETE {MARK}", f"CREATE CNAME {NAME}", f"CREATE {MARK}"]),
        ((cname(ttl=300), mark()), [f"DELETE CNAME {NAME}", f"CREATE CNAME {NAME}"]),
        ((cname(GREEN), mark()), [f"DELETE CNAME {NAME}", f"CREATE CNAME {NAME}"]),
        ((cname(), mark(name_id="old")), [f"DELETE {MARK}", f"CREATE {MARK}"]),
        ((record("CNAME", balancer().dns_name.upper() + "."), mark()), []),
        ((*led(), record("A", "10.0.0.1", f"other.{ZONE}")), []),
    ],
    ids=[
        "nothing",
        "right",
        "mark alone",
        "other mark alone",
        "moved",
        "ttl",
        "by hand",
        "renamed",
        "spelling",
        "beside",
    ],
)
def test_ours_is_made_right_by_its_exact_values(there: tuple[RecordSet, ...], wanted: list[str]) -> None:
    seen = facts(*there)
    decision = plan(seen)
    assert said(decision) == wanted
    assert plan(applied(seen, decision)).plan.actions == ()
    assert obstacles(decision) == []


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ((cname(),), "without netreflex's mark"),
        ((cname(), mark(owner="999999999999/netreflex-prod")), "another owner, 999999999999/netreflex-prod"),
        ((mark(owner="123456789012/netreflex-dev"),), "another owner"),
        ((cname(), mark(values=(*mark().values, *mark(owner="x").values))), "more than one mark"),
        ((cname(), mark(), mark(simple=False)), "more than one mark"),
        ((cname(), mark(values=())), "no mark of netreflex"),
        ((cname(), mark(simple=False)), "no mark of netreflex"),
        ((cname(), record("TXT", '"v=spf1 -all"', mark_name(NAME))), "no mark of netreflex"),
        ((record("CNAME", "x.example", mark_name(NAME)),), "no mark of netreflex"),
        ((record("A", "10.0.0.1"), mark()), "a record of type A (10.0.0.1)"),
        ((record("A", "", values=(), simple=False),), "an alias or a routing policy's record of type A"),
        ((cname(simple=False), mark()), "an alias or a routing policy's record of type CNAME"),
        ((record("CNAME", "x.example", f"*.{ZONE}"),), f"*.{ZONE} answers for it"),
        ((record("A", "10.0.0.9", f"*.{ZONE}"),), f"*.{ZONE} answers for it"),
    ],
)
def test_what_is_not_ours_is_left_alone_and_told(there: tuple[RecordSet, ...], why: str) -> None:
    decision = plan(facts(*there))
    assert decision.plan.actions == ()
    [reason] = obstacles(decision)
    assert why in reason
    assert "left alone" in reason
    assert str(decision.verdicts[0]).removeprefix(f"{NAME}: ") == reason
    assert str(decision.verdicts[0]).startswith(NAME)
    assert decision.plan.refusals[0].kind == "conflict"


@pytest.mark.parametrize(
    ("there", "free"),
    [
        ((record("A", "10.0.0.9", f"*.{ZONE}"), record("A", "10.0.0.1", f"b.{ZONE}")), True),
        ((record("A", "10.0.0.9", f"*.{ZONE}"), record("A", "10.0.0.1", f"x.b.{ZONE}")), True),
        ((record("A", "10.0.0.9", f"*.{ZONE}"),), False),
        ((record("A", "10.0.0.9", f"*.b.{ZONE}"),), False),
        ((record("NS", "ns.example", f"b.{ZONE}"),), False),
        ((record("NS", "ns.example", ZONE),), True),
        ((), True),
    ],
    ids=["closer name", "empty closer name", "wildcard", "closer wildcard", "delegation", "the zone's own", "nothing"],
)
def test_a_wildcard_answers_only_from_the_closest_name_that_exists(there: tuple[RecordSet, ...], *, free: bool) -> None:
    deep = name(record=f"tidb.b.{ZONE}")
    decision = plan(facts(*there, names=[deep]), deep)
    assert bool(decision.plan.actions) is free
    assert bool(decision.plan.refusals) is not free


def test_a_wildcard_takes_nothing_from_a_name_that_is_there() -> None:
    assert standing(*led(), record("A", "10.0.0.9", f"*.{ZONE}")) is Standing.LEADS


@pytest.mark.parametrize(
    ("there", "wanted"),
    [((), Standing.CHANGES), (led(GREEN), Standing.LEADS), (led(balancer()), Standing.WAITS)],
)
def test_a_record_moves_once_the_new_load_balancer_is_active(there: tuple[RecordSet, ...], wanted: Standing) -> None:
    """A record that is not there yet may lead to one that is still being made."""
    coming = replace(GREEN, state=BalancerState.PROVISIONING)
    [verdict] = plan(facts(*there, balancers=(coming,))).verdicts
    assert verdict.standing is wanted
    shown = {
        Standing.CHANGES: f"{NAME} is not yet led to {coming}",
        Standing.LEADS: f"{NAME} -> {coming}",
        Standing.WAITS: f"{NAME} waits until {coming} is active",
    }
    assert str(verdict) == shown[wanted]
    assert verdict.obstacle is None


def test_the_batch_carries_the_mark_with_the_record() -> None:
    [action] = plan(facts()).plan.actions
    assert isinstance(action, ChangeRecordSets)
    assert (action.place.account, action.zone_id, action.zone) == ("111122223333", "Z1", ZONE)
    values = [change.record.values for change in action.changes]
    assert values == [(balancer().dns_name,), (Mark(owner=OWNER, name_id="tidb", target=balancer().arn).value,)]
    assert all(change.record.ttl == 60 for change in action.changes)
    assert action.describe() == (
        f"in hosted zone {ZONE} (Z1) of account 111122223333: CREATE CNAME {NAME} -> {balancer().dns_name}"
    )


@pytest.mark.parametrize("name_id", ["tidb", "a b,c=d", 'quo"te\\', "ä" * 30, "x" * 300])
def test_a_mark_is_read_as_it_was_written(name_id: str) -> None:
    written = Mark(owner=OWNER, name_id=name_id, target=balancer().arn)
    assert written.value.isascii()
    assert all(len(part) <= 257 for part in written.value.split(" "))
    assert read_mark(written.value) == written


@pytest.mark.parametrize(
    "value",
    [
        "",
        '""',
        '"heritage=external-dns,external-dns/owner=default"',
        Mark(owner=OWNER, name_id="tidb", target="x").value.replace("heritage=netreflex", "heritage=other"),
        Mark(owner=OWNER, name_id="tidb", target="x").value[:-1] + ',more=1"',
        Mark(owner=OWNER, name_id="tidb", target="x").value.upper(),
        Mark(owner=OWNER, name_id="tidb", target="x").value + ' "x"',
        Mark(owner=OWNER, name_id="tidb", target="x").value.replace("/netreflex-prod", "%2Fnetreflex-prod"),
    ],
)
def test_what_is_not_exactly_a_mark_is_none(value: str) -> None:
    assert read_mark(value) is None
