"""What CloudFront says becomes facts: origins of every kind, groups, policies that forward Host, tenants, code at the edge."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.model.errors import AccessRefused
from chalicelib.model.inventory import Distribution, OriginKind, ViewerCertificate
from chalicelib.observe.cloudfront import list_distributions
from tests.observe.fake_cloudfront import FakeCloudFront, behavior, custom, quantity, summary

ACCOUNT = "111122223333"


def read(client: FakeCloudFront) -> Distribution:
    [found] = list_distributions(client, ACCOUNT)
    return found


def test_a_plain_distribution() -> None:
    found = read(FakeCloudFront(summary()))
    [origin], [default] = found.origins, found.behaviors
    assert (found.distribution_id, found.account, found.aliases, found.live) == (
        "E0000000000001", ACCOUNT, ("www.example.com",), True,
    )  # fmt: skip
    assert (origin.kind, origin.domain_name, origin.https_port) == (OriginKind.CUSTOM, "web.example.com", 443)
    assert (origin.protocol_policy, origin.protocols) == ("https-only", ("TLSv1.1", "TLSv1.2"))
    assert (default.path, default.origin_ids, default.host_forwarded, default.edge_code) == (
        "default",
        ("web",),
        False,
        (),
    )
    assert found.viewer == ViewerCertificate()
    assert found.arn == f"arn:aws:cloudfront::{ACCOUNT}:distribution/E0000000000001"


def test_pages_are_read_to_the_end() -> None:
    client = FakeCloudFront(*(summary(number) for number in range(5)), length=2)
    assert len(list_distributions(client, ACCOUNT)) == 5
    assert client.calls == {"list_distributions": 3}


def test_staging_and_disabled_ones_are_told_apart() -> None:
    client = FakeCloudFront(summary(1, Staging=True), summary(2, Enabled=False))
    assert [one.live for one in list_distributions(client, ACCOUNT)] == [False, False]


def test_origins_of_every_kind() -> None:
    client = FakeCloudFront(
        summary(
            Origins=quantity(
                custom(OriginMtlsConfig={"ClientCertificateArn": "arn:client"}, HTTPSPort=8443),
                {"Id": "files", "DomainName": "files.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}},
                {"Id": "inner", "DomainName": "inner.example.com", "VpcOriginConfig": {"VpcOriginId": "vo_1"}},
            )
        )
    )
    client.endpoints["vo_1"] = {
        "Arn": "arn:lb",
        "HTTPSPort": 444,
        "OriginProtocolPolicy": "match-viewer",
        "OriginSslProtocols": quantity("TLSv1.2"),
    }
    web, files, inner = read(client).origins
    assert (web.client_certificate_arn, web.https_port) == ("arn:client", 8443)
    assert files.kind is OriginKind.S3
    assert (inner.kind, inner.https_port, inner.protocol_policy, inner.endpoint_arn) == (
        OriginKind.VPC, 444, "match-viewer", "arn:lb",
    )  # fmt: skip
    assert client.calls["get_vpc_origin"] == 1


def test_a_group_means_both_of_its_origins() -> None:
    members = {"Id": "both", "Members": quantity({"OriginId": "web"}, {"OriginId": "spare"})}
    client = FakeCloudFront(
        summary(
            Origins=quantity(custom(), custom("spare", "spare.example.com")),
            OriginGroups=quantity(members),
            CacheBehaviors=quantity(behavior("both", PathPattern="/api/*")),
        )
    )
    default, api = read(client).behaviors
    assert (default.origin_ids, api.path, api.origin_ids) == (("web",), "/api/*", ("web", "spare"))


def request_policy(kind: str, *headers: str) -> dict[str, Any]:
    config = {"HeaderBehavior": kind} | ({"Headers": quantity(*headers)} if headers else {})
    return {"Id": "policy", "OriginRequestPolicyConfig": {"HeadersConfig": config}}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (request_policy("none"), False),
        (request_policy("allViewer"), True),
        (request_policy("allViewerAndWhitelistCloudFront", "CloudFront-Viewer-Country"), True),
        (request_policy("whitelist", "host"), True),
        (request_policy("whitelist", "Origin"), False),
        (request_policy("allExcept", "Host"), False),
        (request_policy("allExcept", "Cookie"), True),
    ],
)
def test_whether_host_is_forwarded_by_an_origin_request_policy(
    policy: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    client = FakeCloudFront(summary(DefaultCacheBehavior=behavior(OriginRequestPolicyId="policy")), length=1)
    client.request_policies = [request_policy("none") | {"Id": "other"}, policy]
    assert read(client).behaviors[0].host_forwarded is expected
    assert client.calls["list_origin_request_policies"] == 2
    assert client.calls["list_cache_policies"] == 0


@pytest.mark.parametrize(
    ("kind", "headers", "expected"), [("whitelist", ("Host",), True), ("whitelist", ("X",), False), ("none", (), False)]
)
def test_whether_host_is_forwarded_by_a_cache_policy(kind: str, headers: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001
    client = FakeCloudFront(summary(DefaultCacheBehavior=behavior(CachePolicyId="policy")))
    config = {"HeadersConfig": {"HeaderBehavior": kind, "Headers": quantity(*headers)}}
    client.cache_policies = [
        {"Id": "policy", "CachePolicyConfig": {"ParametersInCacheKeyAndForwardedToOrigin": config}},
        {"Id": "other", "CachePolicyConfig": {}},
    ]
    assert read(client).behaviors[0].host_forwarded is expected


@pytest.mark.parametrize(
    ("headers", "expected"), [(("Host",), True), (("*",), True), (("Origin",), False), ((), False)]
)
def test_whether_host_is_forwarded_by_the_legacy_settings(headers: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001
    forwarded = {"QueryString": False, "Headers": quantity(*headers)}
    client = FakeCloudFront(summary(DefaultCacheBehavior=behavior(ForwardedValues=forwarded)))
    assert read(client).behaviors[0].host_forwarded is expected
    assert client.calls == {"list_distributions": 1}


def test_code_that_may_change_the_origin_is_noted_and_other_code_is_not() -> None:
    functions = quantity(
        {"EventType": "viewer-request", "FunctionARN": "arn:route"},
        {"EventType": "viewer-response", "FunctionARN": "arn:x"},
    )
    edge = quantity(
        {"EventType": "origin-request", "LambdaFunctionARN": "arn:pick"},
        {"EventType": "origin-response", "LambdaFunctionARN": "arn:y"},
    )
    one = behavior(FunctionAssociations=functions, LambdaFunctionAssociations=edge)
    assert read(FakeCloudFront(summary(DefaultCacheBehavior=one))).behaviors[0].edge_code == ("arn:route", "arn:pick")


def test_tenants_bring_their_domains() -> None:
    client = FakeCloudFront(summary(1, ConnectionMode="tenant-only"), summary(2))
    client.tenants = [
        {"DistributionId": "E0000000000001", "Domains": [{"Domain": "a.example.org"}, {"Domain": "b.example.org"}]},
        {"DistributionId": "E0000000000001", "Domains": [{"Domain": "c.example.org"}],
         "Customizations": {"Certificate": {"Arn": "arn:own"}}},
        {"DistributionId": "E0000000000001", "Domains": [{"Domain": "d.example.org"}], "Enabled": False},
    ]  # fmt: skip
    first, second = list_distributions(client, ACCOUNT)
    assert first.aliases == ("www.example.com", "a.example.org", "b.example.org", "c.example.org")
    assert first.own_certificates == (("c.example.org", "arn:own"),)
    assert second.aliases == ("www.example.com",)


def private(**owner: str) -> dict[str, Any]:
    return {"Id": "private", "DomainName": "x.example.com", "VpcOriginConfig": {"VpcOriginId": "vo_1", **owner}}


@pytest.mark.parametrize(
    ("owner", "code"),
    [({}, "EntityNotFound"), ({"OwnerAccountId": "999999999999"}, "AccessDenied")],
)
def test_one_vpc_origin_that_is_gone_or_somebody_elses_keeps_nothing_from_being_read(
    owner: dict[str, str], code: str
) -> None:
    client = FakeCloudFront(summary(1, Origins=quantity(private(**owner), custom())), summary(2))
    client.refused["vo_1"] = code
    first, second = list_distributions(client, ACCOUNT)
    lost, web = first.origins
    assert (lost.kind, web.unread, second.origins[0].unread) == (OriginKind.VPC, "", "")
    assert "vo_1" in lost.unread
    assert code in lost.unread


def test_a_missing_permission_to_read_the_accounts_own_vpc_origins_is_told_as_that() -> None:
    client = FakeCloudFront(summary(1, Origins=quantity(private())))
    client.refused["vo_1"] = "AccessDenied"
    with pytest.raises(AccessRefused, match="cloudfront:GetVpcOrigin was refused"):
        list_distributions(client, ACCOUNT)


def test_the_viewers_certificate() -> None:
    shown = {"ACMCertificateArn": "arn:acm", "SSLSupportMethod": "vip", "MinimumProtocolVersion": "TLSv1.2_2021"}
    assert read(FakeCloudFront(summary(ViewerCertificate=shown))).viewer == ViewerCertificate(
        acm_arn="arn:acm", support="vip", minimum_protocol="TLSv1.2_2021"
    )


def test_an_account_without_distributions() -> None:
    assert list_distributions(FakeCloudFront(), ACCOUNT) == ()


def test_the_real_client_answers_in_the_form_that_is_read() -> None:
    with mock_aws():
        client: Any = boto3.client("cloudfront", "us-east-1")
        forwarded = {"QueryString": False, "Cookies": {"Forward": "none"}}
        made = client.create_distribution(
            DistributionConfig={
                "CallerReference": "1",
                "Comment": "",
                "Enabled": True,
                "Origins": quantity(custom()),
                "DefaultCacheBehavior": behavior(ForwardedValues=forwarded, MinTTL=0),
            }
        )
        [found] = list_distributions(client, ACCOUNT)
    assert found.distribution_id == made["Distribution"]["Id"]
    assert found.origins[0].domain_name == "web.example.com"
