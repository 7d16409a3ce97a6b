"""What each function can meet, played on moto: each scenario runs the function's own flow under its own role.

Each is played twice where accounts matter: with the VPCs in member accounts, reached through the member role, and with all of
them in netreflex's own account, where the function's own role does the work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.flows.dead_letters import look_at_dead_letters
from chalicelib.flows.names import react_to_load_balancer
from chalicelib.flows.peering import react_to_peering
from chalicelib.flows.sweep_all import sweep_everything
from chalicelib.flows.vpn import react_to_vpn
from chalicelib.intake.parse import parse_peering_event
from chalicelib.intake.parse_load_balancers import parse_load_balancer_event
from chalicelib.intake.parse_vpn import parse_vpn_event
from chalicelib.model.errors import NetreflexError
from chalicelib.model.report import Report
from chalicelib.observe.policy_source import read_policy_text
from chalicelib.wiring import utc_now
from demo.cloudtrail import peering_requested
from demo.world import DATA, DEV, REGION, Aws, Vpc, World
from tests.aws.local import HUB, ROOT
from tests.flows import names_world
from tests.flows.test_vpn import envelope, staged
from tests.iam.certificates import a_certificate_and_its_distribution
from tests.iam.guard import Guard
from tests.lab import Lab
from tests.reliability.events import called
from tests.slack.server import serve
from tests.slack.workspace import LocalSlack

Scenario = Callable[[Guard, str], None]

_RULES = """
version: 1
accounts: {ACCOUNTS}
regions: [eu-west-1]
peering:
  rules:
    - name: never
      decision: reject
      requester: {accounts: ["REQUESTER"], vpc_tags: {env: lab}}
    - name: dev-to-data
      decision: approve
      requester: {accounts: ["REQUESTER"], cidrs_within: [10.16.0.0/12, 100.64.0.0/10]}
      accepter: {accounts: ["ACCEPTER"], vpc_tags: {service: tidb}}
      routes: {requester: {tables: all}, accepter: {tables: {subnet_tags: {tier: data}}}}
vpn: {}
"""


def policy_text(home: str) -> str:
    """The policy for a world in member accounts, or ``home``."""
    requester, accepter = (HUB, HUB) if home else (DEV, DATA)
    accounts = {HUB: {"name": "hub"}} if home else {DEV: {"name": "dev"}, DATA: {"name": "data"}}
    text = _RULES.replace("ACCOUNTS", json.dumps(accounts)[1:-1])
    return text.replace("REQUESTER", requester).replace("ACCEPTER", accepter)


class Members(World):
    """Two VPCs that ask and one that serves."""

    requester, accepter = DEV, DATA

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._names = {}
        self.apps = self.vpc("apps", self.requester, ("10.16.0.0/16", "100.64.0.0/20"), {"env": "dev"})
        self.lab = self.vpc("lab", self.requester, ("10.17.0.0/16",), {"env": "lab"})
        tidb = self.vpc("tidb", self.accepter, ("10.40.0.0/16",), {"service": "tidb"})
        tables = {**tidb.tables, "data": self._table(tidb, "data")}
        self._subnet(tidb, "data", "10.40.8.0/24", {"tier": "data"}, tables["data"])
        self.tidb = Vpc(tidb.name, tidb.account, tidb.vpc_id, tidb.cidrs, tables)


class Home(Members):
    """The same in netreflex's own account."""

    requester = accepter = HUB


def lab_of(home: str, **more: Any) -> Lab:  # noqa: ANN401
    return Lab(policy_text(home), world=Home if home else Members, **more)


def _peering(lab: Lab, event: Mapping[str, Any]) -> Report:
    return react_to_peering(parse_peering_event(event), lab.flow_world())


def _sweep(lab: Lab, _: Mapping[str, Any]) -> Report:
    report = sweep_everything(lab.flow_world())
    lab.runtime.alert_sweep().run()
    return report


_PEERING_WORK: dict[str, Callable[[Lab, Mapping[str, Any]], Report]] = {"peering": _peering, "sweep": _sweep}


def life_of_a_peering(guard: Guard, function: str) -> None:
    """Asked for, approved, gone, asked for again over the blackholes it left, gone for good; and one that is rejected."""
    for home in ("", "home"):
        with lab_of(home) as lab:
            _peerings(guard, function, lab)


def _peerings(guard: Guard, function: str, lab: Lab) -> None:
    work, world = _PEERING_WORK[function], lab.world
    ec2 = world.ec2(world.requester)
    first = world.request(world.apps, world.tidb)
    run(guard, function, lab, partial(work, lab, peering_requested(first)))
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=first["VpcPeeringConnectionId"])
    again = world.request(world.apps, world.tidb)
    identity = str(again["VpcPeeringConnectionId"])
    run(guard, function, lab, partial(work, lab, peering_requested(again)))
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=identity)
    run(guard, function, lab, partial(work, lab, called("DeleteVpcPeeringConnection", identity, world.requester)))
    refused = world.request(world.lab, world.tidb)
    run(guard, function, lab, partial(work, lab, peering_requested(refused)))


def run(guard: Guard, function: str, lab: Lab, work: Callable[[], object]) -> None:
    lab.fresh_runtime()
    with guard.running(function):
        work()


