"""The changes of names as change batches: as few as Route 53 takes, the changes of one name always in one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from chalicelib.decide.name_marks import MARK_LABEL
from chalicelib.decide.name_verdicts import NameVerdict
from chalicelib.model.actions import ChangeRecordSets, RecordChange
from chalicelib.model.names import Zone

MOST_ELEMENTS, MOST_CHARACTERS = (
    1000,
    32_000,
)  # of one change batch (Route 53 developer guide, "Quotas on API requests")


def change_batches(verdicts: Iterable[NameVerdict], *, together: bool) -> Iterator[ChangeRecordSets]:
    """Change batches within Route 53's bounds, zone by zone; not ``together``, one for each name."""
    by_zone: dict[str, list[tuple[RecordChange, ...]]] = defaultdict(list)
    zones: dict[str, Zone] = {}
    for one in verdicts:
        if one.changes and one.zone is not None:
            by_zone[one.zone.zone_id].append(one.changes)
            zones[one.zone.zone_id] = one.zone
    for zone_id, zone in sorted(zones.items()):
        for changes in _filled(by_zone[zone_id], together=together):
            yield ChangeRecordSets(place=zone.place, zone_id=zone_id, zone=zone.name, changes=changes)


def _filled(parts: Iterable[tuple[RecordChange, ...]], *, together: bool) -> Iterator[tuple[RecordChange, ...]]:
    batch: tuple[RecordChange, ...] = ()
    for part in parts:
        if batch and not (together and _fits((*batch, *part))):
            yield batch
            batch = ()
        batch = (*batch, *part)
    yield batch


def _fits(changes: Sequence[RecordChange]) -> bool:
    values = [value for change in changes for value in change.record.values]
    return len(values) <= MOST_ELEMENTS and sum(map(len, values)) <= MOST_CHARACTERS


def changed_names(action: ChangeRecordSets) -> frozenset[str]:
    """The names whose records a batch changes."""
    prefix = f"{MARK_LABEL}."
    return frozenset(change.record.name.removeprefix(prefix) for change in action.changes)
