"""What the functions for certificates meet, played on moto."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chalicelib.flows.certificates import react_to_certificate
from chalicelib.flows.origins import react_to_origin
from chalicelib.flows.sweep_certificates import sweep_certificates
from chalicelib.model.errors import NetreflexError
from chalicelib.model.network import Place
from chalicelib.model.triggers import CertificateChanged, DistributionChanged
from demo.world import DEV, REGION
from tests.iam.guard import Guard
from tests.lab import Lab


def a_certificate_and_its_distribution(guard: Guard, function: str) -> None:
    """Certificates, a listener and a distribution in a member account; nothing is connected to."""
    from tests.iam.scenarios import lab_of, run

    with lab_of("") as lab:
        arn = lab.client("acm", DEV).request_certificate(DomainName="shop.example.com")["CertificateArn"]
        made = lab.client("cloudfront", DEV, "us-east-1").create_distribution(DistributionConfig=_DISTRIBUTION)
        identity = made["Distribution"]["Id"]
        _listener(lab, arn)
        triggers = {
            "certificates": lambda world: react_to_certificate(
                CertificateChanged(place=Place(account=DEV, region=REGION), arns=(arn,), told="ACM"), world
            ),
            "origins": lambda world: react_to_origin(DistributionChanged(account=DEV, distribution_id=identity), world),
            "sweep_certificates": sweep_certificates,
        }
        with suppress(NetreflexError):
            run(guard, function, lab, lambda: triggers[function](lab.runtime.certificates()))  # type: ignore[no-untyped-call]


def _listener(lab: Lab, arn: str) -> None:
    elb, ec2 = lab.client("elbv2", DEV), lab.client("ec2", DEV)
    subnets = [
        ec2.create_subnet(VpcId=lab.world.apps.vpc_id, CidrBlock=f"10.16.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for n, zone in enumerate("ab", start=50)
    ]
    made = elb.create_load_balancer(Name="shop", Subnets=[one["Subnet"]["SubnetId"] for one in subnets])
    group = elb.create_target_group(Name="shop", Protocol="HTTP", Port=80, VpcId=lab.world.apps.vpc_id)
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}],
    )


_DISTRIBUTION: dict[str, Any] = {
    "CallerReference": "one",
    "Comment": "",
    "Enabled": True,
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "web",
                "DomainName": "origin.invalid",
                "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
            }
        ],
    },
    "DefaultCacheBehavior": {
        "TargetOriginId": "web",
        "ViewerProtocolPolicy": "redirect-to-https",
        "MinTTL": 0,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    },
}
