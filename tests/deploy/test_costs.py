"""What docs/deployment.md says a stage costs is reckoned from what a stage has."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.alerts.deliver import Outcome
from chalicelib.intake.patterns import (
    LOOK_AT_DEAD_LETTERS_EVERY_MINUTES,
    SWEEP_CERTIFICATES_EVERY_MINUTES,
    SWEEP_EVERY_MINUTES,
)
from chalicelib.model.plan import Decision
from deploy.configuration import read_configuration
from deploy.resources import resources_template
from tests.aws.local import ROOT

CHAPTER = (ROOT / "docs" / "deployment.md").read_text().partition("## What it costs\n")[2].partition("\n## ")[0]
ROWS = {
    what: (how, cost) for what, how, cost in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", CHAPTER, re.MULTILINE)
}
GB_SECOND = 0.0000133334
MONTH = 30 * 24 * 60  # minutes
CONFIGURATION = read_configuration(ROOT, "dev")


def costs(what: str) -> list[float]:
    return [float(one) for one in re.findall(r"[0-9]+(?:\.[0-9]+)?", ROWS[what][1])]


def number(what: str) -> int:
    return int(ROWS[what][0].split()[0].replace(",", ""))


def test_as_many_alarms_as_there_are() -> None:
    resources = resources_template(CONFIGURATION.functions)["Resources"].values()
    alarms = sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in resources)
    assert number("alarms") == alarms
    assert costs("alarms") == [pytest.approx(alarms * 0.10)]


def test_as_many_metrics_as_app_py_can_write() -> None:
    named = re.findall(r'add_metric\(name=f?"([^"]+)"', (ROOT / "app.py").read_text())
    assert named == ["raised", "decision_{report.decision}", "notified", "alert_{outcome}"], "one more is one row more"
    always = ("performed", "refused", "failed")  # of every report, and so is one decision: a sweep's
    metrics = len(always) + len(Decision) + len(Outcome) + len(("raised", "notified"))
    assert number("custom metrics") == metrics
    assert costs("custom metrics") == [pytest.approx((len(always) + 1) * 0.30), pytest.approx(metrics * 0.30)]


def test_the_dashboard_stays_within_the_metrics_of_a_free_one_while_nothing_is_lost() -> None:
    """Three dashboards with up to fifty metrics each are free (CloudWatch pricing). What counts losses is not there without any."""
    body = resources_template(CONFIGURATION.functions)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    charts = [widget["properties"]["metrics"] for widget in json.loads(body["Fn::Sub"])["widgets"]]
    named = [metric for metrics in charts for metric in metrics if isinstance(metric[0], str)]
    found = len(Decision)  # what the search for decisions can find
    assert len(named) + found <= 50


@pytest.mark.parametrize(
    ("what", "function", "minutes", "seconds"),
    [
        ("sweep", "sweep", SWEEP_EVERY_MINUTES, 10),
        ("certificates' sweep", "sweep_certificates", SWEEP_CERTIFICATES_EVERY_MINUTES, 60),
        ("looking for dead letters", "dead_letters", LOOK_AT_DEAD_LETTERS_EVERY_MINUTES, 1),
    ],
)
def test_what_runs_by_the_clock_costs_its_memory_times_its_seconds(
    what: str, function: str, minutes: int, seconds: int
) -> None:
    runs, memory = MONTH // minutes, CONFIGURATION.of_function(function, "lambda_memory_size") / 1024
    assert number(what) == runs
    assert costs(what) == [pytest.approx(runs * seconds * memory * GB_SECOND, abs=0.005)]


def test_the_sum_is_the_sum_and_the_readme_says_the_same() -> None:
    rows = {what: found for what in ROWS if (found := costs(what))}
    grows = rows.pop("table, logs, KMS, events")  # below 1: nothing at least
    least, most = sum(row[0] for row in rows.values()), sum(row[-1] for row in rows.values()) + grows[0]
    [(low, high)] = re.findall(r"That is ([0-9]+) to ([0-9]+) USD", CHAPTER)
    assert (int(low), int(high)) == (round(least), round(most))
    assert f"about {low} to {high} USD a month" in (ROOT / "README.md").read_text()


def test_each_tunnel_costs_what_every_sweep_asks_of_it() -> None:
    [cost] = re.findall(r"up to ([0-9.]+) \(every sweep asks CloudWatch for two statistics", CHAPTER)
    assert float(cost) == pytest.approx(2 * MONTH / SWEEP_EVERY_MINUTES * 0.01 / 1000, abs=0.005)
