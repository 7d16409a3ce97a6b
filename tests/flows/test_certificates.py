"""From an event or a sweep to what people are told: one alert for each origin, ended when it is repaired."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.alerts.certificate_alerts import origin_fingerprint
from chalicelib.flows.certificates import react_to_certificate
from chalicelib.flows.origins import react_to_origin
from chalicelib.flows.sweep_certificates import BATCH, sweep_certificates
from chalicelib.model.certificates import Contact
from chalicelib.model.inventory import Behavior, Distribution, OriginKind, ValidationRecord, ViewerCertificate
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision
from chalicelib.model.policy import AcceptedProblem, CertificatePolicy
from chalicelib.model.triggers import CertificateChanged, DistributionChanged, Ignored, ListenerChanged
from tests.flows.certificate_world import (
    BALANCER,
    CA,
    CERTIFICATE,
    DATA,
    DEV,
    EU,
    GOOD,
    LISTENER,
    ORIGIN,
    SHOP,
    US,
    VIEWER,
    InMemory,
    acm,
    balancer,
    distribution,
    origin,
)
from tests.pki import DAY, NOW

CHANGED = DistributionChanged(account=DEV, distribution_id=distribution().distribution_id)
RENEWED = CertificateChanged(place=Place(account=DEV, region=EU), arns=(CERTIFICATE,), told="ACM Certificate Available")
WRONG_NAME = (CA.leaf("other.example.com"), CA.issued)
FIRING = ("cloudfront-origin-cert", "firing", "critical")
FORWARDING = (Behavior(path="default", origin_ids=("web",), host_forwarded=True),)


def test_a_wrong_name_is_one_alert_and_repaired_is_its_end() -> None:
    aws = InMemory(chain=WRONG_NAME)
    report = react_to_origin(CHANGED, aws.world())
    assert report.decision is Decision.OBSERVED
    assert len(report.alerts) == 1
    [alert] = aws.road.told
    assert alert.title == "CloudFront E0000000000001: origin certificate lacks the name"
    assert (
        alert.summary == f"CloudFront answers 502 to viewers for every cache miss that goes to the origin as {ORIGIN}."
    )
    assert f"Put a certificate that lists {ORIGIN}" in alert.remedy[0]
    assert f"-servername {ORIGIN}" in alert.evidence
    assert alert.links[0].url.endswith("/distributions/E0000000000001")
    assert aws.road.news() == [FIRING]

    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []

    aws.chain = (GOOD, CA.issued)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "resolved", "info")]
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []


def test_all_that_is_wrong_is_in_the_one_alert() -> None:
    aws = InMemory(chain=(CA.leaf("other.example.com", end=NOW - DAY),))
    react_to_origin(CHANGED, aws.world())
    [alert] = aws.road.told
    assert all(word in alert.fields[-1].value for word in ("expired (documented)", "name_mismatch", "chain_incomplete"))
    assert len(alert.remedy) == 3


def test_aliases_of_a_forwarded_host_are_judged_each_and_told_together() -> None:
    one = distribution(behaviors=FORWARDING, aliases=(SHOP, "a.example.com", "b.example.com"))
    aws = InMemory(distributions_of={DEV: [one], DATA: []}, chain=(CA.leaf(SHOP), CA.issued))
    aws.certificates_of = [acm(VIEWER, names=("*.example.com",))]
    react_to_origin(CHANGED, aws.world())
    [alert] = aws.road.told
    assert len(aws.handshakes) == 3
    assert "goes to the origin as a.example.com, b.example.com." in alert.summary


def test_no_answer_neither_accuses_nor_acquits() -> None:
    aws = InMemory(chain=WRONG_NAME)
    react_to_origin(CHANGED, aws.world())
    aws.road.news()
    aws.contact = Contact.NO_ANSWER
    report = react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []
    assert any("cannot_probe (info, measured)" in reason for reason in report.reasons)
    quiet = InMemory(contact=Contact.NOT_VISITED)
    react_to_origin(CHANGED, quiet.world())
    assert quiet.road.news() == []


def test_where_no_probe_gets_through_the_listener_speaks() -> None:
    aws = InMemory(contact=Contact.NO_ANSWER, balancers_of=[balancer()], leads={ORIGIN: balancer().dns_name})
    aws.certificates_of.append(acm(names=("x.example.com",)))
    react_to_origin(CHANGED, aws.world())
    [alert] = aws.road.told
    assert "by configuration, not probed" in alert.cause


def silent(**changes: object) -> InMemory:
    """An origin that answers nobody but CloudFront, behind a load balancer that shows a certificate for another name."""
    given = {"contact": Contact.NO_ANSWER, "balancers_of": [balancer()], "leads": {ORIGIN: balancer().dns_name}}
    aws = InMemory(**(given | changes))  # type: ignore[arg-type]
    aws.certificates_of.append(acm(names=("x.example.com",)))
    return aws


def mended(aws: InMemory) -> None:
    aws.certificates_of[-1] = acm()


def test_what_the_listener_told_ends_with_the_listener_though_no_probe_gets_through() -> None:
    aws = silent()
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [FIRING]
    mended(aws)
    report = react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "resolved", "info")]
    assert any("by configuration its load balancer shows a certificate that fits" in one for one in report.reasons)


@pytest.mark.parametrize("private", [False, True])
def test_settings_that_cannot_be_read_end_nothing(private: bool) -> None:  # noqa: FBT001 - a table
    hidden = origin(kind=OriginKind.VPC, endpoint_arn=BALANCER)
    aws = silent(**({"distributions_of": {DEV: [distribution(1, hidden)], DATA: []}} if private else {}))
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [FIRING]
    mended(aws)
    for unread in ("listeners", "certificate"):
        aws.refused_reads = {unread}
        aws.certificates_of[-1] = replace(aws.certificates_of[-1], names_complete=False)
        react_to_origin(CHANGED, aws.world())
        sweep_certificates(aws.world(), lambda: 300.0)
        assert [one for one in aws.road.news() if one[0] == FIRING[0]] == []
    aws.refused_reads, aws.certificates_of[-1] = set(), acm()
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "resolved", "info")]


def test_what_a_handshake_told_is_neither_ended_nor_softened_by_settings() -> None:
    forwarding = distribution(behaviors=FORWARDING)
    aws = silent(distributions_of={DEV: [forwarding], DATA: []}, contact=Contact.SERVED, chain=WRONG_NAME)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [FIRING]
    aws.contact = Contact.NO_ANSWER
    aws.certificates_of[-1] = acm(names=(ORIGIN,))  # only the other name: a warning
    react_to_origin(CHANGED, aws.world())
    mended(aws)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []


def test_a_worse_word_of_the_listener_is_told_and_its_end_does_not_end_what_a_handshake_told() -> None:
    weak = (CA.leaf(ORIGIN, key=ec.generate_private_key(ec.SECP384R1())), CA.issued)
    aws = silent(contact=Contact.SERVED, chain=weak)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "firing", "warning")]
    aws.contact = Contact.NO_ANSWER
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [FIRING]
    mended(aws)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []  # nobody saw the key since


def test_a_client_certificate_that_was_renewed_is_over_though_no_probe_gets_through() -> None:
    asked = distribution(1, origin(client_certificate_arn=VIEWER), viewer=ViewerCertificate())
    aws = InMemory(distributions_of={DEV: [asked], DATA: []}, contact=Contact.NO_ANSWER)
    aws.certificates_of = [acm(VIEWER, 5, type="IMPORTED", eligible=False)]
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "firing", "error")]
    aws.certificates_of = []
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []  # not to be seen is not renewed
    aws.certificates_of = [acm(VIEWER, type="IMPORTED", eligible=False)]
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "resolved", "info")]


def test_a_vpc_origin_is_judged_by_its_load_balancer() -> None:
    private = origin("internal-shop.example.com", kind=OriginKind.VPC, endpoint_arn=BALANCER)
    aws = InMemory(distributions_of={DEV: [distribution(1, private)], DATA: []}, balancers_of=[balancer()])
    aws.certificates_of.append(acm(names=("x.example.com",)))
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [FIRING]
    assert not aws.handshakes


@pytest.mark.parametrize("one", [distribution(enabled=False), distribution(staging=True)])
def test_where_no_viewer_depends_on_it_all_is_a_step_softer(one: Distribution) -> None:
    aws = InMemory(distributions_of={DEV: [one], DATA: []}, chain=WRONG_NAME)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.told[0].summary.startswith("No viewer depends on it now")
    assert aws.road.news() == [("cloudfront-origin-cert", "firing", "error")]


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        (AcceptedProblem(kinds=("name_mismatch",)), 0),
        (AcceptedProblem(kinds=("name_mismatch",), names=("*.example.com",)), 0),
        (AcceptedProblem(distributions=(distribution().distribution_id,)), 0),
        (AcceptedProblem(kinds=("expired",)), 1),
        (AcceptedProblem(names=("*.example.net",)), 1),
        (AcceptedProblem(distributions=("E9",)), 1),
    ],
)
def test_what_people_accept_is_not_told(accepted: AcceptedProblem, told: int) -> None:
    aws = InMemory(chain=WRONG_NAME, policy=CertificatePolicy(accept=(accepted,)))
    react_to_origin(CHANGED, aws.world())
    assert len(aws.road.told) == told


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        (AcceptedProblem(kinds=("imported_expiring",)), 0),
        (AcceptedProblem(names=("*.example.com",)), 0),
        (AcceptedProblem(names=("shop.*",)), 1),
        (AcceptedProblem(distributions=("E0000000000001",)), 0),
        (AcceptedProblem(distributions=("E0000000000009",)), 1),
    ],
)
def test_what_people_accept_of_a_certificate_in_acm_is_not_told(accepted: AcceptedProblem, told: int) -> None:
    aws = behind_a_balancer(InMemory(policy=CertificatePolicy(accept=(accepted,))))
    aws.certificates_of.append(acm(days_left=10, type="IMPORTED", eligible=False))
    aws.certificates_of[-1] = replace(aws.certificates_of[-1], serial=f"{GOOD.certificate.serial_number:x}")
    sweep_certificates(aws.world(), lambda: 300.0)
    assert len([alert for alert in aws.road.told if alert.kind == "certificate"]) == told
    aws.distributions_of[DATA] = [distribution(2, account=DATA)]
    sweep_certificates(aws.world(), lambda: 300.0)
    if accepted.distributions:
        assert [alert for alert in aws.road.told if alert.kind == "certificate"]  # it matters to another one too


def test_the_viewers_side_is_an_alert_of_its_own() -> None:
    aws = InMemory(distributions_of={DEV: [distribution(aliases=(SHOP, "api.example.com"))], DATA: []})
    react_to_origin(CHANGED, aws.world())
    [alert] = aws.road.told
    assert (alert.kind, alert.severity, alert.summary) == (
        "cloudfront-viewer-cert",
        "error",
        "Browsers refuse api.example.com.",
    )


def test_a_viewer_certificate_of_the_iam_store_is_read_by_its_id() -> None:
    one = distribution(viewer=ViewerCertificate(iam_id="ASCA1"))
    aws = InMemory(distributions_of={DEV: [one], DATA: []})
    aws.iam = [acm(VIEWER, 3, type="IAM", eligible=False, names=(), names_complete=False)]
    aws.iam[0] = replace(aws.iam[0], arn="ASCA1")
    react_to_origin(CHANGED, aws.world())
    assert aws.road.told[0].summary == f"Viewers of {SHOP} will be refused once it has ended."


def test_the_client_certificate_of_an_origin_is_watched() -> None:
    one = distribution(1, origin(client_certificate_arn=f"{VIEWER}-client"))
    aws = InMemory(distributions_of={DEV: [one], DATA: []})
    aws.certificates_of.append(acm(f"{VIEWER}-client", 5, type="IMPORTED", eligible=False))
    react_to_origin(CHANGED, aws.world())
    [alert] = aws.road.told
    assert alert.fields[-1].value == "mtls_client_cert_expiring (documented)"
    assert alert.summary.startswith("From 2026-11-28 12:00Z on CloudFront will answer 502")


def test_a_client_certificate_with_time_left_is_no_news() -> None:
    one = distribution(1, origin(client_certificate_arn=f"{VIEWER}-client"))
    aws = InMemory(distributions_of={DEV: [one], DATA: []})
    aws.certificates_of.append(acm(f"{VIEWER}-client", 150, type="IMPORTED", eligible=False))
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []


def sole(days_left: float, **changes: object) -> InMemory:
    """A distribution whose certificates, the viewers' and the origin's client's, have so long to go, imported both."""
    one = distribution(1, origin(client_certificate_arn=f"{VIEWER}-client"))
    aws = InMemory(distributions_of={DEV: [one], DATA: []})
    given = {"type": "IMPORTED", "eligible": False, "in_use_by": (one.arn,)} | changes
    ends = {"not_after": NOW + days_left * DAY}
    aws.certificates_of = [acm(arn, 0, **given, **ends) for arn in (VIEWER, f"{VIEWER}-client")]
    return aws


