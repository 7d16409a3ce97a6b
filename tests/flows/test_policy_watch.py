"""One run goes by one policy, its report names it, and a policy that is not there silences nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from chalicelib.alerts.policy_alerts import policy_alert, unreadable_alert
from chalicelib.alerts.unsent import LogRoad
from chalicelib.flows.policy import EVERY_TIME, RELOAD_SECONDS
from chalicelib.flows.policy_watch import PolicyWatch
from chalicelib.intake.policy_file import policy_hash
from chalicelib.model.alert import Alert, AlertStatus, Severity
from chalicelib.model.errors import AccessRefused, NetreflexError, RetryLater
from chalicelib.model.policy import AlertPolicy
from tests.flows.test_policy import BETTER, BROKEN, GOOD, Kept, Source, keeper

NOW = datetime(2026, 3, 3, 14, tzinfo=UTC)
MENTIONS = GOOD + 'alerts: {mention: {critical: "<!here>"}}\n'


class Ear(LogRoad):
    """Hears what is told."""

    def __init__(self) -> None:
        self.heard: list[Alert] = []

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        self.heard.append(alert)
        return surely or first or True


def watch(source: Source, kept: Kept | None = None) -> PolicyWatch:
    return PolicyWatch(keeper(source, kept), partial(_alert, "ssm:/netreflex/policy"))


def _alert(source: str, fault: str, in_force: str | None) -> Alert:
    return policy_alert(source, fault, in_force=in_force, account="123456789012", region="eu-west-1", now=NOW)


def minutes_later(source: Source, text: str) -> None:
    source.text, source.now = text, source.now + RELOAD_SECONDS + 1


def test_a_report_names_the_policy_of_its_run() -> None:
    watched = watch(Source(GOOD))
    watched.for_run(Ear())
    assert watched.for_report() == {"policy": policy_hash(GOOD), "policy_fault": None}


def test_another_policy_has_another_hash() -> None:
    source = Source(GOOD)
    watched = watch(source)
    watched.for_run(Ear())
    before = watched.for_report()["policy"]
    minutes_later(source, BETTER)
    watched.for_run(Ear())
    assert before != watched.for_report()["policy"] == policy_hash(BETTER)


def test_a_run_goes_by_one_policy_to_its_end() -> None:
    source = Source(GOOD)
    watched = watch(source)
    watched.for_run(Ear())
    minutes_later(source, BETTER)
    watched.policy()  # somebody looks in between, and sees the new one
    assert watched.for_report()["policy"] == policy_hash(GOOD)
    assert watched.for_report()["policy"] == policy_hash(BETTER), "the next report is that of another run"


@pytest.mark.parametrize("cold", [False, True], ids=["a container that read the good one", "a cold container"])
def test_a_broken_version_leaves_the_hash_of_the_last_good_one_beside_its_fault(*, cold: bool) -> None:
    source, shelf = Source(GOOD), Kept()
    watched = watch(source, shelf)
    watched.for_run(Ear())
    minutes_later(source, BROKEN)
    watched = watch(source, shelf) if cold else watched
    watched.for_run(Ear())
    told = watched.for_report()
    assert told["policy"] == policy_hash(GOOD)
    assert "acounts" in str(told["policy_fault"])


def test_a_long_fault_is_cut_and_what_looks_like_a_credential_is_struck_out() -> None:
    token = "xoxb-" + "0123456789"
    source = Source(f"version: 1\n{token}: 1\n" + "".join(f"key{number}: 1\n" for number in range(500)))
    fault = str(watch(source).for_report()["policy_fault"])
    assert len(fault) <= 1200
    assert token not in fault


def test_without_any_good_policy_the_hash_is_none_and_a_run_is_refused_and_told() -> None:
    watched, ear = watch(Source(BROKEN)), Ear()
    with pytest.raises(NetreflexError, match="acounts"):
        watched.for_run(ear)
    assert [alert.status for alert in ear.heard] == [AlertStatus.FIRING]
    told = watched.for_report()
    assert told["policy"] is None
    assert "acounts" in str(told["policy_fault"])


def test_a_fault_is_told_once_and_so_is_its_end() -> None:
    source, ear = Source(GOOD), Ear()
    watched = watch(source)
    for text in (GOOD, BROKEN, BROKEN, BROKEN, GOOD, GOOD):
        minutes_later(source, text)
        watched.for_run(ear)
    assert [alert.status for alert in ear.heard] == [AlertStatus.FIRING, AlertStatus.RESOLVED]


def test_people_hear_alerts_even_where_there_is_no_policy() -> None:
    ear = Ear()
    assert watch(Source(MENTIONS)).for_alerts(ear).mention == {"critical": "<!here>"}
    assert ear.heard == []
    assert watch(Source(BROKEN)).for_alerts(ear) == AlertPolicy()
    assert [alert.status for alert in ear.heard] == [AlertStatus.FIRING]


class Refusing(Source):
    """A source that may not be read while ``refuses``."""

    refuses = False

    def read(self) -> str:
        if self.refuses:
            raise AccessRefused(account="home", operation="ssm:GetParameter", code="AccessDeniedException")
        return super().read()


class Table(Ear):
    """Hears what is told, and knows what fires, as the state table does for all containers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def fires(self, fingerprint: str) -> bool:
        self.asked += 1
        last = [one for one in self.heard if one.fingerprint == fingerprint][-1:]
        return bool(last) and last[0].status is AlertStatus.FIRING

    @property
    def words(self) -> list[str]:
        return [f"{alert.status}: {alert.title}" for alert in self.heard]


