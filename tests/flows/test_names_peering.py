"""Names in the peering flow: planned, written, proved and told with the peering, and kept by the sweep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from moto.route53.models import route53_backends

from chalicelib.model.errors import RetryLater
from demo.world import DATA, DEV
from tests.aws.strict.route53 import MORE_VPCS
from tests.flows.names_world import (
    NAME,
    WITH_PEERING,
    ZONE,
    AcrossAccounts,
    NamesWorld,
    kinds,
    lab_of,
    network_calls,
    titles,
)
from tests.lab import Lab

ACROSS = WITH_PEERING.replace('zone_account: "111122223333"', 'zone_account: "444455556666"')
WORLDS = {"same account": (WITH_PEERING, NamesWorld), "across accounts": (ACROSS, AcrossAccounts)}


@pytest.fixture(params=WORLDS)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    policy, world = WORLDS[request.param]
    with lab_of(policy, world=world) as made:
        yield made


def rule_tag(lab: Lab, peering_id: str) -> str | None:
    tags = lab.world.peering(peering_id, DATA)["Tags"]
    return next((tag["Value"] for tag in tags if tag["Key"] == "netreflex:rule"), None)


def test_an_approved_peering_opens_its_names_and_its_message_says_so(lab: Lab) -> None:
    made = lab.world.balancer()
    peering = lab.world.request(lab.world.apps, lab.world.tidb)
    report = lab.request_arrives(peering)
    line = f"{NAME} -> tidb ({made['DNSName']})"
    assert lab.world.cname() == made["DNSName"]
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()
    assert lab.world.authorized() == []
    assert line in report.proof
    assert rule_tag(lab, peering["VpcPeeringConnectionId"]) == "dev-to-data"
    assert kinds(report.performed)[-1] == "TagPeering"
    assert set(kinds(report.planned)) >= {"ChangeRecordSets", "AssociateVpc", "TagPeering"}
    [alert] = lab.alerts()
    assert {"name": "Name", "value": line} in alert["fields"]
    assert line in alert["evidence"]


def test_a_repeat_and_a_sweep_find_nothing_to_do(lab: Lab) -> None:
    lab.world.balancer()
    peering = lab.world.request(lab.world.apps, lab.world.tidb)
    lab.request_arrives(peering)
    lab.alerts()
    lab.request_arrives(peering)
    assert sum(lab.calls.values()) == 6
    report = lab.sweep()
    assert (report.planned, report.performed, report.refused) == ((), (), ())
    assert not lab.writes
    assert titles(lab) == []


def test_the_sweep_repairs_the_name_and_the_association_of_a_finished_peering(lab: Lab) -> None:
    made = lab.world.balancer()
    lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    lab.world.write((NAME, "CNAME", made["DNSName"]), action="DELETE")
    lab.world.route53().disassociate_vpc_from_hosted_zone(
        HostedZoneId=lab.world.zone_id, VPC={"VPCId": lab.world.apps.vpc_id, "VPCRegion": "eu-west-1"}
    )
    lab.sweep()
    assert lab.world.cname() == made["DNSName"]
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()


def test_an_authorization_that_was_left_behind_is_taken_back() -> None:
    with lab_of(ACROSS, world=AcrossAccounts) as lab:
        lab.world.balancer()
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        vpc = {"VPCId": lab.world.apps.vpc_id, "VPCRegion": "eu-west-1"}
        lab.world.route53().create_vpc_association_authorization(HostedZoneId=lab.world.zone_id, VPC=vpc)
        report = lab.sweep()
        assert kinds(report.performed) == ["RemoveVpcAuthorization"]
        assert lab.world.authorized() == []


def test_a_conflict_of_the_name_does_not_keep_the_peering_from_being_finished(lab: Lab) -> None:
    lab.world.balancer()
    lab.world.write((NAME, "A", "10.0.0.1"))
    peering = lab.world.request(lab.world.apps, lab.world.tidb)
    report = lab.request_arrives(peering)
    assert report.decision == "approved"
    assert "left alone" in report.refused[0].reason
    assert rule_tag(lab, peering["VpcPeeringConnectionId"]) == "dev-to-data"
    conflict, approval = lab.alerts()
    assert conflict["title"] == f"{NAME} meets a record that is not ours"
    assert "left alone" in approval["evidence"]


def test_a_failed_association_keeps_the_peering_unmarked_until_it_is_healed(lab: Lab) -> None:
    lab.world.balancer()
    peering = lab.world.request(lab.world.apps, lab.world.tidb)
    lab.denied.add(("route53:AssociateVPCWithHostedZone", DEV))
    report = lab.request_arrives(peering)
    assert any("AssociateVPCWithHostedZone was refused" in failure.error for failure in report.failed)
    assert rule_tag(lab, peering["VpcPeeringConnectionId"]) is None
    assert f"{ZONE} does not resolve in {lab.world.apps.vpc_id}" in titles(lab)
    lab.denied.clear()
    lab.sweep()
    assert rule_tag(lab, peering["VpcPeeringConnectionId"]) == "dev-to-data"
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()
    assert lab.world.authorized() == []
    assert f"{ZONE} resolves in {lab.world.apps.vpc_id}" in titles(lab)


def test_a_zone_that_would_hide_the_name_is_told_with_its_id_and_the_end_too(lab: Lab) -> None:
    lab.world.balancer()
    hiding = lab.world.make_zone(NAME, lab.world.apps.vpc_id, DEV)
    report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert hiding in report.refused[0].reason
    assert lab.world.apps.vpc_id not in lab.world.vpcs_of_zone()
    assert f"{ZONE} does not resolve in {lab.world.apps.vpc_id}" in titles(lab)
    lab.world.route53(DEV).delete_hosted_zone(Id=hiding)
    lab.sweep()
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()
    assert titles(lab) == [f"{ZONE} resolves in {lab.world.apps.vpc_id}"]


def test_records_of_a_wider_zone_that_the_association_would_hide_keep_it_away_until_they_are_gone(lab: Lab) -> None:
    lab.world.balancer()
    wider = lab.world.make_zone("example.internal", lab.world.apps.vpc_id, DEV)
    batch = {"Name": f"db.{ZONE}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.16.0.9"}]}

    def change(action: str) -> None:
        changes = {"Changes": [{"Action": action, "ResourceRecordSet": batch}]}
        lab.world.route53(DEV).change_resource_record_sets(HostedZoneId=wider, ChangeBatch=changes)

    change("CREATE")
    report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert f"example.internal ({wider}) answers for db.{ZONE}, which {ZONE} (" in report.refused[0].reason
    assert lab.world.apps.vpc_id not in lab.world.vpcs_of_zone()
    [alert] = [one for one in lab.alerts() if one["title"] == f"{ZONE} does not resolve in {lab.world.apps.vpc_id}"]
    assert f"--hosted-zone-id {wider} --start-record-name {ZONE}" in alert["remedy"][1]
    change("DELETE")
    lab.sweep()
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()
    assert titles(lab) == [f"{ZONE} resolves in {lab.world.apps.vpc_id}"]


def test_an_alert_about_a_vpc_ends_with_its_peering_and_not_while_that_is_out_of_sight(lab: Lab) -> None:
    lab.world.balancer()
    lab.world.make_zone(NAME, lab.world.apps.vpc_id, DEV)
    peering = lab.world.request(lab.world.apps, lab.world.tidb)
    lab.request_arrives(peering)
    lab.alerts()
    lab.fresh_runtime()
    lab.denied.add(("ec2:DescribeVpcPeeringConnections", DEV))
    lab.sweep()
    assert not [title for title in titles(lab) if "asked for" in title]
    lab.denied.clear()
    lab.world.ec2(DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    lab.sweep()
    assert f"{lab.world.apps.vpc_id} is not asked for any more" in titles(lab)


def test_a_vpc_without_dns_hostnames_is_named_with_the_command(lab: Lab) -> None:
    lab.world.balancer()
    vpc_id = lab.world.apps.vpc_id
    lab.world.ec2(DEV).modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": False})
    report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert f"enableDnsHostnames of {vpc_id}" in report.refused[0].reason
    assert f"--vpc-id {vpc_id} --enable-dns-hostnames" in report.refused[0].remedy
    assert vpc_id not in lab.world.vpcs_of_zone()


def test_a_zone_with_nearly_all_its_vpcs_is_warned_of(lab: Lab) -> None:
    lab.world.balancer()
    lab.world.crowd(269)
    lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert f"{ZONE} will soon take no more VPCs" in titles(lab)
    assert lab.calls["route53:GetHostedZoneLimit"] > 0
    zone = route53_backends[lab.world.zone_owner]["aws"].zones[lab.world.zone_id]
    zone.vpcs = zone.vpcs[-1:]
    lab.sweep()
    assert f"{ZONE} has room for VPCs" in titles(lab)
    assert lab.calls["route53:GetHostedZoneLimit"] == 0


def test_a_raised_quota_of_a_zone_lets_more_vpcs_in_and_is_believed_only_where_it_is_read(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.world.balancer()
    lab.world.crowd(300)
    lab.denied.add(("route53:GetHostedZoneLimit", lab.world.zone_owner))
    report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert (
        "301 VPCs, 300 are allowed by default; whether that was raised could not be read: " in report.refused[0].reason
    )
    assert "route53:GetHostedZoneLimit" in report.refused[0].reason
    lab.denied.clear()
    lab.sweep()
    assert lab.world.apps.vpc_id not in lab.world.vpcs_of_zone()
    monkeypatch.setitem(MORE_VPCS, lab.world.zone_id, 1000)
    lab.sweep()
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()
    assert f"{ZONE} has room for VPCs" in titles(lab)


def test_a_refused_read_of_the_requesters_zones_is_told_and_healed(lab: Lab) -> None:
    lab.world.balancer()
    lab.denied.add(("route53:ListHostedZonesByVPC", DEV))
    report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert "could not be read" in report.refused[0].reason
    lab.denied.clear()
    lab.sweep()
    assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()


def test_what_is_put_off_by_aws_puts_off_the_message_and_the_mark(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.world.balancer()
    peering = lab.world.request(lab.world.apps, lab.world.tidb)

    def throttled(_lab: Lab, _client: object, name: str, _params: object) -> None:
        if name == "elbv2:DescribeLoadBalancers":
            raise ClientError({"Error": {"Code": "Throttling", "Message": "later"}}, name)

    monkeypatch.setattr(Lab, "_refuse", throttled)
    with pytest.raises(RetryLater):
        lab.request_arrives(peering)
    assert rule_tag(lab, peering["VpcPeeringConnectionId"]) is None
    assert titles(lab) == []
    monkeypatch.undo()
    lab.request_arrives(peering)
    assert rule_tag(lab, peering["VpcPeeringConnectionId"]) == "dev-to-data"
    assert len(lab.alerts()) == 1


def test_a_held_request_opens_no_name(lab: Lab) -> None:
    lab.world.balancer()
    lab.fresh_runtime(lab.policy_text.replace("service: tidb}", "service: other}"))
    report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert report.decision == "held"
    assert lab.world.records() == {}
    assert not [call for call in lab.calls if call.startswith(("route53", "elb"))]


def test_a_peering_without_names_asks_nothing_of_route_53(lab: Lab) -> None:
    lab.fresh_runtime(lab.policy_text.replace("      names: [tidb]\n", ""))
    lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert not [call for call in lab.calls if call.startswith(("route53", "elb"))]
    assert sum(lab.calls.values()) == 19


def test_observe_mode_says_what_it_would_do() -> None:
    with lab_of(WITH_PEERING, mode="observe") as lab:
        lab.world.balancer()
        peering = lab.world.request(lab.world.apps, lab.world.tidb)
        report = lab.request_arrives(peering)
        assert {"ChangeRecordSets", "AssociateVpc"} <= set(kinds(report.planned))
        assert (report.performed, lab.world.records()) == ((), {})
        assert lab.world.apps.vpc_id not in lab.world.vpcs_of_zone()


def test_an_association_that_stops_resolving_is_told_by_the_next_sweep_and_its_end_too(lab: Lab) -> None:
    lab.world.balancer()
    lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    lab.alerts()
    vpc_id = lab.world.apps.vpc_id
    lab.world.ec2(DEV).modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": False})
    report = lab.sweep()
    assert any("enableDnsSupport of " in one and vpc_id in one for one in report.reasons)
    assert titles(lab) == [f"{ZONE} does not resolve in {vpc_id}"]
    lab.world.ec2(DEV).modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": True})
    hiding = lab.world.make_zone(NAME, vpc_id, DEV)
    report = lab.sweep()
    assert hiding in report.refused[0].reason
    [alert] = lab.alerts()
    assert f"disassociate-vpc-from-hosted-zone --hosted-zone-id {hiding}" in alert["remedy"][0]
    lab.world.route53(DEV).delete_hosted_zone(Id=hiding)
    lab.sweep()
    assert titles(lab) == [f"{ZONE} resolves in {vpc_id}"]


def test_an_association_made_by_hand_is_judged_as_well(lab: Lab) -> None:
    lab.world.balancer()
    vpc_id = lab.world.apps.vpc_id
    route53_backends[lab.world.zone_owner]["aws"].zones[lab.world.zone_id].add_vpc(vpc_id, "eu-west-1")
    lab.world.ec2(DEV).modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": False})
    lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    assert f"{ZONE} does not resolve in {vpc_id}" in titles(lab)


def test_an_associated_vpc_that_may_not_be_looked_into_is_a_warning(lab: Lab) -> None:
    lab.world.balancer()
    lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
    lab.alerts()
    lab.denied.add(("ec2:DescribeVpcAttribute", DEV))
    lab.sweep()
    [alert] = lab.alerts()
    assert (alert["title"], alert["severity"]) == (f"{ZONE} may not resolve in {lab.world.apps.vpc_id}", "warning")


def test_a_sweep_with_a_reach_costs_one_call_more_and_three_an_hour_for_each_vpc() -> None:
    clock = [datetime(2026, 11, 23, 8, tzinfo=UTC)]
    with lab_of(WITH_PEERING, now=lambda: clock[0]) as lab:
        lab.world.balancer()
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        costs = []
        for _ in range(14):
            clock[0] += timedelta(minutes=5)
            lab.sweep()
            costs.append(sum(network_calls(lab).values()) + lab.calls["ec2:DescribeVpcAttribute"])
        assert costs == [8, *[5] * 11, 8, 5]
        assert not lab.writes