@pytest.mark.parametrize(
    ("days_left", "titles", "summaries", "step"),
    [
        (
            15,
            {"imported, ends soon", "viewer certificate ends soon", "client certificate for the origin ends soon"},
            {
                f"From 2026-12-08 12:00Z on: E0000000000001 ({SHOP}) will fail.",
                f"Viewers of {SHOP} will be refused once it has ended.",
                f"From 2026-12-08 12:00Z on CloudFront will answer 502 for every cache miss that goes to the origin as {ORIGIN}.",
            },
            "at least 2 days before its end",
        ),
        (
            -1,
            {"imported, has ended", "viewer certificate has ended", "client certificate for the origin has ended"},
            {
                f"Since 2026-11-22 12:00Z: E0000000000001 ({SHOP}) fails.",
                f"Browsers refuse {SHOP}.",
                f"CloudFront answers 502 to viewers for every cache miss that goes to the origin as {ORIGIN}.",
            },
            "at once",
        ),
    ],
)
def test_what_has_ended_is_not_told_as_if_it_were_to_come(
    days_left: int, titles: set[str], summaries: set[str], step: str
) -> None:
    aws = sole(days_left)
    sweep_certificates(aws.world(), lambda: 300.0)
    assert {alert.title.partition(": ")[2] for alert in aws.road.told} == titles
    assert {alert.summary for alert in aws.road.told} == summaries
    told = [alert.remedy[0] for alert in aws.road.told if alert.kind != "cloudfront-origin-cert"]
    assert all(step in one for one in told)


