"""Facts of names: the zones, record sets and load balancers that the policy's names need, and the VPCs to be reached from.

What cannot be read is a fact too (``Unread``), so that one closed account leaves the names of all others served. Independent reads
run side by side; none of them grows with the number of names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.clients import HomeClients
from chalicelib.decide.dns_name import normalised, order
from chalicelib.decide.name_choice import chosen_zone
from chalicelib.decide.name_reach import wider_zones
from chalicelib.model.errors import AwsFailure
from chalicelib.model.names import (
    LOAD_BALANCER_ARN,
    ROUTE53_REGION,
    ChangeInfo,
    LoadBalancer,
    NamesFacts,
    NamesRemembered,
    Reach,
    RecordSet,
    Unread,
    VpcDns,
    Zone,
    ZoneChoice,
    ZoneOfVpc,
    ZoneVpc,
    place_of,
)
from chalicelib.model.network import Place, Tags, VpcRef
from chalicelib.model.policy import LoadBalancerChoice, Name
from chalicelib.observe import load_balancers, route53
from chalicelib.observe.name_memory import read_names_of, read_remembered
from chalicelib.observe.name_zones import NameZones
from chalicelib.observe.unread import side_by_side
from chalicelib.observe.vpc_dns import NoVpcDns, VpcDnsMemory, read_vpc_dns, wanted_by_vpc, wanted_zones


class NamesObserver:
    """Reads names. ``accounts`` are the policy's; a zone given by id alone is looked for in each of them.

    ``recent`` outlives the run, where the container does.
    """

    def __init__(
        self,
        clients: HomeClients,
        *,
        accounts: Iterable[str],
        state_table: str | None,
        recent: VpcDnsMemory | None = None,
    ) -> None:
        self._clients, self._state_table = clients, state_table
        self._accounts = frozenset(accounts)
        self._zones = NameZones(self._route53, self._accounts)
        self._recent = recent or NoVpcDns()

    def look(
        self, names: Sequence[Name], reaches: Sequence[Reach] = (), *, more: Sequence[Zone] | None = None
    ) -> NamesFacts:
        """All facts of these names, read now.

        Where ``more`` is given, the names' zones are read to their end, and so are these others, to which netreflex once wrote.
        """
        zones = {ZoneChoice.of(name): partial(self._zones.find, ZoneChoice.of(name)) for name in names}
        places = {place_of(name.load_balancer): [other.load_balancer for other in names] for name in names}
        balancers = {place: partial(self._balancers, place, choices) for place, choices in places.items()}
        found: dict[Any, Any] = side_by_side({**zones, **balancers})
        facts = NamesFacts(
            zones={choice: found[choice] for choice in zones}, balancers={place: found[place] for place in balancers}
        )
        reached = self._reached_zones(facts, names, reaches)
        return self._vpcs(self._records(reached, names, more), names, reaches)

    def again(
        self,
        facts: NamesFacts,
        names: Sequence[Name],
        reaches: Sequence[Reach] = (),
        *,
        more: Sequence[Zone] | None = None,
    ) -> NamesFacts:
        """The same facts with the record sets, and the VPCs of zones that have to be reached, read again."""
        fresh = self._records(self._reached_zones(facts, names, reaches, anew=True), names, more)
        return self._vpcs(fresh, names, reaches, known=facts.vpcs)

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

    def remembered(self) -> NamesRemembered:
        """What earlier runs noted of zones and of changes; nothing where there is no state table."""
        if self._state_table is None:
            return NamesRemembered()
        return read_remembered(self._clients.home("dynamodb"), self._state_table)

    def change(self, account: str, change_id: str) -> ChangeInfo | None:
        """How far Route 53 has spread a change; None where it does not know it any more."""
        return route53.get_change(self._route53(account), account, change_id)

    # ---- zones -------------------------------------------------------------------------------------------------------
    def _reached_zones(
        self, facts: NamesFacts, names: Sequence[Name], reaches: Sequence[Reach], *, anew: bool = False
    ) -> NamesFacts:
        """The facts with the VPCs of the zones that some VPC has to reach, and who else may be associated."""
        wanted: dict[str, tuple[Zone, bool]] = {}
        for zone, _, found in wanted_zones(facts, names, reaches):
            across = any(one.vpc.account != zone.account for one in found) or wanted.get(zone.zone_id, (zone, False))[1]
            wanted[zone.zone_id] = (zone, across)
        read = side_by_side(
            {
                zone_id: partial(self._zones.whole, zone, across=across, anew=anew)
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

    # ---- records, load balancers, VPCs -------------------------------------------------------------------------------
    def _records(self, facts: NamesFacts, names: Sequence[Name], more: Sequence[Zone] | None) -> NamesFacts:
        last: dict[str, tuple[Zone, str]] = {}
        for name in names:
            zone, record = chosen_zone(name, facts), normalised(name.name)
            if isinstance(zone, Zone):
                known = last.get(zone.zone_id, (zone, record))[1]
                last[zone.zone_id] = (zone, max(known, record, key=order))
        if more is None:
            reads = {zone_id: partial(self._record_sets, zone, record) for zone_id, (zone, record) in last.items()}
            return replace(facts, records=side_by_side(reads))
        whole = {zone.zone_id: zone for zone in more} | {zone_id: zone for zone_id, (zone, _) in last.items()}
        records = side_by_side({zone_id: partial(self._all_record_sets, zone) for zone_id, zone in whole.items()})
        read = tuple(zone for zone_id, zone in whole.items() if not isinstance(records[zone_id], Unread))
        return replace(facts, records=records, whole=read)

    def _record_sets(self, zone: Zone, last: str | None) -> tuple[RecordSet, ...]:
        return route53.record_sets(self._route53(zone.account), zone, last)

    def _all_record_sets(self, zone: Zone) -> tuple[RecordSet, ...]:
        """A zone that is only remembered may be gone, and its records with it."""
        try:
            return self._record_sets(zone, None)
        except AwsFailure as error:
            if error.code == "NoSuchHostedZone":
                return ()
            raise

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

    def _vpcs(
        self,
        facts: NamesFacts,
        names: Sequence[Name],
        reaches: Sequence[Reach],
        known: Mapping[VpcRef, VpcDns | Unread] | None = None,
    ) -> NamesFacts:
        """What those VPCs of ours resolve that have to reach a zone. ``known`` was read a moment ago, in the same run.

        Who is associated and found well is asked again after an hour; who is not, or was not well, each time.
        """
        asked = wanted_by_vpc(facts, names, reaches)
        inside = {vpc for vpc, where in asked.items() if all(ZoneVpc.of(vpc) in (zone.vpcs or ()) for zone, _ in where)}
        trusted = {vpc: (known or {}).get(vpc) or self._recent.get(vpc, asked[vpc]) for vpc in inside}
        looks = {vpc: look for vpc, look in trusted.items() if look is not None}
        read = side_by_side({vpc: partial(self._dns, vpc) for vpc in asked if vpc not in looks})
        for vpc in inside & read.keys():
            self._recent.put(vpc, read[vpc])
        outside = {vpc: where for vpc, where in asked.items() if vpc not in inside}
        return replace(facts, vpcs={**looks, **read}, beneath=self._beneath(outside, read))

    def _beneath(
        self, asked: Mapping[VpcRef, Sequence[tuple[Zone, str]]], looks: Mapping[VpcRef, VpcDns | Unread]
    ) -> dict[tuple[str, str], RecordSet | Unread | None]:
        """What wider zones of the policy's accounts hold in zones that are not associated yet. Others cannot be looked into."""
        wider = (
            (other, zone)
            for vpc, where in asked.items()
            if isinstance(look := looks[vpc], VpcDns)
            for zone, _ in where
            for other in wider_zones(zone, look)
            if other.account in self._accounts
        )
        return side_by_side(
            {
                (other.zone_id, zone.zone_id): partial(self._first_beneath, other, normalised(zone.name))
                for other, zone in wider
            }
        )

    def _first_beneath(self, other: ZoneOfVpc, name: str) -> RecordSet | None:
        return route53.first_beneath(self._route53(other.account), other.account, other.zone_id, name)

    def _dns(self, vpc: VpcRef) -> VpcDns:
        return read_vpc_dns(self._client("ec2", vpc.place), self._client("route53", vpc.place), vpc)

    def _route53(self, account: str) -> Any:  # noqa: ANN401
        return self._client("route53", Place(account=account, region=ROUTE53_REGION))

    def _client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        return self._clients.client(service, place)
