"""Builders of facts about names: one zone, one load balancer, and a name that leads from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.decide.name_marks import Mark, mark_name
from chalicelib.decide.names import NamesDecision, plan_names
from chalicelib.model.actions import ChangeRecordSets, RecordChange, Verb
from chalicelib.model.names import (
    BalancerState,
    LoadBalancer,
    NamesFacts,
    Reach,
    RecordSet,
    Scheme,
    Unread,
    VpcDns,
    Zone,
    ZoneChoice,
    ZoneVpc,
    place_of,
)
from chalicelib.model.network import Place, VpcRef
from chalicelib.model.policy import LoadBalancerChoice, Name

OWNER = "123456789012/netreflex-prod"
DEV, DATA = "111122223333", "444455556666"
HERE = Place(account=DATA, region="eu-west-1")
APPS = VpcRef(place=Place(account=DEV, region="eu-west-1"), vpc_id="vpc-0a1b2c3d4e5f60718")
REMOTE = VpcRef(place=Place(account=DATA, region="us-east-1"), vpc_id="vpc-01122334455667788")
ZONE = "dev.example.internal"
NAME = f"tidb.{ZONE}"


def arn(name: str = "tidb", number: int = 1, place: Place = HERE) -> str:
    return f"arn:aws:elasticloadbalancing:{place.region}:{place.account}:loadbalancer/net/{name}/{number:016x}"


def balancer(name: str = "tidb", number: int = 1, **more: Any) -> LoadBalancer:  # noqa: ANN401
    dns = f"{name}-{number:016x}.elb.eu-west-1.amazonaws.com"
    plain = LoadBalancer(
        place=HERE, name=name, arn=arn(name, number), dns_name=dns, scheme=Scheme.INTERNAL, state=BalancerState.ACTIVE
    )
    return replace(plain, **more)


def name(name_id: str = "tidb", record: str = NAME, choice: Mapping[str, Any] | None = None, **more: Any) -> Name:  # noqa: ANN401
    chosen = LoadBalancerChoice(account=HERE.account, region=HERE.region, **(choice or {"name": "tidb"}))
    return Name(**{"id": name_id, "zone": ZONE, "zone_account": DEV, "name": record, "load_balancer": chosen, **more})


def zone(zone_id: str = "Z1", zone_name: str = ZONE, **more: Any) -> Zone:  # noqa: ANN401
    return replace(Zone(zone_id=zone_id, account=DEV, name=zone_name, private=True), **more)


TIDB, PRIVATE, ACTIVE = name(), zone(), balancer()


def record(kind: str, value: str, at: str = NAME, **more: Any) -> RecordSet:  # noqa: ANN401
    return RecordSet(**{"name": at, "type": kind, "ttl": 60, "values": (value,), **more})


def cname(target: LoadBalancer | None = None, at: str = NAME, **more: Any) -> RecordSet:  # noqa: ANN401
    return record("CNAME", (target or balancer()).dns_name, at, **more)


def mark(
    target: LoadBalancer | None = None,
    at: str = NAME,
    owner: str = OWNER,
    name_id: str = "tidb",
    **more: Any,  # noqa: ANN401
) -> RecordSet:
    value = Mark(owner=owner, name_id=name_id, target=(target or balancer()).arn).value
    return record("TXT", value, mark_name(at), **more)


def led(target: LoadBalancer | None = None, at: str = NAME, name_id: str = "tidb") -> tuple[RecordSet, RecordSet]:
    """The two records that netreflex leaves behind."""
    return cname(target, at), mark(target, at, name_id=name_id)


def facts(
    *records: RecordSet,
    names: Iterable[Name] = (TIDB,),
    zones: tuple[Zone, ...] | Unread = (PRIVATE,),
    balancers: tuple[LoadBalancer, ...] | Unread = (ACTIVE,),
    read: tuple[RecordSet, ...] | Unread | None = None,
    vpcs: Mapping[VpcRef, VpcDns | Unread] | None = None,
) -> NamesFacts:
    """All names see the same zones and the same load balancers; ``read`` stands for the records where it is given."""
    found = records if read is None else read
    return NamesFacts(
        zones={ZoneChoice.of(one): zones for one in names},
        records={} if isinstance(zones, Unread) else {one.zone_id: found for one in zones},
        balancers={place_of(one.load_balancer): balancers for one in names},
        vpcs=vpcs or {},
    )


def plan(seen: NamesFacts, *names: Name, reaches: Iterable[Reach] = (), together: bool = True) -> NamesDecision:
    return plan_names(seen, names or (name(),), reaches, OWNER, together=together)


def said(decision: NamesDecision) -> list[str]:
    """Every change of every batch in words, one batch after the other."""
    return [short(change) for action in decision.plan.actions for change in _changes(action)]


def short(change: RecordChange) -> str:
    return f"{change.verb} {change.record.type} {change.record.name}"


def _changes(action: object) -> tuple[RecordChange, ...]:
    return action.changes if isinstance(action, ChangeRecordSets) else ()


def obstacles(decision: NamesDecision) -> list[str]:
    return [refusal.reason for refusal in decision.plan.refusals]


def applied(seen: NamesFacts, decision: NamesDecision) -> NamesFacts:
    """The facts after every batch succeeded, as strictly as Route 53 takes them; associations come true as well."""
    records = dict(seen.records)
    zones = dict(seen.zones)
    for action in decision.plan.actions:
        if isinstance(action, ChangeRecordSets):
            found = records[action.zone_id]
            assert not isinstance(found, Unread)
            records[action.zone_id] = _after(found, action.changes)
        elif type(action).__name__ == "AssociateVpc":
            zones = {choice: _with_vpc(looked, action) for choice, looked in zones.items()}
    return replace(seen, records=records, zones=zones)


def _with_vpc(looked: tuple[Zone, ...] | Unread, action: Any) -> tuple[Zone, ...] | Unread:  # noqa: ANN401
    if isinstance(looked, Unread):
        return looked
    return tuple(
        replace(one, vpcs=(*(one.vpcs or ()), ZoneVpc.of(action.vpc))) if one.zone_id == action.zone_id else one
        for one in looked
    )


def _after(found: tuple[RecordSet, ...], changes: Iterable[RecordChange]) -> tuple[RecordSet, ...]:
    there = list(found)
    for change in changes:
        if change.verb is Verb.DELETE:
            assert change.record in there, f"InvalidChangeBatch: {short(change)} is not there with these values"
            there.remove(change.record)
        else:
            taken = [(one.name, one.type) for one in there]
            assert (change.record.name, change.record.type) not in taken, f"InvalidChangeBatch: {short(change)}"
            beside = [one for one in there if one.name == change.record.name]
            assert not beside or change.record.type != "CNAME", f"InvalidChangeBatch: {short(change)} beside another"
            there.append(change.record)
    return tuple(there)
