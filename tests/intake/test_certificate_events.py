"""Events about certificates, distributions and listeners: what they name becomes a trigger, the rest is ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.intake.parse_certificates import parse_certificate_event, parse_origin_event
from chalicelib.intake.patterns import ACM_NEWS
from chalicelib.model.network import Place
from chalicelib.model.triggers import (
    CertificateChanged,
    DistributionChanged,
    Ignored,
    ListenerChanged,
    OriginTrigger,
)
from tests.intake.matcher import NAMES, event, woken

DEV = Place(account="111122223333", region="eu-west-1")
ARN = "arn:aws:acm:eu-west-1:111122223333:certificate/"
MORNING = datetime(2026, 3, 2, 6, 51, 8, tzinfo=UTC)
SHOP = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop-web/50dc6c495c0c9188"
CERTIFICATES = {
    "acm/approaching-expiration": CertificateChanged(
        place=DEV, arns=(f"{ARN}a0391265-4768-070e-aa91-cc52656a8c3e",), told="ACM Certificate Approaching Expiration", at=MORNING
    ),
    "acm/available-renewal": CertificateChanged(
        place=DEV, arns=(f"{ARN}8da9e244-1fc5-d0ab-592c-8140600cfc5d",), told="ACM Certificate Available", at=MORNING
    ),
    "acm/expired": CertificateChanged(
        place=DEV, arns=(f"{ARN}be78e674-b44b-e259-2e1f-b56123593100",), told="ACM Certificate Expired", at=MORNING
    ),
    "acm/renewal-action-required": CertificateChanged(
        place=DEV, arns=(f"{ARN}3f3d9f71-5fcc-63d5-4a4a-224e0939a233",), told="ACM Certificate Renewal Action Required",
        at=MORNING,
    ),
    "health/acm-renewal-action": CertificateChanged(
        place=DEV,
        arns=(
            f"{ARN}3f3d9f71-5fcc-63d5-4a4a-224e0939a233",
            f"{ARN}7d881bd2-2526-aa96-5701-a26fa06f52da",
            f"{ARN}d2306f8f-1374-3980-53db-b87f71c1f4af",
        ),
        told="AWS Health: 'AWS_ACM_RENEWAL_STATE_CHANGE'",
        at=datetime(2026, 3, 2, 6, 0, 53, tzinfo=UTC),
    ),
}  # fmt: skip
ORIGINS = {
    "cloudfront/update-distribution": DistributionChanged(
        account="111122223333", distribution_id="E2EXAMPLE1ABCD", at=datetime(2026, 3, 3, 14, 22, 8, tzinfo=UTC)
    ),
    "elbv2/add-listener-certificates": ListenerChanged(
        place=DEV, balancer_arn=SHOP, at=datetime(2026, 3, 2, 9, 7, 20, tzinfo=UTC)
    ),
    "elbv2/modify-listener": ListenerChanged(
        place=DEV, balancer_arn=SHOP, at=datetime(2026, 3, 2, 9, 6, 2, tzinfo=UTC)
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_event_becomes_its_trigger_or_is_ignored_with_a_reason(name: str) -> None:
    certificate, origin = parse_certificate_event(event(name)), parse_origin_event(event(name))
    assert certificate == CERTIFICATES.get(name, certificate)
    assert origin == ORIGINS.get(name, origin)
    assert isinstance(certificate, Ignored) == (name not in CERTIFICATES)
    assert isinstance(origin, Ignored) == (name not in ORIGINS)
    assert all(found.reason for found in (certificate, origin) if isinstance(found, Ignored))


@pytest.mark.parametrize("name", NAMES)
def test_the_patterns_let_nothing_in_that_the_parsers_ignore(name: str) -> None:
    assert ("certificates" in woken(event(name))) == isinstance(
        parse_certificate_event(event(name)), CertificateChanged
    )
    assert ("origins" in woken(event(name))) == isinstance(parse_origin_event(event(name)), OriginTrigger)


@pytest.mark.parametrize("kind", ACM_NEWS)
def test_every_word_of_acm_is_understood(kind: str) -> None:
    told = event("acm/expired") | {"detail-type": kind, "detail": {}}
    assert woken(told) == {"certificates"}
    assert isinstance(parse_certificate_event(told), CertificateChanged)


@pytest.mark.parametrize(
    "resources",
    [
        None,
        [],
        "text",
        [5],
        ["arn:aws:acm:eu-west-1:111122223333:certificate/../x"],
        ["arn:aws:s3:::bucket"],
        [ARN + "a" * 65],
    ],
)
def test_an_event_without_a_certificate_is_ignored(resources: object) -> None:
    assert isinstance(parse_certificate_event(event("acm/expired") | {"resources": resources}), Ignored)


def test_health_names_its_certificates_among_the_entities_too() -> None:
    told = event("health/acm-renewal-action") | {"resources": []}
    found = parse_certificate_event(told)
    assert isinstance(found, CertificateChanged)
    assert len(found.arns) == 3
    told["detail"]["affectedEntities"] = "none"
    assert isinstance(parse_certificate_event(told), Ignored)


def test_of_certificates_in_several_places_the_first_place_counts() -> None:
    other = "arn:aws:acm:us-east-1:111122223333:certificate/a"
    found = parse_certificate_event(event("acm/expired") | {"resources": [f"{ARN}a", other, f"{ARN}a", f"{ARN}b"]})
    assert isinstance(found, CertificateChanged)
    assert found.arns == (f"{ARN}a", f"{ARN}b")


def called(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of an event
    told: dict[str, Any] = event(name)
    told["detail"] |= changes
    return told


def test_a_copy_is_what_the_answer_names() -> None:
    told = called("cloudfront/update-distribution", eventName="CopyDistribution")
    told["detail"]["responseElements"]["distribution"]["id"] = "E3COPY0000000"
    assert parse_origin_event(told) == DistributionChanged(
        account="111122223333", distribution_id="E3COPY0000000", at=datetime(2026, 3, 3, 14, 22, 8, tzinfo=UTC)
    )


def test_a_deletion_has_no_answer() -> None:
    told = called(
        "cloudfront/update-distribution",
        eventName="DeleteDistribution",
        responseElements=None,
        requestParameters={"id": "E2EXAMPLE1ABCD"},
    )
    assert isinstance(parse_origin_event(told), DistributionChanged)


def test_a_new_listener_names_its_load_balancer() -> None:
    told = called("elbv2/modify-listener", eventName="CreateListener", requestParameters={"loadBalancerArn": SHOP})
    found = parse_origin_event(told)
    assert isinstance(found, ListenerChanged)
    assert found.balancer_arn == SHOP


def test_a_classic_load_balancer_is_named_by_its_name() -> None:
    told = called(
        "elbv2/modify-listener",
        eventName="SetLoadBalancerListenerSSLCertificate",
        requestParameters={"loadBalancerName": "old-web"},
    )
    found = parse_origin_event(told)
    assert isinstance(found, ListenerChanged)
    assert found.balancer_arn == "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/old-web"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        pytest.param(called("elbv2/modify-listener", requestParameters={}), "names no load balancer", id="no listener"),
        pytest.param(
            called("elbv2/modify-listener", requestParameters={"loadBalancerName": "a/b"}), "names no load balancer", id="no name"
        ),
        pytest.param(
            called("elbv2/modify-listener", requestParameters={"loadBalancerName": "a"}, awsRegion="mars"),
            "names no load balancer",
            id="no Region",
        ),
        pytest.param(called("elbv2/modify-listener", requestParameters={"listenerArn": SHOP + "/x"}), "names no", id="odd ARN"),
        pytest.param(called("elbv2/modify-listener", errorCode="AccessDenied"), "did not succeed", id="a failed call"),
        pytest.param(called("elbv2/modify-listener", eventName="DeleteRule"), "not a call that", id="another call"),
        pytest.param(
            called("cloudfront/update-distribution", requestParameters={"id": "../x"}, responseElements={}),
            "names no distribution",
            id="no distribution",
        ),
        pytest.param(
            event("cloudfront/update-distribution") | {"account": "12"}, "names no distribution and account", id="no account"
        ),
        pytest.param(event("cloudfront/update-distribution") | {"source": "custom"}, "not an cloudfront", id="a forged source"),
        pytest.param(event("elbv2/modify-listener") | {"source": "aws.cloudfront"}, "not an elasticload", id="sources mixed"),
    ],
)  # fmt: skip
def test_a_call_that_names_nothing_is_ignored(told: dict[str, Any], why: str) -> None:
    found = parse_origin_event(told)
    assert isinstance(found, Ignored)
    assert why in found.reason


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=15,
)


@given(ANY_JSON, ANY_JSON, st.sampled_from(sorted({*CERTIFICATES, *ORIGINS})))
def test_nothing_makes_a_parser_raise(detail: object, resources: object, name: str) -> None:
    for told in (detail, event(name) | {"detail": detail, "resources": resources}):
        parse_certificate_event(told)
        parse_origin_event(told)
    spoiled = called(name, requestParameters=detail, responseElements=resources, affectedEntities=resources)
    parse_certificate_event(spoiled)
    parse_origin_event(spoiled)
