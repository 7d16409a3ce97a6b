"""One case per rule of the overlay: a new version of moto that moves a private part shows here and not in a flow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.aws import strict_moto

HERE, THERE, ABROAD = ("111122223333", "eu-west-1"), ("444455556666", "eu-west-1"), ("444455556666", "us-east-1")
NOT_FOUND = "InvalidVpcPeeringConnectionID.NotFound"


def ec2(place: tuple[str, str]) -> Any:  # noqa: ANN401
    account, region = place
    return boto3.client("ec2", region, aws_access_key_id=account, aws_secret_access_key="test")


def refused(asked: Callable[..., Any], **params: object) -> str:
    with pytest.raises(ClientError) as error:
        asked(**params)
    return error.value.response["Error"]["Code"]


class Pair:
    """A requester and an accepter VPC, the accepter's main table, and a request between them."""

    def __init__(
        self, accepter: tuple[str, str] = THERE, cidrs: tuple[str, str] = ("10.16.0.0/16", "10.40.0.0/16")
    ) -> None:
        self.mine, self.theirs = ec2(HERE), ec2(accepter)
        self.vpc = self.mine.create_vpc(CidrBlock=cidrs[0])["Vpc"]["VpcId"]
        self.peer = self.theirs.create_vpc(CidrBlock=cidrs[1])["Vpc"]["VpcId"]
        self.where = {"PeerOwnerId": accepter[0], "PeerRegion": accepter[1]}
        tables = self.mine.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])
        self.table = tables["RouteTables"][0]["RouteTableId"]

    def request(self, **more: object) -> dict[str, Any]:
        answer = self.mine.create_vpc_peering_connection(VpcId=self.vpc, PeerVpcId=self.peer, **self.where, **more)
        self.id = answer["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        return answer["VpcPeeringConnection"]  # type: ignore[no-any-return]

    def accept(self) -> dict[str, Any]:
        return self.theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=self.id)["VpcPeeringConnection"]  # type: ignore[no-any-return]

    def active(self) -> Pair:
        self.request()
        self.accept()
        return self

    def seen(self, client: Any | None = None) -> dict[str, Any]:  # noqa: ANN401
        found = (client or self.mine).describe_vpc_peering_connections(VpcPeeringConnectionIds=[self.id])
        return found["VpcPeeringConnections"][0]  # type: ignore[no-any-return]

    def status(self, client: Any | None = None) -> str:  # noqa: ANN401
        return self.seen(client)["Status"]["Code"]  # type: ignore[no-any-return]

    def route(self, cidr: str, call: str = "create_route", **more: object) -> dict[str, Any]:
        family = "DestinationIpv6CidrBlock" if ":" in cidr else "DestinationCidrBlock"
        params = {"RouteTableId": self.table, "VpcPeeringConnectionId": self.id, family: cidr, **more}
        return getattr(self.mine, call)(**params)  # type: ignore[no-any-return]

    def routes(self) -> dict[str, dict[str, Any]]:
        table = self.mine.describe_route_tables(RouteTableIds=[self.table])["RouteTables"][0]
        return {
            route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"]: route for route in table["Routes"]
        }


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


# ---- accounts and requests -----------------------------------------------------------------------------------------
def test_a_twelve_digit_key_is_that_account() -> None:
    sts = boto3.client("sts", "eu-west-1", aws_access_key_id="777788889999", aws_secret_access_key="test")
    assert sts.get_caller_identity()["Account"] == "777788889999"


def test_the_keys_of_an_assumed_role_belong_to_the_roles_account() -> None:
    sts = boto3.client("sts", "eu-west-1", aws_access_key_id=HERE[0], aws_secret_access_key="test")
    keys = sts.assume_role(RoleArn=f"arn:aws:iam::{THERE[0]}:role/member", RoleSessionName="test")["Credentials"]
    there = boto3.client(
        "ec2",
        "eu-west-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert there.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["OwnerId"] == THERE[0]


def test_a_dry_run_writes_nothing() -> None:
    pair = Pair()
    assert refused(pair.request, DryRun=True) == "DryRunOperation"
    assert pair.mine.describe_vpc_peering_connections()["VpcPeeringConnections"] == []
    pair.active()
    assert refused(pair.route, cidr="10.40.0.0/16", DryRun=True) == "DryRunOperation"
    assert list(pair.routes()) == ["10.16.0.0/16"]


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ("describe_vpc_peering_connections", "VpcPeeringConnections"),
        ("describe_route_tables", "RouteTables"),
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
    ],
)
def test_describe_calls_answer_in_pages(operation: str, key: str) -> None:
    client = ec2(HERE)
    hub = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for number in range(1, 7):
        vpc = client.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        client.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")
        client.create_vpc_peering_connection(VpcId=hub, PeerVpcId=vpc)
    everything = getattr(client, operation)()[key]
    call = getattr(client, operation)
    first = call(MaxResults=5)
    assert len(first[key]) == 5
    assert (
        first[key] + call(MaxResults=1000 if key != "RouteTables" else 100, NextToken=first["NextToken"])[key]
        == everything
    )
    assert refused(call, MaxResults=1001) == "InvalidParameterValue"
    assert refused(call, NextToken="junk") == "InvalidNextToken"
    with strict_moto.pages_of(2):
        assert len(call()[key]) == 2
        assert client.get_paginator(operation).paginate().build_full_result()[key] == everything


