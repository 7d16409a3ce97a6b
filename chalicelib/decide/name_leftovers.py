"""Records of ours that no name of the policy asks for any more: a name was taken out, or is called otherwise now. Pure.

They are told and never removed. A policy that lost a line by mistake would else take a name away from everybody who asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.decide.name_marks import mark_name, own_marks
from chalicelib.decide.name_records import RecordsByName
from chalicelib.decide.name_verdicts import NameVerdict
from chalicelib.model.names import RecordSet, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What is left over in one zone that was read to its end; nothing, in most. Each name's CNAME comes with its mark."""

    zone: Zone
    records: Mapping[str, tuple[RecordSet, ...]]

    def __str__(self) -> str:
        names = sorted(self.records)
        return f"{', '.join(names)} in hosted zone {self.zone} {'is' if len(names) == 1 else 'are'} ours, but not in the policy"


def judge_leftovers(
    zones: Iterable[Zone], by_zone: Mapping[str, RecordsByName], verdicts: Iterable[NameVerdict], owner: str
) -> tuple[Leftovers, ...]:
    """One judgement for each zone. A name whose zone is not known may have its records in any of them."""
    claimed = {(one.zone.zone_id if one.zone else "", one.record) for one in verdicts}
    judged = []
    for zone in sorted(zones, key=lambda one: one.zone_id):
        records = by_zone.get(zone.zone_id, {})
        marked = {name for name, _ in own_marks((record for found in records.values() for record in found), owner)}
        over = sorted(name for name in marked if not {(zone.zone_id, name), ("", name)} & claimed)
        left = {name: (*_cname(records, name), *records[mark_name(name)]) for name in over}
        judged.append(Leftovers(zone=zone, records=left))
    return tuple(judged)


def _cname(records: RecordsByName, name: str) -> tuple[RecordSet, ...]:
    return tuple(one for one in records.get(name, ()) if one.type == "CNAME" and one.simple)
