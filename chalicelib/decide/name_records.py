"""What one name's records are and what they should be: whose they are comes first, what they say second.

===================================  =====================================================================
at the name, at the mark's place     what is done
===================================  =====================================================================
nothing, nothing                     CREATE both, unless a wildcard or a delegation answers for the name today
nothing, our mark                    CREATE the CNAME; swap the mark where it says something else
our CNAME, our mark                  nothing where equal; else DELETE the exact old value and CREATE the new one
anything, no mark                    never touched: conflict
anything, another's or two marks     never touched: conflict
A, alias, routing policy, …          never touched: conflict
===================================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.decide.dns_name import above, normalised
from chalicelib.decide.name_choice import Obstacle
from chalicelib.decide.name_marks import Mark, mark_name, read_mark
from chalicelib.model.actions import RecordChange, Verb
from chalicelib.model.names import LOAD_BALANCER_ARN, BalancerState, LoadBalancer, RecordSet
from chalicelib.model.network import Place
from chalicelib.model.plan import RefusalKind

_ROUTES = frozenset({BalancerState.ACTIVE, BalancerState.PROVISIONING, BalancerState.IMPAIRED})
RecordsByName = Mapping[str, Sequence[RecordSet]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What stands at a name and at its mark's place. Where ``conflict`` is said, none of it is ours to touch."""

    cname: RecordSet | None = None
    record: RecordSet | None = None
    mark: Mark | None = None
    conflict: str | None = None

    @property
    def ours(self) -> bool:
        return self.conflict is None and self.mark is not None


def judge_holding(name: str, records: RecordsByName, owner: str) -> Holding:
    """Whose records are these?"""
    at, marks = records.get(name, ()), records.get(mark_name(name), ())
    strange = [one for one in at if one.type != "CNAME" or not one.simple]
    if strange:
        return Holding(conflict=f"{name} is {_kind(strange[0])} that netreflex did not make")
    record = marks[0] if marks else None
    if record is None:
        return Holding(conflict=f"{name} is a CNAME to {_told(at[0])} without netreflex's mark" if at else None)
    mark = read_mark(record.values[0]) if len(record.values) == 1 else None
    if len(marks) > 1 or len(record.values) > 1:
        return Holding(conflict=f"{mark_name(name)} holds more than one mark")
    if record.type != "TXT" or not record.simple or mark is None:
        return Holding(conflict=f"{mark_name(name)} is {_kind(record)} and no mark of netreflex")
    if mark.owner != owner:
        return Holding(conflict=f"{name} is marked by another owner, {mark.owner}")
    return Holding(cname=at[0] if at else None, record=record, mark=mark)


def covered_by(name: str, zone: str, records: RecordsByName) -> str | None:
    """What answers for a name that has no record of its own: a new record would put it in the shade.

    A wildcard answers only from the closest name above that exists (RFC 4592, section 3.3.1).
    """
    for parent in above(name, zone):
        delegated = parent != zone and any(one.type == "NS" for one in records.get(parent, ()))
        if delegated:
            return f"{parent} is delegated to other name servers (NS)"
        wildcard = records.get(f"*.{parent}", ())
        if wildcard:
            return f"{_kind(wildcard[0])} *.{parent} answers for it"
        if parent in records or any(other.endswith("." + parent) for other in records):
            return None
    return None


def changes_to(name: str, ttl: int, target: LoadBalancer, mark: Mark, holding: Holding) -> tuple[RecordChange, ...]:
    """What makes the records of a name say what they should; DELETE comes before CREATE."""
    cname = RecordSet(name=name, type="CNAME", ttl=ttl, values=(target.dns_name,))
    txt = RecordSet(name=mark_name(name), type="TXT", ttl=ttl, values=(mark.value,))
    swaps = []
    if holding.cname is None or not leads_to(holding.cname, target) or holding.cname.ttl != ttl:
        swaps.append((holding.cname, cname))
    if holding.mark != mark:
        swaps.append((holding.record, txt))
    deletes = [RecordChange(verb=Verb.DELETE, record=old) for old, _ in swaps if old is not None]
    return (*deletes, *(RecordChange(verb=Verb.CREATE, record=new) for _, new in swaps))


def removal_of(holding: Holding) -> tuple[RecordChange, ...]:
    """What takes our records of a name away, the mark with the CNAME."""
    return tuple(
        RecordChange(verb=Verb.DELETE, record=record)
        for record in (holding.cname, holding.record)
        if record is not None
    )


def still_leads(holding: Holding, place: Place, balancers: Sequence[LoadBalancer]) -> str | None:
    """Why our record may not be removed although the policy's choice finds nothing: it may still lead somewhere.

    Only a load balancer of the very place that was read can be known to be gone.
    """
    target = holding.mark.target if holding.mark else ""
    parts = LOAD_BALANCER_ARN.fullmatch(target)
    if parts is None or Place(account=parts["account"], region=parts["region"]) != place:
        return f"it was made for {target or 'something unknown'}, which is not in {place}, where the policy looks"
    there = [one for one in balancers if one.arn == target or (holding.cname and leads_to(holding.cname, one))]
    return f"it still leads to {there[0]}, which is there" if there else None


def leads_to(cname: RecordSet, target: LoadBalancer) -> bool:
    return [normalised(value) for value in cname.values] == [normalised(target.dns_name)]


def live_target(holding: Holding, balancers: Sequence[LoadBalancer]) -> LoadBalancer | None:
    """The load balancer in service to which our CNAME leads, whatever the policy chooses today.

    An impaired one routes traffic still (ELBv2 API reference, LoadBalancerState).
    """
    cname = holding.cname
    if cname is None or not holding.ours:
        return None
    return next((one for one in balancers if leads_to(cname, one) and one.state in _ROUTES), None)


def conflict(reason: str, zone_id: str, name: str) -> Obstacle:
    """``name`` is where to look for what is in the way."""
    return Obstacle(
        kind=RefusalKind.CONFLICT,
        reason=f"{reason}; it was left alone",
        remedy="Delete that record, or give the entry another name in the policy. netreflex never replaces what it did not make.",
        look=show_records(zone_id, name),
    )


def show_records(zone_id: str, name: str) -> str:
    """A command that shows what is at a name and right behind it, where its mark is."""
    return f"aws route53 list-resource-record-sets --hosted-zone-id {zone_id} --start-record-name {name} --max-items 5"


def _kind(record: RecordSet) -> str:
    if not record.simple:
        return f"an alias or a routing policy's record of type {record.type}"
    return f"a record of type {record.type} ({_told(record)})"


def _told(record: RecordSet) -> str:
    return ", ".join(record.values)[:120] or "no value"