# ---- the life of a peering -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("accepter", [HERE, THERE, ABROAD])
def test_a_request_is_initiating_then_pending_then_active(accepter: tuple[str, str]) -> None:
    pair = Pair(accepter)
    created = pair.request()
    assert created["Status"]["Code"] == "initiating-request"
    assert pair.status() == pair.status(pair.theirs) == "pending-acceptance"
    assert pair.accept()["Status"]["Code"] == "active"
    assert pair.status() == pair.status(pair.theirs) == "active"


def test_a_pending_request_expires_in_seven_days_and_hides_the_accepters_cidrs() -> None:
    pair = Pair()
    pair.request()
    for client in (pair.mine, pair.theirs):
        seen = pair.seen(client)
        left = seen["ExpirationTime"] - dt.datetime.now(dt.UTC)
        assert dt.timedelta(days=6, hours=23) < left <= dt.timedelta(days=7)
        assert seen["RequesterVpcInfo"]["CidrBlock"] == "10.16.0.0/16"
        assert not {"CidrBlock", "CidrBlockSet", "PeeringOptions"} & seen["AccepterVpcInfo"].keys()
    pair.accept()
    assert "ExpirationTime" not in pair.seen()


def test_an_active_peering_shows_every_cidr_of_both_sides() -> None:
    pair = Pair()
    pair.mine.associate_vpc_cidr_block(VpcId=pair.vpc, CidrBlock="100.64.0.0/20")
    for client, vpc, cidr in (
        (pair.mine, pair.vpc, "2001:db8:1234:1a00::/56"),
        (pair.theirs, pair.peer, "2001:db8:9:100::/56"),
    ):
        client.associate_vpc_cidr_block(VpcId=vpc, Ipv6CidrBlock=cidr, Ipv6Pool="ipv6pool-ec2-0123456789abcdef0")
    seen = pair.active().seen()
    assert [one["CidrBlock"] for one in seen["RequesterVpcInfo"]["CidrBlockSet"]] == ["10.16.0.0/16", "100.64.0.0/20"]
    assert seen["RequesterVpcInfo"]["Ipv6CidrBlockSet"] == [{"Ipv6CidrBlock": "2001:db8:1234:1a00::/56"}]
    assert seen["AccepterVpcInfo"]["CidrBlockSet"] == [{"CidrBlock": "10.40.0.0/16"}]
    assert seen["AccepterVpcInfo"]["Ipv6CidrBlockSet"] == [{"Ipv6CidrBlock": "2001:db8:9:100::/56"}]


@pytest.mark.parametrize("kind", ["primary", "secondary", "IPv6"])
def test_any_overlap_makes_the_request_fail(kind: str) -> None:
    pair = Pair(cidrs=("10.16.0.0/16", "10.16.128.0/20" if kind == "primary" else "10.40.0.0/16"))
    if kind == "secondary":
        pair.theirs.associate_vpc_cidr_block(VpcId=pair.peer, CidrBlock="10.16.32.0/20")
    if kind == "IPv6":
        for client, vpc in ((pair.mine, pair.vpc), (pair.theirs, pair.peer)):
            client.associate_vpc_cidr_block(VpcId=vpc, Ipv6CidrBlock="2001:db8:1:100::/56", Ipv6Pool="ipv6pool-ec2-0")
    assert pair.request()["Status"]["Code"] == "initiating-request"
    assert pair.seen()["Status"] == {
        "Code": "failed",
        "Message": "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range",
    }
    assert refused(pair.accept) == "InvalidStateTransition"


