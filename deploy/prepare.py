"""The stage's configuration as it is to be deployed: completed, and judged. Every fault is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib.intake.policy_file import PolicyFaults, parse_policy
from chalicelib.model.errors import NetreflexError
from chalicelib.model.policy_place import policy_place
from chalicelib.observe.policy_source import read_policy_text
from chalicelib.settings import read_settings
from deploy.boundary import boundary_faults
from deploy.configuration import TOPIC, Configuration, read_configuration, with_settings, with_stage, with_tracing
from deploy.faults import DeploymentFault
from deploy.hub_account import hub_account_faults
from deploy.place import Place, place_of_topic
from deploy.reach import reach_faults
from deploy.stage_roles import Json, pattern_faults, size_faults, stage_roles, write_roles


def prepare(project: Path, place: Place, say: Callable[[str], None], *, xray: str = "") -> Configuration:
    """The stage's configuration with this account's topic in it, and without a fault."""
    configuration = with_tracing(with_stage(read_configuration(project, place.stage), say), xray, say)
    topic = configuration.settings.get(TOPIC)
    if not topic:
        configuration = with_settings(configuration, {TOPIC: place.topic_arn("alerts")})
        say(f".chalice/config.json: {TOPIC} is now {place.topic_arn('alerts')}; commit it")
    elif topic != place.topic_arn("alerts"):
        raise DeploymentFault(
            f"stage {place.stage} is configured for {topic},\nbut the credentials are for account {place.account}, Region "
            f"{place.region}. Use the credentials and Region of that stage,\nor choose another STAGE, or remove {TOPIC} "
            "from the stage in .chalice/config.json to move it for good."
        )
    policy = _policy_faults(configuration, place.client)
    return judged(configuration, place, say, other=policy, undone="nothing was deployed")


def prepare_package(project: Path, stage: str, say: Callable[[str], None], *, xray: str = "") -> Configuration:
    """The same for a pipeline. No AWS is asked, so the account is what the stage's topic says, if it has one."""
    configuration = with_tracing(with_stage(read_configuration(project, stage), say), xray, say)
    place = place_of_topic(stage, configuration.settings.get(TOPIC))
    policy = bundled_policy_faults(configuration)
    return judged(configuration, place, say, other=policy, undone="nothing was packaged", ask=False)


def judged(
    configuration: Configuration,
    place: Place,
    say: Callable[[str], None],
    *,
    other: Sequence[str],
    undone: str,
    ask: bool = True,
) -> Configuration:
    """The configuration with the roles of its stage. Raises DeploymentFault that lists all its faults, beside ``other`` ones."""
    unreadable = list(pattern_faults(configuration))
    faults = [*setting_faults(configuration), *other, *unreadable, *tracing_faults(configuration)]
    faults += [*hub_account_faults(configuration.hub_account), *boundary_faults(configuration.boundary)]
    roles: Mapping[str, Json] = {}
    if not unreadable:
        faults += reach_faults(configuration, place)
    if not faults:
        roles = stage_roles(configuration, place, ask=ask)
        faults += size_faults(roles)
    if faults:
        raise DeploymentFault(f"{undone}, because the configuration has faults:\n  " + "\n  ".join(faults))
    return write_roles(configuration, roles, say)


def tracing_faults(configuration: Configuration) -> list[str]:
    """Chalice's own key would trace functions before their roles may, which AWS refuses."""
    if any(configuration.of_function(function, "xray") for function in configuration.functions):
        return ["`xray` in .chalice/config.json is Chalice's and gives no permission: remove it, and say XRAY=yes"]
    return []


def setting_faults(configuration: Configuration) -> list[str]:
    """What is wrong with the environment variables of the stage."""
    faults = []
    try:
        read_settings(configuration.settings)
    except NetreflexError as error:
        faults.append(str(error))
    table = f"netreflex-{configuration.stage}-state"
    if configuration.settings.get("NETREFLEX_STATE_TABLE") != table:
        faults.append(f"NETREFLEX_STATE_TABLE must be {table}: the roles of the functions reach no other table")
    return faults


def bundled_policy_faults(configuration: Configuration) -> list[str]:
    """The faults of a policy that lies in the bundle; one that lies in AWS is not looked at, because no credentials are needed."""

    def nowhere(service: str) -> object:
        raise DeploymentFault(f"a policy in the bundle is read without {service}")

    return [] if policy_place(_policy_source(configuration)).outside else _policy_faults(configuration, nowhere)


def _policy_source(configuration: Configuration) -> str:
    return configuration.settings.get("NETREFLEX_POLICY") or "chalicelib/policy.yaml"


def _policy_faults(configuration: Configuration, client: Callable[[str], Any]) -> list[str]:
    source = _policy_source(configuration)
    shipped = (configuration.project / "chalicelib").resolve()
    if not policy_place(source).outside and shipped not in (configuration.project / source).resolve().parents:
        return [
            f"NETREFLEX_POLICY: {source} is not deployed with the functions; of files only those below chalicelib/ are"
        ]
    try:
        parse_policy(read_policy_text(source, client, configuration.project))
    except PolicyFaults as faults:
        return [f"policy {source}: {faults}"]
    except NetreflexError as error:
        return [str(error)]
    return []
