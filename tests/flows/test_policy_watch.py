"""One run goes by one policy, its report names it, and a policy that is not there silences nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from chalicelib.alerts.policy_alerts import policy_alert
from chalicelib.alerts.unsent import LogRoad
from chalicelib.flows.policy import RELOAD_SECONDS
from chalicelib.flows.policy_watch import PolicyWatch
from chalicelib.intake.policy_file import policy_hash
from chalicelib.model.alert import Alert, AlertStatus
from chalicelib.model.errors import NetreflexError
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
