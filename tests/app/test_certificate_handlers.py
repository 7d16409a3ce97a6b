"""The three handlers of certificates over an AWS in memory: from an event's JSON to a report and an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.acm.models import acm_backends

import app as deployed
from tests.app.test_app import KEYS, SCHEDULED, Context, Deployed, here
from tests.intake.matcher import event
from tests.observe.fake_cloudfront import behavior, custom, quantity
from tests.pki import Authority

__all__ = ["here"]
DEV = "111122223333"


def call(name: str, happened: dict[str, Any]) -> dict[str, Any]:
    """Called directly: chalice's own client leaves a function three seconds only."""
    return dict(getattr(deployed, name)(happened, Context(f"netreflex-test-{name}", 600)))


def distribution(lab: Any, domain: str) -> str:  # noqa: ANN401 - the lab's own type
    config = {
        "CallerReference": domain,
        "Comment": "",
        "Enabled": True,
        "Origins": quantity(custom("web", domain)),
        "DefaultCacheBehavior": behavior(
            MinTTL=0, ForwardedValues={"QueryString": False, "Cookies": {"Forward": "none"}}
        ),
    }
    made = lab.client("cloudfront", DEV, "us-east-1").create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("name", "sample"), [("certificates", "acm/expired"), ("origins", "cloudfront/update-distribution")]
)
def test_an_event_about_what_is_not_there_is_answered_with_a_report(name: str, sample: str) -> None:
    report = call(name, event(sample))
    assert set(report) == KEYS
    assert (report["decision"], report["alerts"], report["failed"]) == ("observed", [], [])


def test_a_distribution_whose_origin_leads_to_this_machine_is_not_probed(here: Deployed) -> None:
    made = distribution(here.lab, "localhost")
    happened = event("cloudfront/update-distribution")
    happened["detail"]["responseElements"]["distribution"]["id"] = made
    report = call("origins", happened)
    assert report["trigger"] == {
        "trigger": "DistributionChanged",
        "account": DEV,
        "distribution_id": made,
        "at": "2026-03-03T14:22:08+00:00",
    }
    assert any("cannot_probe" in reason and "belongs to this machine" in reason for reason in report["reasons"])
    assert here.lab.alerts() == []


def test_a_sweep_finds_an_imported_certificate_near_its_end(here: Deployed) -> None:
    ended = Authority.root().leaf("shop.example.com", start=_ago(80), end=_ago(-1))
    acm = here.lab.client("acm", DEV)
    arn = acm.import_certificate(Certificate=ended.pem, PrivateKey=ended.key_pem)["CertificateArn"]
    acm_in_use(arn)
    report = call("sweep_certificates", SCHEDULED)
    assert report["reasons"][0] == "1 certificates, 0 distributions: all looked at"
    [alert] = here.lab.alerts()
    assert (alert["kind"], alert["severity"], alert["subject"]["id"]) == ("certificate", "critical", arn)
    assert call("sweep_certificates", SCHEDULED)["failed"] == []
    assert here.lab.alerts() == []


def _ago(days: int) -> datetime:
    return (datetime.now(UTC) - timedelta(days=days)).replace(microsecond=0)


def acm_in_use(arn: str) -> None:
    acm_backends[DEV]["eu-west-1"].get_certificate(arn).in_use_by.append(
        f"arn:aws:elasticloadbalancing:eu-west-1:{DEV}:loadbalancer/app/shop/50dc6c495c0c9188"
    )