def test_who_else_uses_a_certificate_is_named() -> None:
    domain = f"arn:aws:apigateway:{EU}::/domainnames/api.example.com"
    foreign = "arn:aws:cloudfront::999999999999:distribution/E9"
    aws = InMemory()
    aws.certificates_of = [acm(days_left=10, type="IMPORTED", eligible=False, in_use_by=(domain, foreign, "odd"))]
    sweep_certificates(aws.world(), lambda: 300.0)
    [alert] = [one for one in aws.road.told if one.kind == "certificate"]
    users = f"apigateway {EU} /domainnames/api.example.com, cloudfront distribution/E9, odd"
    assert alert.summary == f"From 2026-12-03 12:00Z on: {users} will fail."
    assert {field.name: field.value for field in alert.fields}["Other users"] == users


def test_a_certificate_of_a_tenant_names_the_distribution_it_will_hurt() -> None:
    own = f"{VIEWER}-tenant"
    one = distribution(aliases=(SHOP, "t.example.com"), own_certificates=(("t.example.com", own),))
    aws = InMemory(distributions_of={DEV: [one], DATA: []})
    aws.certificates_of.append(
        acm(own, 10, names=("t.example.com",), type="IMPORTED", eligible=False, in_use_by=("arn:aws:cloudfront::x:y",))
    )
    sweep_certificates(aws.world(), lambda: 300.0)
    [told] = [alert for alert in aws.road.told if alert.kind == "certificate"]
    assert told.summary.startswith("From 2026-12-03 12:00Z on: E0000000000001")
    [viewers] = [alert for alert in aws.road.told if alert.kind == "cloudfront-viewer-cert"]
    assert viewers.title.endswith("viewer certificate ends soon")


