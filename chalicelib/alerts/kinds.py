"""The kinds of alerts, and where the console shows what they are about. Pure."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from chalicelib.model.alert import Alert, Link
from chalicelib.model.policy_place import policy_place

PEERING = "peering"
NAME = "name"
VPN = "vpn"
ORIGIN_CERTIFICATE = "cloudfront-origin-cert"
VIEWER_CERTIFICATE = "cloudfront-viewer-cert"
CERTIFICATE = "certificate"
AUTOMATION = "automation"
OF_CERTIFICATES = (ORIGIN_CERTIFICATE, VIEWER_CERTIFICATE, CERTIFICATE)

DELIVERY = "delivery"  # the chapter of the notifier's own trouble, which is told by mail
# The kinds of rolls are chapters too: a roll is an alert.
CHAPTERS = (
    PEERING, NAME, VPN, ORIGIN_CERTIFICATE, VIEWER_CERTIFICATE, CERTIFICATE, AUTOMATION,
    "policy", "dead-letters", "storm", "notices", "unconfirmed", DELIVERY,
)  # fmt: skip
_OF_AUTOMATION = {"policy": "policy", "queue": "dead-letters"}  # by what the alert is about


def chapter_of(alert: Alert) -> str:
    """The chapter of the runbook about an alert: its kind, but for what netreflex tells of itself."""
    return _OF_AUTOMATION.get(alert.subject.type, AUTOMATION) if alert.kind == AUTOMATION else alert.kind


def peering_console(region: str, peering_id: str) -> Link:
    return _vpc("Peering in the console", region, f"PeeringConnectionDetails:vpcPeeringConnectionId={peering_id}")


def route_table_console(region: str, table_id: str) -> Link:
    return _vpc(f"Route table {table_id}", region, f"RouteTableDetails:RouteTableId={table_id}")


def vpn_console(region: str, connection_id: str) -> Link:
    return _vpc("VPN in the console", region, f"VpnConnectionDetails:VpnConnectionId={connection_id}")


def zone_console(zone_id: str) -> Link:
    url = f"https://us-east-1.console.aws.amazon.com/route53/v2/hostedzones#ListRecordSets/{zone_id}"
    return Link(text="Hosted zone in the console", url=url)


def certificate_console(arn: str) -> Link:
    region, name = arn.split(":")[3], arn.rpartition("/")[2]
    url = f"https://{region}.console.aws.amazon.com/acm/home?region={region}#/certificates/{name}"
    return Link(text="Certificate in the console", url=url)


def zones_console() -> Link:
    return Link(text="Hosted zones", url="https://us-east-1.console.aws.amazon.com/route53/v2/hostedzones#")


def roles_console() -> Link:
    """IAM's roles; the console shows those of the account that one is signed in to."""
    return Link(text="Roles in the console", url="https://us-east-1.console.aws.amazon.com/iam/home#/roles")


def queue_console(region: str, queue_url: str) -> Link:
    place = f"#/queues/{quote(queue_url, safe='')}"
    return Link(text="Queue", url=f"https://{region}.console.aws.amazon.com/sqs/v3/home?region={region}{place}")


def policy_console(source: str, region: str) -> Link | None:
    """Where a policy outside the bundle is kept; None for a file of the bundle, which is in git."""
    console = f"https://{region}.console.aws.amazon.com/systems-manager"
    place = policy_place(source)
    match place.where.partition(":"):
        case ("ssm", _, name):
            page = f"/parameters/{quote(name, safe='')}/description?region={region}"
            return Link(text="Parameter in the console", url=console + page)
        case ("s3", _, path):
            bucket, _, key = path.removeprefix("//").partition("/")
            one = f"&versionId={quote(place.version)}" if place.version else ""
            url = f"https://s3.console.aws.amazon.com/s3/object/{bucket}?region={region}&prefix={quote(key)}{one}"
            return Link(text="Object in the console", url=url)
        case ("appconfig", _, _):
            return Link(text="AppConfig", url=f"{console}/appconfig/applications?region={region}")
        case _:
            return None


def distribution_console(distribution_id: str) -> Link:
    url = f"https://us-east-1.console.aws.amazon.com/cloudfront/v4/home#/distributions/{distribution_id}"
    return Link(text="Distribution in the console", url=url)


def runbook(base: str, chapter: str) -> Link:
    """A chapter of the runbook at ``base``, an https address."""
    return Link(text="Runbook", url=f"{base.rstrip('/')}#{chapter}")


def with_runbook(alert: Alert, base: str) -> Alert:
    """The alert with a link to its chapter of the runbook at ``base``, as it is where that is empty."""
    return replace(alert, links=(*alert.links[:4], runbook(base, chapter_of(alert)))) if base else alert


def _vpc(text: str, region: str, place: str) -> Link:
    return Link(text=text, url=f"https://{region}.console.aws.amazon.com/vpcconsole/home?region={region}#{place}")
