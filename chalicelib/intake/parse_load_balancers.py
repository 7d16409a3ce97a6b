"""An event about the birth or the end of a load balancer becomes a trigger, or is ignored with a reason.

Both generations share eventSource and eventName; the API's version tells them apart. Of the body only the ARN or the name is
taken: scheme, tags and DNS name are read from AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.intake.parse import mapping, places_of, quoted, time_of, unfit_call
from chalicelib.intake.patterns import ELB
from chalicelib.model.names import LOAD_BALANCER_ARN, LOAD_BALANCER_NAME, classic_arn
from chalicelib.model.network import Place
from chalicelib.model.triggers import Ignored, LoadBalancerCreated, LoadBalancerDeleted, LoadBalancerTrigger

_TRIGGERS: dict[str, type[LoadBalancerTrigger]] = {
    "CreateLoadBalancer": LoadBalancerCreated,
    "DeleteLoadBalancer": LoadBalancerDeleted,
}
_V2, _CLASSIC = "2015-12-01", "2012-06-01"


def parse_load_balancer_event(event: object) -> LoadBalancerTrigger | Ignored:
    """The trigger of an EventBridge event about a load balancer."""
    envelope = mapping(event)
    detail = mapping(envelope.get("detail"))
    unfit = unfit_call(envelope, detail, "aws.elasticloadbalancing", ELB)
    if unfit:
        return Ignored(reason=unfit)
    name = detail.get("eventName")
    trigger = _TRIGGERS.get(name) if isinstance(name, str) else None
    if trigger is None:
        return Ignored(reason=f"{quoted(name)} is not a call that netreflex reacts to")
    places = places_of([(envelope.get("account"), detail.get("awsRegion"))])
    if not places:
        return Ignored(reason=f"the {name} event names no account and Region")
    version = detail.get("apiVersion")
    if version not in (_V2, _CLASSIC):  # a tuple: what is no text may not be hashable
        return Ignored(reason=f"version {quoted(version)} of the load balancing API is not known")
    for arn, short in _classic(detail, places[0]) if version == _CLASSIC else _v2(detail, places[0]):
        return trigger(place=places[0], arn=arn, name=short, at=time_of(envelope.get("time")))
    return Ignored(reason=f"the {name} event names no load balancer of {places[0]}")


def _v2(detail: Mapping[str, object], place: Place) -> Iterator[tuple[str, str]]:
    """Create tells the ARN in its answer, Delete in its request; an ARN of another place is not believed."""
    created = mapping(detail.get("responseElements")).get("loadBalancers")
    answered = [mapping(one).get("loadBalancerArn") for one in created] if isinstance(created, list) else []
    for arn in (mapping(detail.get("requestParameters")).get("loadBalancerArn"), *answered):
        parts = LOAD_BALANCER_ARN.fullmatch(arn) if isinstance(arn, str) else None
        if parts and (parts["account"], parts["region"]) == (place.account, place.region) and parts["kind"]:
            yield parts[0], parts["name"]


def _classic(detail: Mapping[str, object], place: Place) -> Iterator[tuple[str, str]]:
    """Both calls tell the name in their request."""
    name = mapping(detail.get("requestParameters")).get("loadBalancerName")
    if isinstance(name, str) and LOAD_BALANCER_NAME.fullmatch(name):
        yield classic_arn(place, name), name
