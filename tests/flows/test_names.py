"""Names through the real observers and the real executor, on a Route 53 as strict as AWS's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.decide.name_records import Holding
from chalicelib.model.errors import RetryLater
from demo.world import DATA, DEV
from tests.aws.strict.route53 import UNSPREAD
from tests.flows.names_world import (
    ALONE,
    HEAD,
    NAME,
    OWNER,
    TAGGED,
    ZONE,
    NamesWorld,
    arrive,
    call_event,
    created,
    deleted,
    kinds,
    lab_of,
    name_text,
    network_calls,
    titles,
)
from tests.lab import HUB, Lab

HAND_MADE = ("tidb.dev.example.internal", "CNAME", "somewhere.example.com")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with lab_of() as made:
        yield made


@pytest.fixture
def tagged() -> Iterator[Lab]:
    with lab_of(TAGGED) as made:
        yield made


def test_a_new_load_balancer_gets_its_name_and_the_owners_mark(lab: Lab) -> None:
    made = lab.world.balancer()
    report = arrive(lab, created(made))
    assert kinds(report.performed) == ["ChangeRecordSets"]
    assert lab.world.cname() == made["DNSName"]
    assert lab.world.mark() == (
        f'"heritage=netreflex,netreflex/owner={OWNER},netreflex/name=tidb,netreflex/target={made["LoadBalancerArn"]}"'
    )
    assert report.proof == (
        f"{NAME} -> tidb ({made['DNSName']})",
        f"change C2682N5HXP0BZ4 in {DEV}: INSYNC",
    )
    [batch] = json.loads(json.dumps(report.as_json()))["performed"]
    assert (batch["action"], batch["account"], batch["zone_id"]) == ("ChangeRecordSets", DEV, lab.world.zone_id)
    assert report.performed == report.planned
    assert [one["record"]["type"] for one in batch["changes"]] == ["CNAME", "TXT"]
    [alert] = lab.alerts()
    assert (alert["title"], alert["status"]) == (f"{NAME}: written", "notice")
    assert made["DNSName"] in alert["summary"]


def test_the_same_event_again_changes_and_tells_nothing(lab: Lab) -> None:
    event = created(lab.world.balancer())
    arrive(lab, event)
    lab.alerts()
    report = arrive(lab, event)
    assert (report.planned, report.performed, report.refused, report.unchanged) == ((), (), (), 1)
    assert not lab.writes
    assert titles(lab) == []


def test_a_replaced_load_balancer_takes_the_name_along(tagged: Lab) -> None:
    """Blue and green: while both are active nothing is guessed; when blue is deleted, the name moves to green."""
    blue = tagged.world.balancer("blue", tags={"service": "tidb"})
    arrive(tagged, created(blue))
    green = tagged.world.balancer("green", tags={"service": "tidb"})
    report = arrive(tagged, created(green))
    assert "2 load balancers are tagged service=tidb" in report.refused[0].reason
    assert tagged.world.cname() == blue["DNSName"]
    tagged.world.remove(blue)
    report = arrive(tagged, deleted(blue))
    assert kinds(report.performed) == ["ChangeRecordSets"]
    assert tagged.world.cname() == green["DNSName"]
    assert green["LoadBalancerArn"] in tagged.world.mark()
    told = [(alert["title"], alert["status"]) for alert in tagged.alerts()]
    assert told == [
        (f"{NAME}: written", "notice"),
        (f"{NAME} still leads to blue", "firing"),
        (f"{NAME}: written", "notice"),
        (f"{NAME} leads where it should", "resolved"),
    ]


def test_the_name_waits_until_the_new_load_balancer_is_active(tagged: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    blue = tagged.world.balancer("blue", tags={"service": "tidb"})
    arrive(tagged, created(blue))
    tagged.world.remove(blue)
    green = tagged.world.balancer("green", tags={"service": "tidb"})
    monkeypatch.setattr("moto.elbv2.models.FakeLoadBalancer.activate", lambda _self: None)
    tagged.world.set_state(green, "provisioning")
    report = arrive(tagged, created(green))
    assert report.reasons == (f"{NAME} waits until green ({green['DNSName']}) is active",)
    assert tagged.world.cname() == blue["DNSName"]
    tagged.world.set_state(green, "active")
    tagged.sweep()
    assert tagged.world.cname() == green["DNSName"]


def test_the_name_goes_when_its_load_balancer_is_gone_and_comes_back_with_a_new_one(lab: Lab) -> None:
    made = lab.world.balancer()
    arrive(lab, created(made))
    lab.world.remove(made)
    report = arrive(lab, deleted(made))
    assert kinds(report.performed) == ["ChangeRecordSets"]
    assert lab.world.records() == {}
    assert f"{NAME} has no load balancer to lead to" in titles(lab)
    arrive(lab, created(lab.world.balancer()))
    assert f"{NAME} leads where it should" in titles(lab)


def test_a_classic_load_balancer_is_found_as_well(lab: Lab) -> None:
    dns = lab.world.classic()
    arrive(lab, call_event("CreateLoadBalancer", {"loadBalancerName": "tidb"}, {"dNSName": "x"}, "2012-06-01"))
    assert lab.world.cname() == dns
    assert ":loadbalancer/tidb" in lab.world.mark()


@pytest.mark.parametrize(
    "record",
    [
        HAND_MADE,
        (NAME, "A", "10.0.0.1"),
        ("*.dev.example.internal", "A", "10.0.0.1"),
        (f"_netreflex.{NAME}", "TXT", '"something else"'),
    ],
)
def test_a_record_made_by_hand_is_left_alone_with_one_alert(lab: Lab, record: tuple[str, str, str]) -> None:
    lab.world.write(record)
    before = lab.world.records()
    event = created(lab.world.balancer())
    for _ in range(3):
        report = arrive(lab, event)
        assert (report.planned, report.performed, len(report.refused)) == ((), (), 1)
    assert lab.world.records() == before
    [alert] = lab.alerts()
    assert (alert["title"], alert["severity"]) == (f"{NAME} meets a record that is not ours", "error")
    lab.world.write(record, action="DELETE")
    arrive(lab, event)
    assert titles(lab) == [f"{NAME}: written", f"{NAME} leads where it should"]


class Meanwhile:
    """Somebody else writes right before netreflex's batches reach Route 53, as often as it is told to."""

    def __init__(self, lab: Lab, monkeypatch: pytest.MonkeyPatch, times: int, write: Any) -> None:  # noqa: ANN401
        from moto.route53.models import Route53Backend

        original = Route53Backend.change_resource_record_sets
        self.left = times

        def change(backend: Any, zone_id: str, changes: list[dict[str, Any]]) -> None:  # noqa: ANN401
            if lab._counting and self.left:
                self.left -= 1
                lab._counting = False
                write(self.left)
                lab._counting = True
            original(backend, zone_id, changes)

        monkeypatch.setattr(Route53Backend, "change_resource_record_sets", change)


