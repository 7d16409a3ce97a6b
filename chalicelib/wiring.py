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
from typing import TYPE_CHECKING

from chalicelib.alerts.policy_alerts import policy_alert, unreadable_alert
from chalicelib.chosen_stage import check_stage, chosen_stage
from chalicelib.flows.policy import EVERY_TIME, RELOAD_SECONDS, NoShelf, PolicyKeeper
from chalicelib.flows.policy_watch import PolicyWatch
from chalicelib.model.alert import Alert
from chalicelib.model.policy import Policy
from chalicelib.model.policy_place import policy_place
from chalicelib.observe.policy_appconfig import AppConfigReader
from chalicelib.observe.policy_source import read_policy_text
from chalicelib.sessions import MemberRole, Sessions
from chalicelib.settings import Mode, Settings, read_settings
from chalicelib.wiring_alerts import Alerting
from chalicelib.wiring_state import StateTable

if TYPE_CHECKING:  # each function imports what it needs when it needs it: cold starts are short that way
    from chalicelib.alerts.deliver import Delivery
    from chalicelib.alerts.road import Road
    from chalicelib.alerts.sweep import Sweep
    from chalicelib.alerts.unsent import LogRoad, NoSweep
    from chalicelib.flows.certificate_ports import CertificateWorld, Progress
    from chalicelib.flows.ports import NamesReader, VpnReader, World
    from chalicelib.observe.queues import DeadLetterQueues
    from chalicelib.observe.vpc_dns import RecentVpcDns

BUNDLE = Path(__file__).resolve().parent.parent


def utc_now() -> datetime:
    return datetime.now(UTC)


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
        self._state = StateTable(settings.state_table, partial(self.sessions.home, "dynamodb"), now)
        self._appconfig = AppConfigReader()
        outside = policy_place(settings.policy).outside
        keeper = PolicyKeeper(
            policy_text or self._read_policy_text,
            self._state.shelf() if outside else NoShelf(),
            time.monotonic,
            reload_seconds=RELOAD_SECONDS if outside else EVERY_TIME,
        )
        function = settings.function
        own = partial(self._policy_alert, make=partial(unreadable_alert, function=function)) if function else None
        self._policy = PolicyWatch(keeper, self._policy_alert, own)
        self._alerting = Alerting(settings, self.sessions.home, self._policy, now=now, sleep=sleep)
        self._recent_dns: RecentVpcDns | None = None

    def _read_policy_text(self) -> str:
        return read_policy_text(self.settings.policy, self.sessions.home, BUNDLE, self._appconfig)

    def policy(self) -> Policy:
        """The policy in force. Raises NetreflexError where none is good."""
        return self._policy.policy()

    def policy_in_report(self) -> dict[str, str | None]:
        """What every report says of the policy: see ``PolicyWatch.for_report``."""
        return self._policy.for_report()

    def _policy_alert(self, fault: str, in_force: str | None, make: Callable[..., Alert] = policy_alert) -> Alert:
        return make(
            self.settings.policy,
            fault,
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
        executor = AwsExecutor(self.sessions, SecondLook(self.sessions, self._sleep)) if enforce else DryRunExecutor()
        return World(
            policy=policy,
            policy_health=health,
            reader=reader,
            vpn=self._vpn,
            vpn_memory=self._state.tunnels,
            names=partial(self._names, policy),
            name_memory=self._state.names,
            owner=self.owner,
            executor=executor,
            memory=self._state.routes(),
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
            bookmark=self._state.bookmark(),
            zones=ValidationZones(self.sessions, world.policy.accounts),
            executor=world.executor,
            owner=self.owner,
            now=self._now,
            enforce=world.enforce,
            progress=progress,
        )

    def _vpn(self) -> VpnReader:
        from chalicelib.observe.vpn_details import VpnObserver

        return VpnObserver(self.sessions, self._now, self.settings.state_table)

    def owner(self) -> str:
        """What the marks of this installation say: its account and the names of its parts."""
        return f"{self.sessions.home_account()}/{self.settings.prefix.removesuffix('-')}"

    def _names(self, policy: Policy) -> NamesReader:
        from chalicelib.observe.names import NamesObserver
        from chalicelib.observe.vpc_dns import RecentVpcDns

        self._recent_dns = self._recent_dns or RecentVpcDns(self._now)
        table, recent = self.settings.state_table, self._recent_dns
        return NamesObserver(self.sessions, accounts=policy.accounts, state_table=table, recent=recent)

    def road(self) -> Road | LogRoad:
        """The road on which alerts leave."""
        return self._alerting.road()

    def alert_sweep(self) -> Sweep | NoSweep:
        """What carries on the alerts that were left on the road."""
        return self._alerting.sweep()

    def delivery(self, owner: str) -> Delivery:
        """What shows alerts to people. ``owner`` is unique to the invocation."""
        return self._alerting.delivery(owner)

    def queues(self) -> DeadLetterQueues:
        """The dead-letter queues of this installation."""
        from chalicelib.observe.queues import DeadLetterQueues

        return DeadLetterQueues(self.sessions.home("sqs"), self.settings.prefix)


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

    Raises ConfigurationError where `chalice deploy` is about to deploy a stage with the queue of another one, or with roles
    that were made for other settings.
    """
    settings, stage = read_settings(os.environ), chosen_stage()
    if stage is not None:
        from chalicelib.chosen_roles import check_roles  # which nothing needs in Lambda

        check_stage(
            stage, topic_arn=settings.alerts_topic_arn, state_table=settings.state_table, prefix=settings.prefix
        )
        check_roles(stage, BUNDLE, settings)
    return settings.prefix + part