def test_a_revoked_certificate_hurts_now_and_not_when_it_ends() -> None:
    aws = InMemory()
    aws.certificates_of = [acm(status="REVOKED", eligible=False)]
    sweep_certificates(aws.world(), lambda: 300.0)
    assert aws.road.told[0].summary == "Whoever checks for revocation refuses app/shop/50dc6c495c0c9188."


def behind_a_balancer(aws: InMemory) -> InMemory:
    aws.balancers_of = [balancer()]
    aws.leads = {ORIGIN: balancer().dns_name}
    return aws


def test_a_served_certificate_that_acm_renews_is_not_told_as_expiring() -> None:
    near = CA.leaf(ORIGIN, start=NOW - 170 * DAY, end=NOW + 28 * DAY)
    aws = behind_a_balancer(InMemory(chain=(near, CA.issued)))
    serial = f"{near.certificate.serial_number:x}"
    aws.certificates_of.append(acm(serial=serial, not_after=NOW + 40 * DAY))
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == []
    aws.certificates_of[-1] = replace(aws.certificates_of[-1], eligible=False)
    react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [("cloudfront-origin-cert", "firing", "warning")]


def test_an_old_certificate_that_is_still_served_is_told() -> None:
    aws = behind_a_balancer(InMemory())
    aws.certificates_of.append(acm(days_left=180))
    react_to_origin(CHANGED, aws.world())
    [alert] = aws.road.told
    assert "was renewed on" in alert.cause


