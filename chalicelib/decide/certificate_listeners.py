"""The verdict from configuration alone: what would the load balancer behind an origin show? Pure.

It is used where no probe gets through, and to tell whether what a probe saw is what is attached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from chalicelib.decide.certificate_life import day
from chalicelib.decide.certificate_names import covered_by_names
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Certificate, Finding, Problem, Seen
from chalicelib.model.inventory import AcmCertificate, Listener, LoadBalancer, Origin

_ROLLED_OUT = timedelta(hours=24)  # how long a renewed certificate may take to be served everywhere
Known = Mapping[str, AcmCertificate]


def listener_at(balancer: LoadBalancer, port: int) -> Listener | None:
    """The listener on a port that speaks TLS or hands it on (TCP), where the listeners were read."""
    return next((one for one in balancer.listeners or () if one.port == port), None)


def attached(balancer: LoadBalancer, port: int, known: Known) -> tuple[AcmCertificate, ...]:
    """The certificates attached to the listener on a port, as far as they were read."""
    listener = listener_at(balancer, port)
    return tuple(known[arn] for arn in listener.certificate_arns if arn in known) if listener else ()


def tells_all(balancer: LoadBalancer | None, port: int, known: Known) -> bool:
    """Do the settings say what a handshake would meet? Not where a listener hands TLS on, or one of its certificates is unread."""
    if balancer is None or balancer.listeners is None:
        return False
    listener = listener_at(balancer, port)
    if listener is None:
        return True
    read = [known.get(arn) for arn in listener.certificate_arns]
    return bool(read) and all(one is not None and one.names_complete for one in read)


def judge_listener(  # noqa: PLR0917 - the two names, and what they are judged by
    balancer: LoadBalancer, origin: Origin, name: str, known: Known, now: datetime, other: str = ""
) -> Iterator[Finding]:
    """What a handshake for this name would meet, by the listener's configuration and ACM's data.

    ``other`` is the second name that CloudFront accepts.
    """
    listener = listener_at(balancer, origin.https_port)
    if listener is None:
        yield _told(
            Problem.PORT_REFUSED,
            Severity.ERROR,
            name,
            f"{balancer.dns_name} has no TLS listener on port {origin.https_port}",
            "Create an HTTPS or TLS listener on that port, or correct the origin's HTTPS port.",
        )
        return
    if listener.client_certificates and not origin.client_certificate_arn:
        yield _told(
            Problem.CLIENT_CERT_REQUIRED,
            Severity.CRITICAL,
            name,
            f"the listener on port {listener.port} demands a client certificate, and the distribution has none for it",
            "Set up origin mTLS in the distribution, or stop demanding a certificate on the listener.",
        )
    if not tells_all(balancer, origin.https_port, known):
        return
    certificates = attached(balancer, origin.https_port, known)
    fitting = [one for one in certificates if covered_by_names(one.names, name)]
    # Of several that fit the load balancer takes the best, and which one that is depends on the client: one that has ended
    # is not claimed to be shown while another has not.
    valid = [one for one in fitting if one.not_after is None or one.not_after > now]
    yield from _chosen((*valid, *fitting, certificates[0])[0], name, other, balancer, now)


def _chosen(chosen: AcmCertificate, name: str, other: str, balancer: LoadBalancer, now: datetime) -> Iterator[Finding]:
    if not covered_by_names(chosen.names, name):
        by_other = bool(other) and covered_by_names(chosen.names, other)
        yield _told(
            Problem.NAME_MISMATCH,
            Severity.WARNING if by_other else Severity.CRITICAL,
            name,
            f"no certificate of the listener covers {name}; its default one covers {', '.join(chosen.names)}"
            + (f" ({other} alone makes it pass)" if by_other else ""),
            f"Add a certificate that lists {name} to the listener of {balancer.dns_name}.",
            basis=Basis.ASSUMED if by_other else Basis.DOCUMENTED,
        )
    if chosen.not_after is not None and chosen.not_after <= now:
        yield _told(
            Problem.EXPIRED,
            Severity.CRITICAL,
            name,
            f"the certificate of the listener expired on {day(chosen.not_after)}",
            f"Replace {chosen.arn} on the listener now.",
        )
    if chosen.type == "PRIVATE":
        yield _told(
            Problem.UNTRUSTED_CA,
            Severity.CRITICAL,
            name,
            "the listener's certificate is from a private CA, which CloudFront never trusts",
            "Attach a public certificate that ACM issues.",
        )


def judge_stale(leaf: Certificate, certificates: tuple[AcmCertificate, ...], now: datetime) -> Iterator[Finding]:
    """Is something else served than what is attached, longer than a rollout takes?"""
    detailed = [one for one in certificates if one.detailed and one.serial]
    if not detailed or any(one.serial == leaf.serial for one in detailed):
        return
    for one in detailed:
        since = one.renewed_at or one.not_before
        same = {pattern.lower() for pattern in one.names} & {pattern.lower() for pattern in leaf.dns_names}
        if same and since is not None and now - since > _ROLLED_OUT and leaf.not_before < since:
            yield Finding(
                kind=Problem.STALE_CERTIFICATE_SERVED,
                severity=Severity.ERROR,
                basis=Basis.MEASURED,
                what=f"serial {leaf.serial} is still served, though {one.arn} was renewed on {day(since)} (serial {one.serial})",
                remedy="Attach the certificate again, or roll out the host that serves it; look for an older ECDSA "
                "certificate on the listener, which is preferred to RSA.",
                evidence=f"served until {day(leaf.not_after)}; attached: "
                + ", ".join(f"{each.serial} ({each.key})" for each in detailed),
            )


def renewed_by_acm(leaf: Certificate, certificates: tuple[AcmCertificate, ...]) -> bool:
    """Is the served certificate one that ACM renews by itself? Then its end is ACM's matter, and has a rule of its own."""
    return any(one.serial == leaf.serial and one.eligible for one in certificates if one.detailed)


def _told(  # noqa: PLR0917 - the parts of a finding
    kind: Problem, severity: Severity, name: str, what: str, remedy: str, basis: Basis = Basis.DOCUMENTED
) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        basis=basis,
        what=f"{what} (by configuration, not probed)",
        remedy=remedy,
        name=name,
        seen=Seen.LISTENER,
    )
