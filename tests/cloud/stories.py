"""What happens in every account sooner or later, played through the deployed rules and functions of a stage.

Each story is played once on a stage, whoever asks first; what came of it is looked at by the tests in any order.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from demo.cloudtrail import peering_requested
from demo.names_scene import BY_HAND, Names, balancer_created, balancer_deleted
from demo.vpn_scene import FIRST, SECOND, VpnConnections, alarm_told, health_told, network_manager_told
from demo.world import DEV, REGION, SERVICE_NETWORK, RouteRow, Vpc
from tests.aws.awsbus import event
from tests.cloud.ways import Stage
from tests.reliability.events import called
from tests.slack.workspace import Posted

Story = TypeVar("Story")


@dataclass(frozen=True)
class Told:
    """An event, the function's report, and what people were told of it."""

    event: Mapping[str, Any]
    report: Mapping[str, Any]
    messages: list[dict[str, Any]]

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(one["Message"]) for one in self.messages]

    @property
    def why(self) -> str:
        """Every reason given, refusals included."""
        return " ".join([*self.report["reasons"], *(one["reason"] for one in self.report["refused"])])


def tell(stage: Stage, happened: dict[str, Any]) -> Told:
    """Let an event travel through the one rule that it matches, into its function."""
    stage.inbox.read()
    (delivery,) = stage.bus.put(happened, "RequestResponse")
    return Told(happened, delivery.answer, stage.inbox.read())


def come_due(stage: Stage, function: str) -> Told:
    """Let a schedule's time come."""
    stage.inbox.read()
    due = event("aws.events", "Scheduled Event", {}, region=REGION)
    return Told(due, stage.invoke(function, due), stage.inbox.read())


def once(play: Callable[[Stage], Story]) -> Callable[[Stage], Story]:
    """Play a story only where it was not played before."""

    @functools.wraps(play)
    def played(stage: Stage) -> Story:
        if play.__name__ not in stage.remembered:
            stage.remembered[play.__name__] = play(stage)
        story: Story = stage.remembered[play.__name__]
        return story

    return played


# ---- peerings --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Peering:
    """A request for a peering, and what came of it."""

    peering_id: str
    told: Told
    before: list[RouteRow]
    after: list[RouteRow]


def _ask(stage: Stage, requester: Vpc, tags: Mapping[str, str] | None = None) -> Peering:
    world = stage.world
    peering, before = world.request(requester, world.tidb, tags), world.routes(requester, world.tidb)
    told = tell(stage, peering_requested(peering))
    return Peering(str(peering["VpcPeeringConnectionId"]), told, before, world.routes(requester, world.tidb))


@once
def approved(stage: Stage) -> Peering:
    return _ask(stage, stage.world.apps)


@once
def held(stage: Stage) -> Peering:
    return _ask(stage, stage.world.lab)


@once
def strange(stage: Stage) -> Peering:
    return _ask(stage, stage.world.strange, {"netreflex:rule": "dev-to-tidb", "approved": "true"})


@once
def overlapping(stage: Stage) -> Peering:
    return _ask(stage, stage.world.twin)


@once
def withdrawn(stage: Stage) -> tuple[Peering, Told, list[RouteRow]]:
    """A peering is approved and used, and then somebody deletes it."""
    world = stage.world
    jobs = world.vpc("dev-jobs", DEV, ("10.18.0.0/16",), {"env": "dev-jobs"})
    peering = _ask(stage, jobs)
    world.ec2(DEV).delete_vpc_peering_connection(VpcPeeringConnectionId=peering.peering_id)
    told = tell(stage, called("DeleteVpcPeeringConnection", peering.peering_id, DEV))
    return peering, told, world.routes(jobs, world.tidb)


@once
def swept(stage: Stage) -> tuple[list[RouteRow], Told, list[RouteRow]]:
    """Somebody deletes a route, and no event tells of it."""
    approved(stage)
    world = stage.world
    before = world.routes(world.apps, world.tidb)
    world.ec2(DEV).delete_route(RouteTableId=world.apps.tables["main"], DestinationCidrBlock=SERVICE_NETWORK)
    assert world.routes(world.apps, world.tidb) != before
    return before, come_due(stage, "sweep"), world.routes(world.apps, world.tidb)


# ---- VPN and names --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Tunnels:
    """One tunnel is lost, then the other; a third source says so too; both come back."""

    lost: Told
    worse: Told
    again: Told
    over: Told


@once
def tunnels(stage: Stage) -> Tunnels:
    vpn, since = VpnConnections(stage.world.ec2(DEV)), datetime.now(UTC) - timedelta(minutes=12)
    vpn.set(vpn.id, FIRST, changed=since)
    lost = tell(stage, alarm_told(vpn.id, "ALARM"))
    vpn.set(vpn.id, changed=since)
    worse = tell(stage, network_manager_told(vpn.id))
    again = tell(stage, health_told(vpn.id))
    vpn.set(vpn.id, FIRST, SECOND)
    return Tunnels(lost, worse, again, tell(stage, alarm_told(vpn.id, "OK")))


@dataclass
class Balancers:
    """A service's name through the life of its load balancers: where it led after each event."""

    names: Names
    dns_names: dict[str, str] = field(default_factory=dict)
    led: dict[str, str | None] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)


@once
def balancers(stage: Stage) -> Balancers:
    story = Balancers(stage.names)
    blue = story.names.balancer("tidb-blue")
    story.dns_names["blue"] = blue["DNSName"]
    _step(stage, story, "born", balancer_created(blue))
    green = story.names.balancer("tidb-green")
    story.dns_names["green"] = green["DNSName"]
    story.names.remove(blue)
    gone = balancer_deleted(blue)
    _step(stage, story, "moved", gone)
    _step(stage, story, "again", gone)
    story.names.by_hand()
    _step(stage, story, "by hand", balancer_created(story.names.balancer("kv")))
    story.led["kv"] = story.names.cname(BY_HAND)
    return story


def _step(stage: Stage, story: Balancers, name: str, happened: dict[str, Any]) -> None:
    story.told[name] = tell(stage, happened)
    story.led[name] = story.names.cname()


# ---- Slack -----------------------------------------------------------------------------------------------------------
def in_slack(stage: Stage, words: str) -> list[Posted]:
    """The messages of the channel that say so, or said so before they were brought up to date."""
    return [one for one in stage.slack.messages if any(words in said for said in (one.text, *one.states))]


STORIES = (approved, held, strange, overlapping, withdrawn, swept, tunnels, balancers)