def test_a_listener_event_finds_the_distributions_behind_it() -> None:
    aws = behind_a_balancer(InMemory(chain=WRONG_NAME))
    aws.distributions_of[DATA] = [distribution(2, account=DATA), distribution(3, origin("elsewhere.example.com"))]
    aws.certificates_of.append(acm())
    report = react_to_origin(ListenerChanged(place=Place(account=DEV, region=EU), balancer_arn=BALANCER), aws.world())
    assert report.reasons[0] == "looked at E0000000000001, E0000000000002"
    assert aws.road.news() == [FIRING, FIRING]
    other = ListenerChanged(place=Place(account=DEV, region=EU), balancer_arn=f"{BALANCER}x")
    assert react_to_origin(other, aws.world()).reasons == ("no distribution depends on it",)


@pytest.mark.parametrize(
    "trigger", [Ignored(reason="why"), DistributionChanged(account="999999999999", distribution_id="E1")]
)
def test_what_is_not_ours_costs_no_read(trigger: Ignored | DistributionChanged) -> None:
    aws = InMemory()
    assert react_to_origin(trigger, aws.world()).decision is Decision.IGNORED
    elsewhere = CertificateChanged(place=Place(account=DEV, region="ap-south-1"), arns=("a",), told="x")
    assert react_to_certificate(elsewhere, aws.world()).decision is Decision.IGNORED
    assert react_to_certificate(Ignored(reason="why"), aws.world()).decision is Decision.IGNORED
    assert not aws.reads


def test_a_blocked_renewal_names_whom_it_will_hurt_and_the_record() -> None:
    aws = behind_a_balancer(InMemory())
    record = ValidationRecord(
        domain=ORIGIN, status="PENDING_VALIDATION", name="_a.example.com.", value="_b.acm-validations.aws."
    )
    near = acm(days_left=20, renewal_status="PENDING_VALIDATION", validations=(record,))
    aws.certificates_of.append(replace(near, serial=f"{GOOD.certificate.serial_number:x}"))
    report = react_to_certificate(RENEWED, aws.world())
    [alert] = aws.road.told
    assert (alert.kind, alert.severity) == ("certificate", "error")
    assert alert.summary == f"From 2026-12-13 12:00Z on: E0000000000001 ({SHOP}) will fail."
    assert alert.remedy == ("Restore in public DNS, exactly: _a.example.com. CNAME _b.acm-validations.aws.",)
    assert alert.fields[2].value == "app/shop/50dc6c495c0c9188"
    assert alert.fingerprint in report.alerts

    aws.certificates_of[-1] = acm(days_left=198, renewal_status="SUCCESS", renewed_at=NOW)
    react_to_certificate(RENEWED, aws.world())
    assert ("certificate", "resolved", "info") in aws.road.news()


def test_a_renewal_with_the_wrong_name_is_seen_at_the_origins_at_once() -> None:
    aws = behind_a_balancer(InMemory(chain=WRONG_NAME))
    users = (LISTENER, "arn:aws:cloudfront::111122223333:distribution/E0000000000009")
    aws.certificates_of.append(acm(in_use_by=users, names=("other.example.com",)))
    react_to_certificate(RENEWED, aws.world())
    assert aws.road.news() == [FIRING]


def test_a_viewers_certificate_finds_its_distributions() -> None:
    aws = InMemory()
    aws.certificates_of = [acm(VIEWER, 5, type="IMPORTED", eligible=False, in_use_by=())]
    trigger = CertificateChanged(place=Place(account=DEV, region=US), arns=(VIEWER, f"{VIEWER}-gone"), told="x")
    report = react_to_certificate(trigger, aws.world())
    assert f"{VIEWER}-gone is there no more" in report.reasons
    assert {kind for kind, *_ in aws.road.news()} == {"certificate", "cloudfront-viewer-cert"}


# ---- the sweep -----------------------------------------------------------------------------------------------------------


def many(count: int, **changes: object) -> dict[str, list[Distribution]]:
    return {DEV: [distribution(number, **changes) for number in range(1, count + 1)], DATA: []}  # type: ignore[arg-type]


def test_five_hundred_distributions_share_a_handshake_and_cost_no_read_each() -> None:
    few, all_of_them = InMemory(distributions_of=many(1)), InMemory(distributions_of=many(500))
    for aws in (few, all_of_them):
        report = sweep_certificates(aws.world())
        assert "all looked at" in report.reasons[0]
    assert all_of_them.reads == few.reads
    assert len(all_of_them.handshakes) == 1


