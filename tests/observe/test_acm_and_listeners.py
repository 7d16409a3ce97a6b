"""What ACM, the IAM store and the load balancers say becomes facts; gone is not an error, refused is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from moto import mock_aws

from chalicelib.model.errors import AccessRefused
from chalicelib.model.inventory import LoadBalancer
from chalicelib.model.network import Place
from chalicelib.observe import acm, listeners
from chalicelib.observe.certificates import CertificateObserver
from tests.pki import Authority

PLACE = Place(account="123456789012", region="eu-west-1")
ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
START, END = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 3, 18, tzinfo=UTC)


def stubbed(service: str, region: str = "eu-west-1") -> tuple[Any, Stubber]:
    client: Any = boto3.client(service, region, aws_access_key_id="a", aws_secret_access_key="b")  # type: ignore[call-overload]
    return client, Stubber(client)


def test_the_list_asks_for_every_kind_of_key_and_reads_every_page() -> None:
    client, stub = stubbed("acm")
    one = {
        "CertificateArn": ARN,
        "DomainName": "shop.example.com",
        "SubjectAlternativeNameSummaries": ["shop.example.com", "www.example.com"],
        "HasAdditionalSubjectAlternativeNames": True,
        "Status": "ISSUED",
        "Type": "IMPORTED",
        "KeyAlgorithm": "EC-prime256v1",
        "InUse": True,
        "RenewalEligibility": "INELIGIBLE",
        "NotBefore": START,
        "NotAfter": END,
    }
    includes = {"keyTypes": list(acm.KEY_TYPES)}
    stub.add_response("list_certificates", {"CertificateSummaryList": [one], "NextToken": "n"}, {"Includes": includes})
    rest = {"CertificateSummaryList": [{"CertificateArn": f"{ARN}2", "DomainName": "b.example.com"}]}
    stub.add_response("list_certificates", rest, {"Includes": includes, "NextToken": "n"})
    with stub:
        first, second = acm.list_certificates(client, PLACE)
    assert (first.names, first.names_complete, first.in_use, first.eligible) == (
        ("shop.example.com", "www.example.com"), False, True, False,
    )  # fmt: skip
    assert (first.not_before, first.not_after, first.detailed) == (START, END, False)
    assert (second.names, second.names_complete, second.not_after) == (("b.example.com",), True, None)
    assert len(acm.KEY_TYPES) == 7


def test_a_certificate_in_full() -> None:
    client, stub = stubbed("acm")
    record = {"Name": "_a.shop.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
    pending = {"DomainName": "shop.example.com", "ValidationStatus": "PENDING_VALIDATION", "ResourceRecord": record}
    renewal = {
        "RenewalStatus": "PENDING_VALIDATION",
        "RenewalStatusReason": "PENDING_DOMAIN_VALIDATION",
        "UpdatedAt": START,
        "DomainValidationOptions": [pending, {"DomainName": "www.example.com", "ValidationMethod": "EMAIL"}],
    }
    detail = {
        "CertificateArn": ARN,
        "DomainName": "shop.example.com",
        "SubjectAlternativeNames": ["shop.example.com"],
        "Type": "AMAZON_ISSUED",
        "Status": "ISSUED",
        "Serial": "0a:BC:12",
        "NotBefore": START,
        "NotAfter": END,
        "InUseBy": [BALANCER],
        "RenewalEligibility": "ELIGIBLE",
        "RenewalSummary": renewal,
        "Issuer": "Amazon",
    }
    stub.add_response("describe_certificate", {"Certificate": detail}, {"CertificateArn": ARN})
    with stub:
        found = acm.describe_certificate(client, PLACE, ARN)
    assert found is not None
    assert (found.serial, found.in_use_by, found.in_use, found.eligible, found.detailed) == (
        "abc12", (BALANCER,), True, True, True,
    )  # fmt: skip
    assert (found.renewal_status, found.renewal_reason, found.renewed_at) == (
        "PENDING_VALIDATION", "PENDING_DOMAIN_VALIDATION", START,
    )  # fmt: skip
    first, second = found.validations
    assert (first.domain, first.status, first.name, first.value) == (
        "shop.example.com", "PENDING_VALIDATION", "_a.shop.example.com.", "_b.acm-validations.aws.",
    )  # fmt: skip
    assert (second.method, second.name, second.status) == ("EMAIL", "", "")


def test_a_certificate_that_is_gone_is_none_and_a_refusal_is_told() -> None:
    client, stub = stubbed("acm")
    stub.add_client_error("describe_certificate", "ResourceNotFoundException")
    stub.add_client_error("describe_certificate", "AccessDeniedException")
    with stub:
        assert acm.describe_certificate(client, PLACE, ARN) is None
        with pytest.raises(AccessRefused, match="acm:DescribeCertificate"):
            acm.describe_certificate(client, PLACE, ARN)


def test_the_iam_store_is_read_for_the_ids_that_are_used() -> None:
    client, stub = stubbed("iam")
    stored = {"Path": "/", "ServerCertificateName": "old", "Arn": "arn:aws:iam::1:server-certificate/old"}
    listed = [
        {**stored, "ServerCertificateId": "ASCA1EXAMPLE0001", "UploadDate": START, "Expiration": END},
        {**stored, "ServerCertificateId": "ASCA2EXAMPLE0002"},
    ]
    stub.add_response("list_server_certificates", {"ServerCertificateMetadataList": listed}, {})
    with stub:
        [found] = acm.list_iam_certificates(client, PLACE, ["ASCA1EXAMPLE0001"])
        assert acm.list_iam_certificates(client, PLACE, []) == ()
    assert (found.type, found.not_after, found.names_complete, found.domain) == ("IAM", END, False, "old")


def test_listeners_are_read_with_all_their_certificates_the_default_one_first() -> None:
    client, stub = stubbed("elbv2")
    https = {
        "ListenerArn": "arn:listener",
        "Port": 443,
        "Protocol": "HTTPS",
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "Certificates": [{"CertificateArn": "arn:default"}],
        "MutualAuthentication": {"Mode": "verify"},
    }
    others = [
        {"ListenerArn": "x", "Port": 80, "Protocol": "HTTP"},
        {"ListenerArn": "y", "Port": 8443, "Protocol": "TCP"},
    ]
    stub.add_response("describe_listeners", {"Listeners": [https, *others]}, ANY_LB)
    certificates = [{"CertificateArn": "arn:more"}, {"CertificateArn": "arn:default", "IsDefault": True}]
    stub.add_response("describe_listener_certificates", {"Certificates": certificates}, {"ListenerArn": "arn:listener"})
    bare = LoadBalancer(arn=BALANCER, place=PLACE, dns_name="shop.elb.amazonaws.com")
    with stub:
        found = listeners.with_listeners(client, bare)
        assert listeners.with_listeners(client, found) is found
    assert found.listeners is not None
    assert [(one.port, one.protocol, one.certificate_arns, one.client_certificates) for one in found.listeners] == [
        (443, "HTTPS", ("arn:default", "arn:more"), True),
        (8443, "TCP", (), False),
    ]


ANY_LB = {"LoadBalancerArn": ANY}


def test_classic_load_balancers_carry_their_listeners() -> None:
    client, stub = stubbed("elb")
    described = {
        "LoadBalancerName": "old-web",
        "DNSName": "Old-Web-1.eu-west-1.elb.amazonaws.com",
        "Scheme": "internet-facing",
        "ListenerDescriptions": [
            {
                "Listener": {
                    "Protocol": "HTTPS",
                    "LoadBalancerPort": 443,
                    "InstancePort": 80,
                    "SSLCertificateId": "arn:c",
                }
            },
            {"Listener": {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}},
        ],
    }
    stub.add_response("describe_load_balancers", {"LoadBalancerDescriptions": [described]}, {})
    with stub:
        [found] = listeners.list_classic_load_balancers(client, PLACE)
    assert (found.arn, found.dns_name) == (
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/old-web", "old-web-1.eu-west-1.elb.amazonaws.com",
    )  # fmt: skip
    assert found.listeners is not None
    assert [(one.port, one.certificate_arns) for one in found.listeners] == [(443, ("arn:c",))]


class Clients:
    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        return boto3.client(service, place.region)  # type: ignore[call-overload]


@pytest.fixture
def aws() -> Iterator[CertificateObserver]:
    with mock_aws():
        yield CertificateObserver(Clients())


def test_the_observer_reads_it_all_from_an_emulated_aws(aws: CertificateObserver) -> None:
    ec2, elbv2 = boto3.client("ec2", "eu-west-1"), boto3.client("elbv2", "eu-west-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{z}")["Subnet"]["SubnetId"]
        for n, z in enumerate("ab")
    ]
    issued = Authority.root().leaf("shop.example.com")
    imported = boto3.client("acm", "eu-west-1").import_certificate(Certificate=issued.pem, PrivateKey=issued.key_pem)
    made = elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]
    elbv2.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": imported["CertificateArn"]}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    [balancer] = aws.balancers(PLACE)
    found = aws.with_listeners(balancer)
    assert found.listeners is not None
    assert found.listeners[0].certificate_arns == (imported["CertificateArn"],)
    [listed] = aws.certificates(PLACE)
    assert (listed.arn, listed.type) == (imported["CertificateArn"], "IMPORTED")
    full = aws.certificate(PLACE, listed.arn)
    assert full is not None
    assert full.names == ("shop.example.com",)
    assert aws.certificate(PLACE, f"{listed.arn[:-4]}0000") is None
    assert aws.distributions("123456789012") == ()
    assert aws.iam_certificates("123456789012", ()) == ()
    assert aws.iam_certificates("123456789012", ("ASCA1",)) == ()


def test_an_error_that_is_not_absence_passes_through() -> None:
    client, stub = stubbed("acm")
    stub.add_client_error("describe_certificate", "InvalidArnException")
    with stub, pytest.raises(Exception, match="InvalidArnException") as caught:
        acm.describe_certificate(client, PLACE, ARN)
    assert not isinstance(caught.value, ClientError)
