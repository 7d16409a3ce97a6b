"""An event about certificates, distributions or listeners becomes a trigger, or is ignored with a reason.

Only ARNs and ids are taken, each held against its pattern; how a certificate or an origin stands is read from AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from chalicelib.intake.parse import mapping, quoted, time_of, unfit_call
from chalicelib.intake.patterns import (
    ACM_NEWS,
    CLOUDFRONT,
    DISTRIBUTION_EVENT_NAMES,
    ELB,
    HEALTH,
    LISTENER_EVENT_NAMES,
)
from chalicelib.model.network import ACCOUNT_ID, DISTRIBUTION_ID, REGION, Place
from chalicelib.model.triggers import CertificateChanged, DistributionChanged, Ignored, ListenerChanged, OriginTrigger

Json = Mapping[str, object]
_CERTIFICATE = re.compile(
    r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):certificate/[0-9A-Za-z-]{1,64}", re.ASCII
)
_LISTENER = re.compile(
    r"(?P<head>arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12})):"
    r"listener/(?P<name>(?:app|net|gwy)/[A-Za-z0-9-]{1,32}/[0-9a-f]{16})/[0-9a-f]{16}",
    re.ASCII,
)
_BALANCER = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"loadbalancer/(?:app|net|gwy)/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}",
    re.ASCII,
)
_CLASSIC_NAME = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_MOST = 100  # certificates taken from one event; Health lists few


def parse_certificate_event(event: object) -> CertificateChanged | Ignored:
    """The trigger of an event of ACM, or of AWS Health about ACM."""
    envelope = mapping(event)
    detail = mapping(envelope.get("detail"))
    source, kind = envelope.get("source"), envelope.get("detail-type")
    if source == "aws.acm" and kind in ACM_NEWS:
        told, named = str(kind), _texts(envelope.get("resources"))
    elif source == "aws.health" and kind == HEALTH and detail.get("service") == "ACM":
        told = f"AWS Health: {quoted(detail.get('eventTypeCode'))}"
        named = [*_texts(envelope.get("resources")), *_entities(detail)]
    else:
        return Ignored(reason=f"{quoted(kind)} of {quoted(source)} is not an event about certificates")
    found = [one for text in dict.fromkeys(named) if (one := _CERTIFICATE.fullmatch(text))][:_MOST]
    if not found:
        return Ignored(reason=f"the event {quoted(kind)} names no certificate")
    place = Place(account=found[0]["account"], region=found[0]["region"])
    same = tuple(one[0] for one in found if (one["account"], one["region"]) == (place.account, place.region))
    return CertificateChanged(place=place, arns=same, told=told, at=time_of(envelope.get("time")))


def parse_origin_event(event: object) -> OriginTrigger | Ignored:
    """The trigger of a call that changed a distribution or a listener."""
    envelope = mapping(event)
    detail = mapping(envelope.get("detail"))
    distribution = detail.get("eventSource") == CLOUDFRONT
    source, service = ("aws.cloudfront", CLOUDFRONT) if distribution else ("aws.elasticloadbalancing", ELB)
    unfit = unfit_call(envelope, detail, source, service)
    if unfit:
        return Ignored(reason=unfit)
    names = DISTRIBUTION_EVENT_NAMES if distribution else LISTENER_EVENT_NAMES
    if detail.get("eventName") not in names:
        return Ignored(reason=f"{quoted(detail.get('eventName'))} is not a call that netreflex reacts to")
    return _distribution(envelope, detail) if distribution else _listener(envelope, detail)


def _distribution(envelope: Json, detail: Json) -> OriginTrigger | Ignored:
    account = envelope.get("account")
    asked, answered = mapping(detail.get("requestParameters")), mapping(detail.get("responseElements"))
    # A copy's request names the distribution it was made from; what it became is in the answer.
    for found in (mapping(answered.get("distribution")).get("id"), asked.get("id")):
        if isinstance(found, str) and DISTRIBUTION_ID.fullmatch(found) and _is_account(account):
            at = time_of(envelope.get("time"))
            return DistributionChanged(account=str(account), distribution_id=found, at=at)
    return Ignored(reason=f"the {detail.get('eventName')} event names no distribution and account")


def _listener(envelope: Json, detail: Json) -> OriginTrigger | Ignored:
    asked, at = mapping(detail.get("requestParameters")), time_of(envelope.get("time"))
    listener, balancer = asked.get("listenerArn"), asked.get("loadBalancerArn")
    if isinstance(listener, str) and (found := _LISTENER.fullmatch(listener)):
        arn = f"{found['head']}:loadbalancer/{found['name']}"
    elif isinstance(balancer, str) and (found := _BALANCER.fullmatch(balancer)):
        arn = balancer
    else:
        return _classic(envelope, detail)
    place = Place(account=found["account"], region=found["region"])
    return ListenerChanged(place=place, balancer_arn=arn, at=at)


def _classic(envelope: Json, detail: Json) -> OriginTrigger | Ignored:
    name = mapping(detail.get("requestParameters")).get("loadBalancerName")
    account, region = envelope.get("account"), detail.get("awsRegion")
    named = isinstance(name, str) and _CLASSIC_NAME.fullmatch(name) is not None
    if not named or not _is_account(account) or not isinstance(region, str) or not REGION.fullmatch(region):
        return Ignored(reason=f"the {detail.get('eventName')} event names no load balancer")
    arn = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{name}"
    place = Place(account=str(account), region=region)
    return ListenerChanged(place=place, balancer_arn=arn, at=time_of(envelope.get("time")))


def _entities(detail: Json) -> Iterator[str]:
    entities = detail.get("affectedEntities")
    for entity in entities if isinstance(entities, list) else ():
        yield from _texts([mapping(entity).get("entityValue")])


def _texts(value: object) -> list[str]:
    found: Iterable[object] = value if isinstance(value, list) else ()
    return [text for text in found if isinstance(text, str)]


def _is_account(value: object) -> bool:
    return isinstance(value, str) and ACCOUNT_ID.fullmatch(value) is not None
