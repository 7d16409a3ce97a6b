"""Facts of names: the zones, record sets and load balancers that the policy's names need, and the VPCs to be reached from.

What cannot be read is a fact too (``Unread``), so that one closed account leaves the names of all others served. Independent reads
run side by side; none of them grows with the number of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from chalicelib.decide.dns_name import normalised, order
from chalicelib.decide.name_choice import chosen_zone
from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.names import (
    LOAD_BALANCER_ARN,
    ROUTE53_REGION,
    LoadBalancer,
    NamesFacts,
    Reach,
    RecordSet,
    Unread,
    VpcDns,
    Zone,
    ZoneChoice,
    ZoneVpc,
    place_of,
)
from chalicelib.model.network import Place, Tags, VpcRef
from chalicelib.model.policy import LoadBalancerChoice, Name
from chalicelib.observe import load_balancers, route53
from chalicelib.observe.name_memory import read_names_of
from chalicelib.sessions import translated

T = TypeVar("T")
K = TypeVar("K")
_READERS = 8


class Clients(Protocol):
    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        """A client of a service in a managed place."""

    def home(self, service: str) -> Any:  # noqa: ANN401
        """A client in netreflex's own place."""


class NamesObserver:
    """Reads names. ``accounts`` are the policy's; a zone given by id alone is looked for in each of them."""

    def __init__(self, clients: Clients, *, accounts: Iterable[str], state_table: str | None) -> None:
        self._clients, self._accounts, self._state_table = clients, tuple(sorted(accounts)), state_table

    def look(self, names: Sequence[Name], reaches: Sequence[Reach] = ()) -> NamesFacts:
        """All facts of these names, read now."""
        zones = {ZoneChoice.of(name): partial(self._zones, ZoneChoice.of(name)) for name in names}
        places = {place_of(name.load_balancer): [other.load_balancer for other in names] for name in names}
        balancers = {place: partial(self._balancers, place, choices) for place, choices in places.items()}
        found: dict[Any, Any] = _side_by_side({**zones, **balancers})
        facts = NamesFacts(
            zones={choice: found[choice] for choice in zones}, balancers={place: found[place] for place in balancers}
        )
        return self._vpcs(self._records(self._reached_zones(facts, names, reaches), names), names, reaches)

    def again(self, facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach] = ()) -> NamesFacts:
        """The same facts with the record sets, and the VPCs of zones that have to be reached, read again."""
        return self._vpcs(self._records(self._reached_zones(facts, names, reaches, anew=True), names), names, reaches)

    def tags(self, place: Place, arn: str) -> Tags | None:
        """The tags of one load balancer; None where it is gone."""
        parts = LOAD_BALANCER_ARN.fullmatch(arn)
        classic = parts is not None and parts["kind"] is None
        key = parts["name"] if parts is not None and classic else arn
        return load_balancers.tags_of(self._client("elb" if classic else "elbv2", place), place, key, classic=classic)

    def led_to(self, arn: str) -> frozenset[str] | None:
        """The ids of names that netreflex led to a load balancer; None where nothing is remembered at all."""
        if self._state_table is None:
            return None
        return read_names_of(self._clients.home("dynamodb"), self._state_table, arn)

    # ---- zones -------------------------------------------------------------------------------------------------------
    def _zones(self, choice: ZoneChoice) -> tuple[Zone, ...]:
        accounts = (choice.account,) if choice.account else self._accounts
        if choice.by_id:
            return self._zone_of_id(choice.zone, accounts)
        found = [
            zone for account in accounts for zone in route53.zones_named(self._route53(account), account, choice.zone)
        ]
        if choice.vpc is None:
            return tuple(found)
        whole = (route53.get_zone(self._route53(zone.account), zone.account, zone.zone_id) for zone in found)
        return tuple(zone for zone in whole if zone is not None)

    def _zone_of_id(self, zone_id: str, accounts: Iterable[str]) -> tuple[Zone, ...]:
        """The account that has the zone answers; that another one could not be asked matters only where none does."""
        closed: NetreflexError | None = None
        for account in accounts:
            try:
                zone = route53.get_zone(self._route53(account), account, zone_id)
            except NetreflexError as error:
                closed = error
                continue
            if zone is not None:
                return (zone,)
        if closed is not None:
            raise closed
        return ()

    def _reached_zones(
        self, facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach], *, anew: bool = False
    ) -> NamesFacts:
        """The facts with the VPCs of the zones that some VPC has to reach, and who else may be associated."""
        wanted: dict[str, tuple[Zone, bool]] = {}
        for zone, found in _wanted(facts, names, reaches):
            across = any(one.vpc.account != zone.account for one in found) or wanted.get(zone.zone_id, (zone, False))[1]
            wanted[zone.zone_id] = (zone, across)
        read = _side_by_side(
            {
                zone_id: partial(self._whole, zone, across=across, anew=anew)
                for zone_id, (zone, across) in wanted.items()
            }
        )

        def whole(zone: Zone) -> Zone:
            answer = read.get(zone.zone_id, zone)
            return zone if isinstance(answer, Unread) else answer

        def one(looked: tuple[Zone, ...] | Unread) -> tuple[Zone, ...] | Unread:
            spoiled = (
                [read[zone.zone_id] for zone in looked if zone.zone_id in read] if isinstance(looked, tuple) else []
            )
            broken = [answer for answer in spoiled if isinstance(answer, Unread)]
            return looked if isinstance(looked, Unread) else broken[0] if broken else tuple(map(whole, looked))

        return replace(facts, zones={choice: one(looked) for choice, looked in facts.zones.items()})

    def _whole(self, zone: Zone, *, across: bool, anew: bool) -> Zone:
        client = self._route53(zone.account)
        if anew or zone.vpcs is None:
            found = route53.get_zone(client, zone.account, zone.zone_id)
            if found is None:
                raise RetryLater(f"hosted zone {zone} went while it was read; run again")
            zone = found
        return replace(zone, authorized=route53.authorized_vpcs(client, zone)) if across else zone

    # ---- records, load balancers, VPCs -------------------------------------------------------------------------------
    def _records(self, facts: NamesFacts, names: Sequence[Name]) -> NamesFacts:
        last: dict[str, tuple[Zone, str]] = {}
        for name in names:
            zone, record = chosen_zone(name, facts), normalised(name.name)
            if isinstance(zone, Zone):
                known = last.get(zone.zone_id, (zone, record))[1]
                last[zone.zone_id] = (zone, max(known, record, key=order))
        reads = {zone_id: partial(self._record_sets, zone, record) for zone_id, (zone, record) in last.items()}
        return replace(facts, records=_side_by_side(reads))

    def _record_sets(self, zone: Zone, last: str) -> tuple[RecordSet, ...]:
        return route53.record_sets(self._route53(zone.account), zone, last)

    def _balancers(self, place: Place, choices: Iterable[LoadBalancerChoice]) -> tuple[LoadBalancer, ...]:
        here = [choice for choice in choices if place_of(choice) == place]
        arns = [LOAD_BALANCER_ARN.fullmatch(choice.arn or "") for choice in here]
        v2 = any(arn is None or arn["kind"] for arn in arns)
        classic = any(arn is None or not arn["kind"] for arn in arns)
        tagged = any(choice.tags for choice in here)
        found: tuple[LoadBalancer, ...] = ()
        for generation, service, wanted in ((False, "elbv2", v2), (True, "elb", classic)):
            if wanted:
                client = self._client(service, place)
                read = load_balancers.describe_classic if generation else load_balancers.describe_v2
                some = read(client, place)
                found += load_balancers.with_tags(client, place, some, classic=generation) if tagged else some
        return found

    def _vpcs(self, facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach]) -> NamesFacts:
        """What those VPCs of ours resolve that are not associated with a zone they have to reach."""
        missing = {
            one.vpc: partial(self._dns, one.vpc)
            for zone, found in _wanted(facts, names, reaches)
            for one in found
            if one.managed and ZoneVpc.of(one.vpc) not in (zone.vpcs or ())
        }
        return replace(facts, vpcs=_side_by_side(missing))

    def _dns(self, vpc: VpcRef) -> VpcDns:
        ec2 = self._client("ec2", vpc.place)
        on = {}
        for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
            with translated(vpc.account, "ec2:DescribeVpcAttribute"):
                answer = ec2.describe_vpc_attribute(VpcId=vpc.vpc_id, Attribute=attribute)
            on[attribute] = bool(answer[key]["Value"])
        zones = route53.zones_of_vpc(self._client("route53", vpc.place), vpc)
        return VpcDns(zones=zones, support=on["enableDnsSupport"], hostnames=on["enableDnsHostnames"])

    def _route53(self, account: str) -> Any:  # noqa: ANN401
        return self._client("route53", Place(account=account, region=ROUTE53_REGION))

    def _client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        return self._clients.client(service, place)


def _wanted(
    facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach]
) -> Iterable[tuple[Zone, tuple[Reach, ...]]]:
    """The private zones of the names, with the VPCs that have to reach each."""
    for name in names:
        found = tuple(reach for reach in reaches if reach.name_id == name.id)
        zone = chosen_zone(name, facts)
        if found and isinstance(zone, Zone) and zone.private:
            yield zone, found


def _side_by_side(jobs: Mapping[K, Callable[[], T]]) -> dict[K, T | Unread]:
    """The answers of independent reads, each in its place; what cannot be read is told as such."""
    if not jobs:
        return {}
    with ThreadPoolExecutor(max_workers=_READERS) as readers:
        return dict(zip(jobs, readers.map(_read, jobs.values()), strict=True))


def _read(job: Callable[[], T]) -> T | Unread:
    try:
        return job()
    except NetreflexError as error:
        return Unread(reason=str(error), passing=isinstance(error, RetryLater))