def container(function: str, source: Source, kept: Kept | None = None, *, every: float = RELOAD_SECONDS) -> PolicyWatch:
    """A container of a function that knows its name."""

    def own(fault: str, in_force: str | None) -> Alert:
        there = {"account": "123456789012", "region": "eu-west-1", "now": NOW}
        return unreadable_alert("ssm:/p", fault, function=function, in_force=in_force, **there)  # type: ignore[arg-type]

    return PolicyWatch(keeper(source, kept, every=every), partial(_alert, "ssm:/p"), own)


def refused(source: Refusing, *, refuses: bool) -> None:
    source.refuses, source.now = refuses, source.now + RELOAD_SECONDS + 1


def test_what_one_function_may_not_read_is_its_own_alert_which_no_other_function_ends() -> None:
    table, mine, others = Table(), Refusing(GOOD), Refusing(GOOD)
    peering, sweep = container("peering", mine), container("sweep", others)
    for watched in (peering, sweep):
        watched.for_run(table)
    for _ in range(3):
        refused(mine, refuses=True)
        others.now += RELOAD_SECONDS + 1
        assert peering.for_run(table)[1] is None, "who may not read the newest version says nothing of it"
        health = sweep.for_run(table)[1]
        assert health is not None
        assert not table.fires(health.fingerprint)
    assert table.words == ["firing: peering may not read the policy"]
    refused(mine, refuses=False)
    peering.for_run(table)
    assert table.words[1:] == ["resolved: peering reads the policy again"]


@pytest.mark.parametrize("warm", [True, False], ids=["a warm container", "a cold container"])
def test_any_container_of_the_function_ends_what_another_one_told(*, warm: bool) -> None:
    table, source, shelf = Table(), Refusing(GOOD), Kept()
    other = container("peering", source, shelf)
    other.for_run(table)
    refused(source, refuses=True)
    container("peering", source, shelf).for_run(table)
    assert [(one.severity, one.status) for one in table.heard] == [(Severity.ERROR, AlertStatus.FIRING)]
    refused(source, refuses=False)
    (other if warm else container("peering", source, shelf)).for_run(table)
    assert table.heard[-1].status is AlertStatus.RESOLVED


def test_a_function_that_never_read_a_policy_tells_that_it_decides_nothing() -> None:
    table, source = Table(), Refusing(GOOD)
    source.refuses = True
    watched = container("peering", source)
    with pytest.raises(AccessRefused):
        watched.for_run(table)
    assert [(one.subject.id, one.severity) for one in table.heard] == [("policy/peering", Severity.CRITICAL)]
    refused(source, refuses=False)
    watched.for_run(table)
    assert table.words[1:] == ["resolved: peering reads the policy again"]


def test_a_broken_text_is_everybodys_alert_and_a_refusal_in_between_does_not_end_it() -> None:
    table, source = Table(), Refusing(GOOD)
    watched = container("sweep", source)
    watched.for_run(table)
    source.text = BROKEN
    for refuses in (False, True, False):
        refused(source, refuses=refuses)
        watched.for_run(table)
    source.text = GOOD
    refused(source, refuses=False)
    watched.for_run(table)
    assert table.words == [
        "firing: The policy cannot be used",
        "firing: sweep may not read the policy",
        "resolved: sweep reads the policy again",
        "resolved: The policy is good again",
    ]


@pytest.mark.parametrize(("every", "asked"), [(RELOAD_SECONDS, 3), (EVERY_TIME, 1)], ids=["outside", "of the bundle"])
def test_whether_it_still_fires_is_asked_once_a_reading_and_of_the_bundle_once_a_container(
    every: float, asked: int
) -> None:
    """An own alert that was told while the policy lay outside ends when it is in the bundle."""
    table, source = Table(), Refusing(GOOD)
    watched = container("peering", source, every=every)
    for _ in range(3):
        source.now += RELOAD_SECONDS + 1
        watched.for_run(table)
        watched.for_run(table)
    assert (table.asked, table.heard) == (asked, [])


class Failing(Table):
    """A table that puts off the next question or the next observation."""

    fails = ""

    def fires(self, fingerprint: str) -> bool:
        self._fail("fires")
        return super().fires(fingerprint)

    def tell(self, alert: Alert, *, surely: bool = False, first: bool = False) -> bool:
        self._fail("tell")
        return super().tell(alert, surely=surely, first=first)

    def _fail(self, where: str) -> None:
        if self.fails == where:
            self.fails = ""
            raise RetryLater("dynamodb was put off by AWS; run again")


@pytest.mark.parametrize("every", [RELOAD_SECONDS, EVERY_TIME], ids=["outside", "of the bundle"])
@pytest.mark.parametrize("fails", ["fires", "tell"])
def test_an_end_that_could_not_be_told_is_told_by_the_next_run(every: float, fails: str) -> None:
    """Of the bundle there is no later reading: it is asked once in a container's life."""
    table, source = Failing(), Refusing(GOOD)
    source.refuses = True
    with pytest.raises(AccessRefused):
        container("peering", source).for_run(table)
    source.refuses, table.fails = False, fails
    watched = container("peering", source, every=every)
    with pytest.raises(RetryLater):
        watched.for_run(table)
    assert table.words == ["firing: peering may not read the policy"]
    watched.for_run(table)
    assert table.words[1:] == ["resolved: peering reads the policy again"]


def test_a_refusal_that_could_not_be_told_is_told_by_the_next_run() -> None:
    table, source = Failing(), Refusing(GOOD)
    watched = container("peering", source)
    watched.for_run(table)
    refused(source, refuses=True)
    table.fails = "tell"
    with pytest.raises(RetryLater):
        watched.for_run(table)
    watched.for_run(table)
    assert table.words == ["firing: peering may not read the policy"]