def test_a_sweep_tells_each_problem_once_and_its_end() -> None:
    aws = InMemory(chain=WRONG_NAME)
    aws.certificates_of.append(acm(days_left=20, renewal_status="FAILED", in_use_by=()))
    sweep_certificates(aws.world())
    assert sorted(aws.road.news()) == [("certificate", "firing", "error"), FIRING]
    sweep_certificates(aws.world())
    assert aws.road.news() == []
    aws.chain = (GOOD, CA.issued)
    aws.certificates_of[-1] = acm()
    sweep_certificates(aws.world())
    assert sorted(aws.road.news()) == [
        ("certificate", "resolved", "info"),
        ("cloudfront-origin-cert", "resolved", "info"),
    ]
    assert not aws.road.firing_now


def test_only_what_the_list_leaves_open_is_read_in_full() -> None:
    aws = InMemory(distributions_of={DEV: [], DATA: []})
    aws.certificates_of = [acm(f"{CERTIFICATE}{n}") for n in range(50)] + [acm(f"{CERTIFICATE}-near", 20)]
    sweep_certificates(aws.world())
    assert aws.reads["certificate"] == 1


def test_a_certificate_that_goes_while_it_is_looked_at_is_passed_over() -> None:
    aws = InMemory(distributions_of={DEV: [], DATA: []}, certificates_of=[acm(CERTIFICATE, 20)])
    aws.refused_reads = {"certificate"}
    assert sweep_certificates(aws.world()).decision is Decision.OBSERVED
    assert {kind for kind, *_ in aws.road.news()} == set()


def test_a_sweep_out_of_time_goes_on_where_it_stopped() -> None:
    aws = InMemory(distributions_of=many(3 * BATCH))
    for number, one in enumerate(aws.distributions_of[DEV]):
        aws.distributions_of[DEV][number] = replace(one, origins=(origin(f"o{number:03d}.example.com"),))
    left = [1000.0]

    def seconds() -> float:
        left[0] -= 600.0 / (BATCH + 1)
        return left[0]

    first = sweep_certificates(aws.world(), seconds)
    assert "out of time" in first.reasons[0]
    seen = len(aws.handshakes)
    assert 0 < seen < 3 * BATCH
    assert aws.bookmark.last
    left[0] = float("inf")
    second = sweep_certificates(aws.world(), seconds)
    assert "all looked at" in second.reasons[0]
    assert len(aws.handshakes) == 3 * BATCH
    assert aws.bookmark.last == ""


def test_a_run_that_is_out_of_time_before_it_began_says_so() -> None:
    report = sweep_certificates(InMemory().world(), lambda: 10.0)
    assert "1 distributions are left to the next sweep" in report.reasons[0]


def test_what_is_gone_ends_its_alert() -> None:
    aws = InMemory(chain=WRONG_NAME)
    sweep_certificates(aws.world())
    aws.road.news()
    aws.distributions_of[DEV] = []
    report = sweep_certificates(aws.world())
    assert aws.road.told[0].title == f"E0000000000001 -> {ORIGIN}: is there no more"
    assert origin_fingerprint(distribution(), origin()) in report.alerts
    assert not aws.road.firing_now


def test_an_account_that_cannot_be_read_is_told_and_ends_no_alert() -> None:
    aws = InMemory(chain=WRONG_NAME)
    aws.distributions_of[DATA] = [distribution(2, account=DATA)]
    sweep_certificates(aws.world())
    assert aws.road.news() == [FIRING, FIRING]
    aws.refused = {Place(account=DEV, region=US)}
    report = sweep_certificates(aws.world())
    assert aws.road.news() == [("automation", "firing", "error")]
    assert any("was refused in account" in reason for reason in report.reasons)
    aws.refused = set()
    sweep_certificates(aws.world())
    assert aws.road.news() == [("automation", "resolved", "error")]
    assert len(aws.road.firing_now) == 2


def test_listeners_that_cannot_be_read_do_not_keep_origins_from_being_probed() -> None:
    aws = behind_a_balancer(InMemory(chain=WRONG_NAME))
    aws.refused_reads = {"listeners", "certificate"}
    report = react_to_origin(CHANGED, aws.world())
    assert aws.road.news() == [FIRING]
    assert any("listeners was refused in account" in reason for reason in report.reasons)
