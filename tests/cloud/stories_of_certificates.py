"""Certificates come to their end, and origins change, on a deployed stage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from demo.world import DEV, REGION
from tests.aws.awsbus import event
from tests.cloud.stories import Told, come_due, once, tell
from tests.cloud.ways import Stage
from tests.observe.tls_servers import context, serving, tls
from tests.pki import DAY, Authority


@once
def expiring(stage: Stage) -> tuple[str, Told, Told]:
    """A certificate that somebody imported comes to its end; ACM tells so, and the sweep finds it still there."""
    arn = import_ending(stage.aws.client("acm", DEV), "legacy.example.com")
    detail = {"DaysToExpiry": 3, "CommonName": "legacy.example.com", "Exportable": False}
    kind = "ACM Certificate Approaching Expiration"
    happened = event("aws.acm", kind, detail, account=DEV, region=REGION, resources=[arn])
    return arn, tell(stage, happened), come_due(stage, "sweep_certificates")


def import_ending(acm: Any, name: str) -> str:  # noqa: ANN401 - boto3's clients have no common type
    """The ARN of an imported certificate that ends in three days."""
    now, root = datetime.now(UTC), Authority.root()
    leaf = root.leaf(name, start=now - 300 * DAY, end=now + 3 * DAY)
    imported = {"Certificate": leaf.pem, "PrivateKey": leaf.key_pem, "CertificateChain": root.issued.pem}
    return str(acm.import_certificate(**imported)["CertificateArn"])


@once
def origin_on_loopback(stage: Stage) -> tuple[list[str], Told]:
    """A distribution whose origin leads back to the machine that looks; and how often that machine was visited."""
    visits: list[str] = []
    server = context([Authority.root().leaf("localhost")])
    server.sni_callback = lambda _socket, name, _context: visits.append(str(name))
    with serving(tls(server)) as port:
        cloudfront = stage.aws.client("cloudfront", DEV, "us-east-1")
        made = cloudfront.create_distribution(DistributionConfig=distribution("localhost", port))["Distribution"]
        return visits, tell(stage, distribution_updated(made["Id"], DEV))


def distribution_updated(identity: str, account: str) -> dict[str, Any]:
    """CloudTrail's record of an UpdateDistribution."""
    call = {
        "eventSource": "cloudfront.amazonaws.com",
        "eventName": "UpdateDistribution",
        "eventVersion": "1.11",
        "awsRegion": "us-east-1",
        "requestParameters": {"id": identity},
    }
    return dict(event("aws.cloudfront", "AWS API Call via CloudTrail", call, account=account, region="us-east-1"))


def distribution(host: str, port: int, **more: object) -> dict[str, Any]:
    """The configuration of a distribution with one origin."""
    origin = {
        "Id": "web",
        "DomainName": host,
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": port, "OriginProtocolPolicy": "https-only"},
    }
    return {
        "CallerReference": host,
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "web",
            "ViewerProtocolPolicy": "redirect-to-https",
            "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        },
        **more,
    }


STORIES = (expiring, origin_on_loopback)
