"""A day of a small network in minutes: people ask, change and delete; events come late, twice or never; netreflex dies at times.

One seed decides everything. After every run of netreflex the nevers are checked against what AWS holds then; at the end
nothing fails any more, and planning has to become empty. Whatever goes wrong is an AssertionError with the seed and the
whole history.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from chalicelib.model.errors import NetreflexError
from demo.world import DATA, DEV, REGION, Aws, Vpc
from tests.aws.faults import Crash, Faults, Plan
from tests.flows.names_world import NAME, AcrossAccounts, arrive, created, deleted
from tests.flows.test_names_peering import ACROSS
from tests.lab import Lab
from tests.reliability.events import called
from tests.reliability.nevers import NEVERS, Broken, Seen
from tests.reliability.test_crashes import BREAKS
from tests.reliability.worlds import faulty, gateway

STRANGER = "999988887777"
LATER = "10.60.0.0/16"  # a CIDR that comes after the approval and that the policy does not cover
DEADLY = 15  # the first calls of a run, one of which breaks
RECEIVES = 3  # how often Lambda tries an event


class Town(AcrossAccounts):
    """Two VPCs of dev and one of a stranger, all of which want to reach the service of data."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.tools = self.vpc("tools", DEV, ("10.17.0.0/16",), {"env": "dev"})
        self.stranger = self.vpc("stranger", STRANGER, ("10.18.0.0/16",), {"env": "dev"})
        self.requesters = {"apps": self.apps, "tools": self.tools, "stranger": self.stranger}


