"""Would CloudFront take this chain for this name? Every rule is judged by itself, so that all problems are listed at once.

A verifier stops at the first problem: a certificate that has expired and bears the wrong name would be told in two rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.decide.certificate_life import day, in_time, judge_life
from chalicelib.decide.certificate_names import covered, judge_name
from chalicelib.decide.certificate_path import Path, Roots, find_path
from chalicelib.decide.certificate_trust import Served, Trust, invalid, judge_trust, shown_chain
from chalicelib.decide.certificate_x509 import MAX_CHAIN, WEAK_HASHES, MalformedCertificate, parse
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Certificate, Finding, Problem
from chalicelib.model.policy import CertificatePolicy

_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
_MIN_RSA, _MAX_RSA = 2048, 4096
_TRIED = ("EC-secp384r1", "EC-secp521r1", "Ed25519")  # not documented for origins, and not known to fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A chain as served, and for which name it should do.

    ``other`` is the second name that CloudFront accepts, ``where`` the place that serves the chain, ``depth`` the longest
    path allowed (None: the library's own limit).
    """

    chain: tuple[bytes, ...]
    name: str
    other: str = ""
    where: str = "the origin"
    depth: int | None = None


def judge_chain(question: Question, roots: Roots, policy: CertificatePolicy, now: datetime) -> tuple[Finding, ...]:
    """Everything that is wrong with a served chain, worst first."""
    try:
        leaf = parse(question.chain[0])
    except MalformedCertificate as error:
        return (invalid(f"the certificate cannot be read: {error}"),)
    others, unread = _parsed(question.chain[1:MAX_CHAIN])
    served = Served(leaf=leaf, others=others, roots=roots, now=now, depth=question.depth)
    trust = judge_trust(served)
    findings = [
        *judge_name(leaf, question.name, question.other, question.where),
        *_dates(leaf, question.where, policy, now),
        *trust.findings,
        *unread,
        *_order(served, trust.path),
        *_usages(leaf),
        *_keys(leaf),
        *_signatures(served, trust.path),
    ]
    if not any(one.severity.rank >= Severity.ERROR.rank or one.kind is Problem.CN_ONLY for one in findings):
        findings += _anything_else(served, trust, question.name)
    return tuple(sorted(findings, key=lambda one: -one.severity.rank))


def _parsed(ders: Sequence[bytes]) -> tuple[tuple[Certificate, ...], list[Finding]]:
    read, unread = [], []
    for number, der in enumerate(ders, start=1):
        try:
            read.append(parse(der))
        except MalformedCertificate as error:
            unread.append(invalid(f"certificate {number} of the chain cannot be read: {error}"))
    return tuple(read), unread


def _dates(leaf: Certificate, where: str, policy: CertificatePolicy, now: datetime) -> Iterator[Finding]:
    evidence = f"serial {leaf.serial}, {day(leaf.not_before)} to {day(leaf.not_after)}, issued by {leaf.issuer}"
    if leaf.not_after <= now:
        yield Finding(
            kind=Problem.EXPIRED,
            severity=Severity.CRITICAL,
            what=f"the certificate expired on {day(leaf.not_after)}; cached objects and open "
            "connections hide the outage for a while",
            remedy=f"Replace the certificate on {where} now; if ACM should have renewed it, see why it did not.",
            evidence=evidence,
        )
    elif leaf.not_before > now:
        yield Finding(
            kind=Problem.NOT_YET_VALID,
            severity=Severity.CRITICAL,
            what=f"the certificate is not valid before {day(leaf.not_before)}",
            remedy="Put the former certificate back until then, and check the clock of whoever issued this one.",
            evidence=evidence,
        )
    elif severity := judge_life(leaf.not_before, leaf.not_after, now, policy):
        yield Finding(
            kind=Problem.EXPIRING,
            severity=severity,
            what=f"the certificate that is served ends on {day(leaf.not_after)}",
            remedy=f"Renew it with {leaf.issuer} and install it on {where}, {in_time(leaf.not_after, now)}.",
            evidence=evidence,
            deadline=leaf.not_after,
        )


