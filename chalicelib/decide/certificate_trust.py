"""Is there a path from a served certificate to a root of Mozilla's list, and if not, why not? Pure.

The library says only that it found none. Why is found out by asking it again at other times, and by following names from
the leaf upwards; that walk is a diagnosis and never makes anything trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.decide.certificate_life import day
from chalicelib.decide.certificate_path import Path, Roots, find_path
from chalicelib.decide.certificate_x509 import MAX_CHAIN, WEAK_HASHES, signed_by
from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Certificate, Finding, Problem

_MOMENT = timedelta(seconds=1)
_PUBLIC_CA = "Use a certificate of a CA in Mozilla's list, or one that ACM issues, on a load balancer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A chain as it was served, parsed: the leaf, and the others in their order."""

    leaf: Certificate
    others: tuple[Certificate, ...]
    roots: Roots
    now: datetime
    depth: int | None = None

    def path(self, at: datetime, leaf: Certificate | None = None) -> Path:
        """A path at a time, whatever the leaf's names and usages are."""
        return find_path(leaf or self.leaf, self.others, self.roots, at, depth=self.depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The path that was found, if any, and what is wrong with it."""

    path: Path
    findings: tuple[Finding, ...] = ()


def judge_trust(served: Served) -> Trust:
    """The path of a served chain, judged apart from the leaf's own dates, names and usages."""
    leaf = served.leaf
    if signed_by(leaf, leaf):
        return Trust(path=Path(), findings=(_self_signed(leaf),))
    path = served.path(_within(leaf, served.now))
    if path:
        return Trust(path=path, findings=tuple(_ended(path, served.now)))
    revived = _revived(served)
    if revived:
        return Trust(path=revived, findings=tuple(_ended(revived, served.now)))
    if _beyond_the_library(leaf):
        above = next((one for one in served.others if signed_by(leaf, one)), None)
        path = served.path(served.now, above) if above else path
        if path:
            return Trust(path=Path(certificates=(leaf, *path.certificates)))
    return Trust(path=path, findings=(_no_path(served, path.said),))


def _within(leaf: Certificate, now: datetime) -> datetime:
    """Now, or the nearest moment at which the leaf is valid: its own dates are another rule's."""
    return max(min(now, leaf.not_after - _MOMENT), leaf.not_before + _MOMENT)


def _beyond_the_library(leaf: Certificate) -> bool:
    """The library refuses such a leaf whatever its path is; its key and signature have rules of their own."""
    fits = leaf.key in {"EC-secp256r1", "EC-secp384r1", "EC-secp521r1"} or leaf.key.startswith("RSA-")
    return not fits or leaf.signature_hash in WEAK_HASHES


def _ended(path: Path, now: datetime) -> Iterator[Finding]:
    """What of the path above the leaf is not valid now."""
    for one in path.certificates[1:]:
        if one.not_before <= now < one.not_after:
            continue
        ended = one.not_after <= now
        yield Finding(
            kind=Problem.CHAIN_EXPIRED if ended else Problem.NOT_YET_VALID,
            severity=Severity.CRITICAL,
            what=f"{one.subject}, which the chain leads through, "
            + (f"expired on {day(one.not_after)}" if ended else f"is not valid before {day(one.not_before)}"),
            remedy="Install the CA's current intermediate certificates behind the same leaf.",
            evidence=f"{one.subject}, serial {one.serial}: {day(one.not_before)} to {day(one.not_after)}",
        )


def _revived(served: Served) -> Path:
    """A path that was there before an intermediate ended, or will be once it begins."""
    leaf = served.leaf
    for one in served.others:
        for moment in (one.not_after - _MOMENT, one.not_before + _MOMENT):
            both = max(one.not_before, leaf.not_before) <= moment < min(one.not_after, leaf.not_after)
            path = served.path(moment) if both and not one.not_before <= served.now < one.not_after else Path()
            if path:
                return path
    return Path()


def _self_signed(leaf: Certificate) -> Finding:
    return Finding(
        kind=Problem.SELF_SIGNED,
        severity=Severity.CRITICAL,
        what=f"the certificate is signed by itself ({leaf.subject})",
        remedy=_PUBLIC_CA,
        evidence=f"issuer = subject = {leaf.subject}",
    )


def _top(served: Served) -> Certificate:
    """The last certificate that names lead to from the leaf."""
    top, left = served.leaf, list(served.others[:MAX_CHAIN])
    while not signed_by(top, top):
        above = next((one for one in left if signed_by(top, one)), None)
        if above is None:
            break
        left.remove(above)
        top = above
    return top


def _no_path(served: Served, said: str) -> Finding:
    top = _top(served)
    if top.issuer_name in served.roots.names:
        return invalid(f"no path to a trusted root is valid, though {top.issuer} is one: {said}")
    ends = signed_by(top, top)
    if not ends and _by_a_public_ca(top, served):
        return Finding(
            kind=Problem.CHAIN_INCOMPLETE,
            severity=Severity.CRITICAL,
            what=f"the chain ends before a trusted root: the certificate of {top.issuer} is missing",
            remedy="Serve the leaf with all intermediates (the CA's full-chain file); CloudFront does not fetch them.",
            evidence=shown_chain((served.leaf, *served.others)),
        )
    found = top.subject if ends else top.issuer
    return Finding(
        kind=Problem.UNTRUSTED_CA,
        severity=Severity.CRITICAL,
        what=f"the chain ends at {found}, which is not in Mozilla's list",
        remedy=f"{_PUBLIC_CA} A private CA never works for a CloudFront custom origin.",
        evidence=shown_chain((served.leaf, *served.others)),
    )


def _by_a_public_ca(top: Certificate, served: Served) -> bool:
    return served.leaf.public or top.public or top.issuer_organization in served.roots.organizations


def invalid(what: str) -> Finding:
    """A chain that the rules of the web refuse for a reason that has no kind of its own."""
    return Finding(
        kind=Problem.CHAIN_INVALID,
        severity=Severity.CRITICAL,
        basis=Basis.ASSUMED,
        what=what,
        remedy="Reissue the certificate with a public CA and install its full chain; `openssl verify -x509_strict` names more.",
    )


def shown_chain(chain: Sequence[Certificate]) -> str:
    """A chain as people read it, as served."""
    return "\n".join(f"{number}. {one.subject} <- {one.issuer}" for number, one in enumerate(chain))