def test_a_request_to_a_vpc_that_is_not_there_fails_without_a_word_across_accounts() -> None:
    pair = Pair()
    pair.peer = "vpc-0123456789abcdef0"
    assert pair.request()["Status"]["Code"] == "initiating-request"
    assert pair.status() == "failed"
    pair.where = {}
    assert refused(pair.request) == "InvalidVpcID.NotFound"


def test_a_duplicate_is_the_existing_peering_until_that_is_gone() -> None:
    pair = Pair()
    first = pair.request()["VpcPeeringConnectionId"]
    assert pair.request()["VpcPeeringConnectionId"] == first
    pair.theirs.reject_vpc_peering_connection(VpcPeeringConnectionId=first)
    assert pair.request()["VpcPeeringConnectionId"] != first


@pytest.mark.parametrize(
    "operation",
    ["accept", "reject", "delete"],
)
def test_an_unknown_peering_is_not_found_whatever_is_asked(operation: str) -> None:
    client, unknown = ec2(HERE), "pcx-0123456789abcdef0"
    call = getattr(client, f"{operation}_vpc_peering_connection")
    assert refused(call, VpcPeeringConnectionId=unknown) == NOT_FOUND
    assert refused(client.describe_vpc_peering_connections, VpcPeeringConnectionIds=[unknown]) == NOT_FOUND
    assert refused(client.create_tags, Resources=[unknown], Tags=[{"Key": "a", "Value": "b"}]) == NOT_FOUND
    pair = Pair()
    pair.request()
    stranger = ec2(("777788889999", "eu-west-1"))
    assert refused(stranger.describe_vpc_peering_connections, VpcPeeringConnectionIds=[pair.id]) == NOT_FOUND


@pytest.mark.parametrize("status", ["failed", "rejected", "deleted", "expired"])
def test_what_is_over_can_be_neither_accepted_nor_deleted(status: str) -> None:
    pair = Pair()
    pair.request()
    strict_moto.set_peering_status(pair.id, status)
    assert refused(pair.accept) == "InvalidStateTransition"
    assert refused(pair.mine.delete_vpc_peering_connection, VpcPeeringConnectionId=pair.id) == "InvalidStateTransition"


def test_only_the_requester_withdraws_a_pending_request_and_only_the_accepter_accepts() -> None:
    pair = Pair()
    pair.request()
    assert refused(pair.theirs.delete_vpc_peering_connection, VpcPeeringConnectionId=pair.id) == "OperationNotPermitted"
    assert refused(pair.mine.accept_vpc_peering_connection, VpcPeeringConnectionId=pair.id) == "OperationNotPermitted"
    pair.mine.delete_vpc_peering_connection(VpcPeeringConnectionId=pair.id)
    assert pair.status() == "deleted"


@pytest.mark.parametrize("accepter", [THERE, ABROAD, (HERE[0], "us-east-1")])
def test_each_side_has_its_own_tags(accepter: tuple[str, str]) -> None:
    pair = Pair(accepter)
    approved = [{"Key": "approved", "Value": "yes"}]
    pair.request(TagSpecifications=[{"ResourceType": "vpc-peering-connection", "Tags": approved}])
    pair.theirs.create_tags(Resources=[pair.id], Tags=[{"Key": "netreflex:rule", "Value": "r"}])
    assert pair.seen()["Tags"] == approved
    assert pair.seen(pair.theirs)["Tags"] == [{"Key": "netreflex:rule", "Value": "r"}]
    pair.theirs.delete_tags(Resources=[pair.id], Tags=[{"Key": "netreflex:rule"}])
    assert pair.seen(pair.theirs)["Tags"] == []


def test_filters_of_peerings() -> None:
    pair = Pair().active()
    other = pair.mine.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    pair.mine.create_vpc_peering_connection(VpcId=pair.vpc, PeerVpcId=other)
    pair.mine.create_tags(Resources=[pair.id], Tags=[{"Key": "team", "Value": "blue"}])

    def found(name: str, *values: str) -> int:
        filters = [{"Name": name, "Values": list(values)}]
        return len(pair.mine.describe_vpc_peering_connections(Filters=filters)["VpcPeeringConnections"])

    assert found("status-code", "active") == found("status-code", "pending-acceptance") == 1
    assert found("status-code", "active", "pending-acceptance") == found("requester-vpc-info.vpc-id", pair.vpc) == 2
    assert found("accepter-vpc-info.vpc-id", pair.peer) == found("accepter-vpc-info.owner-id", THERE[0]) == 1
    assert found("tag:team", "b*") == found("tag-key", "team") == found("accepter-vpc-info.cidr-block", "10.40.*") == 1
    assert found("tag:team", "red") == 0
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        found("colour", "red")


