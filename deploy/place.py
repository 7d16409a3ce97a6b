"""Where a stage is deployed, and the names that everything in it has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from deploy.faults import DeploymentFault, doing

STAGE = re.compile(r"[a-z][a-z0-9]{0,15}", re.ASCII)
_CONFIG = Config(retries={"total_max_attempts": 8, "mode": "standard"}, connect_timeout=5, read_timeout=60)


@dataclass(frozen=True)
class Place:
    """One stage in one account and Region, with the credentials that reach it."""

    stage: str
    account: str
    region: str
    partition: str
    session: boto3.Session = field(repr=False, compare=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        if service not in self._clients:
            self._clients[service] = self.session.client(service, config=_CONFIG)  # type: ignore[call-overload]
        return self._clients[service]

    @property
    def prefix(self) -> str:
        """What every name begins with. A stage has no hyphen in it, so no other stage's names begin so."""
        return f"netreflex-{self.stage}-"

    @property
    def stack(self) -> str:
        return self.name("resources")

    def name(self, part: str) -> str:
        return self.prefix + part

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def topic_arn(self, part: str) -> str:
        return self.arn("sns", self.name(part))

    def queue_arn(self, part: str) -> str:
        return self.arn("sqs", self.name(part))

    def __str__(self) -> str:
        return f"stage {self.stage} in account {self.account}, Region {self.region}"


def checked_stage(stage: str) -> str:
    """The stage, if it can be part of every name."""
    if not STAGE.fullmatch(stage):
        raise DeploymentFault(f"STAGE={stage!r} must be one to sixteen lower-case letters and digits, such as prod")
    return stage


def place_of(stage: str, session: boto3.Session | None = None) -> Place:
    """The stage in the account and Region of the credentials in force."""
    checked_stage(stage)
    used = session or boto3.Session()
    if not used.region_name:
        raise DeploymentFault(
            "no Region is set: export AWS_DEFAULT_REGION, or choose a profile that has one (AWS_PROFILE)"
        )
    if used.get_credentials() is None:
        raise DeploymentFault("no AWS credentials are set: export AWS_PROFILE, or sign in (`aws sso login`)")
    with doing("finding out whose credentials these are"):
        caller = used.client("sts", config=_CONFIG).get_caller_identity()
    partition = used.get_partition_for_region(used.region_name)
    return Place(stage, str(caller["Account"]), used.region_name, partition, used)


def place_of_topic(stage: str, topic: str | None) -> Place:
    """Where a stage will be, as far as its topic's ARN says: asked of nobody, and with nobody's credentials."""
    partition, _, region, account = (topic or "arn:aws:sns:*:*:").split(":")[1:5]
    return Place(stage, account, region, partition, boto3.Session())
