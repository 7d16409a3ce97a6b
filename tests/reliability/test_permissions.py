"""May netreflex do all of it? Asked before the accept: a request is not accepted that could not be routed on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.world import DATA, DEV
from tests.aws.faults import Fault
from tests.lab import DRY_RUN, Lab
from tests.reliability.events import called
from tests.reliability.worlds import NARROW, Pair, faulty, request, targets

DNS = NARROW.replace("dns_resolution: none", "dns_resolution: both")


@pytest.fixture
def dns() -> Iterator[Lab]:
    with Lab(DNS, world=Pair) as lab:
        yield lab


@pytest.mark.parametrize("account", [DEV, DATA])
@pytest.mark.parametrize("call", ["ec2:CreateRoute", "ec2:ModifyVpcPeeringConnectionOptions"])
def test_a_request_is_not_accepted_while_a_write_on_either_side_is_refused(dns: Lab, call: str, account: str) -> None:
    dns.denied.add((call, account))
    peering = request(dns)
    report = dns.request_arrives(peering)
    assert (report.decision, report.planned, report.performed) == ("held", (), ())
    assert [(one.action.place.account, call in one.error) for one in report.failed] == [(account, True)]
    assert dns.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
    assert not {name for name in dns.writes if name.startswith("ec2:") or "BatchWrite" in name}
    assert targets(dns, dns.world.apps) == targets(dns, dns.world.tidb) == {}
    (alert,) = dns.alerts()
    assert (alert["status"], alert["severity"]) == ("firing", "error")
    assert f"may not call {call} in {account}/eu-west-1 (UnauthorizedOperation)" in alert["cause"]
    assert "no traffic flows" in alert["summary"]
    dns.sweep()
    assert dns.alerts() == []
    dns.denied.clear()
    assert dns.sweep().failed == ()
    assert dns.world.status(peering["VpcPeeringConnectionId"], DATA) == "active"


def test_neither_a_repeat_nor_a_repair_asks_again(dns: Lab) -> None:
    peering = request(dns)
    dns.request_arrives(peering)
    assert {name: n for name, n in dns.calls.items() if name.endswith(DRY_RUN)} == {
        f"ec2:CreateRoute{DRY_RUN}": 2,
        f"ec2:ModifyVpcPeeringConnectionOptions{DRY_RUN}": 2,
    }
    dns.request_arrives(peering)
    assert not {name for name in dns.calls if name.endswith(DRY_RUN)}
    table = dns.world.apps.tables["main"]
    dns.client("ec2", DEV).delete_route(RouteTableId=table, DestinationCidrBlock="10.40.0.0/16")
    assert len(dns.sweep().performed) == 1
    assert not {name for name in dns.calls if name.endswith(DRY_RUN)}


def test_observe_mode_does_not_ask() -> None:
    with Lab(NARROW, world=Pair, mode="observe") as lab:
        lab.denied.add(("ec2:CreateRoute", DATA))
        assert lab.request_arrives(request(lab)).decision == "approved"
        assert not {name for name in lab.calls if name.endswith(DRY_RUN)}


PUT_OFF = {"throttle": Fault("throttle"), "500": Fault("500"), "no answer": Fault("timeout")}


@pytest.mark.parametrize("kind", PUT_OFF)
def test_a_question_that_aws_puts_off_is_asked_again_and_nothing_is_done_meanwhile(lab: Lab, kind: str) -> None:
    def plan(_index: int, _service: str, operation: str, _params: dict[str, str]) -> Fault | None:
        return PUT_OFF[kind] if operation == "CreateRoute" else None

    with faulty(lab) as faults:
        faults.plan = plan
        peering = request(lab)
        report = lab.sweep()
        assert report.performed == ()
        assert any("ec2:CreateRoute" in reason and "run again" in reason for reason in report.reasons)
        faults.plan = None
        assert lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "pending-acceptance"
        assert len(lab.sweep().performed) == 4


def test_a_repair_that_one_account_refuses_does_not_prolong_the_outage_in_the_other(lab: Lab) -> None:
    lab.request_arrives(request(lab))
    lab.alerts()
    for vpc, cidr in ((lab.world.apps, "10.40.0.0/16"), (lab.world.tidb, "10.16.0.0/16")):
        client = lab.client("ec2", vpc.account)
        client.delete_route(RouteTableId=vpc.tables["main"], DestinationCidrBlock=cidr)
    lab.denied.add(("ec2:CreateRoute", DEV))
    report = lab.sweep()
    assert [action.place.account for action in report.performed] == [DATA]
    assert [failure.action.place.account for failure in report.failed] == [DEV]
    assert targets(lab, lab.world.tidb) != {}
    (alert,) = lab.alerts()
    assert f"ec2:CreateRoute was refused in account {DEV}" in alert["cause"]
    assert alert["summary"].endswith("No packet from the requester arrives, so no connection works.")
    lab.denied.clear()
    assert len(lab.sweep().performed) == 1
    assert lab.sweep().planned == ()


def test_what_could_not_be_finished_says_what_flows_all_the_same(dns: Lab) -> None:
    dns.revoked.add(("ec2:ModifyVpcPeeringConnectionOptions", DATA))
    dns.request_arrives(request(dns))
    (alert,) = dns.alerts()
    assert alert["summary"].endswith("Packets arrive in both directions from every selected route table.")
    dns.sweep()
    assert dns.alerts() == []


@pytest.mark.parametrize("end", ["delete", "reject"])
def test_a_request_that_ended_while_it_was_judged_is_observed_and_no_alarm(lab: Lab, end: str) -> None:
    peering_id = request(lab)["VpcPeeringConnectionId"]

    def plan(_index: int, _service: str, operation: str, _params: dict[str, str]) -> Fault | None:
        if operation == "AcceptVpcPeeringConnection":
            account = {"delete": DEV, "reject": DATA}[end]
            faults.plan = None
            getattr(lab.client("ec2", account), f"{end}_vpc_peering_connection")(VpcPeeringConnectionId=peering_id)
        return None

    with faulty(lab) as faults:
        faults.plan = plan
        report = lab.event_arrives(called("CreateVpcPeeringConnection", peering_id, DEV))
    assert (report.decision, report.performed, report.failed, report.alerts) == ("observed", (), (), ())
    assert lab.alerts() == []
    assert lab.sweep().planned == ()


@pytest.mark.parametrize(("end", "account"), [("delete", DEV), ("accept", DATA)])
def test_a_request_that_somebody_else_answered_before_it_was_rejected_is_no_alarm(
    lab: Lab, end: str, account: str
) -> None:
    peering_id = request(lab)["VpcPeeringConnectionId"]
    lab.fresh_runtime(NARROW.replace("decision: approve", "decision: reject"))

    def plan(_index: int, _service: str, operation: str, _params: dict[str, str]) -> Fault | None:
        if operation == "RejectVpcPeeringConnection":
            faults.plan = None
            getattr(lab.client("ec2", account), f"{end}_vpc_peering_connection")(VpcPeeringConnectionId=peering_id)
        return None

    with faulty(lab) as faults:
        faults.plan = plan
        report = lab.event_arrives(called("CreateVpcPeeringConnection", peering_id, DEV))
    assert (report.decision, report.performed, report.failed, report.alerts) == ("observed", (), (), ())
    assert lab.alerts() == []
    assert lab.sweep().planned == ()


@pytest.mark.parametrize("account", [DEV, DATA])
def test_a_peering_that_a_person_accepted_is_served_on_both_sides_or_on_none(lab: Lab, account: str) -> None:
    peering_id = request(lab)["VpcPeeringConnectionId"]
    lab.client("ec2", DATA).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    lab.denied.add(("ec2:CreateRoute", account))
    report = lab.sweep()
    assert (report.planned, report.performed) == ((), ())
    assert targets(lab, lab.world.apps) == targets(lab, lab.world.tidb) == {}
    (alert,) = lab.alerts()
    assert alert["title"].startswith("VPC peering is incomplete")
    assert f"may not call ec2:CreateRoute in {account}/" in alert["cause"]

    lab.denied.clear()
    assert len(lab.sweep().performed) == 3
    assert [one["status"] for one in lab.alerts()] == ["notice"]
    lab.sweep()
    assert not lab.writes
