"""What is worth asking of a place, and which of it one pass asks: a table of cases, and what holds for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decide.tunnel_choice import (
    ASK_AGAIN,
    ASK_SOON,
    FORGET,
    MOST_AT_ONCE,
    MOST_QUESTIONS,
    Choice,
    choose,
    learned,
    recalled,
    states_of,
)
from chalicelib.decide.vpn_questions import MOST_GATEWAYS, VpnQuestions, vpn_questions
from chalicelib.model.tunnel_details import ActiveTunnel, Maintenance, TunnelDetails, TunnelKey
from chalicelib.model.tunnel_memory import Remembered, TunnelMemory, TunnelQuestion, TunnelSort, TunnelState
from chalicelib.model.vpn import CustomerGateway, TunnelStatus, VpnSnapshot
from tests.vpn_answers import (
    CGW,
    FIRST,
    ID,
    LONG_AGO,
    NOW,
    SAFE,
    SECOND,
    TGW,
    answer,
    down,
    policy,
    snapshot,
    up,
)

ONE_DOWN = [down(SECOND), up(FIRST)]
TAGGED = {"Name": "dc1", "vendor": "Generic", "Platform": "Generic", "software": "Vendor Agnostic"}
MAINTENANCE, LOG, ACTIVE, EVER_UP = TunnelSort.MAINTENANCE, TunnelSort.LOG, TunnelSort.ACTIVE, TunnelSort.EVER_UP
YOUNG = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def of(asked: VpnQuestions, *sorts: TunnelSort) -> set[tuple[str, str]]:
    return {one.key for one in asked.tunnels if one.sort in sorts}


# ---- what is worth asking -----------------------------------------------------------------------------------------
def test_nothing_costly_is_asked_of_a_place_that_is_well() -> None:
    asked = vpn_questions(snapshot(answer()), policy(), NOW)
    assert (asked.tunnels, asked.certificates) == ((), ())
    assert (asked.transit, asked.virtual, asked.device_types) == (frozenset(), frozenset(), False)
    assert len(asked.recent) == 4


def test_a_tunnel_that_is_down_is_asked_for_all_that_may_say_why() -> None:
    devices = {CGW: CustomerGateway(gateway_id=CGW, tags=TAGGED)}
    rows = [
        down(SECOND, since=NOW),
        {**up(FIRST), "CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1"},
    ]
    asked = vpn_questions(snapshot(answer(*rows), customer_gateways=devices, alone=True), policy(), NOW)

    assert set(asked.tunnels) == {
        (TunnelKey(ID, SECOND), MAINTENANCE, ""), (TunnelKey(ID, SECOND), ACTIVE, ""),
        (TunnelKey(ID, SECOND), LOG, "/aws/vpn/hq"), (TunnelKey(ID, SECOND), EVER_UP, ""),
    }  # fmt: skip
    assert asked.certificates[0][0] == (ID, FIRST)
    assert asked.device_types
    assert asked.transit == {TGW}


def test_a_tunnel_that_is_up_is_asked_what_it_negotiated_where_weak_is_allowed() -> None:
    weak = {**SAFE, "IkeVersions": [{"Value": "ikev1"}]}
    asked = vpn_questions(snapshot(answer(tunnel=weak), alone=True), policy(), NOW)
    assert asked.tunnels == tuple(TunnelQuestion(TunnelKey(ID, address), ACTIVE) for address in (FIRST, SECOND))


def test_beside_a_lost_tunnel_one_of_which_nothing_is_known_is_asked_for_its_past() -> None:
    asked = vpn_questions(snapshot(answer(down(SECOND)), alone=True), policy(), NOW)
    assert of(asked, EVER_UP) == {(ID, FIRST), (ID, SECOND)}
    assert of(asked, MAINTENANCE, ACTIVE, LOG) == {(ID, SECOND)}


def test_a_tunnel_under_lifecycle_control_is_asked_for_maintenance_always() -> None:
    asked = vpn_questions(snapshot(answer(tunnel={**SAFE, "EnableTunnelLifecycleControl": True})), policy(), NOW)
    assert len(of(asked, MAINTENANCE)) == 4


def test_the_questions_of_a_place_are_the_same_in_whatever_order_aws_lists_it() -> None:
    many = [
        answer(
            down(FIRST, since=NOW), down(SECOND, since=NOW), VpnConnectionId=f"vpn-{number:017x}",
            CustomerGatewayId=f"cgw-{number}", gateway={"VpnGatewayId": f"vgw-{number}"},
        )
        for number in range(50)
    ]  # fmt: skip
    asked = vpn_questions(snapshot(*many, alone=True), policy(), NOW)
    backwards = vpn_questions(snapshot(*reversed(many), alone=True), policy(), NOW)

    assert asked == backwards
    assert len(asked.tunnels) == 4 * 100
    assert len(asked.virtual) == MOST_GATEWAYS
    assert len(asked.recent) == 100


def test_an_event_asks_only_of_its_connections_and_no_more_than_the_sweep() -> None:
    rows = [down(SECOND, since=NOW), {**up(FIRST), "CertificateArn": "arn"}]
    asked = vpn_questions(snapshot(answer(*rows)), policy(), NOW)
    mine, none = asked.only({ID}), asked.only(set())
    assert set(mine.recent) == {key for key in asked.recent if key[0] == ID}
    assert set(mine.tunnels) == {one for one in asked.tunnels if one.key[0] == ID}
    assert len(mine.certificates) == 1
    assert (none.recent, none.tunnels, none.certificates) == ((), (), ())


# ---- which of it is asked now -------------------------------------------------------------------------------------
def place(*rows: Any, count: int = 1) -> VpnSnapshot:  # noqa: ANN401
    """So many connections, all alike: the second tunnel down since a minute and the first one up, unless rows are given."""
    told = rows or (up(FIRST), down(SECOND, since=NOW - MINUTE))
    return snapshot(*(answer(*told, VpnConnectionId=f"vpn-{n:017x}") for n in range(count)), alone=True)


HERE = TunnelKey(f"vpn-{0:017x}", FIRST)
LOST = TunnelKey(f"vpn-{0:017x}", SECOND)
UP_STATE = TunnelState(TunnelStatus.UP, LONG_AGO)
DOWN_STATE = TunnelState(TunnelStatus.DOWN, NOW - MINUTE)


def held(ago: timedelta, *, answered: bool = True, about: TunnelState = DOWN_STATE) -> Remembered:
    return Remembered(about=about, asked=NOW - ago, answered=NOW - ago if answered else None)


# sentence -> the question, what is remembered of it, whether an event told of it, and whether it is asked
CASES: list[Any] = [
    pytest.param(LOST, ACTIVE, None, False, True, id="never asked"),
    pytest.param(LOST, ACTIVE, held(MINUTE), False, False, id="answered a minute ago"),
    pytest.param(LOST, ACTIVE, held(MINUTE), True, True, id="answered a minute ago, and now an event tells of it"),
    pytest.param(LOST, ACTIVE, held(ASK_AGAIN - MINUTE), False, False, id="answered not quite an hour ago"),
    pytest.param(LOST, ACTIVE, held(ASK_AGAIN), False, True, id="answered an hour ago"),
    pytest.param(LOST, ACTIVE, held(MINUTE, answered=False), False, True, id="asked a minute ago and not answered"),
    pytest.param(LOST, ACTIVE, held(MINUTE, answered=False), True, True, id="not answered, and now an event"),
    pytest.param(LOST, ACTIVE, held(MINUTE, about=UP_STATE), False, True, id="answered about a tunnel that was up"),
    pytest.param(
        LOST, ACTIVE, held(MINUTE, about=TunnelState(TunnelStatus.DOWN, LONG_AGO)), False, True,
        id="answered about another loss",
    ),
    pytest.param(LOST, ACTIVE, held(-timedelta(hours=2)), False, True, id="answered in the future"),
    pytest.param(LOST, MAINTENANCE, held(ASK_SOON - MINUTE), False, False, id="maintenance, asked three minutes ago"),
    pytest.param(LOST, MAINTENANCE, held(ASK_SOON), False, True, id="maintenance may keep a young loss quiet"),
    pytest.param(LOST, EVER_UP, held(ASK_SOON), False, True, id="a young loss of which the metric had no point"),
    pytest.param(
        LOST, EVER_UP, replace(held(ASK_SOON), told=True), False, False, id="a young loss of what is known to have been up"
    ),
    pytest.param(HERE, MAINTENANCE, held(ASK_SOON, about=UP_STATE), False, False, id="maintenance of what is up"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "sort", "remembered", "anew", "asked"), CASES)
def test_a_question_is_asked_when_nothing_that_counts_is_remembered(
    key: TunnelKey,
    sort: TunnelSort,
    remembered: Remembered | None,
    anew: bool,  # noqa: FBT001 - a table
    asked: bool,  # noqa: FBT001 - a table
) -> None:
    question = TunnelQuestion(key, sort)
    memory = {question: remembered} if remembered else {}
    chosen = choose([question], place(), memory, NOW, young=YOUNG, anew=anew)
    assert chosen == Choice(questions=(question,) if asked else ())


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ([up(FIRST), down(SECOND, since=NOW - YOUNG)], True),
        ([up(FIRST), down(SECOND, since=NOW - YOUNG - MINUTE)], False),
        ([down(FIRST, since=NOW - MINUTE), down(SECOND, since=NOW - MINUTE)], False),
        ([up(FIRST), {**down(SECOND), "LastStatusChange": None}], True),
    ],
)
def test_only_a_young_loss_beside_a_tunnel_that_is_up_is_asked_for_maintenance_at_each_pass(
    rows: list[Any],
    asked: bool,  # noqa: FBT001 - a table
) -> None:
    there = place(*rows)
    question = TunnelQuestion(LOST, MAINTENANCE)
    memory = {question: held(10 * MINUTE, about=states_of(there)[LOST])}
    assert bool(choose([question], there, memory, NOW, young=YOUNG, anew=False).questions) is asked


def key(number: int, address: str = FIRST) -> TunnelKey:
    return TunnelKey(f"vpn-{number:017x}", address)


def test_the_order_is_failed_quieting_trouble_new_and_then_the_oldest() -> None:
    there = place(count=4)
    failing = [TunnelQuestion(key(n), ACTIVE) for n in (0, 1)]
    quieting = TunnelQuestion(key(2, SECOND), MAINTENANCE)
    trouble = TunnelQuestion(key(3, SECOND), ACTIVE)
    new = TunnelQuestion(key(2), ACTIVE)
    old = [TunnelQuestion(key(n), MAINTENANCE) for n in (0, 1, 2)]
    ages = dict(zip(old, (70 * MINUTE, 90 * MINUTE, 80 * MINUTE), strict=True))
    memory = {one: held(age, about=UP_STATE) for one, age in ages.items()}
    memory |= {one: held(n * MINUTE, answered=False, about=UP_STATE) for n, one in zip((3, 2), failing, strict=True)}
    wanted = [*old, new, trouble, quieting, *failing]

    chosen = choose(wanted, there, memory, NOW, young=YOUNG, anew=False)
    assert chosen.questions == (failing[0], quieting, trouble, new, old[1], old[2], old[0], failing[1])
    assert chosen.unasked == frozenset()


def test_no_pass_asks_more_than_its_bound_and_the_past_of_all_counts_once() -> None:
    there = place(count=5)
    wanted = [TunnelQuestion(key(n, address), sort) for n in range(5) for address in (FIRST, SECOND)
              for sort in (ACTIVE, EVER_UP)]  # fmt: skip
    chosen = choose(wanted, there, {}, NOW, young=YOUNG, anew=True)
    assert [one.sort for one in chosen.questions] == [EVER_UP] * 10 + [ACTIVE] * (MOST_QUESTIONS - 1)
    # All that are down, and of those that are up the first two; what is left of the others is for the next passes.
    assert chosen.unasked == {f"vpn-{n:017x}" for n in (2, 3, 4)}


def test_the_past_of_more_tunnels_than_one_call_tells_takes_another_pass() -> None:
    there = place(count=MOST_AT_ONCE + 1)
    wanted = [TunnelQuestion(key(n, SECOND), EVER_UP) for n in range(MOST_AT_ONCE + 1)]
    chosen = choose(wanted, there, {}, NOW, young=YOUNG, anew=False)
    assert len(chosen.questions) == MOST_AT_ONCE
    assert chosen.unasked == {f"vpn-{MOST_AT_ONCE:017x}"}


# ---- what is learned ----------------------------------------------------------------------------------------------
QUESTION = TunnelQuestion(LOST, ACTIVE)
STRONG, FAILED = ActiveTunnel(ike_version="ikev2"), ActiveTunnel(provisioning="failed")


def after(memory: TunnelMemory, told: Mapping[TunnelQuestion, Any], *asked: TunnelQuestion) -> TunnelMemory | None:
    return learned(memory, [QUESTION, *asked], Choice(questions=asked), told, place(), now=NOW)


def known(ago: timedelta, told: ActiveTunnel | None = STRONG) -> Remembered:
    return Remembered(about=DOWN_STATE, asked=NOW - ago, answered=NOW - ago, told=told)


def test_an_answer_is_kept_with_what_it_is_about() -> None:
    assert after({}, {QUESTION: STRONG}, QUESTION) == {QUESTION: known(timedelta(0))}


def test_an_answer_that_nothing_is_there_is_kept_too() -> None:
    silent = TunnelQuestion(LOST, LOG, "g")
    kept = after({}, {silent: None}, silent)
    assert kept is not None
    assert kept[silent].answered == NOW


def test_the_same_answer_so_soon_is_no_news_and_a_late_or_another_one_is() -> None:
    assert after({QUESTION: known(MINUTE)}, {QUESTION: STRONG}, QUESTION) is None
    for memory in (known(ASK_AGAIN), known(MINUTE, FAILED)):
        assert after({QUESTION: memory}, {QUESTION: STRONG}, QUESTION) == {QUESTION: known(timedelta(0))}


def test_no_answer_leaves_the_former_one_in_its_place() -> None:
    kept = after({QUESTION: known(ASK_AGAIN)}, {}, QUESTION)
    assert kept == {QUESTION: Remembered(about=DOWN_STATE, asked=NOW, answered=NOW - ASK_AGAIN, told=STRONG)}
    assert after({}, {}, QUESTION) == {QUESTION: Remembered(about=DOWN_STATE, asked=NOW)}


def test_an_answer_after_a_failure_is_news_even_if_it_is_the_former_one() -> None:
    failed = Remembered(about=DOWN_STATE, asked=NOW - MINUTE, answered=NOW - ASK_AGAIN, told=STRONG)
    assert after({QUESTION: failed}, {QUESTION: STRONG}, QUESTION) == {QUESTION: known(timedelta(0))}


def test_what_nobody_wants_to_know_any_more_goes_with_the_next_news_and_not_before() -> None:
    gone = TunnelQuestion(key(9), ACTIVE)
    changed = TunnelQuestion(LOST, MAINTENANCE)
    memory = {gone: known(MINUTE), changed: held(MINUTE, about=UP_STATE), QUESTION: known(FORGET)}
    assert after(memory, {}) is None
    new = TunnelQuestion(HERE, ACTIVE)
    kept = learned(memory, [QUESTION, changed, new], Choice(questions=(new,)), {new: STRONG}, place(), now=NOW)
    assert kept is not None
    assert set(kept) == {new}


def test_what_counts_of_the_memory_is_in_the_snapshot_whoever_asked_for_it() -> None:
    maintenance = TunnelQuestion(LOST, MAINTENANCE)
    asked_in_vain = TunnelQuestion(LOST, LOG, "g")
    memory: TunnelMemory = {
        QUESTION: known(ASK_AGAIN + MINUTE),
        maintenance: Remembered(about=DOWN_STATE, asked=NOW, answered=NOW - FORGET, told=Maintenance(pending=True)),
        asked_in_vain: Remembered(about=DOWN_STATE, asked=NOW),
    }
    seen = recalled(place(), [QUESTION, maintenance, asked_in_vain, TunnelQuestion(HERE, ACTIVE)], memory, NOW)
    assert seen.details == {LOST: TunnelDetails(active=STRONG)}


@pytest.mark.parametrize(
    ("told", "details"),
    [
        (None, TunnelDetails(silent=True)),
        (False, TunnelDetails(ever_up=False)),
        (True, TunnelDetails(ever_up=True)),
    ],
)
def test_a_metric_without_a_point_is_an_answer_of_its_own(told: bool | None, details: TunnelDetails) -> None:  # noqa: FBT001
    past = TunnelQuestion(LOST, EVER_UP)
    memory = {past: Remembered(about=DOWN_STATE, asked=NOW, answered=NOW, told=told)}
    assert recalled(place(), [past], memory, NOW).details == {LOST: details}


@pytest.mark.parametrize("changed", [None, NOW - YOUNG - MINUTE])
def test_an_old_loss_of_which_the_metric_has_no_point_is_asked_by_the_hour(changed: Any) -> None:  # noqa: ANN401
    there = place({**down(FIRST), "LastStatusChange": changed}, {**down(SECOND), "LastStatusChange": changed})
    past = TunnelQuestion(LOST, EVER_UP)
    memory = {past: held(10 * MINUTE, about=states_of(there)[LOST])}
    assert choose([past], there, memory, NOW, young=YOUNG, anew=False) == Choice()


# ---- for all ------------------------------------------------------------------------------------------------------
_MEMORY = st.dictionaries(
    st.builds(
        TunnelQuestion, st.builds(key, st.integers(0, 4), st.sampled_from([FIRST, SECOND])), st.sampled_from(TunnelSort)
    ),
    st.builds(
        held,
        st.timedeltas(timedelta(hours=-1), timedelta(hours=30)),
        answered=st.booleans(),
        about=st.sampled_from([UP_STATE, DOWN_STATE]),
    ),
)


THERE = place(count=5)


@given(memory=_MEMORY, anew=st.booleans())
def test_whatever_is_remembered_every_question_is_answered_after_some_passes(
    memory: TunnelMemory,
    anew: bool,  # noqa: FBT001 - drawn
) -> None:
    there = THERE
    wanted = [TunnelQuestion(key(n, a), sort) for n in range(5) for a in (FIRST, SECOND) for sort in TunnelSort]
    first = choose(wanted, there, memory, NOW, young=YOUNG, anew=anew)
    assert len([one for one in first.questions if one.sort is not EVER_UP]) <= MOST_QUESTIONS
    at = NOW
    for _ in range(5):  # 30 questions that cost a call each, and the past of all tunnels
        at += timedelta(seconds=10)
        choice = choose(wanted, there, memory, at, young=YOUNG, anew=False)
        memory = learned(memory, wanted, choice, dict.fromkeys(choice.questions), there, now=at) or memory
    assert {one for one in wanted if one in memory and not memory[one].failed} == set(wanted)
