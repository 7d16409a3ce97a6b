"""The composition root: settings become sessions, observers, performers and flows, once per container.

Nothing else builds these, so a test that wants another world builds its own ``World`` and calls the flow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.alerts import kinds
from chalicelib.alerts.opening import sink_opener
from chalicelib.alerts.policy_alerts import policy_alert, unreadable_alert
from chalicelib.alerts.publish import LeftToTheSweep, Publisher
from chalicelib.alerts.road import Road
from chalicelib.alerts.store import AlertStore
from chalicelib.alerts.topic_only import TopicRoad
from chalicelib.alerts.unsent import LogRoad, NoSweep
from chalicelib.chosen_stage import check_stage, chosen_stage
from chalicelib.flows.policy import EVERY_TIME, RELOAD_SECONDS, NoShelf, PolicyKeeper
from chalicelib.flows.policy_watch import PolicyWatch
from chalicelib.model.alert import Alert
from chalicelib.model.errors import ConfigurationError
from chalicelib.model.policy import Policy
from chalicelib.observe.policy_source import read_last_good, read_policy_text
from chalicelib.perform.policy_shelf import keep_last_good
from chalicelib.sessions import MemberRole, Sessions
from chalicelib.settings import Mode, Settings, read_settings

if TYPE_CHECKING:  # each function imports what it needs when it needs it: cold starts are short that way
    from chalicelib.alerts.deliver import Delivery
    from chalicelib.alerts.fallback import Fallback
    from chalicelib.alerts.sinks import Sink
    from chalicelib.alerts.sweep import Sweep
    from chalicelib.flows.certificate_ports import Bookmark, CertificateWorld, Progress
    from chalicelib.flows.ports import Memory, NameMemory, NamesReader, VpnMemory, VpnReader, World
    from chalicelib.observe.queues import DeadLetterQueues
    from chalicelib.observe.vpc_dns import RecentVpcDns

BUNDLE = Path(__file__).resolve().parent.parent


def utc_now() -> datetime:
    return datetime.now(UTC)


class _TableShelf:
    """The state table as the shelf of the last good policy."""

    def __init__(self, client: Callable[[], Any], table: str, now: Callable[[], datetime]) -> None:
        self._client, self._table, self._now = client, table, now

    def load(self) -> str | None:
        return read_last_good(self._client(), self._table)

    def keep(self, text: str, version: str) -> None:
        keep_last_good(self._client(), self._table, text, version, self._now())


class Runtime:
    """What lives as long as the container: settings, sessions, the policy as last read."""

    def __init__(
        self,
        settings: Settings,
        *,
        policy_text: Callable[[], str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self._sleep, self._now = sleep, now
        role = MemberRole(name=settings.member_role, external_id=settings.external_id) if settings.member_role else None
        self.sessions = Sessions(
            home_account=settings.home_account,
            member_role=role,
            allowed_accounts=lambda: frozenset(self.policy().accounts),
            now=now,
        )

        outside = settings.policy.startswith(("ssm:", "s3:", "appconfig:"))
        keeper = PolicyKeeper(
            policy_text or self._read_policy_text,
            _TableShelf(self._dynamodb, settings.state_table, now) if outside and settings.state_table else NoShelf(),
            time.monotonic,
            reload_seconds=RELOAD_SECONDS if outside else EVERY_TIME,
        )
        own = partial(self._unreadable_alert, settings.function) if settings.function else None
        self._policy = PolicyWatch(keeper, self._policy_alert, own)
        self._recent_dns: RecentVpcDns | None = None
        self._open_sink: Callable[[bool], Sink] | None = None

    def _read_policy_text(self) -> str:
        return read_policy_text(self.settings.policy, self.sessions.home, BUNDLE)

    def policy(self) -> Policy:
        """The policy in force. Raises NetreflexError where none is good."""
        return self._policy.policy()

    def policy_in_report(self) -> dict[str, str | None]:
        """What every report says of the policy: see ``PolicyWatch.for_report``."""
        return self._policy.for_report()

    def _policy_alert(self, fault: str, in_force: str | None) -> Alert:
        return policy_alert(
            self.settings.policy,
            fault,
            in_force=in_force,
            account=self.settings.home_account or "",
            region=self.sessions.home_region,
            now=self._now(),
        )

    def _unreadable_alert(self, function: str, fault: str, in_force: str | None) -> Alert:
        return unreadable_alert(
            self.settings.policy,
            fault,
            function=function,
            in_force=in_force,
            account=self.settings.home_account or "",
            region=self.sessions.home_region,
            now=self._now(),
        )

    def world(self) -> World:
        """The world of one run: the policy of this minute, and everything that reads, writes and tells."""
        from chalicelib.flows.ports import World
        from chalicelib.observe.peerings import PeeringObserver
        from chalicelib.observe.second_look import SecondLook
        from chalicelib.perform.executor import AwsExecutor, DryRunExecutor

        road = self.road()
        policy, health = self._policy.for_run(road)
        reader = PeeringObserver(
            self.sessions, manages=policy.manages, state_table=self.settings.state_table, sleep=self._sleep
        )
        enforce = self.settings.mode is Mode.ENFORCE
        return World(
            policy=policy,
            policy_health=health,
            reader=reader,
            vpn=self._vpn,
            vpn_memory=self._vpn_memory,
            names=partial(self._names, policy),
            name_memory=self._name_memory,
            owner=self.owner,
            executor=AwsExecutor(self.sessions, SecondLook(self.sessions, self._sleep))
            if enforce
            else DryRunExecutor(),
            memory=self._memory(),
            road=road,
            now=self._now,
            enforce=enforce,
        )

    def certificates(self, progress: Progress | None = None) -> CertificateWorld:
        """The world of one run about certificates. Only who asks for it loads what makes and judges handshakes."""
        from chalicelib.decide.addresses import refusal
        from chalicelib.flows.certificate_ports import CertificateWorld, NoProgress
        from chalicelib.observe.certificates import CertificateObserver
        from chalicelib.observe.probes import Probes
        from chalicelib.observe.roots import mozilla_roots
        from chalicelib.observe.validation_zones import ValidationZones

        world, progress = self.world(), progress or NoProgress()
        refuse = partial(refusal, private=world.policy.certificates.probe_private)
        return CertificateWorld(
            policy=world.policy,
            reader=CertificateObserver(self.sessions),
            handshakes=Probes(refuse=refuse, progress=progress.probed),
            roots=mozilla_roots(),
            road=self.road(),
            bookmark=self._bookmark(),
            zones=ValidationZones(self.sessions, world.policy.accounts),
            executor=world.executor,
            owner=self.owner,
            now=self._now,
            enforce=world.enforce,
            progress=progress,
        )

    def _bookmark(self) -> Bookmark:
        from chalicelib.perform.bookmark import NoBookmark, StateTableBookmark

        if self.settings.state_table is None:
            return NoBookmark()
        return StateTableBookmark(self._dynamodb, self.settings.state_table)

    def _vpn(self) -> VpnReader:
        from chalicelib.observe.vpn_details import VpnObserver

        return VpnObserver(self.sessions, self._now, self.settings.state_table)

    def _vpn_memory(self) -> VpnMemory:
        from chalicelib.perform.tunnel_memory import NoTunnels, StateTableTunnels

        if self.settings.state_table is None:
            return NoTunnels()
        return StateTableTunnels(self._dynamodb, self.settings.state_table, self._now)

    def owner(self) -> str:
        """What the marks of this installation say: its account and the names of its parts."""
        return f"{self.sessions.home_account()}/{self.settings.prefix.removesuffix('-')}"

    def _names(self, policy: Policy) -> NamesReader:
        from chalicelib.observe.names import NamesObserver
        from chalicelib.observe.vpc_dns import RecentVpcDns

        self._recent_dns = self._recent_dns or RecentVpcDns(self._now)
        return NamesObserver(
            self.sessions,
            accounts=policy.accounts,
            state_table=self.settings.state_table,
            recent=self._recent_dns,
        )

    def _name_memory(self) -> NameMemory:
        from chalicelib.perform.name_memory import NoNames, StateTableNames

        if self.settings.state_table is None:
            return NoNames()
        return StateTableNames(self._dynamodb, self.settings.state_table, self._now)

    def _memory(self) -> Memory:
        from chalicelib.perform.ledger import NoMemory, StateTableMemory

        if self.settings.state_table is None:
            return NoMemory()
        return StateTableMemory(self._dynamodb, self.settings.state_table, self._now)

    def road(self) -> Road | LogRoad:
        """The road on which alerts leave."""
        if self.settings.alerts_topic_arn is None:
            return LogRoad()
        alerts = self._publisher(self.settings.alerts_topic_arn)
        if self.settings.state_table is None:
            return TopicRoad(alerts, self._now, runbook=self._policy.runbook)
        return self._road(alerts)

    def _road(self, publisher: Publisher) -> Road:
        return Road(self._alert_store(), publisher, self._now, runbook=self._policy.runbook)

    def alert_sweep(self) -> Sweep | NoSweep:
        """What carries on the alerts that were left on the road."""
        from chalicelib.alerts.sweep import Sweep

        if self.settings.state_table is None or self.settings.alerts_topic_arn is None:
            return NoSweep()
        return Sweep(
            store=self._alert_store(),
            carry=self._publisher(self.settings.alerts_topic_arn).publish,
            policy=self._policy.for_alerts(self.road()),
            clock=self._now,
            fallback=self._fallback(self.settings.state_table),
        )

    def delivery(self, owner: str) -> Delivery:
        """What shows alerts to people. ``owner`` is unique to the invocation."""
        from chalicelib.alerts.channel import Surroundings
        from chalicelib.alerts.deliver import Delivery
        from chalicelib.alerts.gates import Gates

        if self.settings.state_table is None or self.settings.slack_secret is None:
            raise ConfigurationError("notify needs NETREFLEX_STATE_TABLE and NETREFLEX_SLACK_SECRET; set both")
        if self._open_sink is None:
            self._open_sink = sink_opener(
                self.settings.slack_secret, client=self.sessions.home, base_url=self.settings.slack_api
            )
        around = Surroundings(
            gates=Gates(self._dynamodb(), self.settings.state_table),
            open_sink=self._open_sink,
            fallback=self._fallback(self.settings.state_table),
            clock=self._now,
            sleep=self._sleep,
            owner=owner,
        )
        policy = self._policy.for_alerts(self._road(LeftToTheSweep()))
        return Delivery(store=self._alert_store(), around=around, policy=policy)

    def _fallback(self, state_table: str) -> Fallback:
        from chalicelib.alerts.causes import Causes
        from chalicelib.alerts.fallback import Fallback

        base, causes = self._policy.runbook(), Causes(self._dynamodb(), state_table)
        chapter = kinds.runbook(base, kinds.DELIVERY).url if base else ""
        return Fallback(self.sessions.home("sns"), self.settings.fallback_topic_arn, causes, runbook=chapter)

    def queues(self) -> DeadLetterQueues:
        """The dead-letter queues of this installation."""
        from chalicelib.observe.queues import DeadLetterQueues

        return DeadLetterQueues(self.sessions.home("sqs"), self.settings.prefix)

    def _alert_store(self) -> AlertStore:
        if self.settings.state_table is None:
            raise ConfigurationError("set NETREFLEX_STATE_TABLE: alerts live there")
        return AlertStore(self._dynamodb(), self.settings.state_table)

    def _publisher(self, topic_arn: str) -> Publisher:
        return Publisher(self.sessions.home("sns"), topic_arn)

    def _dynamodb(self) -> Any:  # noqa: ANN401 - see Sessions.client
        return self.sessions.home("dynamodb")


def runtime() -> Runtime:
    """The one runtime of this container, made anew only where its environment is another one.

    Raises ConfigurationError that names every wrong setting.
    """
    return runtime_of(frozenset(item for item in os.environ.items() if item[0].startswith(("NETREFLEX_", "AWS_"))))


@lru_cache(maxsize=1)
def runtime_of(environment: frozenset[tuple[str, str]]) -> Runtime:
    """The runtime of these variables."""
    return Runtime(read_settings(dict(environment)))


def queue_name(part: str) -> str:
    """The name of a queue of this installation, for a decorator, which is evaluated where settings may be missing.

    Raises ConfigurationError where `chalice deploy` is about to deploy a stage with the queue of another one.
    """
    settings, stage = read_settings(os.environ), chosen_stage()
    if stage is not None:
        check_stage(
            stage, topic_arn=settings.alerts_topic_arn, state_table=settings.state_table, prefix=settings.prefix
        )
    return settings.prefix + part
