"""What was done about names, a fact with no end; and the end of alerts that nobody asks about any more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.alerts import kinds
from chalicelib.decide.name_batches import changed_names
from chalicelib.decide.names import NamesDecision
from chalicelib.model.actions import ChangeRecordSets, Verb
from chalicelib.model.alert import Alert, AlertStatus, Field, Severity, Subject
from chalicelib.model.names import ChangeInfo, Zone

NAME_SUBJECT = "dns-name"
REACH_SUBJECTS = ("vpc", "hosted-zone")
LEFTOVERS_SUBJECT, CHANGE_SUBJECT = "leftovers", "change"
ROOM = "room"


_ENDED = {CHANGE_SUBJECT: "The change of {} is spread"}
_END_MEANS = {CHANGE_SUBJECT: "All resolvers are told the same."}


def reach_id(zone_id: str, part: str) -> str:
    """The subject of an alert about a zone and one of its VPCs, or its room for more of them."""
    return f"{zone_id} {part}"


def over(
    open_alerts: Iterable[Alert],
    decision: NamesDecision,
    zones: Iterable[Zone],
    late: Iterable[Alert],
    *,
    complete: bool,
    now: datetime,
) -> Iterator[Alert]:
    """The end of alerts about what is not asked for any more.

    That is a name that left the policy, a peering that is gone (where every reach is known), a zone that holds nothing of ours
    and is not looked into any more, a change that is spread.
    ``zones`` are those that may hold leftovers besides those of the decision, ``late`` the changes that are not spread yet.
    """
    names = {verdict.name.id for verdict in decision.verdicts}
    parts = {(reach.zone.zone_id, part) for reach in decision.reaches for part in (reach.vpc.vpc_id, ROOM)}
    known = {verdict.zone.zone_id for verdict in decision.verdicts if verdict.zone} | {zone.zone_id for zone in zones}
    unsettled = any(verdict.zone is None for verdict in decision.verdicts)
    left = {reach_id(*part) for part in parts}
    late_ids = {alert.subject.id for alert in late}
    for alert in open_alerts:
        subject = alert.subject
        gone = {
            NAME_SUBJECT: subject.id not in names,
            LEFTOVERS_SUBJECT: not unsettled and subject.id.partition(" ")[0] not in known,
            CHANGE_SUBJECT: subject.id not in late_ids,
            **dict.fromkeys(REACH_SUBJECTS, complete and subject.id not in left),
        }
        if gone.get(subject.type, False):
            yield replace(
                alert,
                status=AlertStatus.RESOLVED,
                title=_ENDED.get(subject.type, "{} is not asked for any more").format(subject.name or subject.id),
                summary=_END_MEANS.get(subject.type, "Neither the policy nor a peering needs it."),
                at=now,
                cause="",
                remedy=(),
            )


def change_notice(action: ChangeRecordSets, answer: ChangeInfo | None, now: datetime) -> Alert:
    """The notice of one change batch; without an answer it would be done.

    It is one notice for each name, and one for each zone where several names change at once: the next change is news of it.
    """
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
            id=reach_id(action.zone_id, f"notice {names[0] if len(names) == 1 else ''}".rstrip()),
            name=action.zone,
            account=action.place.account,
            region=action.place.region,
        ),
        title=f"{what}: {verb}" if answer else f"{what}: would be {verb} (observe mode)",
        summary="; ".join(_shown(action)),
        at=now,
        links=(kinds.zone_console(action.zone_id),),
        evidence="\n".join(map(str, action.changes)),
        fields=(Field(name="Change", value=_status(answer)),) if answer else (),
    )


def _status(answer: ChangeInfo) -> str:
    return f"{answer.change_id}, {answer}" + ("" if answer.spread else "; the sweep looks again")


def _shown(action: ChangeRecordSets) -> Iterator[str]:
    """What each name leads to now, or that it is gone."""
    new = {
        c.record.name: c.record.values[0] for c in action.changes if c.verb is Verb.CREATE and c.record.type == "CNAME"
    }
    for name in sorted(changed_names(action)):
        yield f"{name} -> {new[name]}" if name in new else f"{name} is changed in its mark or gone"
