"""Which names CloudFront sends to which origin, and what a distribution's configuration alone says about that. Pure.

The SNI is the origin's domain name, or with a forwarded Host the viewer's: then there is one handshake for each alias, and
some aliases can fail while others work (CloudFront Functions guide, origin modification; it is decided per behavior).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.model.alert import Severity
from chalicelib.model.certificates import Basis, Finding, Problem, Seen, Target
from chalicelib.model.inventory import Behavior, Distribution, Origin, OriginKind

_S3_WEBSITE = re.compile(r".*\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(\.cn)?", re.ASCII)
# A name that each tenant completes (CloudFront guide, multi-tenant distributions): none to connect to.
_PARAMETER = "{{"
_AWS_ENDPOINT = re.compile(
    r".*\.(execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?|lambda-url\.[a-z0-9-]+\.on\.aws|cloudfront\.net"
    r"|mediapackage(v2|-vod)?\.[a-z0-9-]+\.amazonaws\.com)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One name that CloudFront sends to an origin; ``other`` is the second one it would accept in the certificate."""

    name: str
    other: str = ""


def speaks_tls(origin: Origin) -> bool:
    """Does CloudFront ever speak TLS to this origin under rules that the origin's owner answers for?"""
    return origin.kind is not OriginKind.S3 and origin.protocol_policy != "http-only"


def is_aws_endpoint(domain_name: str) -> bool:
    """Is the certificate AWS's own, and only for its own name?"""
    return _AWS_ENDPOINT.fullmatch(domain_name.lower()) is not None


def is_s3_website(domain_name: str) -> bool:
    return _S3_WEBSITE.fullmatch(domain_name.lower()) is not None


def behaviors_of(distribution: Distribution, origin: Origin) -> tuple[Behavior, ...]:
    """The behaviors that may use an origin, as the target or as a member of a group."""
    return tuple(one for one in distribution.behaviors if origin.origin_id in one.origin_ids)


def names_sent(distribution: Distribution, origin: Origin) -> tuple[Sent, ...]:
    """Every name that CloudFront may send to an origin, in a stable order."""
    behaviors = behaviors_of(distribution, origin)
    sent = []
    if any(not behavior.host_forwarded for behavior in behaviors):
        sent.append(Sent(name=origin.domain_name.lower()))
    if any(behavior.host_forwarded for behavior in behaviors):
        viewers = distribution.aliases or (distribution.domain_name,)
        sent += [Sent(name=alias.lower(), other=origin.domain_name.lower()) for alias in sorted(viewers)]
    return tuple(sent)


def targets_of(distribution: Distribution, origin: Origin) -> dict[Target, Sent]:
    """The handshakes that show how an origin stands; none where its certificate is not its owner's matter."""
    domain = origin.domain_name.lower()
    if not speaks_tls(origin) or origin.kind is OriginKind.VPC or is_s3_website(domain) or is_aws_endpoint(domain):
        return {}
    if _PARAMETER in domain:
        return {}
    protocols = tuple(sorted(origin.protocols))
    return {
        Target(host=domain, port=origin.https_port, name=sent.name, protocols=protocols): sent
        for sent in names_sent(distribution, origin)
    }


def judge_configuration(distribution: Distribution, origin: Origin) -> Iterator[Finding]:
    """What is wrong without looking at any certificate."""
    behaviors = behaviors_of(distribution, origin)
    domain = origin.domain_name.lower()
    if speaks_tls(origin) and is_s3_website(domain) and behaviors:
        yield Finding(
            kind=Problem.HTTPS_TO_S3_WEBSITE,
            seen=Seen.SETTINGS,
            severity=Severity.ERROR,
            what=f"{domain} is an S3 website endpoint, which speaks no TLS; the origin protocol policy is "
            f"{origin.protocol_policy}",
            remedy="Use http-only, or the bucket's REST endpoint with origin access control.",
        )
    forwarding = [behavior.path for behavior in behaviors if behavior.host_forwarded]
    if is_aws_endpoint(domain) and forwarding:
        yield Finding(
            kind=Problem.HOST_FORWARDED_TO_AWS_ENDPOINT,
            seen=Seen.SETTINGS,
            severity=Severity.ERROR,
            what=f"the viewer's Host is forwarded to {domain}, which knows only its own name and answers 403 "
            f"(behaviors: {', '.join(forwarding)})",
            remedy="Use the origin request policy AllViewerExceptHostHeader on these behaviors.",
        )
    unseen = origin.unread or (f"{domain} is another name for each tenant" if _PARAMETER in domain else "")
    if unseen and speaks_tls(origin):
        yield Finding(
            kind=Problem.CANNOT_PROBE,
            severity=Severity.INFO,
            seen=Seen.SETTINGS,
            what=f"nothing can be said of this origin: {unseen}",
        )
    code = sorted({function for behavior in behaviors for function in behavior.edge_code})
    if code and speaks_tls(origin):
        yield Finding(
            kind=Problem.EDGE_CODE_MAY_CHANGE_ORIGIN,
            seen=Seen.SETTINGS,
            severity=Severity.INFO,
            basis=Basis.ASSUMED,
            what=f"code at the edge may choose another origin or name; this verdict is for the configured one ({', '.join(code)})",
        )
