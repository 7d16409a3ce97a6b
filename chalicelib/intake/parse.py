"""An event becomes a trigger, or is ignored with a reason; it never becomes an exception.

Of a body only identifiers are taken, each held against the pattern of its kind: an event may be forged, stale, repeated or
about something else, and may then cost a read at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from chalicelib.intake.patterns import CLOUDTRAIL, EC2
from chalicelib.model.network import ACCOUNT_ID, PEERING_ID, REGION, Place
from chalicelib.model.triggers import (
    Ignored,
    PeeringAccepted,
    PeeringDeleted,
    PeeringRejected,
    PeeringRequested,
    PeeringTrigger,
)

_PEERING_TRIGGERS: dict[str, type[PeeringTrigger]] = {
    "CreateVpcPeeringConnection": PeeringRequested,
    "AcceptVpcPeeringConnection": PeeringAccepted,
    "RejectVpcPeeringConnection": PeeringRejected,
    "DeleteVpcPeeringConnection": PeeringDeleted,
}
_EVENT_VERSION = "1"  # CloudTrail's major version; a minor one only adds fields (CloudTrail record contents)
_QUOTE = 60


def parse_peering_event(event: object) -> PeeringTrigger | Ignored:
    """The trigger of an EventBridge event about a VPC peering."""
    envelope = mapping(event)
    detail = mapping(envelope.get("detail"))
    unfit = unfit_call(envelope, detail)
    if unfit:
        return Ignored(reason=unfit)
    name = detail.get("eventName")
    trigger = _PEERING_TRIGGERS.get(name) if isinstance(name, str) else None
    if trigger is None:
        return Ignored(reason=f"{quoted(name)} is not a call that netreflex reacts to")
    peering_id = _peering_id(detail)
    if peering_id is None:
        return Ignored(reason=f"the {name} event names no VPC peering")
    places = tuple(dict.fromkeys(_places(envelope, detail)))
    if not places:
        return Ignored(reason=f"the {name} event names no account and Region")
    return trigger(peering_id=peering_id, places=places, at=time_of(envelope.get("time")))


def unfit_call(
    envelope: Mapping[str, object], detail: Mapping[str, object], source: str = "aws.ec2", service: str = EC2
) -> str | None:
    """Why this is not a CloudTrail record of a successful call to a service (EC2, if none is named), or None."""
    name = "EC2" if service == EC2 else service
    if envelope.get("source") != source or envelope.get("detail-type") != CLOUDTRAIL:
        return f"not an {name} call told by CloudTrail: source {quoted(envelope.get('source'))}"
    if detail.get("eventSource") != service:
        return f"the call was made to {quoted(detail.get('eventSource'))}, not to {name}"
    version = detail.get("eventVersion")
    if not isinstance(version, str) or version.split(".")[0] != _EVENT_VERSION:
        return f"CloudTrail eventVersion {quoted(version)} is not known; only 1.x is"
    if detail.get("errorCode") is not None:
        return f"the call did not succeed: {quoted(detail.get('errorCode'))}"
    return None


def _peering_id(detail: Mapping[str, object]) -> str | None:
    """Create tells the id in its answer, the other calls in their request."""
    created = mapping(mapping(detail.get("responseElements")).get("vpcPeeringConnection"))
    asked = mapping(detail.get("requestParameters"))
    for found in (asked.get("vpcPeeringConnectionId"), created.get("vpcPeeringConnectionId")):
        if isinstance(found, str) and PEERING_ID.fullmatch(found):
            return found
    return None


def _places(envelope: Mapping[str, object], detail: Mapping[str, object]) -> Iterator[Place]:
    """Where the peering may be seen: where the call was made, then both ends as the answer names them.

    A forwarded event keeps the sender's account and Region in its envelope (EventBridge, cross-account events).
    """
    pairs = [(envelope.get("account"), envelope.get("region")), (envelope.get("account"), detail.get("awsRegion"))]
    created = mapping(mapping(detail.get("responseElements")).get("vpcPeeringConnection"))
    for end in ("requesterVpcInfo", "accepterVpcInfo"):
        info = mapping(created.get(end))
        pairs.append((info.get("ownerId"), info.get("region")))
    yield from places_of(pairs)


def places_of(pairs: Iterable[tuple[object, object]]) -> tuple[Place, ...]:
    """The places that pairs of account and Region name; what names none is left out."""
    found = (
        Place(account=account, region=region)
        for account, region in pairs
        if isinstance(account, str)
        and isinstance(region, str)
        and ACCOUNT_ID.fullmatch(account)
        and REGION.fullmatch(region)
    )
    return tuple(dict.fromkeys(found))


def time_of(value: object) -> datetime | None:
    """An instant with its offset, or None; a time without an offset could be any of 26 instants."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def quoted(value: object) -> str:
    """A foreign word, short and printable; of anything larger only its kind."""
    word = str(value) if value is None or isinstance(value, str | int | float) else type(value).__name__
    text = "".join(c if c.isprintable() else "?" for c in word)
    return repr(text if len(text) <= _QUOTE else text[:_QUOTE] + "…")