def _usages(leaf: Certificate) -> Iterator[Finding]:
    if leaf.usages is not None and _SERVER_AUTH not in leaf.usages:
        yield Finding(
            kind=Problem.WRONG_EKU,
            severity=Severity.CRITICAL,
            basis=Basis.ASSUMED,
            what="the certificate is not meant for servers: its extended key usage lacks serverAuth",
            remedy="Issue a certificate for server authentication.",
            evidence=f"extended key usage: {', '.join(leaf.usages)}",
        )


def _keys(leaf: Certificate) -> Iterator[Finding]:
    rsa = leaf.key.startswith("RSA-")
    if rsa and leaf.key_bits < _MIN_RSA:
        yield Finding(
            kind=Problem.WEAK_KEY,
            severity=Severity.WARNING,
            what=f"the key is {leaf.key}: CloudFront takes it, public CAs no longer issue it",
            remedy="Issue the certificate with RSA-2048 or P-256.",
        )
    elif leaf.key != "EC-secp256r1" and not (rsa and leaf.key_bits <= _MAX_RSA):
        tried = rsa or leaf.key in _TRIED
        yield Finding(
            kind=Problem.UNDOCUMENTED_KEY_TYPE,
            severity=Severity.WARNING if tried else Severity.CRITICAL,
            basis=Basis.ASSUMED,
            what=f"the key is {leaf.key}; CloudFront documents RSA up to 4096 bits and P-256 for origins"
            + ("" if tried else ", and no cipher or curve that it offers fits this one"),
            remedy="Prefer P-256 or RSA-2048 to RSA-4096.",
        )


def _signatures(served: Served, path: Path) -> Iterator[Finding]:
    for one in path.certificates[:-1] or (served.leaf,):
        if one.signature_hash in WEAK_HASHES:
            yield Finding(
                kind=Problem.WEAK_SIGNATURE,
                severity=Severity.WARNING,
                what=f"{one.subject} is signed with {one.signature_hash.upper()}",
                remedy="Reissue it with SHA-256.",
            )


def _order(served: Served, path: Path) -> Iterator[Finding]:
    """The order as served; where no path is known there is no right one to compare with."""
    if not path:
        return
    chain = list(dict.fromkeys((served.leaf, *served.others)))
    right = [one for one in path.certificates if one in chain]
    last = max(chain.index(one) for one in right)
    root = path.certificates[-1]
    if chain[: last + 1] != right:
        yield Finding(
            kind=Problem.CHAIN_WRONG_ORDER,
            severity=Severity.CRITICAL,
            what="the chain is served in the wrong order; browsers sort it, CloudFront does not",
            remedy="Serve in this order: " + "; then ".join(one.subject for one in right if one != root) + ".",
            evidence="as served:\n" + shown_chain((served.leaf, *served.others)),
        )
    extra = [one.subject for one in chain[last + 1 :] if one.subject_name != chain[chain.index(one) - 1].issuer_name]
    extra += [f"{one.subject} (the root)" for one in right[1:] if one == root]
    if len(chain) <= len(served.others):
        extra.append("a certificate twice")
    if extra:
        yield Finding(
            kind=Problem.CHAIN_EXTRA,
            severity=Severity.INFO,
            basis=Basis.ASSUMED,
            what=f"the chain carries more than its path: {', '.join(extra)}",
            remedy="Serve only the leaf and its intermediates, without the root.",
        )


def _anything_else(served: Served, trust: Trust, name: str) -> Iterator[Finding]:
    """The rules of the web as a whole, for what no rule above has said."""
    if not trust.path or trust.path.certificates[0].signature_hash in WEAK_HASHES or served.leaf.key in _TRIED[-1:]:
        return
    asked = name if covered(served.leaf, name) else ""
    verdict = find_path(served.leaf, served.others, served.roots, served.now, name=asked, depth=served.depth)
    if not verdict:
        yield invalid(f"the rules of the web refuse this chain: {verdict.said}")