def test_options_are_set_on_an_active_peering_by_the_owner_of_the_side_in_its_region() -> None:
    pair = Pair(ABROAD)
    pair.request()
    on = {"AllowDnsResolutionFromRemoteVpc": True}
    elsewhere = ec2((ABROAD[0], "eu-west-1"))

    def set_options(client: Any, side: str) -> dict[str, Any]:  # noqa: ANN401
        params = {f"{side}PeeringConnectionOptions": on}
        return client.modify_vpc_peering_connection_options(VpcPeeringConnectionId=pair.id, **params)  # type: ignore[no-any-return]

    assert refused(set_options, client=pair.mine, side="Requester") == "OperationNotPermitted"
    pair.accept()
    assert set_options(pair.mine, "Requester").keys() >= {"RequesterPeeringConnectionOptions"}
    assert refused(set_options, client=pair.mine, side="Accepter") == "OperationNotPermitted"
    assert refused(set_options, client=elsewhere, side="Accepter") == NOT_FOUND
    set_options(pair.theirs, "Accepter")
    seen = pair.seen()
    for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
        assert seen[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True


def test_reads_may_lag_behind_writes_in_each_place_by_itself() -> None:
    pair = Pair()
    with strict_moto.lagging(created=2, accepted=1):
        pair.request()
        assert pair.status() == "pending-acceptance"
        assert pair.theirs.describe_vpc_peering_connections()["VpcPeeringConnections"] == []
        assert refused(pair.seen, client=pair.theirs) == NOT_FOUND
        assert pair.status(pair.theirs) == "pending-acceptance"
        pair.accept()
        for client in (pair.mine, pair.theirs):
            assert [pair.status(client), pair.status(client)] == ["pending-acceptance", "active"]


# ---- routes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", ["create_route", "replace_route"])
@pytest.mark.parametrize("status", ["pending-acceptance", "deleted", "failed", "provisioning"])
def test_no_route_to_a_peering_that_is_not_active(call: str, status: str) -> None:
    pair = Pair().active()
    if call == "replace_route":
        pair.route("10.40.0.0/16")
    strict_moto.set_peering_status(pair.id, status)
    assert refused(pair.route, cidr="10.40.0.0/16", call=call) == NOT_FOUND


def test_destinations_are_kept_in_canonical_form() -> None:
    pair = Pair().active()
    pair.route("10.40.8.1/22")
    pair.route("2001:DB8:0:0::1/56")
    assert {"10.40.8.0/22", "2001:db8::/56"} < pair.routes().keys()
    pair.mine.delete_route(RouteTableId=pair.table, DestinationCidrBlock="10.40.8.9/22")
    pair.mine.delete_route(RouteTableId=pair.table, DestinationIpv6CidrBlock="2001:db8:0::/56")
    assert list(pair.routes()) == ["10.16.0.0/16"]
    assert refused(pair.route, cidr="10.40.0.0/33") == "InvalidParameterValue"


@pytest.mark.parametrize("cidr", ["10.16.0.0/16", "10.16.4.0/24", "100.64.1.0/24", "2001:db8:1:101::/64"])
def test_no_peering_route_inside_the_vpcs_own_cidrs(cidr: str) -> None:
    pair = Pair().active()
    pair.mine.associate_vpc_cidr_block(VpcId=pair.vpc, CidrBlock="100.64.0.0/20")
    pair.mine.associate_vpc_cidr_block(VpcId=pair.vpc, Ipv6CidrBlock="2001:db8:1:100::/56", Ipv6Pool="ipv6pool-ec2-0")
    assert refused(pair.route, cidr=cidr) == "InvalidParameterValue"
    assert refused(pair.route, cidr=cidr, call="replace_route") == "InvalidParameterValue"
    pair.route("10.0.0.0/8")


@pytest.mark.parametrize("cidr", ["10.40.0.0/16", "2001:db8:2::/56"])
def test_a_destination_exists_once(cidr: str) -> None:
    pair = Pair().active()
    pair.route(cidr)
    assert refused(pair.route, cidr=cidr) == "RouteAlreadyExists"
    pair.route(cidr, call="replace_route")
    assert pair.routes()[cidr]["Origin"] == "CreateRoute"


def test_a_missing_route_cannot_be_replaced_or_deleted_nor_the_local_one_deleted() -> None:
    pair = Pair().active()
    delete = pair.mine.delete_route
    assert refused(pair.route, cidr="10.40.0.0/16", call="replace_route") == "InvalidParameterValue"
    assert refused(delete, RouteTableId=pair.table, DestinationCidrBlock="10.40.0.0/16") == "InvalidRoute.NotFound"
    assert refused(delete, RouteTableId=pair.table, DestinationCidrBlock="10.16.0.0/16") == "InvalidParameterValue"


def test_a_route_to_a_dead_peering_is_a_blackhole_until_it_is_replaced() -> None:
    pair = Pair().active()
    pair.route("10.40.0.0/16")
    pair.route("2001:db8:2::/56")
    assert {route["State"] for route in pair.routes().values()} == {"active"}
    pair.theirs.delete_vpc_peering_connection(VpcPeeringConnectionId=pair.id)
    states = {cidr: route["State"] for cidr, route in pair.routes().items()}
    assert states == {"10.16.0.0/16": "active", "10.40.0.0/16": "blackhole", "2001:db8:2::/56": "blackhole"}
    pair.active().route("10.40.0.0/16", call="replace_route")
    assert pair.routes()["10.40.0.0/16"]["State"] == "active"


def test_a_route_belongs_to_a_vpc_of_its_peering() -> None:
    pair = Pair().active()
    other = pair.mine.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    tables = pair.mine.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"]
    pair.table = tables[0]["RouteTableId"]
    assert refused(pair.route, cidr="10.40.0.0/16") == "InvalidParameterValue"


def test_a_secondary_cidr_leaves_with_its_local_route() -> None:
    pair = Pair().active()
    block = pair.mine.associate_vpc_cidr_block(VpcId=pair.vpc, CidrBlock="100.64.0.0/20")["CidrBlockAssociation"]
    assert "100.64.0.0/20" in pair.routes()
    pair.mine.disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])
    assert list(pair.routes()) == ["10.16.0.0/16"]
    assert [one["CidrBlock"] for one in pair.seen()["RequesterVpcInfo"]["CidrBlockSet"]] == ["10.16.0.0/16"]


