"""The record that lets ACM renew a certificate: what is missing, and whether we may put it back. Pure.

Only a CNAME that begins with ``_`` and leads to ACM's validation names is ever created, with a mark beside it, in the one
public zone of ours that holds it, and only where nothing of its name is there. All else is for people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chalicelib.decide.certificate_renewal import unproven
from chalicelib.decide.dns_name import name_fault, normalised
from chalicelib.decide.name_marks import Mark, mark_name
from chalicelib.model.actions import ChangeRecordSets, RecordChange, Verb
from chalicelib.model.inventory import AcmCertificate, ValidationRecord
from chalicelib.model.names import RecordSet, Zone

ACM_NAMES = ".acm-validations.aws"
NAME_ID = "acm-validation"
_TTL = 300
_FEWEST_LABELS = 2  # no zone of ours is a top-level domain


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationPlan:
    """What to do about one missing record; ``note`` says why, or why nothing."""

    note: str
    action: ChangeRecordSets | None = None


def missing_records(certificate: AcmCertificate) -> tuple[ValidationRecord, ...]:
    """The records that ACM still waits for and that are of the one form that we create. A name and its wildcard share one."""
    waiting = {normalised(one.name): one for one in unproven(certificate) if one.method == "DNS"}
    return tuple(one for one in waiting.values() if _is_ours_to_make(one))


def _is_ours_to_make(record: ValidationRecord) -> bool:
    name, value = normalised(record.name), normalised(record.value)
    return name.startswith("_") and "*" not in name and value.endswith(ACM_NAMES) and not name_fault(mark_name(name))


def zone_names(record: ValidationRecord) -> tuple[str, ...]:
    """The names of the zones that could hold the record, nearest first."""
    labels = normalised(record.name).split(".")[1:]
    return tuple(".".join(labels[start:]) for start in range(len(labels) - _FEWEST_LABELS + 1))


def names_to_look_at(record: ValidationRecord, zone: Zone) -> tuple[str, ...]:
    """The record's own name, its mark's, and those between it and the zone's, where the zone may end (NS)."""
    name = normalised(record.name)
    between = (one for one in zone_names(record) if one.endswith(f".{zone.name}"))
    return name, mark_name(name), *between


def plan_validation(
    record: ValidationRecord, zones: Sequence[Zone], held: Collection[RecordSet], arn: str, owner: str
) -> ValidationPlan:
    """``zones`` are our public zones of the nearest name that has any, ``held`` what is at the names to look at now."""
    name = normalised(record.name)
    mark, value = mark_name(name), normalised(record.value)
    if not zones:
        return ValidationPlan(note=f"no public hosted zone of ours holds {name}")
    if len(zones) > 1:
        named = ", ".join(f"{zone} of account {zone.account}" for zone in zones)
        return ValidationPlan(
            note=f"{name} could lie in several hosted zones, and only one is asked by the world: {named}"
        )
    [zone] = zones
    handed_on = next((one.name for one in held if one.type == "NS" and one.name not in {name, mark}), None)
    if handed_on is not None:
        # What is written above the cut of a zone, nobody is shown (RFC 1034, 4.2.1).
        return ValidationPlan(
            note=f"{zone} hands {handed_on} on to other name servers (NS): {name} has to be restored there"
        )
    there = [one for one in held if one.name in {name, mark}]
    if any(one.name == name and [normalised(text) for text in one.values] == [value] for one in there):
        return ValidationPlan(note=f"{name} is in {zone} as ACM wants it; ACM tries again by itself")
    if there:
        told = ", ".join(f"{one.type} {one.name} -> {', '.join(one.values)}" for one in there)
        return ValidationPlan(note=f"{zone} holds something else there, which is not ours to change: {told}")
    cname = RecordSet(name=name, type="CNAME", ttl=_TTL, values=(value,))
    proof = Mark(owner=owner, name_id=NAME_ID, target=arn).value
    text = RecordSet(name=mark, type="TXT", ttl=_TTL, values=(proof,))
    changes = tuple(RecordChange(verb=Verb.CREATE, record=one) for one in (cname, text))
    action = ChangeRecordSets(place=zone.place, zone_id=zone.zone_id, zone=zone.name, changes=changes)
    return ValidationPlan(note=f"{name} CNAME {value} was missing in {zone}", action=action)
