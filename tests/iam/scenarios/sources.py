"""The policy from each place where it may be, read by a function's own start, with the last good one kept beside it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.wiring import Runtime
from demo.world import REGION
from tests.aws.answers import Answers, answer_with
from tests.iam.play import Play, Scenario
from tests.iam.scenarios.peerings import lab_of
from tests.lab import Lab

_TEXT = "version: 1"
_APPCONFIG: Answers = {
    ("appconfigdata", "StartConfigurationSession"): lambda: {"InitialConfigurationToken": "t0"},
    ("appconfigdata", "GetLatestConfiguration"): lambda: {"Configuration": io.BytesIO(_TEXT.encode())},
}


def _in_ssm(lab: Lab) -> str:
    lab.client("ssm").put_parameter(Name="/netreflex/policy", Value=_TEXT, Type="SecureString")
    return "ssm:/netreflex/policy"


def _in_s3(lab: Lab) -> str:
    where: Any = {"LocationConstraint": REGION}
    lab.client("s3").create_bucket(Bucket="netreflex-policies", CreateBucketConfiguration=where)
    lab.client("s3").put_object(Bucket="netreflex-policies", Key="policy.yaml", Body=_TEXT.encode())
    return "s3://netreflex-policies/policy.yaml"


def _in_s3_by_version(lab: Lab) -> str:
    where = _in_s3(lab)
    versions = lab.client("s3")
    versions.put_bucket_versioning(Bucket="netreflex-policies", VersioningConfiguration={"Status": "Enabled"})
    made = versions.put_object(Bucket="netreflex-policies", Key="policy.yaml", Body=_TEXT.encode())
    return f"{where}?versionId={made['VersionId']}"


def _in_appconfig(_: Lab) -> str:
    return "appconfig:netreflex/prod/policy"


def _begin(function: str, lab: Lab, source: str) -> str:
    """A function's start: the world of one run, or a delivery. Either tells people of a policy that is broken."""
    topic = lab.topic.replace("alerts", "amazon-q")  # so that no secret is needed to begin with
    runtime = Runtime(replace(lab.runtime.settings, policy=source, slack_secret=topic))
    answer_with(runtime.sessions._session, _APPCONFIG)
    if function == "notify":
        runtime.delivery("one")
    elif function != "dead_letters":  # which goes by no policy; its report names the one in force
        runtime.world()
    return f"{runtime.policy_in_report()}"


def _read(play: Play, *, put: Callable[[Lab], str]) -> None:
    with lab_of() as lab:
        play.settings["NETREFLEX_POLICY"] = source = put(lab)
        play.run(lab, partial(_begin, play.function, lab, source))


def _broken(play: Play) -> None:
    """The newest text is broken: the last good one is taken from the shelf, and people are told."""
    with lab_of() as lab:
        play.settings["NETREFLEX_POLICY"] = source = _in_ssm(lab)
        _begin(play.function, lab, source)
        lab.client("ssm").put_parameter(Name="/netreflex/policy", Value="version: two", Overwrite=True)
        play.run(lab, partial(_begin, play.function, lab, source))


SOURCES = (
    *(
        Scenario(f"policy {put.__name__.strip('_')}", partial(_read, put=put))
        for put in (_in_ssm, _in_s3, _in_s3_by_version, _in_appconfig)
    ),
    Scenario("policy broken", _broken),
)
