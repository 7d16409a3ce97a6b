"""The kinds of alerts, and where the console shows what they are about. Pure."""

from __future__ import annotations

from chalicelib.model.alert import Link

PEERING = "peering"
NAME = "name"
VPN = "vpn"
ORIGIN_CERTIFICATE = "cloudfront-origin-cert"
VIEWER_CERTIFICATE = "cloudfront-viewer-cert"
CERTIFICATE = "certificate"
AUTOMATION = "automation"
OF_CERTIFICATES = (ORIGIN_CERTIFICATE, VIEWER_CERTIFICATE, CERTIFICATE)


def peering_console(region: str, peering_id: str) -> Link:
    return _vpc("Peering in the console", region, f"PeeringConnectionDetails:vpcPeeringConnectionId={peering_id}")


def route_table_console(region: str, table_id: str) -> Link:
    return _vpc("Route table in the console", region, f"RouteTableDetails:RouteTableId={table_id}")


def vpn_console(region: str, connection_id: str) -> Link:
    return _vpc("VPN in the console", region, f"VpnConnectionDetails:VpnConnectionId={connection_id}")


def zone_console(zone_id: str) -> Link:
    url = f"https://us-east-1.console.aws.amazon.com/route53/v2/hostedzones#ListRecordSets/{zone_id}"
    return Link(text="Hosted zone in the console", url=url)


def distribution_console(distribution_id: str) -> Link:
    url = f"https://us-east-1.console.aws.amazon.com/cloudfront/v4/home#/distributions/{distribution_id}"
    return Link(text="Distribution in the console", url=url)


def runbook(base: str, chapter: str) -> Link:
    """A chapter of the runbook at ``base``, an https address."""
    return Link(text="Runbook", url=f"{base.rstrip('/')}#{chapter}")


def _vpc(text: str, region: str, place: str) -> Link:
    return Link(text=text, url=f"https://{region}.console.aws.amazon.com/vpcconsole/home?region={region}#{place}")