def policy_sources(guard: Guard, function: str) -> None:
    """The policy's text from each place where it may be; AppConfig is answered by a stub, because moto has none."""
    with lab_of("") as lab:
        lab.client("ssm").put_parameter(Name="/netreflex/policy", Value="version: 1", Type="SecureString")
        lab.client("s3").create_bucket(
            Bucket="netreflex-policies", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        lab.client("s3").put_object(Bucket="netreflex-policies", Key="policy.yaml", Body=b"version: 1")

        def read() -> None:
            for source in ("ssm:/netreflex/policy", "s3://netreflex-policies/policy.yaml"):
                read_policy_text(source, lab.runtime.sessions.home, ROOT)
            for action in ("StartConfigurationSession", "GetLatestConfiguration"):
                guard.judge(f"appconfig:{action}", _APPCONFIG)

        run(guard, function, lab, read)


_APPCONFIG = f"arn:aws:appconfig:{REGION}:{HUB}:application/a1/environment/e1/configuration/p1"


def dead_letters(guard: Guard, function: str) -> None:
    """A queue with something in it, told; and its end."""
    with lab_of("") as lab:
        queue = lab.client("sqs").create_queue(QueueName="netreflex-test-dead-letters")["QueueUrl"]
        lab.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
        run(guard, function, lab, partial(_look, lab))
        lab.client("sqs").purge_queue(QueueUrl=queue)
        run(guard, function, lab, partial(_look, lab))


def _look(lab: Lab) -> Report:
    return look_at_dead_letters(lab.runtime.queues(), lab.runtime.road(), utc_now())


def an_alert_for_slack(guard: Guard, function: str) -> None:
    """Slack refuses the token for good: the secret is read, the second topic is told, and the alert waits."""
    with lab_of("") as lab, serve(LocalSlack()) as slack:
        lab.client("sns").create_topic(Name="netreflex-test-fallback")
        secret = json.dumps({"bot_token": "xoxb-revoked", "channel": "C0"})
        lab.client("secretsmanager").create_secret(Name="netreflex-test-slack", SecretString=secret)
        lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        message = json.dumps({"Message": json.dumps(lab.alerts()[0])})
        runtime = lab.fresh_runtime()
        runtime.settings = replace(runtime.settings, slack_secret="netreflex-test-slack", slack_api=slack.url)
        with suppress(NetreflexError), guard.running(function):
            runtime.delivery("one").notify(message)


# ---- names -----------------------------------------------------------------------------------------------------------
_ACROSS = names_world.WITH_PEERING.replace('zone_account: "111122223333"', 'zone_account: "444455556666"')


def names_of_a_peering(guard: Guard, function: str) -> None:
    """An approved peering opens the names of its rule, in the zone of the other account."""
    with names_world.lab_of(_ACROSS, world=names_world.AcrossAccounts) as lab:
        work, world = _PEERING_WORK[function], lab.world
        world.balancer()
        peering = world.request(world.apps, world.tidb)
        for _ in range(2):
            run(guard, function, lab, partial(work, lab, peering_requested(peering)))


def life_of_a_load_balancer(guard: Guard, function: str) -> None:
    """Made and named, and gone again; chosen by its tags, and by its name."""
    for text in (names_world.TAGGED, names_world.ALONE):
        with names_world.lab_of(text) as lab:
            made = lab.world.balancer(tags={"service": "tidb"})
            run(guard, function, lab, partial(_balancer, lab, names_world.created(made)))
            lab.world.remove(made)
            run(guard, function, lab, partial(_balancer, lab, names_world.deleted(made)))


def _balancer(lab: Lab, event: Mapping[str, Any]) -> Report:
    return react_to_load_balancer(parse_load_balancer_event(event), lab.flow_world())


# ---- VPN -------------------------------------------------------------------------------------------------------------
def life_of_a_tunnel(guard: Guard, function: str) -> None:
    """A connection that was just made, one that loses its tunnels, and one that is deleted and leaves its alarms."""
    with staged() as stage:
        lab = stage.lab
        work = {"vpn": lambda: _vpn(lab, stage.vpn.id), "sweep": lambda: _sweep(lab, {})}[function]
        run(guard, function, lab, work)
        stage.tunnels("DOWN", "DOWN")
        stage.clock.passes(minutes=10)
        run(guard, function, lab, work)
        stage.vpn.delete(stage.vpn.id)
        run(guard, function, lab, work)


def _vpn(lab: Lab, connection_id: str) -> Report:
    call = {
        "eventVersion": "1.11",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "ModifyVpnConnection",
        "awsRegion": REGION,
        "requestParameters": {"vpnConnectionId": connection_id},
        "responseElements": {"vpnConnection": {"vpnConnectionId": connection_id}},
    }
    told = envelope("aws.ec2", "AWS API Call via CloudTrail", call)
    return react_to_vpn(parse_vpn_event(told), lab.flow_world())


SCENARIOS: dict[str, tuple[Scenario, ...]] = {
    "peering": (life_of_a_peering, names_of_a_peering, policy_sources),
    "load_balancers": (life_of_a_load_balancer, policy_sources),
    "vpn": (life_of_a_tunnel, policy_sources),
    "certificates": (a_certificate_and_its_distribution, policy_sources),
    "origins": (a_certificate_and_its_distribution, policy_sources),
    "sweep": (life_of_a_peering, names_of_a_peering, life_of_a_tunnel, policy_sources),
    "sweep_certificates": (a_certificate_and_its_distribution, policy_sources),
    "notify": (an_alert_for_slack, policy_sources),
    "dead_letters": (dead_letters,),
}
