"""The stage's part of ``.chalice/config.json``: made where it is missing, and judged before anything is deployed.

What is alike in all stages (sizes, retention, the policy file of each function) stands once, at the top; a stage has its
settings and whatever it wants otherwise. ``NETREFLEX_ALERTS_TOPIC_ARN`` pins a stage to one account and Region: commit it,
and nobody deploys that stage with the wrong credentials.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.intake.policy_file import PolicyFaults, parse_policy
from chalicelib.model.errors import NetreflexError
from chalicelib.observe.policy_source import read_policy_text
from chalicelib.settings import read_settings
from deploy.faults import DeploymentFault
from deploy.place import Place
from deploy.reach import reach_faults

PATTERN_STAGE = "dev"  # a new stage begins as a copy of this one's settings
TOPIC = "NETREFLEX_ALERTS_TOPIC_ARN"
_IN_AWS = ("ssm:", "s3:", "appconfig:")
TRACING = "tracing"  # the stage's key; Chalice does not know it
_ROLE_POLICY_LIMIT = 10_240  # characters without white space, all inline policies of a role (IAM quotas)


@dataclass(frozen=True)
class Configuration:
    """What is configured for one stage."""

    project: Path
    stage: str
    document: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables of the stage's functions."""
        own = self.document["stages"].get(self.stage, {}).get("environment_variables", {})
        return {**self.document.get("environment_variables", {}), **own}

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions by name, in the order of the file."""
        own = self.document["stages"].get(self.stage, {}).get("lambda_functions", {})
        return tuple(dict.fromkeys([*self.document.get("lambda_functions", {}), *own]))

    @property
    def tracing(self) -> bool:
        """Whether X-Ray traces the functions of the stage."""
        return self.document["stages"].get(self.stage, {}).get(TRACING) is True

    def of_function(self, function: str, key: str) -> Any:  # noqa: ANN401 - JSON
        """A value for one function, looked up where Chalice looks, in its order."""
        stage = self.document["stages"].get(self.stage, {})
        places = (
            stage.get("lambda_functions", {}).get(function, {}),
            stage,
            self.document.get("lambda_functions", {}).get(function, {}),
            self.document,
        )
        return next((place[key] for place in places if place.get(key) is not None), None)

    def role_policy(self, function: str) -> Path:
        return self.project / ".chalice" / str(self.of_function(function, "iam_policy_file"))


def read_configuration(project: Path, stage: str) -> Configuration:
    path = project / ".chalice" / "config.json"
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DeploymentFault(f"{path} cannot be read ({error}): restore it from git") from None
    return Configuration(project, stage, document)


def prepare(project: Path, place: Place, say: Callable[[str], None], *, xray: str = "") -> Configuration:
    """The stage's configuration with this account's topic in it, and without a fault."""
    configuration = with_tracing(with_stage(read_configuration(project, place.stage), say), xray, say)
    topic = configuration.settings.get(TOPIC)
    if not topic:
        configuration = _with_settings(configuration, {TOPIC: place.topic_arn("alerts")})
        say(f".chalice/config.json: {TOPIC} is now {place.topic_arn('alerts')}; commit it")
    elif topic != place.topic_arn("alerts"):
        raise DeploymentFault(
            f"stage {place.stage} is configured for {topic},\nbut the credentials are for account {place.account}, Region "
            f"{place.region}. Use the credentials and Region of that stage,\nor choose another STAGE, or remove {TOPIC} "
            "from the stage in .chalice/config.json to move it for good."
        )
    faults = [
        *setting_faults(configuration),
        *_policy_faults(configuration, place.client),
        *role_policy_faults(configuration),
        *tracing_faults(configuration),
        *reach_faults(configuration, place),
    ]
    if faults:
        listed = "\n  ".join(faults)
        raise DeploymentFault(f"nothing was deployed, because the configuration has faults:\n  {listed}")
    return configuration


def with_stage(configuration: Configuration, say: Callable[[str], None]) -> Configuration:
    """The configuration with the stage in it; a new one begins with the settings of the pattern stage."""
    if configuration.stage in configuration.document["stages"]:
        return configuration
    pattern = configuration.document["stages"].get(PATTERN_STAGE, {}).get("environment_variables", {})
    was, now = f"netreflex-{PATTERN_STAGE}", f"netreflex-{configuration.stage}"
    settings = {key: value.replace(was, now) for key, value in pattern.items() if key != TOPIC}
    say(
        f".chalice/config.json: stage {configuration.stage} was added, as {PATTERN_STAGE} is; look it over and commit it"
    )
    return _with_settings(configuration, settings)


def with_tracing(configuration: Configuration, xray: str, say: Callable[[str], None]) -> Configuration:
    """The configuration with X-Ray switched ``yes`` or ``no``; anything else leaves it as it is."""
    wanted = {"yes": True, "no": False}.get(xray.lower(), configuration.tracing)
    if wanted == configuration.tracing:
        return configuration
    path = configuration.project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    stage = document["stages"][configuration.stage]
    stage.pop(TRACING, None)
    if wanted:
        stage[TRACING] = True
    path.write_text(json.dumps(document, indent=2) + "\n")
    say(f".chalice/config.json: stage {configuration.stage} is {'now' if wanted else 'no longer'} traced; commit it")
    return Configuration(configuration.project, configuration.stage, document)


def tracing_faults(configuration: Configuration) -> list[str]:
    """Chalice's own key would trace functions before their roles may, which AWS refuses."""
    if any(configuration.of_function(function, "xray") for function in configuration.functions):
        return ["`xray` in .chalice/config.json is Chalice's and gives no permission: remove it, and say XRAY=yes"]
    return []


def _with_settings(configuration: Configuration, settings: Mapping[str, str]) -> Configuration:
    path = configuration.project / ".chalice" / "config.json"
    document = json.loads(path.read_text())
    stage = document["stages"].setdefault(configuration.stage, {})
    stage["environment_variables"] = {**stage.get("environment_variables", {}), **settings}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return Configuration(configuration.project, configuration.stage, document)


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

    return [] if _policy_source(configuration).startswith(_IN_AWS) else _policy_faults(configuration, nowhere)


def _policy_source(configuration: Configuration) -> str:
    return configuration.settings.get("NETREFLEX_POLICY") or "chalicelib/policy.yaml"


def _policy_faults(configuration: Configuration, client: Callable[[str], Any]) -> list[str]:
    source = _policy_source(configuration)
    shipped = (configuration.project / "chalicelib").resolve()
    if not source.startswith(_IN_AWS) and shipped not in (configuration.project / source).resolve().parents:
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


def role_policy_faults(configuration: Configuration) -> list[str]:
    """What IAM would refuse only half-way through the deployment."""
    faults = []
    for function in configuration.functions:
        path = configuration.role_policy(function)
        try:
            text = json.dumps(json.loads(path.read_text()), separators=(",", ":"))
        except (OSError, ValueError) as error:
            faults.append(f"{path}, the role policy of {function}, cannot be read ({error})")
            continue
        if '"Fn::' in text or '"Ref"' in text:
            faults.append(f"{path} holds CloudFormation functions; `chalice deploy` needs plain JSON")
        if len(text) > _ROLE_POLICY_LIMIT:
            faults.append(f"{path} has {len(text)} characters; IAM takes {_ROLE_POLICY_LIMIT}")
    return faults
