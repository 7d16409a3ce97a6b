"""What was done about names, a fact with no end; and the end of alerts that nobody asks about any more. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.decide.name_batches import changed_names
from chalicelib.decide.names import NamesDecision
from chalicelib.model.actions import ChangeRecordSets, Verb
from chalicelib.model.alert import Alert, AlertStatus, Field, Severity, Subject
from chalicelib.model.names import ChangeInfo

NAME_SUBJECT = "dns-name"
REACH_SUBJECTS = ("vpc", "hosted-zone")
ROOM = "room"


def reach_id(zone_id: str, part: str) -> str:
    """The subject of an alert about a zone and one of its VPCs, or its room for more of them."""
    return f"{zone_id} {part}"


def over(open_alerts: Iterable[Alert], decision: NamesDecision, *, complete: bool, now: datetime) -> Iterator[Alert]:
    """The end of alerts whose name left the policy, or (where every reach is known) whose peering is gone."""
    names = {verdict.name.id for verdict in decision.verdicts}
    reaches = {reach_id(reach.zone.zone_id, part) for reach in decision.reaches for part in (reach.vpc.vpc_id, ROOM)}
    for alert in open_alerts:
        subject = alert.subject
        left = subject.type == NAME_SUBJECT and subject.id not in names
        if left or (complete and subject.type in REACH_SUBJECTS and subject.id not in reaches):
            yield replace(
                alert,
                status=AlertStatus.RESOLVED,
                title=f"{subject.name or subject.id} is not asked for any more",
                summary="Neither the policy nor a peering needs it.",
                at=now,
                cause="",
                remedy=(),
            )


def change_notice(action: ChangeRecordSets, answer: ChangeInfo | None, now: datetime) -> Alert:
    """The notice of one change batch, whose id makes it a message of its own; without an answer it would be done."""
    digest = hashlib.sha256("\n".join(map(str, action.changes)).encode()).hexdigest()[:12]
    names = sorted(changed_names(action))
    what = names[0] if len(names) == 1 else f"{len(names)} names of {action.zone}"
    created = any(change.verb is Verb.CREATE for change in action.changes)
    verb = "written" if created else "removed"
    return Alert(
        kind=kinds.NAME,
        status=AlertStatus.NOTICE,
        severity=Severity.INFO,
        subject=Subject(
            type="hosted-zone",
            id=f"{action.zone_id} {answer.change_id if answer else 'planned'} {digest}",
            name=action.zone,
            account=action.place.account,
            region=action.place.region,
        ),
        title=f"{what}: {verb}" if answer else f"{what}: would be {verb} (observe mode)",
        summary="; ".join(_shown(action)),
        at=now,
        links=(kinds.zone_console(action.zone_id),),
        evidence="\n".join(map(str, action.changes)),
        fields=(Field(name="Change", value=f"{answer.change_id}, {answer.status}"),) if answer else (),
    )


def _shown(action: ChangeRecordSets) -> Iterator[str]:
    """What each name leads to now, or that it is gone."""
    new = {
        c.record.name: c.record.values[0] for c in action.changes if c.verb is Verb.CREATE and c.record.type == "CNAME"
    }
    for name in sorted(changed_names(action)):
        yield f"{name} -> {new[name]}" if name in new else f"{name} is changed in its mark or gone"
