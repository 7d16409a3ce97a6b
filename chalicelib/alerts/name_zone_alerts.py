"""Alerts about a hosted zone as a whole: its room for VPCs, the brake, what is left over in it, what is not spread. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.alerts import kinds
from chalicelib.alerts.name_notices import CHANGE_SUBJECT, LEFTOVERS_SUBJECT, REACH_SUBJECTS, ROOM, reach_id
from chalicelib.decide.name_choice import GRANT
from chalicelib.decide.name_leftovers import Leftovers
from chalicelib.decide.name_reach import nearly_full
from chalicelib.decide.names import NamesDecision
from chalicelib.model.alert import Alert, AlertStatus, Field, Severity, Subject
from chalicelib.model.names import ROUTE53_REGION, PendingChange, RecordSet, Zone

LATE = timedelta(minutes=15)  # Route 53 spreads a change "generally within 60 seconds" (developer guide)
_ROOM_FOR_EVIDENCE = 1150  # characters; an alert shows 1200


def room_alert(zone: Zone, now: datetime) -> Alert:
    """The zone will soon take no more VPCs, or has room again."""
    full = nearly_full(zone)
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if full else AlertStatus.RESOLVED,
        severity=Severity.WARNING,
        subject=Subject(
            type=REACH_SUBJECTS[1],
            id=reach_id(zone.zone_id, ROOM),
            name=zone.name,
            account=zone.account,
            region=ROUTE53_REGION,
        ),
        title=f"{zone.name} {'will soon take no more VPCs' if full else 'has room for VPCs'}",
        summary="The next approved peerings may not get the names of their service." if full else "All fit.",
        at=now,
        cause=full or "",
        remedy=(
            ("Share the zone through a Route 53 Profile, which takes 1000 VPCs; or raise the zone's quota.",)
            if full
            else ()
        ),
        links=(kinds.zone_console(zone.zone_id),),
    )


def brake_alert(decision: NamesDecision, owner: str, now: datetime) -> Alert:
    """Too many records would go at once, or that is over."""
    braked = decision.braked
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if braked else AlertStatus.RESOLVED,
        severity=Severity.ERROR,
        subject=Subject(
            type="automation",
            id="removal-brake",
            name="removal of records",
            account=owner.partition("/")[0],
            region=ROUTE53_REGION,
        ),
        title="Too many records would be removed at once" if braked else "The removal of records is not braked",
        summary=(
            "Many load balancers seem to be gone. Nothing was removed; their names still lead where they led."
            if braked
            else "Nothing waits for anybody any more."
        ),
        at=now,
        cause=decision.brake,
        remedy=(
            (
                "Look whether the load balancers are really gone, or the policy's choice of them is wrong.",
                "If they are gone for good: take the names out of the policy and delete the records by hand.",
            )
            if braked
            else ()
        ),
        evidence="\n".join(braked),
    )


def leftovers_alert(left: Leftovers, now: datetime) -> Alert:
    """Records of ours that no name of the policy asks for, with the batch that deletes them; or that none is left."""
    names, zone = sorted(left.records), left.zone
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.FIRING if names else AlertStatus.RESOLVED,
        severity=Severity.WARNING,
        subject=Subject(
            type=LEFTOVERS_SUBJECT,
            id=reach_id(zone.zone_id, LEFTOVERS_SUBJECT),
            name=zone.name,
            account=zone.account,
            region=ROUTE53_REGION,
        ),
        title=f"{zone.name} holds records that left the policy"
        if names
        else f"{zone.name} holds no leftovers any more",
        summary=(
            "They lead where they led last, and nobody keeps them true any more. netreflex does not remove them by itself."
            if names
            else "Every record of netreflex in it is in the policy."
        ),
        at=now,
        cause=str(left) if names else "",
        remedy=_tidying(zone) if names else (),
        links=(kinds.zone_console(zone.zone_id),),
        evidence=_batch([left.records[name] for name in names]),
        fields=tuple(Field(name="Name", value=name) for name in names[:10]),
    )


def _tidying(zone: Zone) -> tuple[str, ...]:
    command = (
        f"aws route53 change-resource-record-sets --hosted-zone-id {zone.zone_id} --change-batch file://batch.json"
    )
    return (
        "To keep a name, write it into the policy again, as it was called.",
        f"To delete it, save the evidence as batch.json and run, in the zone's account: `{command}`",
    )


def _batch(pairs: Sequence[Sequence[RecordSet]]) -> str:
    """A change batch of as many names as fit; the others come when these are gone. Half a batch would be none."""
    fit: list[object] = []
    for records in pairs:
        more = [*fit, *({"Action": "DELETE", "ResourceRecordSet": _as_argument(record)} for record in records)]
        if len(_compact(more)) > _ROOM_FOR_EVIDENCE:
            break
        fit = more
    return _compact(fit) if fit else ""


def _compact(changes: Sequence[object]) -> str:
    return json.dumps({"Changes": changes}, separators=(",", ":"))


def _as_argument(record: RecordSet) -> dict[str, object]:
    values = [{"Value": value} for value in record.values]
    return {"Name": record.name, "Type": record.type, "TTL": record.ttl, "ResourceRecords": values}


def late_changes(pending: Iterable[PendingChange], now: datetime) -> Iterator[Alert]:
    """The changes that Route 53 has not spread for too long."""
    for change in pending:
        if now - change.since <= LATE:
            continue
        zone, minutes = change.zone, int((now - change.since).total_seconds() // 60)
        cause = f"change {change.change_id} of hosted zone {zone} is PENDING for more than {LATE.seconds // 60} minutes"
        look = "Look whether AWS reports a problem of Route 53: https://health.aws.amazon.com/health/status"
        if change.unread:
            cause, look = f"change {change.change_id} of hosted zone {zone} is {change.unread}", GRANT
        yield Alert(
            kind=kinds.NAME,
            status=AlertStatus.FIRING,
            severity=Severity.WARNING,
            subject=Subject(
                type=CHANGE_SUBJECT,
                id=reach_id(zone.zone_id, change.change_id),
                name=zone.name,
                account=zone.account,
                region=ROUTE53_REGION,
            ),
            title=f"A change of {zone.name} {'cannot be followed' if change.unread else 'is not spread yet'}",
            summary="Some resolvers may still answer as before the change.",
            at=now,
            cause=cause,
            remedy=(
                look,
                f"See it with: `aws route53 get-change --id {change.change_id}`",
                "Nothing else is needed: every sweep asks again until it is INSYNC.",
            ),
            links=(kinds.zone_console(zone.zone_id),),
            evidence=f"PENDING since {change.since.isoformat()}, {minutes} minutes",
        )
