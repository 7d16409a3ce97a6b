"""What ACM's own data say: renewal that is blocked, certificates that nobody renews, the viewers' side, listeners."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.decide.certificate_listeners import judge_listener, judge_stale, renewed_by_acm, tells_all
from chalicelib.decide.certificate_renewal import judge_acm, worth_a_closer_look
from chalicelib.decide.certificate_viewer import judge_viewer
from chalicelib.decide.certificate_x509 import parse
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Finding, Problem
from chalicelib.model.inventory import (
    AcmCertificate,
    Distribution,
    Listener,
    LoadBalancer,
    Origin,
    OriginKind,
    ValidationRecord,
    ViewerCertificate,
)
from chalicelib.model.network import Place
from chalicelib.model.policy import CertificatePolicy
from tests.pki import DAY, NOW, Authority

PLACE = Place(account="111122223333", region="us-east-1")
ARN = "arn:aws:acm:us-east-1:111122223333:certificate/a"
POLICY = CertificatePolicy()
MISSING = ValidationRecord(
    domain="shop.example.com", status="PENDING_VALIDATION", name="_x.shop.example.com.", value="_y.acm-validations.aws."
)
PROVEN = replace(MISSING, domain="www.example.com", status="SUCCESS", name="_z.www.example.com.")


def certificate(days_left: float = 100, life: int = 198, **changes: object) -> AcmCertificate:
    end = NOW + timedelta(days=days_left)
    given = {
        "arn": ARN,
        "place": PLACE,
        "type": "AMAZON_ISSUED",
        "status": "ISSUED",
        "domain": "shop.example.com",
        "names": ("shop.example.com", "www.example.com"),
        "not_before": end - life * DAY,
        "not_after": end,
        "in_use": True,
        "eligible": True,
        "detailed": True,
        "serial": "abc",
    } | changes
    return AcmCertificate(**given)  # type: ignore[arg-type]


def imported(days_left: float, **changes: object) -> AcmCertificate:
    return certificate(days_left, **{"life": 90, "type": "IMPORTED", "eligible": False} | changes)  # type: ignore[arg-type]


C, E, W, I = Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741 - the letters of the table
BLOCKED, NOT_ELIGIBLE, IMPORTED = Problem.ACM_RENEWAL_BLOCKED, Problem.ACM_NOT_ELIGIBLE, Problem.IMPORTED_EXPIRING
ACM: list[tuple[str, AcmCertificate, list[tuple[Problem, Severity]]]] = [
    ("young", certificate(100), []),
    ("in its normal renewal", certificate(44, renewal_status="PENDING_AUTO_RENEWAL"), []),
    ("waiting for validation, far from its end", certificate(40, renewal_status="PENDING_VALIDATION"), [(BLOCKED, E)]),
    ("waiting for validation, a week before", certificate(7, renewal_status="PENDING_VALIDATION"), [(BLOCKED, C)]),
    ("failed", certificate(20, renewal_status="FAILED"), [(BLOCKED, E)]),
    ("thirty days without a renewal", certificate(30), [(BLOCKED, E)]),
    ("thirty-one days", certificate(31), []),
    (
        "the last renewal's success",
        certificate(20, renewal_status="SUCCESS", renewed_at=NOW - 170 * DAY),
        [(BLOCKED, E)],
    ),
    ("a success of this term", certificate(20, renewal_status="SUCCESS", renewed_at=NOW - DAY), []),
    ("a success without a date", certificate(20, renewal_status="SUCCESS"), []),
    ("a short life has a short window", certificate(20, life=47), []),
    ("a short life near its end", certificate(11, life=47), [(BLOCKED, E)]),
    ("not in use", certificate(20, eligible=False, in_use=False), [(NOT_ELIGIBLE, W)]),
    ("not in use and ended", certificate(-1, eligible=False, in_use=False, status="EXPIRED"), [(NOT_ELIGIBLE, I)]),
    ("ended in use", certificate(-1, status="EXPIRED"), [(NOT_ELIGIBLE, C)]),
    ("in use, not eligible", certificate(40, eligible=False), [(NOT_ELIGIBLE, W)]),
    ("imported, young", imported(50), []),
    ("imported, a fifth left", imported(18), [(IMPORTED, W)]),
    ("imported, a twentieth left", imported(5), [(IMPORTED, E)]),
    ("imported, a day left", imported(1), [(IMPORTED, C)]),
    ("revoked in use", certificate(status="REVOKED"), [(Problem.ACM_REVOKED, C)]),
    ("revoked, used by nobody", certificate(status="REVOKED", in_use=False), [(Problem.ACM_REVOKED, W)]),
    ("not issued yet", certificate(not_after=None, status="PENDING_VALIDATION"), []),
]


@pytest.mark.parametrize(("one", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ACM])
def test_what_acm_says_of_a_certificate(one: AcmCertificate, expected: list[tuple[Problem, Severity]]) -> None:
    found = judge_acm(one, POLICY, NOW)
    assert [(finding.kind, finding.severity) for finding in found] == expected
    assert all(finding.remedy for finding in found)


@pytest.mark.parametrize("one", [row[1] for row in ACM if row[2]])
def test_the_list_alone_shows_what_is_worth_a_closer_look(one: AcmCertificate) -> None:
    """What is in use and told must not be passed over for want of details: renewal and users are not in the list."""
    listed = replace(one, renewal_status="", renewed_at=None, detailed=False)
    assert worth_a_closer_look(listed, POLICY, NOW) == listed.in_use


@pytest.mark.parametrize("one", [certificate(100), imported(50), certificate(not_after=None)])
def test_a_young_certificate_costs_no_call(one: AcmCertificate) -> None:
    assert not worth_a_closer_look(one, POLICY, NOW)


REMEDIES = [
    ("PENDING_DOMAIN_VALIDATION", (MISSING, PROVEN), "exactly: _x.shop.example.com. CNAME _y.acm-validations.aws."),
    (
        "a name and its wildcard",
        (MISSING, replace(MISSING, domain="*.shop.example.com")),
        "exactly: _x.shop.example.com. CNAME _y.acm-validations.aws.",
    ),
    ("CAA_ERROR", (MISSING,), "must allow one of amazon.com"),
    ("NO_AVAILABLE_CONTACTS", (), "must answer ACM's e-mail"),
    ("", (replace(MISSING, method="EMAIL"),), "The owner of shop.example.com must answer"),
    ("OTHER", (), "every domain needs its validation record"),
]


@pytest.mark.parametrize(("reason", "validations", "said"), REMEDIES)
def test_a_blocked_renewal_says_what_unblocks_it(
    reason: str, validations: tuple[ValidationRecord, ...], said: str
) -> None:
    [found] = judge_acm(
        certificate(20, renewal_status="FAILED", renewal_reason=reason, validations=validations), POLICY, NOW
    )
    assert said in found.remedy
    assert found.remedy.count(MISSING.name) < 2
    assert "_z.www.example.com" not in found.remedy


OWN = f"{ARN}-own"


def distribution(**changes: object) -> Distribution:
    given = {
        "distribution_id": "E2EXAMPLE1ABCD",
        "account": "111122223333",
        "domain_name": "d1.cloudfront.net",
        "aliases": ("shop.example.com",),
        "viewer": ViewerCertificate(acm_arn=ARN),
    } | changes
    return Distribution(**given)  # type: ignore[arg-type]


VIEWERS: list[tuple[str, Distribution, AcmCertificate | None, list[tuple[Problem, Severity]]]] = [
    ("in order", distribution(), certificate(), []),
    ("CloudFront's own certificate", distribution(viewer=ViewerCertificate()), None, []),
    ("an alias that is not covered", distribution(aliases=("shop.example.com", "api.example.com")), certificate(),
     [(Problem.ALIAS_NOT_COVERED, E)]),
    ("names not known in full", distribution(aliases=("api.example.com",)), certificate(names_complete=False), []),
    ("imported, near its end", distribution(), imported(5), [(Problem.VIEWER_CERT_EXPIRING, E)]),
    ("a tenant shows a certificate of its own",
     distribution(aliases=("shop.example.com", "own.example.com"), own_certificates=(("own.example.com", OWN),)),
     certificate(), []),
    ("a tenant's own certificate lacks its domain",
     distribution(aliases=("api.example.com",), own_certificates=(("api.example.com", OWN),)), certificate(),
     [(Problem.ALIAS_NOT_COVERED, E)]),
    ("a tenant's own certificate that is not known",
     distribution(aliases=("api.example.com",), own_certificates=(("api.example.com", "x"),)), certificate(), []),
    ("renewed by ACM", distribution(), certificate(20), []),
    ("renewed by ACM, two days left", distribution(), certificate(2), [(Problem.VIEWER_CERT_EXPIRING, C)]),
    ("without dates", distribution(), certificate(not_after=None), []),
    ("in another Region", distribution(viewer=ViewerCertificate(acm_arn=ARN.replace("us-east-1", "eu-west-1"))), None,
     [(Problem.VIEWER_CERT_REGION, E)]),
    ("dedicated addresses", distribution(viewer=ViewerCertificate(acm_arn=ARN, support="vip")), certificate(),
     [(Problem.DEDICATED_IP, I)]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "shown", "expected"), [pytest.param(*row[1:], id=row[0]) for row in VIEWERS])
def test_the_viewers_side(
    one: Distribution, shown: AcmCertificate | None, expected: list[tuple[Problem, Severity]]
) -> None:
    assert kinds(judge_viewer(one, shown, {OWN: certificate(names=("own.example.com",))}, POLICY, NOW)) == expected


def test_the_end_of_a_tenants_own_certificate_is_told_once() -> None:
    own = (("a.example.com", OWN), ("b.example.com", OWN))
    one = distribution(viewer=ViewerCertificate(), aliases=("a.example.com", "b.example.com"), own_certificates=own)
    near = imported(5, arn=OWN, names=("*.example.com",))
    [found] = judge_viewer(one, None, {OWN: near}, POLICY, NOW)
    assert (found.kind, found.severity) == (Problem.VIEWER_CERT_EXPIRING, E)
    assert OWN in found.evidence


def kinds(found: object) -> list[tuple[Problem, Severity]]:
    return [(one.kind, one.severity) for one in found if isinstance(one, Finding)]  # type: ignore[attr-defined]


WEB = Origin(origin_id="web", domain_name="shop.example.com", kind=OriginKind.CUSTOM)
HTTPS = Listener(arn="l", port=443, protocol="HTTPS", certificate_arns=(ARN,))


def balancer(*listeners: Listener) -> LoadBalancer:
    return LoadBalancer(arn="lb", place=PLACE, dns_name="lb.example.com", listeners=listeners)


LISTENERS: list[tuple[str, LoadBalancer, AcmCertificate, list[tuple[Problem, Severity]]]] = [
    ("in order", balancer(HTTPS), certificate(), []),
    ("no listener on the port", balancer(replace(HTTPS, port=8443)), certificate(), [(Problem.PORT_REFUSED, E)]),
    ("the wrong name", balancer(HTTPS), certificate(names=("x.example.com",)), [(Problem.NAME_MISMATCH, C)]),
    ("ended", balancer(HTTPS), certificate(-1), [(Problem.EXPIRED, C)]),
    ("without dates", balancer(HTTPS), certificate(not_after=None), []),
    ("private", balancer(HTTPS), certificate(type="PRIVATE"), [(Problem.UNTRUSTED_CA, C)]),
    ("demands a client certificate", balancer(replace(HTTPS, client_certificates=True)), certificate(),
     [(Problem.CLIENT_CERT_REQUIRED, C)]),
    ("names not known in full", balancer(HTTPS), certificate(names=(), names_complete=False), []),
    ("a certificate that was not read", balancer(replace(HTTPS, certificate_arns=("other",))), certificate(), []),
    ("one of two was not read, such as one of the IAM store: it may be the one that fits",
     balancer(replace(HTTPS, certificate_arns=(ARN, "arn:aws:iam::111122223333:server-certificate/shop"))),
     certificate(names=("x.example.com",)), []),
    ("TLS ends behind it", balancer(Listener(arn="l", port=443, protocol="TCP")), certificate(), []),
]  # fmt: skip


@pytest.mark.parametrize(("one", "known", "expected"), [pytest.param(*row[1:], id=row[0]) for row in LISTENERS])
def test_what_a_listener_would_show(
    one: LoadBalancer, known: AcmCertificate, expected: list[tuple[Problem, Severity]]
) -> None:
    assert kinds(judge_listener(one, WEB, "shop.example.com", {ARN: known}, NOW)) == expected


def test_an_origin_with_a_client_certificate_may_be_asked_for_it() -> None:
    asked = balancer(replace(HTTPS, client_certificates=True))
    assert not list(judge_listener(asked, replace(WEB, client_certificate_arn=ARN), "shop.example.com", {}, NOW))


def test_of_several_certificates_the_one_that_fits_is_shown() -> None:
    both = balancer(replace(HTTPS, certificate_arns=("other", ARN)))
    known = {"other": certificate(names=("x.example.com",)), ARN: certificate()}
    assert not list(judge_listener(both, WEB, "shop.example.com", known, NOW))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (balancer(HTTPS), True),
        (balancer(replace(HTTPS, port=8443)), True),  # that nothing is there is said as well
        (balancer(replace(HTTPS, certificate_arns=(ARN, "other"))), False),
        (balancer(Listener(arn="l", port=443, protocol="TCP")), False),
        (replace(balancer(), listeners=None), False),
        (None, False),
    ],
)
def test_settings_tell_all_or_they_do_not(one: LoadBalancer | None, said: bool) -> None:  # noqa: FBT001 - a table
    assert tells_all(one, 443, {ARN: certificate()}) is said
    assert not tells_all(balancer(HTTPS), 443, {ARN: certificate(names_complete=False)})


def test_one_that_ended_is_not_claimed_to_be_shown_beside_one_that_has_not() -> None:
    both = balancer(replace(HTTPS, certificate_arns=("old", ARN)))
    assert not list(judge_listener(both, WEB, "shop.example.com", {"old": certificate(-1), ARN: certificate()}, NOW))
    ended = {"old": certificate(-1), ARN: certificate(-2)}
    assert kinds(judge_listener(both, WEB, "shop.example.com", ended, NOW)) == [(Problem.EXPIRED, C)]


def test_with_the_other_name_that_cloudfront_accepts_it_is_a_warning() -> None:
    shown = {ARN: certificate(names=("shop.example.com",))}
    found = list(judge_listener(balancer(HTTPS), WEB, "www.example.com", shown, NOW, "shop.example.com"))
    assert kinds(found) == [(Problem.NAME_MISMATCH, W)]
    assert found[0].basis is Basis.ASSUMED
    assert kinds(judge_listener(balancer(HTTPS), WEB, "www.example.com", shown, NOW, "x.example.com")) == [
        (Problem.NAME_MISMATCH, C)
    ]


SERVED = parse(Authority.root().leaf("shop.example.com", start=NOW - 80 * DAY).der)
STALE = [
    ("what is attached is served", certificate(serial=SERVED.serial), False),
    ("renewed two days ago", certificate(renewed_at=NOW - 2 * DAY), True),
    ("renewed an hour ago", certificate(renewed_at=NOW - timedelta(hours=1)), False),
    ("known by its beginning alone", certificate(180), True),
    ("for other names", certificate(180, names=("x.example.com",)), False),
    ("older than what is served", certificate(10), False),
    ("without any date", certificate(not_before=None), False),
    ("not read in full", certificate(180, detailed=False), False),
]


@pytest.mark.parametrize(("attached", "stale"), [pytest.param(*row[1:], id=row[0]) for row in STALE])
def test_an_old_certificate_that_is_still_served(attached: AcmCertificate, stale: bool) -> None:  # noqa: FBT001 - a table
    found = list(judge_stale(SERVED, (attached,), NOW))
    assert bool(found) is stale
    assert all(SERVED.serial in one.what and attached.serial in one.what for one in found)


def test_a_served_certificate_that_acm_renews_is_acms_matter() -> None:
    assert renewed_by_acm(SERVED, (certificate(serial=SERVED.serial),))
    assert not renewed_by_acm(SERVED, (certificate(serial=SERVED.serial, eligible=False), certificate()))