def test_a_full_table_takes_no_route_and_ipv6_is_counted_apart() -> None:
    pair = Pair().active()
    strict_moto.set_quota(*HERE, strict_moto.ROUTES_PER_TABLE, 2)
    pair.route("10.40.0.0/16")
    assert refused(pair.route, cidr="10.41.0.0/16") == "RouteLimitExceeded"
    pair.route("2001:db8:2::/56")


# ---- quotas, VPN, names, events ------------------------------------------------------------------------------------
def test_quotas_have_aws_defaults_and_can_be_set() -> None:
    quotas = boto3.client("service-quotas", HERE[1], aws_access_key_id=HERE[0], aws_secret_access_key="test")

    def value(code: str, call: str = "get_service_quota") -> float:
        return getattr(quotas, call)(ServiceCode="vpc", QuotaCode=code)["Quota"]["Value"]  # type: ignore[no-any-return]

    assert (value("L-7E9ECCDB"), value("L-93826ACB")) == (50, 500)
    strict_moto.set_quota(*HERE, "L-93826ACB", 1000)
    assert (value("L-93826ACB"), value("L-93826ACB", "get_aws_default_service_quota")) == (1000, 500)
    assert refused(value, code="L-00000000") == "NoSuchResourceException"


def test_vpn_tunnels_are_as_they_were_set() -> None:
    client = ec2(HERE)
    gateway = client.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    customer = client.create_customer_gateway(Type="ipsec.1", PublicIp="203.0.113.9", BgpAsn=65000)["CustomerGateway"]
    vpn = client.create_vpn_connection(
        Type="ipsec.1", VpnGatewayId=gateway, CustomerGatewayId=customer["CustomerGatewayId"]
    )["VpnConnection"]["VpnConnectionId"]

    def statuses() -> list[str]:
        connection = client.describe_vpn_connections(VpnConnectionIds=[vpn])["VpnConnections"][0]
        return [tunnel["Status"] for tunnel in connection["VgwTelemetry"]]

    assert statuses() == ["UP", "DOWN"]
    strict_moto.vpn_telemetry(vpn, "DOWN", "DOWN", message="IPSEC IS DOWN")
    assert statuses() == ["DOWN", "DOWN"]