@dataclass
class Simulation:
    """The state of one run of the world, and what may happen next."""

    lab: Lab
    faults: Faults
    seed: int
    clock: list[datetime]
    dice: random.Random = field(init=False)
    history: list[str] = field(default_factory=list)
    queue: list[tuple[str, Any, int]] = field(default_factory=list)
    dead: list[tuple[str, Any, int]] = field(default_factory=list)
    others: dict[tuple[str, str], str] = field(default_factory=dict)  # routes that other people made
    record: tuple[str, str, str] | None = None  # a record that other people made
    balancer: dict[str, Any] | None = None
    added: str = ""
    told: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    broken: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a seed is to be repeated
        self.internet = {name: gateway(self.lab, vpc) for name, vpc in self.vpcs.items()}

    @property
    def vpcs(self) -> dict[str, Vpc]:
        return {**self.lab.world.requesters, "tidb": self.lab.world.tidb}

    def fail(self, what: str) -> AssertionError:
        return AssertionError("\n".join([f"seed {self.seed}: {what}", *self.history[-60:]]))

    # ---- what AWS holds ----------------------------------------------------------------------------------------------
    def look(self) -> Seen:
        names = {vpc.vpc_id: name for name, vpc in self.vpcs.items()}
        peerings: dict[str, tuple[str, str]] = {}
        routes = set()
        for account in (DEV, DATA, STRANGER):
            backend = ec2_backends[account][REGION]
            for one in backend.vpc_pcxs.values():
                peerings[one.id] = (names[one.vpc.id], one._status.code)
            for table in backend.route_tables.values():
                for route in table.routes:
                    if table.vpc_id in names and not route.local:
                        target = route.vpc_pcx.id if route.vpc_pcx else route.gateway.id
                        routes.add((names[table.vpc_id], route.destination_cidr_block, target))
        return Seen(peerings, frozenset(routes))

    def live(self, name: str) -> str | None:
        """The peering of a requester that is neither gone nor failed."""
        found = self.look().peerings.items()
        return next(
            (one for one, (who, code) in found if who == name and code in {"pending-acceptance", "active"}), None
        )

    # ---- what people do ----------------------------------------------------------------------------------------------
    def somebody_asks(self) -> str | None:
        name = self.dice.choice(list(self.lab.world.requesters))
        if self.live(name):
            return None
        peering = self.lab.world.request(self.vpcs[name], self.vpcs["tidb"])
        self.send("peering", lambda: self.lab.request_arrives(peering))
        return f"{name} asks: {peering['VpcPeeringConnectionId']}"

    def somebody_deletes_a_peering(self) -> str | None:
        name = self.dice.choice(["apps", "tools"])
        peering_id = self.live(name)
        if peering_id is None:
            return None
        self.lab.client("ec2", DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        self.send("peering", lambda: self.lab.event_arrives(called("DeleteVpcPeeringConnection", peering_id, DEV)))
        return f"{name} deletes {peering_id}"

    def somebody_deletes_a_route(self) -> str | None:
        ours = sorted(self.look().ours())
        if not ours:
            return None
        name, destination, _ = self.dice.choice(ours)
        self._table(name, "delete_route", destination)
        return f"the route {destination} of {name} is deleted by hand"

    def somebody_routes_elsewhere(self) -> str | None:
        """A route of other people in the way of ours, or its end."""
        if self.others:
            (name, destination), _ = self.others.popitem()
            self._table(name, "delete_route", destination)
            return f"the other route {destination} of {name} goes"
        name, destination = self.dice.choice(
            [("tidb", "10.16.0.0/16"), ("tidb", "10.17.128.0/17"), ("apps", "10.40.0.0/16")]
        )
        if any(route[:2] == (name, destination) for route in self.look().routes):
            return None
        self._table(name, "create_route", destination, GatewayId=self.internet[name])
        self.others[name, destination] = self.internet[name]
        return f"{name} routes {destination} elsewhere"

    def _table(self, name: str, operation: str, destination: str, **more: str) -> None:
        vpc = self.vpcs[name]
        table = vpc.tables["main"]
        getattr(self.lab.client("ec2", vpc.account), operation)(
            RouteTableId=table, DestinationCidrBlock=destination, **more
        )

    def somebody_adds_a_cidr(self) -> str:
        ec2 = self.lab.client("ec2", DEV)
        if self.added:
            ec2.disassociate_vpc_cidr_block(AssociationId=self.added)
            self.added = ""
            return f"{LATER} leaves apps"
        answer = ec2.associate_vpc_cidr_block(VpcId=self.vpcs["apps"].vpc_id, CidrBlock=LATER)
        self.added = answer["CidrBlockAssociation"]["AssociationId"]
        return f"{LATER} joins apps"

    def the_service_moves(self) -> str:
        """Its load balancer is made, or goes."""
        if self.balancer is None:
            made = self.balancer = self.lab.world.balancer()
            self.send("names", lambda: arrive(self.lab, created(made)))
            return "a load balancer is made"
        gone, self.balancer = self.balancer, None
        self.lab.world.remove(gone)
        self.send("names", lambda: arrive(self.lab, deleted(gone)))
        return "the load balancer goes"

    def somebody_writes_a_record(self) -> str:
        """A record by hand where the name is free, or its end; or ours is deleted."""
        world = self.lab.world
        if self.record:
            world.write(self.record, action="DELETE")
            self.record = None
            return "the record by hand goes"
        value = world.cname()
        if value is not None:
            world.write((NAME, "CNAME", value), action="DELETE")
            return "the CNAME is deleted by hand"
        self.record = (NAME, "A", "10.0.0.1")
        world.write(self.record)
        return "a record by hand takes the name"

    # ---- what netreflex does -----------------------------------------------------------------------------------------
    def send(self, kind: str, event: Callable[[], object]) -> None:
        self.queue += [(kind, event, 0)] * self.dice.choice([0, 1, 1, 2])

    def an_event_arrives(self) -> str | None:
        if not self.queue:
            return None
        kind, event, tries = self.queue.pop(self.dice.randrange(len(self.queue)))
        ended = self.run(event)
        if ended:
            (self.queue if tries + 1 < RECEIVES else self.dead).append((kind, event, tries + 1))
        return f"an event of {kind} arrives{ended}"

    def the_sweep_comes(self) -> str:
        return f"the sweep comes{self.run(self.lab.sweep)}"

    def listen(self) -> None:
        """What was published since the last time."""
        for alert in self.lab.alerts():
            self.told.add(alert["fp"])
            self.said.append(json.dumps(alert))

    def check(self, before: Seen, after: Seen) -> None:
        names = {name: vpc.cidrs[0] for name, vpc in self.vpcs.items()}
        others = frozenset((name, destination, target) for (name, destination), target in self.others.items())
        for never in NEVERS:
            never(before, after, names, others)
        if self.record and self.lab.world.records().get(self.record[:2]) != self.record[2]:
            raise Broken(f"the record {self.record}, which is not ours, is gone")

    def trouble(self) -> Plan | None:
        """For half of the runs: one call breaks, or every call from there on, as in an outage."""
        fault, first, lasts = (
            self.dice.choice([*BREAKS.values()]),
            self.dice.randrange(DEADLY),
            self.dice.random() < 0.5,
        )
        if self.dice.random() < 0.5:
            return None
        return lambda index, _service, _operation, _params: (
            fault if index == first or (lasts and index > first) else None
        )

    def run(self, what: Callable[[], object]) -> str:
        """One invocation, perhaps broken; how it ended, empty where well. The nevers are checked over its effect."""
        before = self.look()
        self.lab.fresh_runtime()
        self.faults.log.clear()
        self.faults.plan = self.trouble()
        ended = ""
        try:
            what()
        except (Crash, NetreflexError, ClientError, BotoCoreError) as error:
            ended = f" and breaks: {str(error)[:80]}"
            self.broken += 1
        self.faults.plan = None
        self.listen()
        try:
            self.check(before, self.look())
        except Broken as never:
            raise self.fail(f"{never}, after a run{ended or ' that ended well'}") from None
        return ended


@contextmanager
def a_day(seed: int) -> Iterator[Simulation]:
    clock = [datetime.now(UTC)]
    with Lab(ACROSS, world=Town, now=lambda: clock[0]) as lab, faulty(lab) as faults:
        elbv2_backends[DATA][REGION].load_balancers.clear()
        yield Simulation(lab=lab, faults=faults, seed=seed, clock=clock)


def pass_time(simulation: Simulation) -> None:
    simulation.clock[0] += timedelta(seconds=simulation.dice.choice([5, 61, 300]))
