"""What certificates, origins and sweep_certificates meet, in a member account and in netreflex's own. Nothing is connected to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.flows.certificates import react_to_certificate
from chalicelib.flows.origins import react_to_origin
from chalicelib.flows.sweep_certificates import sweep_certificates
from chalicelib.model.network import Place
from chalicelib.model.report import Report
from chalicelib.model.triggers import CertificateChanged, DistributionChanged
from demo.world import DEV, REGION, Vpc, World
from tests.aws.answers import Answers
from tests.aws.local import HUB
from tests.iam.play import Play, Scenario
from tests.lab import Lab
from tests.observe.fake_cloudfront import behavior, quantity, summary

_DISTRIBUTION = f"E{1:013d}"


class Shop(World):
    """A VPC with a load balancer, whose listener has a certificate."""

    account = DEV

    def __init__(self, lab: Lab) -> None:
        self._aws, self._names = lab, {}
        self._lab = lab
        self.home: Vpc = self.vpc("shop", self.account, ("10.16.0.0/16",), {})
        requested = lab.client("acm", self.account).request_certificate(DomainName="shop.example.com")
        self.certificate = str(requested["CertificateArn"])

    def balancer(self) -> str:
        elb, ec2 = self._lab.client("elbv2", self.account), self.ec2(self.account)
        subnets = [
            ec2.create_subnet(VpcId=self.home.vpc_id, CidrBlock=f"10.16.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
            for n, zone in enumerate("ab", start=50)
        ]
        made = elb.create_load_balancer(Name="shop", Subnets=[one["Subnet"]["SubnetId"] for one in subnets])
        arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
        group = elb.create_target_group(Name="shop", Protocol="HTTP", Port=80, VpcId=self.home.vpc_id)
        elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": self.certificate}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}],
        )
        return arn


class ShopAtHome(Shop):
    account = HUB


def _lab(home: bool) -> Lab:  # noqa: FBT001
    world = ShopAtHome if home else Shop
    text = f'version: 1\naccounts: {{"{world.account}": {{name: dev}}}}\nregions: [eu-west-1]\n'
    return Lab(f"{text}certificates: {{repair: true}}\n", world=world)


def _told_of_certificate(lab: Lab) -> Report:
    place = Place(account=lab.world.account, region=REGION)
    trigger = CertificateChanged(place=place, arns=(lab.world.certificate,), told="ACM")
    return react_to_certificate(trigger, lab.runtime.certificates())


def _told_of_distribution(lab: Lab) -> Report:
    trigger = DistributionChanged(account=lab.world.account, distribution_id=_DISTRIBUTION)
    return react_to_origin(trigger, lab.runtime.certificates())


_WORK: dict[str, Callable[[Lab], Report]] = {
    "certificates": _told_of_certificate,
    "origins": _told_of_distribution,
    "sweep_certificates": lambda lab: sweep_certificates(lab.runtime.certificates()),
}


def _run(play: Play, lab: Lab, answers: Answers) -> None:
    play.run(lab, partial(_WORK[play.function], lab), answers=answers)


def _distributions(balancer: str) -> Answers:
    """A distribution in front of a private load balancer, with policies and a certificate of the IAM store; and tenants."""
    origin = {"Id": "web", "DomainName": "web.example.com", "VpcOriginConfig": {"VpcOriginId": "vo-1"}}
    fronted = summary(
        Origins=quantity(origin),
        DefaultCacheBehavior=behavior(OriginRequestPolicyId="orp-1", CachePolicyId="cp-1"),
        ViewerCertificate={"IAMCertificateId": "ASCAEXAMPLE", "SSLSupportMethod": "sni-only"},
        **_FILLING,
    )
    shared = summary(2, Origins=quantity(origin), ConnectionMode="tenant-only", **_FILLING)
    endpoint = {
        "Name": "shop",
        "Arn": balancer,
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
    }
    origins = {"Id": "vo-1", "Arn": "a", "Status": "Deployed", "CreatedTime": _NOW, "LastModifiedTime": _NOW}
    return {
        ("cloudfront", "ListDistributions"): lambda: {"DistributionList": {**_PAGE, **quantity(fronted, shared)}},
        ("cloudfront", "ListOriginRequestPolicies"): lambda: {
            "OriginRequestPolicyList": {"MaxItems": 100, "Quantity": 0}
        },
        ("cloudfront", "ListCachePolicies"): lambda: {"CachePolicyList": {"MaxItems": 100, "Quantity": 0}},
        ("cloudfront", "ListDistributionTenants"): lambda: {"DistributionTenantList": []},
        ("cloudfront", "GetVpcOrigin"): lambda: {"VpcOrigin": {**origins, "VpcOriginEndpointConfig": endpoint}},
    }


_NOW = datetime.now(UTC)
_PAGE = {"Marker": "", "MaxItems": 100, "IsTruncated": False}
_FILLING: dict[str, Any] = {  # what CloudFront's own model requires of a summary, and nobody reads
    "ARN": "a",
    "ETag": "e",
    "Status": "Deployed",
    "LastModifiedTime": _NOW,
    "Comment": "",
    "PriceClass": "PriceClass_All",
    "CustomErrorResponses": {"Quantity": 0},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
}


def _fronted(play: Play, *, home: bool) -> None:
    """A distribution whose origin is a private load balancer."""
    with _lab(home) as lab:
        _run(play, lab, _distributions(lab.world.balancer()))


def _renewal(play: Play, *, home: bool) -> None:
    """ACM cannot renew a certificate, because the record that validates it was lost: it is put back."""
    with _lab(home) as lab:
        lab.client("route53", lab.world.account).create_hosted_zone(Name="example.com", CallerReference="1")
        life = {"NotBefore": _NOW - timedelta(days=175), "NotAfter": _NOW + timedelta(days=20)}
        known = {
            "CertificateArn": lab.world.certificate,
            "DomainName": "shop.example.com",
            "Type": "AMAZON_ISSUED",
            "Status": "ISSUED",
            "RenewalEligibility": "ELIGIBLE",
            **life,
        }
        record = {"Name": "_a1.shop.example.com.", "Type": "CNAME", "Value": "_b2.acm-validations.aws."}
        waiting = {"DomainName": "shop.example.com", "ValidationStatus": "PENDING_VALIDATION", "ResourceRecord": record}
        renewal = {
            "RenewalStatus": "PENDING_VALIDATION",
            "UpdatedAt": _NOW,
            "DomainValidationOptions": [{**waiting, "ValidationMethod": "DNS"}],
        }
        listed = {**known, "InUse": False}
        answers: Answers = {
            ("acm", "ListCertificates"): lambda: {"CertificateSummaryList": [listed]},
            ("acm", "DescribeCertificate"): lambda: {"Certificate": {**known, "RenewalSummary": renewal}},
        }
        _run(play, lab, answers)


def _scenarios(*plays: Callable[..., None]) -> tuple[Scenario, ...]:
    return tuple(
        Scenario(f"{play.__name__.strip('_')} {'at home' if home else 'in a member account'}", partial(play, home=home))
        for play in plays
        for home in (False, True)
    )


CERTIFICATES = _scenarios(_fronted, _renewal)
ORIGINS = _scenarios(_fronted)