def test_an_internal_load_balancer_is_named_so() -> None:
    client = ec2(HERE)
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        client.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]
        for number, zone in enumerate("ab")
    ]
    elb = boto3.client("elbv2", HERE[1], aws_access_key_id=HERE[0], aws_secret_access_key="test")
    ids = [subnet["SubnetId"] for subnet in subnets]
    made = elb.create_load_balancer(Name="tidb", Scheme="internal", Type="network", Subnets=ids)["LoadBalancers"][0]
    assert made["DNSName"].startswith("internal-tidb-")


class Zone:
    """A private hosted zone with one A record."""

    def __init__(self) -> None:
        self.vpc = ec2(HERE).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.client = boto3.client("route53", aws_access_key_id=HERE[0], aws_secret_access_key="test")
        self.id = self.client.create_hosted_zone(
            Name="dev.example.internal",
            CallerReference="1",
            VPC={"VPCRegion": HERE[1], "VPCId": self.vpc},
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"]
        self.change(("CREATE", "a.dev.example.internal", "A", "10.0.0.1"))

    def change(self, *changes: tuple[str, str, str, str]) -> None:
        batch = [
            {
                "Action": action,
                "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]},
            }
            for action, name, kind, value in changes
        ]
        self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch={"Changes": batch})

    def records(self) -> dict[tuple[str, str], str]:
        found = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return {
            (one["Name"], one["Type"]): one["ResourceRecords"][0]["Value"]
            for one in found
            if one["Type"] not in {"SOA", "NS"}
        }


@pytest.mark.parametrize(
    "bad",
    [
        ("CREATE", "a.dev.example.internal", "A", "10.0.0.2"),
        ("CREATE", "A.dev.example.internal.", "CNAME", "b.dev.example.internal"),
        ("UPSERT", "dev.example.internal", "CNAME", "b.dev.example.internal"),
        ("UPSERT", "c.example.com", "A", "10.0.0.2"),
        ("DELETE", "a.dev.example.internal", "A", "10.0.0.2"),
        ("DELETE", "b.dev.example.internal", "A", "10.0.0.1"),
    ],
)
def test_a_batch_with_one_bad_change_changes_nothing(bad: tuple[str, str, str, str]) -> None:
    zone = Zone()
    before = zone.records()
    with pytest.raises(ClientError, match="InvalidChangeBatch"):
        zone.change(("CREATE", "fine.dev.example.internal", "A", "10.0.0.3"), bad)
    assert zone.records() == before == {("a.dev.example.internal.", "A"): "10.0.0.1"}


def test_a_record_is_swapped_by_deleting_its_exact_value_and_creating_the_new_one() -> None:
    zone = Zone()
    zone.change(
        ("DELETE", "a.dev.example.internal", "A", "10.0.0.1"), ("CREATE", "a.dev.example.internal", "A", "10.0.0.2")
    )
    assert zone.records() == {("a.dev.example.internal.", "A"): "10.0.0.2"}


def test_a_zone_of_another_account_is_associated_once_authorized() -> None:
    zone = Zone()
    vpc = {"VPCRegion": THERE[1], "VPCId": ec2(THERE).create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]}
    there = boto3.client("route53", aws_access_key_id=THERE[0], aws_secret_access_key="test")
    associate = there.associate_vpc_with_hosted_zone
    assert refused(associate, HostedZoneId=zone.id, VPC=vpc) == "NotAuthorizedException"
    zone.client.create_vpc_association_authorization(HostedZoneId=zone.id, VPC=vpc)
    assert zone.client.list_vpc_association_authorizations(HostedZoneId=zone.id)["VPCs"] == [vpc]
    associate(HostedZoneId=zone.id, VPC=vpc)
    zone.client.delete_vpc_association_authorization(HostedZoneId=zone.id, VPC=vpc)
    assert zone.client.list_vpc_association_authorizations(HostedZoneId=zone.id)["VPCs"] == []
    found = there.list_hosted_zones_by_vpc(VPCId=vpc["VPCId"], VPCRegion=vpc["VPCRegion"])["HostedZoneSummaries"]
    assert [(one["Name"], one["Owner"]["OwningAccount"]) for one in found] == [("dev.example.internal.", HERE[0])]


def test_nobody_puts_events_in_the_name_of_aws() -> None:
    bus = boto3.client("events", HERE[1], aws_access_key_id=HERE[0], aws_secret_access_key="test")
    entry = {"DetailType": "t", "Detail": "{}"}
    answer = bus.put_events(Entries=[{"Source": "aws.ec2", **entry}, {"Source": "mine", **entry}])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert "EventId" in answer["Entries"][1]
