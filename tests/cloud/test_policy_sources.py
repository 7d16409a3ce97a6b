"""A deployed stage whose policy lies in AppConfig or in S3, through a new version, a broken one and a better one.

Each reading is that of a new container of one function, since a warm one reads again only after a minute: tests/contracts has
those. It is told nothing to react to, and so only its policy is at stake. ``notify`` and ``sweep``, which run beside it, go
by the same source, for all share the last good version and the alert, and the sweep tells its end. Their roles follow the
source as a deployment would have them follow.

IAM is in force, but ministack knows no action of AppConfig's reading and lets everybody read: no verdict. tests/iam holds
those calls against the functions' files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from uuid import uuid4

import boto3
import pytest

from chalicelib.intake.policy_file import policy_hash
from demo.world import POLICY
from deploy.configuration import read_configuration
from deploy.place import Place
from deploy.stage_roles import stage_roles
from tests.aws.appconfig import HostedConfiguration
from tests.cloud.outside import soon
from tests.cloud.ways import Stage

pytestmark = pytest.mark.cloud

_FUNCTION = "load_balancers"
_FIRST, _SECOND = (f"{POLICY}# version {number}\n" for number in ("one", "two"))
_BROKEN = f"{POLICY}acounts: {{}}\n"


@dataclass(frozen=True)
class Reading:
    """Which policy a run went by, what it says of a newer text, and what people are told of it, and are to do."""

    in_force: str
    fault: str = ""
    told: list[tuple[str, str]] = field(default_factory=list)
    remedy: str = ""


class Object:
    """An object in a bucket that keeps its versions."""

    def __init__(self, stage: Stage) -> None:
        self._there, self._s3 = {"Bucket": "netreflex-dev-versions", "Key": "policy.yaml"}, stage.client("s3")
        self.source = "s3://{Bucket}/{Key}".format_map(self._there)
        bucket, region = {"Bucket": self._there["Bucket"]}, {"LocationConstraint": stage.aws.region}
        self._s3.create_bucket(**bucket, CreateBucketConfiguration=region)
        self._s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(self, text: str) -> str:
        """The version that now is the newest."""
        return str(self._s3.put_object(**self._there, Body=text.encode())["VersionId"])


@pytest.fixture
def stage(stages: Callable[[str], Stage]) -> Stage:
    """The stage where something may go wrong."""
    return stages("package")


@contextmanager
def going_by(stage: Stage, source: str) -> Iterator[None]:
    """A while in which the functions that run by themselves go by a source; it ends when people were shown what was said."""
    with ExitStack() as functions:
        for function in ("notify", _FUNCTION):
            functions.enter_context(reading(stage, function, source))
            functions.enter_context(stage.setting(function, NETREFLEX_POLICY=source))
        yield
        soon(lambda: not any(alert.subject.type == "policy" for alert in stage.unshown()))


@contextmanager
def reading(stage: Stage, function: str, source: str) -> Iterator[None]:
    """A while in which a role allows what it would if the stage were deployed with this source."""
    configured = read_configuration(stage.project, stage.stage)
    document = json.loads(json.dumps(configured.document))
    document["stages"][stage.stage]["environment_variables"]["NETREFLEX_POLICY"] = source
    clients = {"appconfig": stage.client("appconfig")}
    place = Place(stage.stage, stage.aws.hub, stage.aws.region, "aws", boto3.Session(), clients)
    role = stage_roles(replace(configured, document=document), place)[function]
    iam, policy = stage.client("iam"), {"RoleName": stage.name(function), "PolicyName": f"source-{uuid4().hex}"}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(role))
    try:
        yield
    finally:
        iam.delete_role_policy(**policy)


def read(stage: Stage, source: str) -> Reading:
    """What a new container does."""
    stage.inbox.read()
    stage.change(_FUNCTION, NETREFLEX_POLICY=source)
    with reading(stage, _FUNCTION, source):
        return _reading(stage, _FUNCTION)


def swept(stage: Stage, source: str) -> Reading:
    """What the sweep does."""
    stage.inbox.read()
    with reading(stage, "sweep", source), stage.setting("sweep", NETREFLEX_POLICY=source):
        return _reading(stage, "sweep")


def _reading(stage: Stage, function: str) -> Reading:
    report = stage.invoke(function)
    alerts = [json.loads(message["Message"]) for message in stage.inbox.read()]
    told = [(one["status"], one["severity"]) for one in alerts if one["subject"]["type"] == "policy"]
    remedy = [step for one in alerts if one["subject"]["type"] == "policy" for step in one["remedy"]]
    return Reading(report["policy"], report["policy_fault"] or "", told, " ".join(remedy))


def test_in_appconfig_the_deployed_version_counts(stage: Stage) -> None:
    place = HostedConfiguration(stage.aws, "netreflex")
    place.deploy(_FIRST)
    with going_by(stage, place.source):
        assert read(stage, place.source) == Reading(policy_hash(_FIRST))
        place.deploy(_BROKEN)
        broken = read(stage, place.source)
        assert (broken.in_force, broken.told) == (policy_hash(_FIRST), [("firing", "error")])
        assert "acounts" in broken.fault
        assert "It is read again within a minute." in broken.remedy
        again = read(stage, place.source)
        assert again == Reading(policy_hash(_FIRST), broken.fault), "people are told once"
        place.deploy(_SECOND)
        assert swept(stage, place.source) == Reading(policy_hash(_SECOND), told=[("resolved", "error")])


def test_in_s3_the_newest_version_counts_or_the_one_that_is_named(stage: Stage) -> None:
    place = Object(stage)
    good, broken = place.put(_FIRST), place.put(_BROKEN)
    with going_by(stage, place.source):
        assert read(stage, f"{place.source}?versionId={good}") == Reading(policy_hash(_FIRST)), "whatever is newer"
        named = read(stage, f"{place.source}?versionId={broken}")
        assert (named.in_force, named.told) == (policy_hash(_FIRST), [("firing", "error")])
        assert f"names version {broken} of it, which never changes" in named.remedy
        place.put(_SECOND)
        assert swept(stage, place.source) == Reading(policy_hash(_SECOND), told=[("resolved", "error")])
