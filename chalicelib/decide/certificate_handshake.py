"""What the attempt to reach an origin says, apart from the certificate itself. Pure.

Only what AWS would meet as well is called a fault. An origin may admit CloudFront's addresses and nobody else's, so that
no answer to us is no evidence of a 502 to viewers.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Contact, Finding, Handshake, Probe, Problem
from chalicelib.model.inventory import Origin

_CONTACTS = {
    Contact.DNS_ERROR: (Problem.DNS_ERROR, "Restore the DNS record of {host}, or correct the origin's domain name."),
    Contact.REFUSED: (
        Problem.PORT_REFUSED,
        "Start or open the listener on port {port}, or correct the origin's HTTPS port.",
    ),
    Contact.RESET: (Problem.RESET, "Check the origin's TLS listener on port {port} and any filter in front of it."),
    Contact.NOT_TLS: (Problem.NOT_TLS, "Enable TLS on port {port}, or correct the port or the origin protocol policy."),
}


def judge_contact(probe: Probe) -> Iterator[Finding]:
    """Why no TLS was spoken with an origin: it could not be looked at, or it is not there, or not with TLS."""
    target = probe.target
    if probe.contact in {Contact.NO_ANSWER, Contact.NOT_VISITED}:
        yield Finding(
            kind=Problem.CANNOT_PROBE,
            severity=Severity.INFO,
            basis=Basis.MEASURED,
            name=target.name,
            what=f"netreflex could not look at {target.host}:{target.port}: {probe.detail}; that says nothing of viewers",
            remedy=_to_have_it_probed(probe),
        )
    else:
        kind, remedy = _CONTACTS[probe.contact]
        yield Finding(
            kind=kind,
            severity=Severity.ERROR,
            basis=Basis.MEASURED,
            name=target.name,
            what=f"{target.host}:{target.port}: {probe.detail}",
            remedy=remedy.format(host=target.host, port=target.port),
            evidence=f"resolved to {', '.join(probe.addresses) or 'nothing'} by way of {probe.canonical or target.host}",
        )


def _to_have_it_probed(probe: Probe) -> str:
    if probe.contact is Contact.NO_ANSWER and not probe.addresses:
        return f"Check that names resolve where netreflex runs: {probe.target.host} got no answer."
    return "To have it probed, let netreflex's address in, or list its network in certificates.probe_private."


def judge_handshake(probe: Probe, origin: Origin) -> Iterator[Finding]:
    """Would CloudFront's protocols and ciphers have led to a handshake?"""
    asked = ", ".join(probe.target.protocols)
    match probe.handshake:
        case Handshake.PROTOCOL:
            yield _fault(
                probe,
                Problem.PROTOCOL_UNSUPPORTED,
                f"the origin speaks {probe.version}, CloudFront is set to {asked}",
                "Enable TLS 1.2 on the origin, or widen the origin's SSL protocols in the distribution.",
            )
        case Handshake.TLS13_ONLY:
            yield _fault(
                probe,
                Problem.PROTOCOL_UNSUPPORTED,
                f"the origin speaks only TLS 1.3; CloudFront's documentation lists {asked} towards origins",
                "Enable TLS 1.2 on the origin beside TLS 1.3.",
                severity=Severity.WARNING,
                basis=Basis.ASSUMED,
            )
        case Handshake.CIPHER:
            yield _fault(
                probe,
                Problem.CIPHER_UNSUPPORTED,
                f"the origin takes none of CloudFront's cipher suites; with others it chose {probe.cipher}",
                "Enable ECDHE-RSA-AES128-GCM-SHA256 or ECDHE-ECDSA-AES128-GCM-SHA256, by the kind of key.",
            )
        case Handshake.CLIENT_CERTIFICATE if not origin.client_certificate_arn:
            yield _fault(
                probe,
                Problem.CLIENT_CERT_REQUIRED,
                "the origin demands a client certificate, and the distribution has none for it",
                "Set up origin mTLS in the distribution, or stop demanding a certificate from CloudFront.",
            )
        case Handshake.FAILED:
            yield from _failed(probe)
        case _:
            return


def _failed(probe: Probe) -> Iterator[Finding]:
    if "UNRECOGNIZED_NAME" in probe.detail:
        yield _fault(
            probe,
            Problem.NAME_MISMATCH,
            f"the origin refuses the name {probe.target.name}: it has no certificate for it",
            f"Put a certificate that lists {probe.target.name} on the origin, or let it answer with its default one.",
        )
    else:
        yield _fault(
            probe,
            Problem.CIPHER_UNSUPPORTED,
            f"the origin ended every handshake, with any cipher suite ({probe.detail or 'no reason given'})",
            "Check the TLS settings of the origin: no certificate may be installed, or no suite may be left enabled.",
        )


def _fault(
    probe: Probe,
    kind: Problem,
    what: str,
    remedy: str,
    *,
    severity: Severity = Severity.CRITICAL,
    basis: Basis = Basis.DOCUMENTED,
) -> Finding:
    offered = ", ".join(filter(None, (probe.version, probe.cipher, probe.detail)))
    return Finding(
        kind=kind,
        severity=severity,
        basis=basis,
        name=probe.target.name,
        what=what,
        remedy=remedy,
        evidence=f"{probe.address}:{probe.target.port} with SNI {probe.target.name}: {offered}",
    )
