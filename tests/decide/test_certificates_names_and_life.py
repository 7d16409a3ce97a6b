"""Which names a certificate covers, how near its end is, and what CloudFront sends to an origin: tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.decide.certificate_life import judge_life
from chalicelib.decide.certificate_names import covered, covered_by_names, covers
from chalicelib.decide.certificate_path import find_path
from chalicelib.decide.certificate_x509 import parse
from chalicelib.decide.origins import judge_configuration, names_sent, targets_of
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Problem, Target
from chalicelib.model.inventory import Behavior, Distribution, Origin, OriginKind
from chalicelib.model.policy import CertificatePolicy
from tests.pki import DAY, NOW, Authority

ROOT = Authority.root()
NAMES = [
    ("www.example.com", "www.example.com", True),
    ("WWW.Example.com", "www.example.COM", True),
    ("www.example.com", "www.example.com.", True),
    ("example.com", "www.example.com", False),
    ("*.example.com", "www.example.com", True),
    ("*.example.com", "example.com", False),
    ("*.example.com", "a.b.example.com", False),
    ("*.com", "example.com", False),
    ("w*.example.com", "www.example.com", False),
    ("*w.example.com", "www.example.com", False),
    ("www.*.com", "www.example.com", False),
    ("*", "localhost", False),
    ("xn--bcher-kva.example", "xn--bcher-kva.example", True),
    ("*.xn--bcher-kva.example", "shop.xn--bcher-kva.example", True),
]
UNLIKE_THE_LIBRARY = {("*.com", "example.com")}  # it takes a wildcard below a top-level domain; we do not


@pytest.mark.parametrize(("pattern", "name", "expected"), [*NAMES, ("", "", False), ("10.0.0.1", "10.0.0.1", False)])
def test_a_name_of_a_certificate_covers(pattern: str, name: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert covers(pattern, name) is expected


@pytest.mark.parametrize(("pattern", "name", "expected"), [row for row in NAMES if row[:2] not in UNLIKE_THE_LIBRARY])
def test_the_library_thinks_the_same(pattern: str, name: str, expected: bool) -> None:  # noqa: FBT001 - a table
    leaf = parse(ROOT.leaf(pattern, common_name="x").der)
    assert bool(find_path(leaf, (), ROOT.roots, NOW, name=name.rstrip("."))) is expected


def test_addresses_are_covered_by_addresses_alone() -> None:
    leaf = parse(ROOT.leaf("10.0.0.1").der)
    assert not covered(leaf, "10.0.0.1")


@pytest.mark.parametrize(
    ("names", "alias", "expected"),
    [
        (("*.example.com",), "*.example.com", True),
        (("www.example.com",), "*.example.com", False),
        (("*.example.com",), "www.example.com", True),
        (("*.Example.com",), "*.example.COM", True),
        ((), "www.example.com", False),
    ],
)
def test_an_alias_is_covered_by_a_list(names: tuple[str, ...], alias: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert covered_by_names(names, alias) is expected


LIFE = [  # life, left, how urgent
    (198, 60, None),
    (198, 45, Severity.WARNING),
    (198, 18, Severity.ERROR),
    (90, 23, None),
    (90, 22, Severity.WARNING),
    (90, 8, Severity.ERROR),
    (47, 12, None),
    (47, 11, Severity.WARNING),
    (47, 4, Severity.ERROR),
    (10, 6, None),
    (10, 5, Severity.WARNING),
    (10, 2, Severity.CRITICAL),
    (6, 4, None),
    (3650, 900, Severity.WARNING),
    (90, 2, Severity.CRITICAL),
    (90, 0, Severity.CRITICAL),
    (90, -5, Severity.CRITICAL),
]


@pytest.mark.parametrize(("life", "left", "expected"), LIFE)
def test_a_certificate_is_urgent_by_the_fraction_of_its_life(life: int, left: int, expected: Severity | None) -> None:
    end = NOW + left * DAY
    assert judge_life(end - life * DAY, end, NOW, CertificatePolicy()) is expected


def origin(domain: str = "web.example.com", **changes: object) -> Origin:
    given = {"origin_id": "web", "domain_name": domain, "kind": OriginKind.CUSTOM} | changes
    return Origin(**given)  # type: ignore[arg-type]


def distribution(one: Origin, *behaviors: Behavior, aliases: tuple[str, ...] = ()) -> Distribution:
    return Distribution(
        distribution_id="E2EXAMPLE1ABCD",
        account="111122223333",
        domain_name="d111111abcdef8.cloudfront.net",
        aliases=aliases,
        origins=(one,),
        behaviors=behaviors or (Behavior(path="default", origin_ids=("web",)),),
    )


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (origin("{{tenant}}.example.com"), "{{tenant}}.example.com is another name for each tenant"),
        (origin(kind=OriginKind.VPC, unread="VPC origin vo_1 is gone"), "VPC origin vo_1 is gone"),
    ],
)
def test_an_origin_that_nobody_can_look_at_is_noted_and_not_accused(one: Origin, said: str) -> None:
    held = distribution(one)
    assert not targets_of(held, one)
    [found] = judge_configuration(held, one)
    assert (found.kind, found.severity) == (Problem.CANNOT_PROBE, Severity.INFO)
    assert said in found.what
    plain = replace(one, protocol_policy="http-only")
    assert not list(judge_configuration(distribution(plain), plain))


FORWARDING = Behavior(path="/api/*", origin_ids=("web",), host_forwarded=True)
PLAIN = Behavior(path="default", origin_ids=("other", "web"))


@pytest.mark.parametrize(
    ("behaviors", "aliases", "expected"),
    [
        ((PLAIN,), ("www.example.com",), [("web.example.com", "")]),
        ((FORWARDING,), ("b.example.com", "A.example.com"),
         [("a.example.com", "web.example.com"), ("b.example.com", "web.example.com")]),
        ((FORWARDING,), (), [("d111111abcdef8.cloudfront.net", "web.example.com")]),
        ((PLAIN, FORWARDING), ("*.example.com",), [("web.example.com", ""), ("*.example.com", "web.example.com")]),
        ((Behavior(path="default", origin_ids=("other",)),), ("www.example.com",), []),
    ],
)  # fmt: skip
def test_the_name_that_is_sent(
    behaviors: tuple[Behavior, ...], aliases: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    one = origin()
    sent = names_sent(distribution(one, *behaviors, aliases=aliases), one)
    assert sorted((name.name, name.other) for name in sent) == sorted(expected)


NO_HANDSHAKE = [
    origin(kind=OriginKind.S3),
    origin(protocol_policy="http-only"),
    origin(kind=OriginKind.VPC),
    origin("bucket.s3-website-eu-west-1.amazonaws.com"),
    origin("bucket.s3-website.eu-west-1.amazonaws.com"),
    origin("abc.execute-api.eu-west-1.amazonaws.com"),
    origin("abc.lambda-url.eu-west-1.on.aws"),
    origin("abc.mediapackagev2.eu-west-1.amazonaws.com"),
    origin("d111.cloudfront.net"),
]


@pytest.mark.parametrize("one", NO_HANDSHAKE, ids=lambda one: f"{one.kind} {one.domain_name} {one.protocol_policy}")
def test_an_origin_whose_certificate_is_not_its_owners_gets_no_handshake(one: Origin) -> None:
    assert targets_of(distribution(one), one) == {}


def test_a_handshake_has_the_origins_port_and_protocols_in_one_order() -> None:
    one = origin("Web.Example.com", https_port=8443, protocols=("TLSv1.2", "TLSv1.1"), protocol_policy="match-viewer")
    target = Target(host="web.example.com", port=8443, name="web.example.com", protocols=("TLSv1.1", "TLSv1.2"))
    assert list(targets_of(distribution(one), one)) == [target]


CODE = Behavior(path="default", origin_ids=("web",), edge_code=("arn:aws:cloudfront::1:function/route",))
CONFIGURED = [
    (origin("bucket.s3-website-eu-west-1.amazonaws.com"), PLAIN, ["https_to_s3_website"]),
    (origin("bucket.s3-website-eu-west-1.amazonaws.com", protocol_policy="http-only"), PLAIN, []),
    (origin("abc.execute-api.eu-west-1.amazonaws.com"), FORWARDING, ["host_forwarded_to_aws_endpoint"]),
    (origin("abc.execute-api.eu-west-1.amazonaws.com"), PLAIN, []),
    (origin(), CODE, ["edge_code_may_change_origin"]),
    (origin(protocol_policy="http-only"), CODE, []),
    (origin(), FORWARDING, []),
]


@pytest.mark.parametrize(("one", "behavior", "expected"), CONFIGURED)
def test_what_the_configuration_alone_says(one: Origin, behavior: Behavior, expected: list[str]) -> None:
    found = judge_configuration(distribution(one, behavior, aliases=("www.example.com",)), one)
    assert [finding.kind for finding in found] == expected
