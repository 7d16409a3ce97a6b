"""An origin behind CloudFront is renewed with the wrong name, and then with the right one: one message, and its end.

The origin is a real TLS server on this computer. No probe ever visits loopback, so the deployed functions would not go there;
this scene runs the same flow in this process, with its own answer to "where may a probe go" and its own trusted root.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chalicelib.flows.certificate_ports import CertificateWorld
from chalicelib.flows.origins import react_to_origin
from chalicelib.intake.parse_certificates import parse_origin_event
from chalicelib.model.report import Report
from chalicelib.observe.probes import Names, Probes
from chalicelib.observe.tls import Resolution
from chalicelib.settings import read_settings
from chalicelib.wiring import Runtime
from demo.show import Show
from demo.world import DEV, POLICY
from tests.aws.awsbus import event
from tests.observe.tls_servers import context, serving, tls
from tests.pki import Authority
from tests.slack.workspace import Posted

NAME, ALIAS = "shop-origin.example.com", "www.shop.example.com"


class _Origin:
    """The origin's server: its certificate can be replaced while it runs."""

    def __init__(self) -> None:
        self.root = Authority.root("Demo Root")
        self._authority = self.root.intermediate("Demo Issuing CA")
        self.install(NAME)

    def install(self, name: str) -> None:
        """A fresh certificate, as a renewal would bring it."""
        self._served = context([self._authority.leaf(name), self._authority.issued])

    @contextmanager
    def running(self) -> Iterator[int]:
        front = context([self._authority.leaf(NAME), self._authority.issued])

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, _name: str, _context: ssl.SSLContext) -> None:
            connection.context = self._served

        front.sni_callback = choose
        with serving(tls(front)) as port:
            yield port


def play_certificates(show: Show, number: int) -> None:
    """In order, renewed with the wrong name, repaired."""
    show.screen.title(f"{number}. The certificate of an origin behind CloudFront is renewed with the wrong name")
    origin = _Origin()
    with origin.running() as port, _as_child(show.deployment.aws.environment):
        distribution = _distribution(show, port)
        show.screen.say("Origin", f"{NAME}, a TLS server of this computer on port {port}")
        show.screen.say("CloudFront", f"distribution {distribution['Id']}, alias {ALIAS}")
        world = _world(show, origin)
        fine = _told(show, world, distribution, "The distribution is created; the certificate is right")
        origin.install("shop-origin.example.net")
        wrong = _told(
            show, world, distribution, "Renewed, for shop-origin.example.net; the distribution is saved again"
        )
        again = _told(show, world, distribution, "The same again")
        origin.install(NAME)
        right = _told(show, world, distribution, "Renewed once more, with the right name")
    said = " ".join([wrong.shown, *(message.header for message in wrong.posted)])
    show.checks.that("nothing is told of a certificate in order", not fine.posted and not fine.report.alerts)
    show.checks.that("the wrong name is one message", len(wrong.posted) == 1)
    show.checks.that("it names the distribution and the name", distribution["Id"] in said and NAME in said)
    show.checks.that("it says what to do", f"certificate that lists {NAME}" in wrong.shown)
    show.checks.that("nobody is told twice", not again.posted)
    show.checks.that("repaired is resolved", any("RESOLVED" in message.header for message in right.posted))
    show.checks.close()


class _Told:
    """What came of one event: the report, and what came up in Slack."""

    def __init__(self, report: Report, posted: list[Posted], messages: list[dict[str, Any]]) -> None:
        self.report, self.posted = report, posted
        self.shown = " ".join(str(one["Message"]) for one in messages)


def _told(show: Show, world: CertificateWorld, distribution: Mapping[str, Any], what: str) -> _Told:
    show.screen.say("Arrived", what)
    happened = {
        "eventSource": "cloudfront.amazonaws.com",
        "eventName": "UpdateDistribution",
        "eventVersion": "1.11",
        "awsRegion": "us-east-1",
        "requestParameters": {"id": distribution["Id"]},
    }
    call = event("aws.cloudfront", "AWS API Call via CloudTrail", happened, account=DEV, region="us-east-1")
    report = react_to_origin(parse_origin_event(call), _fresh(world))
    show.screen.items("Found", [reason for reason in report.reasons if "name_mismatch" in reason] or ["nothing wrong"])
    messages = show.inbox.read()
    posted = show.slack.news(messages)
    show.tell_slack(posted)
    return _Told(report, posted, messages)


def _world(show: Show, origin: _Origin) -> CertificateWorld:
    settings = {key: value for key, value in show.deployment.settings.items() if key.startswith("NETREFLEX_")}
    runtime = Runtime(read_settings(settings), policy_text=lambda: POLICY)
    return replace(runtime.certificates(), roots=origin.root.roots)


def _fresh(world: CertificateWorld) -> CertificateWorld:
    """Each run makes its own handshakes, as each invocation does."""
    names = Names(lambda host, _port: Resolution(addresses=("127.0.0.1",), canonical=host))
    return replace(world, handshakes=Probes(refuse=lambda _: "", names=names))


def _distribution(show: Show, port: int) -> Mapping[str, Any]:
    made: Mapping[str, Any] = show.deployment.aws.client("cloudfront", DEV, "us-east-1").create_distribution(
        DistributionConfig={
            "CallerReference": "demo",
            "Comment": "the shop",
            "Enabled": True,
            "Aliases": {"Quantity": 1, "Items": [ALIAS]},
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "shop",
                        "DomainName": NAME,
                        "CustomOriginConfig": {
                            "HTTPPort": 80,
                            "HTTPSPort": port,
                            "OriginProtocolPolicy": "https-only",
                            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                        },
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "shop",
                "ViewerProtocolPolicy": "redirect-to-https",
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                "MinTTL": 0,
            },
        }
    )["Distribution"]
    return made


@contextmanager
def _as_child(environment: Mapping[str, str]) -> Iterator[None]:
    """The environment in which the SDK finds the local AWS, for the time of the scene."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