def test_a_record_that_somebody_makes_between_read_and_write_is_never_overwritten(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    Meanwhile(lab, monkeypatch, 1, lambda _left: lab.world.write(HAND_MADE))
    report = arrive(lab, created(lab.world.balancer()))
    assert lab.world.records() == {(NAME, "CNAME"): "somewhere.example.com"}
    assert (report.performed, report.failed) == ((), ())
    assert "without netreflex's mark" in report.refused[0].reason
    assert titles(lab) == [f"{NAME} meets a record that is not ours"]


def test_a_record_that_somebody_changes_between_read_and_write_is_planned_again(
    tagged: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own record with another value is drift of ours, so the second plan deletes the value that is there then."""
    blue = tagged.world.balancer("blue", tags={"service": "tidb"})
    arrive(tagged, created(blue))
    green = tagged.world.balancer("green", tags={"service": "tidb"})
    tagged.world.remove(blue)

    def tamper(_left: int) -> None:
        tagged.world.write((NAME, "CNAME", blue["DNSName"]), action="DELETE")
        tagged.world.write((NAME, "CNAME", "elsewhere.example.com"))

    Meanwhile(tagged, monkeypatch, 1, tamper)
    report = arrive(tagged, deleted(blue))
    assert len(report.performed) == 1
    assert len(report.planned) == 2
    assert tagged.world.cname() == green["DNSName"]


def test_one_name_that_spoils_every_batch_does_not_keep_the_others() -> None:
    names = f"{HEAD}names:\n" + "".join(name_text(f"name: lb{n}", f"n{n}", f"n{n}.{ZONE}") for n in range(3))
    with lab_of(names) as lab, pytest.MonkeyPatch.context() as monkeypatch:
        for n in range(3):
            lab.world.balancer(f"lb{n}")

        def flip(left: int) -> None:  # there at one time, gone at the next
            lab.world.write((f"n1.{ZONE}", "CNAME", "x.example.com"), action="DELETE" if left % 2 else "CREATE")

        Meanwhile(lab, monkeypatch, 3, flip)
        report = lab.sweep()
        assert len(report.planned) >= 2
        assert {key for key in lab.world.records() if key[1] == "CNAME"} >= {
            (f"n0.{ZONE}", "CNAME"),
            (f"n2.{ZONE}", "CNAME"),
        }
        lab.sweep()
        assert lab.world.cname(f"n1.{ZONE}") is not None


# ---- which events matter ---------------------------------------------------------------------------------------------
def test_other_load_balancers_cost_nothing_where_the_policy_chooses_by_name(lab: Lab) -> None:
    other = lab.world.balancer("other")
    for event in (created(other), deleted(other)):
        report = arrive(lab, event)
        assert report.decision == "ignored"
        assert other["LoadBalancerArn"] in report.reasons[0]
        assert dict(lab.calls) == {}


def test_other_load_balancers_cost_one_read_where_the_policy_chooses_by_tags(tagged: Lab) -> None:
    """A deleted one has no tags any more: it is remembered which names led there."""
    arrive(tagged, created(tagged.world.balancer("blue", tags={"service": "tidb"})))
    other = tagged.world.balancer("other", tags={"service": "kv"})
    reads = []
    for event in (created(other), deleted(other)):
        assert arrive(tagged, event).decision == "ignored"
        reads.append(dict(tagged.calls))
    assert reads == [{"elbv2:DescribeTags": 1}, {"dynamodb:Query": 1}]


def test_a_load_balancer_of_a_place_outside_the_policy_is_ignored(lab: Lab) -> None:
    event = created(lab.world.balancer())
    assert arrive(lab, {**event, "account": "777788889999"}).decision == "ignored"
    elsewhere = call_event("DeleteLoadBalancer", {"loadBalancerName": "tidb"}, None, "2012-06-01")
    foreign = arrive(lab, {**elsewhere, "account": "777788889999"})
    assert foreign.reasons == ("777788889999/eu-west-1, where the load balancer is, is not in the policy",)
    abroad = {**event, "detail": {**event["detail"], "awsRegion": "us-east-1"}}
    assert arrive(lab, abroad).decision == "ignored"
    assert arrive(lab, {"source": "aws.ec2"}).decision == "ignored"
    assert dict(lab.calls) == {}


# ---- what cannot be read, and who may not write ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("denied", "why"),
    [
        (("elbv2:DescribeLoadBalancers", DATA), "the load balancers of 444455556666/eu-west-1 could not be read"),
        (("elb:DescribeLoadBalancers", DATA), "the load balancers of 444455556666/eu-west-1 could not be read"),
        (("route53:ListResourceRecordSets", DEV), "the record sets of hosted zone"),
        (("route53:ListHostedZonesByName", DEV), "hosted zone dev.example.internal in account 111122223333"),
        (("sts:AssumeRole", DATA), "could not be read"),
    ],
)
def test_an_access_denied_is_no_absence(lab: Lab, denied: tuple[str, str], why: str) -> None:
    made = lab.world.balancer()
    arrive(lab, created(made))
    lab.world.remove(made)
    before = lab.world.records()
    lab.fresh_runtime()
    lab.denied.add(denied)
    lab.alerts()
    report = arrive(lab, deleted(made))
    assert lab.world.records() == before
    assert why in report.refused[0].reason
    assert titles(lab) == [f"{NAME} cannot be judged"]
    lab.denied.clear()
    lab.sweep()
    assert lab.world.records() == {}


def test_a_refused_write_is_told_and_healed(lab: Lab) -> None:
    lab.denied.add(("route53:ChangeResourceRecordSets", DEV))
    event = created(lab.world.balancer())
    report = arrive(lab, event)
    assert "grant it to netreflex's role" in report.failed[0].error
    [alert] = lab.alerts()
    assert (alert["title"], alert["status"]) == (f"{NAME} could not be written", "firing")
    lab.denied.clear()
    arrive(lab, event)
    assert titles(lab) == [f"{NAME}: written", f"{NAME} leads where it should"]


def test_what_passes_by_itself_is_run_again_and_not_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    event = created(lab.world.balancer())

    def busy(code: str) -> None:
        def refuse(_lab: Lab, _client: object, name: str, _params: object) -> None:
            if name == "route53:ChangeResourceRecordSets":
                raise ClientError({"Error": {"Code": code, "Message": "later"}}, name)

        monkeypatch.setattr(Lab, "_refuse", refuse)

    for code in ("PriorRequestNotComplete", "Throttling"):
        busy(code)
        with pytest.raises(RetryLater):
            arrive(lab, event)
    assert titles(lab) == []
    monkeypatch.undo()
    arrive(lab, event)
    assert lab.world.cname() is not None


def test_a_sweep_goes_on_where_the_memory_of_names_is_closed(lab: Lab) -> None:
    lab.world.balancer()
    lab.denied.add(("dynamodb:BatchWriteItem", HUB))
    report = lab.sweep()
    assert any(reason.startswith("names: dynamodb:BatchWriteItem was refused") for reason in report.reasons)
    assert lab.world.records() == {}


def test_a_record_that_is_spoiled_at_every_try_is_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the plan ever be blind to what is there, Route 53 refuses the batch: nothing is overwritten."""
    event = created(lab.world.balancer())
    monkeypatch.setattr("chalicelib.decide.name_judgement.judge_holding", lambda *_arguments: Holding())
    lab.world.write(HAND_MADE)
    report = arrive(lab, event)
    assert "InvalidChangeBatch" in report.failed[0].error
    assert lab.calls["route53:ChangeResourceRecordSets"] == 3
    assert f"{NAME} could not be written" in titles(lab)
    assert lab.world.records() == {(NAME, "CNAME"): "somewhere.example.com"}


def test_observe_mode_tells_and_writes_nothing() -> None:
    with lab_of(mode="observe") as lab:
        report = arrive(lab, created(lab.world.balancer()))
        assert (kinds(report.planned), report.performed) == (["ChangeRecordSets"], ())
        assert lab.world.records() == {}
        assert set(lab.writes) == {"dynamodb:PutItem", "sns:Publish"}
        assert titles(lab) == [f"{NAME}: would be written (observe mode)"]


def test_a_mass_of_load_balancers_that_is_gone_stops_the_removal_with_one_alert() -> None:
    names = f"{HEAD}names:\n" + "".join(name_text(f"name: lb{n}", f"n{n}", f"n{n}.{ZONE}") for n in range(7))
    with lab_of(names) as lab:
        made = [lab.world.balancer(f"lb{n}") for n in range(7)]
        lab.sweep()
        before = lab.world.records()
        lab.alerts()
        for one in made[:6]:
            lab.world.remove(one)
        report = lab.sweep()
        assert lab.world.records() == before
        assert {refusal.kind for refusal in report.refused} == {"brake"}
        [alert] = lab.alerts()
        assert alert["title"] == "Too many records would be removed at once"
        assert len(alert["evidence"].splitlines()) == 6
        for n in range(6):
            lab.world.balancer(f"lb{n}")
        lab.sweep()
        assert "The removal of records is not braked" in titles(lab)


# ---- what it costs ---------------------------------------------------------------------------------------------------
class Crowd(NamesWorld):
    """60 load balancers and 300 records in the zone, 20 of them ours."""

    def __init__(self, aws: Any) -> None:  # noqa: ANN401
        super().__init__(aws)
        for number in range(60):
            self.balancer(f"lb{number:02}")
        self.write(*((f"r{number:03}.{ZONE}", "A", "10.0.0.1") for number in range(260)))


TWENTY = f"{HEAD}names:\n" + "".join(name_text(f"name: lb{n:02}", f"n{n:02}", f"n{n:02}.{ZONE}") for n in range(20))
NO_CHANGE = {
    "route53:ListHostedZonesByName": 1,
    "route53:ListResourceRecordSets": 1,
    "elbv2:DescribeLoadBalancers": 1,
    "elb:DescribeLoadBalancers": 1,
}


def test_no_change_costs_four_calls_and_twenty_changed_names_cost_one_write() -> None:
    with lab_of(TWENTY, world=Crowd) as lab:
        lab.sweep()
        assert lab.calls["route53:ChangeResourceRecordSets"] == 1
        assert lab.calls["dynamodb:BatchWriteItem"] == 1
        assert len(lab.world.records()) == 300
        lab.sweep()
        assert network_calls(lab) == NO_CHANGE
        assert sum(NO_CHANGE.values()) <= 4
        assert not lab.writes
        for number in range(20):
            lab.world.write((f"n{number:02}.{ZONE}", "CNAME", lab.world.cname(f"n{number:02}.{ZONE}")), action="DELETE")
            lab.world.write((f"n{number:02}.{ZONE}", "CNAME", "drifted.example.com"))
        lab.sweep()
        assert network_calls(lab) == {
            **NO_CHANGE,
            "route53:ListResourceRecordSets": 2,
            "route53:ChangeResourceRecordSets": 1,
            "route53:GetChange": 1,
        }
        [alert] = [one for one in lab.alerts() if one["title"].startswith("20 names")][-1:]
        assert alert["status"] == "notice"


class TaggedCrowd(NamesWorld):
    """60 load balancers, each with a tag of its own."""

    def __init__(self, aws: Any) -> None:  # noqa: ANN401
        super().__init__(aws)
        for number in range(60):
            self.balancer(f"lb{number:02}", tags={"service": f"s{number:02}"})


def test_choice_by_tags_costs_one_call_more_for_each_twenty_internal_load_balancers() -> None:
    names = "".join(name_text(f"tags: {{service: s{n:02}}}", f"n{n:02}", f"n{n:02}.{ZONE}") for n in range(20))
    with lab_of(f"{HEAD}names:\n{names}", world=TaggedCrowd) as lab:
        lab.sweep()
        lab.sweep()
        assert network_calls(lab) == {**NO_CHANGE, "elbv2:DescribeTags": 3}
        assert not lab.writes


# ---- how far a change is spread --------------------------------------------------------------------------------------
CHANGE_ID = "C2682N5HXP0BZ4"


@pytest.fixture
def unspread() -> Iterator[set[str]]:
    UNSPREAD.add(CHANGE_ID)
    yield UNSPREAD
    UNSPREAD.clear()


def test_a_pending_change_is_asked_for_once_by_each_sweep_until_it_is_spread(lab: Lab, unspread: set[str]) -> None:
    report = arrive(lab, created(lab.world.balancer()))
    assert f"change {CHANGE_ID} in {DEV}: PENDING" in report.proof
    [alert] = lab.alerts()
    assert alert["fields"] == [{"name": "Change", "value": f"{CHANGE_ID}, PENDING; the sweep looks again"}]
    lab.sweep()
    assert network_calls(lab) == {**NO_CHANGE, "route53:GetChange": 1}
    unspread.clear()
    lab.sweep()
    assert network_calls(lab) == {**NO_CHANGE, "route53:GetChange": 1}
    assert dict(lab.writes) == {"dynamodb:BatchWriteItem": 1}
    lab.sweep()
    assert network_calls(lab) == NO_CHANGE
    assert not lab.writes
    assert titles(lab) == []


def test_a_change_that_stays_pending_for_a_quarter_of_an_hour_is_told_and_its_end_too(unspread: set[str]) -> None:
    clock = [datetime(2026, 11, 23, 8, tzinfo=UTC)]
    with lab_of(now=lambda: clock[0]) as lab:
        arrive(lab, created(lab.world.balancer()))
        lab.alerts()
        clock[0] += timedelta(minutes=15)
        lab.sweep()
        assert titles(lab) == []
        clock[0] += timedelta(minutes=5)
        report = lab.sweep()
        assert any(f"change {CHANGE_ID} of hosted zone" in reason for reason in report.reasons)
        [late] = lab.alerts()
        assert (late["title"], late["severity"]) == (f"A change of {ZONE} is not spread yet", "warning")
        assert f"See it with: `aws route53 get-change --id {CHANGE_ID}`" in late["remedy"]
        clock[0] += timedelta(minutes=5)
        lab.sweep()
        assert titles(lab) == []
        clock[0] += timedelta(minutes=5)
        unspread.clear()
        lab.sweep()
        assert titles(lab) == [f"The change of {ZONE} is spread"]


def test_a_change_whose_status_cannot_be_read_is_asked_for_again(lab: Lab, unspread: set[str]) -> None:
    lab.denied.add(("route53:GetChange", DEV))
    report = arrive(lab, created(lab.world.balancer()))
    [why] = [line for line in report.proof if line.startswith(f"change {CHANGE_ID} in {DEV}: PENDING (not followed: ")]
    assert "route53:GetChange" in why
    assert report.failed == ()
    [notice] = lab.alerts()
    assert "route53:GetChange" in notice["fields"][0]["value"]
    assert why in lab.sweep().proof
    assert titles(lab) == []
    lab.denied.clear()
    unspread.clear()
    lab.sweep()
    assert lab.calls["route53:GetChange"] == 1
    lab.sweep()
    assert lab.calls["route53:GetChange"] == 0


def test_a_change_that_may_not_be_followed_for_a_quarter_of_an_hour_names_the_permission(unspread: set[str]) -> None:
    clock = [datetime(2026, 11, 23, 8, tzinfo=UTC)]
    with lab_of(now=lambda: clock[0]) as lab:
        lab.denied.add(("route53:GetChange", DEV))
        arrive(lab, created(lab.world.balancer()))
        lab.alerts()
        clock[0] += timedelta(minutes=20)
        lab.sweep()
        [late] = lab.alerts()
        assert (late["title"], late["severity"]) == (f"A change of {ZONE} cannot be followed", "warning")
        assert "route53:GetChange" in late["cause"]
        assert late["remedy"][0] == "Grant what is missing to netreflex's role."
        lab.denied.clear()
        unspread.clear()
        clock[0] += timedelta(minutes=5)
        lab.sweep()
        assert titles(lab) == [f"The change of {ZONE} is spread"]


def test_a_change_that_cannot_be_dropped_is_asked_for_again(lab: Lab, unspread: set[str]) -> None:
    arrive(lab, created(lab.world.balancer()))
    unspread.clear()
    lab.denied.add(("dynamodb:BatchWriteItem", HUB))
    assert lab.sweep().reasons[1] == "1 names: 1 lead where they should"
    lab.denied.clear()
    for asked in (1, 0):
        lab.sweep()
        assert lab.calls["route53:GetChange"] == asked


def test_a_pending_change_that_cannot_be_noted_is_reported_all_the_same(
    lab: Lab, unspread: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unspread

    def closed(*_arguments: object) -> None:
        raise RetryLater("the state table is busy")

    monkeypatch.setattr("chalicelib.perform.name_memory.StateTableNames.await_changes", closed)
    report = arrive(lab, created(lab.world.balancer()))
    assert f"change {CHANGE_ID} in {DEV}: PENDING" in report.proof
    lab.sweep()
    assert network_calls(lab) == NO_CHANGE


# ---- no false alarm, no record forgotten -----------------------------------------------------------------------------
def test_a_record_that_still_leads_to_a_live_load_balancer_is_a_warning_with_the_way_to_it(tagged: Lab) -> None:
    blue = tagged.world.balancer("blue", tags={"service": "tidb"})
    arrive(tagged, created(blue))
    tagged.alerts()
    tagged.world.balancer("green", tags={"service": "tidb"})
    tagged.sweep()
    [alert] = tagged.alerts()
    assert (alert["title"], alert["severity"]) == (f"{NAME} still leads to blue", "warning")
    assert "reaches that load balancer as before" in alert["summary"]
    assert alert["remedy"][0].startswith(
        "Let the policy choose one by its ARN, or take the tag service away from all but one: `aws elbv2"
    )
    assert alert["remedy"][1].startswith("See it with: `aws elbv2 describe-load-balancers --region eu-west-1")
    assert [step for step in alert["remedy"] if "every sweep" in step] == alert["remedy"][2:]
    assert any(f"loadBalancerArn={blue['LoadBalancerArn']}" in link["url"] for link in alert["links"])


def test_blue_and_green_as_documented_move_the_name_without_any_alert(tagged: Lab) -> None:
    blue = tagged.world.balancer("blue", tags={"service": "tidb"})
    arrive(tagged, created(blue))
    green = tagged.world.balancer("green")
    assert arrive(tagged, created(green)).decision == "ignored"
    tagged.sweep()
    elb = tagged.client("elbv2", DATA)
    elb.remove_tags(ResourceArns=[blue["LoadBalancerArn"]], TagKeys=["service"])
    elb.add_tags(ResourceArns=[green["LoadBalancerArn"]], Tags=[{"Key": "service", "Value": "tidb"}])
    tagged.sweep()
    assert tagged.world.cname() == green["DNSName"]
    tagged.world.remove(blue)
    arrive(tagged, deleted(blue))
    tagged.sweep()
    assert tagged.world.cname() == green["DNSName"]
    assert {alert["status"] for alert in tagged.alerts()} == {"notice"}


def test_one_load_balancer_behind_two_names_goes_in_the_sweep_and_the_event_says_so() -> None:
    both = f"{HEAD}names:\n{name_text()}{name_text(name_id='ro', name=f'ro.{ZONE}')}"
    with lab_of(both) as lab:
        made = lab.world.balancer()
        arrive(lab, created(made))
        lab.alerts()
        lab.world.remove(made)
        report = arrive(lab, deleted(made))
        assert {refusal.reason for refusal in report.refused} == {
            "2 records would go at once; that is left to the next sweep, which knows all of them"
        }
        assert titles(lab) == []
        lab.sweep()
        assert lab.world.records() == {}
        assert "Too many records would be removed at once" not in titles(lab)


@pytest.mark.parametrize("policy", [HEAD, ALONE.replace("name: tidb.dev", "name: db.dev")], ids=["left", "renamed"])
def test_records_whose_name_left_the_policy_are_told_until_they_are_gone(lab: Lab, policy: str) -> None:
    lab.world.balancer()
    lab.sweep()
    lab.alerts()
    lab.fresh_runtime(policy)
    report = lab.sweep()
    assert any(f"{NAME} in hosted zone" in reason for reason in report.reasons)
    assert lab.world.cname() is not None
    [alert] = [one for one in lab.alerts() if one["status"] == "firing"]
    assert (alert["title"], alert["severity"]) == (f"{ZONE} holds records that left the policy", "warning")
    assert alert["fields"] == [{"name": "Name", "value": NAME}]
    assert f"--hosted-zone-id {lab.world.zone_id} --change-batch file://batch.json" in alert["remedy"][1]
    lab.sweep()
    assert titles(lab) == []
    lab.world.route53().change_resource_record_sets(
        HostedZoneId=lab.world.zone_id, ChangeBatch=json.loads(alert["evidence"])
    )
    lab.sweep()
    assert titles(lab) == [f"{ZONE} holds no leftovers any more"]
    assert (NAME, "CNAME") not in lab.world.records()
    lab.sweep()
    assert not lab.writes
    assert lab.calls["route53:ListResourceRecordSets"] == (0 if policy == HEAD else 1)


def test_many_leftovers_come_in_batches_that_are_whole(lab: Lab) -> None:
    names = "".join(name_text(name_id=f"n{n}", name=f"n{n}.{ZONE}") for n in range(4))
    lab.fresh_runtime(f"{HEAD}names:\n{names}")
    lab.world.balancer()
    lab.sweep()
    lab.fresh_runtime(ALONE)
    sizes = []
    lab.alerts()
    lab.sweep()
    while told := [alert["evidence"] for alert in lab.alerts() if alert["status"] == "firing"]:
        batch = json.loads(told[0])
        sizes.append(len(batch["Changes"]))
        lab.world.route53().change_resource_record_sets(HostedZoneId=lab.world.zone_id, ChangeBatch=batch)
        lab.sweep()
    assert sum(sizes) == 8
    assert {name for name, _ in lab.world.records()} == {NAME, f"_netreflex.{NAME}"}


def test_the_alerts_of_the_last_name_end_when_it_leaves_the_policy(lab: Lab) -> None:
    lab.sweep()
    assert titles(lab) == [f"{NAME} has no load balancer to lead to"]
    lab.fresh_runtime(HEAD)
    lab.sweep()
    assert titles(lab) == [f"{NAME} is not asked for any more"]


def test_each_name_has_one_notice_however_often_it_changes(tagged: Lab) -> None:
    for colour in ("blue", "green", "red"):
        made = tagged.world.balancer(colour, tags={"service": "tidb"})
        arrive(tagged, created(made))
        tagged.world.remove(made)
    told = [alert for alert in tagged.alerts() if alert["status"] == "notice"]
    assert len(told) == 3
    assert len({alert["fp"] for alert in told}) == 1


def test_the_policy_alone_is_enough_without_any_event() -> None:
    with lab_of(ALONE) as lab:
        made = lab.world.balancer()
        report = lab.sweep()
        assert lab.world.cname() == made["DNSName"]
        assert "1 names: 1 lead where they should" in report.reasons
        lab.sweep()
        assert not lab.writes


def test_an_alert_ends_when_its_name_leaves_the_policy() -> None:
    other = name_text("name: other", "other", f"other.{ZONE}")
    with lab_of(f"{ALONE}{other}") as lab:
        lab.world.balancer()
        lab.sweep()
        assert f"other.{ZONE} has no load balancer to lead to" in titles(lab)
        lab.fresh_runtime(ALONE)
        lab.sweep()
        assert titles(lab) == [f"other.{ZONE} is not asked for any more"]
        lab.sweep()
        assert titles(lab) == []


def test_a_sweep_that_is_short_of_time_leaves_the_names_to_the_next() -> None:
    from chalicelib.flows.sweep import sweep_peerings

    with lab_of(ALONE) as lab:
        lab.world.balancer()
        report = sweep_peerings(lab.flow_world(), lambda: 10.0)
        assert "out of time: the names are left to the next sweep" in report.reasons
        assert lab.world.cname() is None
