"""The environment, read once and nowhere else, as frozen values; every fault is reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.model.errors import ConfigurationError

_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:([0-9]{12}):[A-Za-z0-9_.-]{1,256}", re.ASCII)
_ROLE_NAME = re.compile(r"[A-Za-z0-9_+=,.@/-]{1,512}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}", re.ASCII)  # IAM: sts:ExternalId
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
_POLICY_FORMS = {
    "ssm:": re.compile(r"ssm:[A-Za-z0-9_./:-]{1,2048}", re.ASCII),
    "s3:": re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^?]+(\?versionId=[^&]+)?", re.ASCII),
    "appconfig:": re.compile(r"appconfig:[^/]+/[^/]+/[^/]+"),
}
_PREFIX = "NETREFLEX_"
_KNOWN = (
    "NETREFLEX_POLICY",
    "NETREFLEX_MODE",
    "NETREFLEX_STATE_TABLE",
    "NETREFLEX_ALERTS_TOPIC_ARN",
    "NETREFLEX_SLACK_SECRET",
    "NETREFLEX_SLACK_API",
    "NETREFLEX_MEMBER_ROLE",
    "NETREFLEX_EXTERNAL_ID",
)
_SECRETS_THEMSELVES = ("xox", "{", "http")  # a token, the JSON around it, a webhook
DEFAULT_POLICY = "chalicelib/policy.yaml"


class Mode(StrEnum):
    """``observe`` plans and tells, and changes nothing."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the deployment decides; what people allow is in the policy file instead."""

    policy: str = DEFAULT_POLICY
    mode: Mode = Mode.ENFORCE
    state_table: str | None = None
    alerts_topic_arn: str | None = None
    slack_secret: str | None = None
    slack_api: str | None = None
    member_role: str | None = None
    external_id: str | None = None
    function: str | None = None
    """The name of the function that this is; None outside Lambda."""

    @property
    def prefix(self) -> str:
        """What the names of this installation's queues and topics begin with, as its alerts topic is named."""
        name = (self.alerts_topic_arn or "").rpartition(":")[2]
        return name.removesuffix("alerts") if name.endswith("-alerts") else "netreflex-dev-"

    @property
    def fallback_topic_arn(self) -> str | None:
        """The second topic, named beside the first: ``…-alerts`` and ``…-fallback``; None where there is no first."""
        arn = self.alerts_topic_arn or ""
        return arn.removesuffix("alerts") + "fallback" if arn.endswith("-alerts") else None

    @property
    def home_account(self) -> str | None:
        """The account netreflex runs in, which the topic's ARN tells without a call."""
        found = _TOPIC_ARN.fullmatch(self.alerts_topic_arn or "")
        return found.group(1) if found else None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; raises ConfigurationError that names every fault and what would be right."""
    given = {key: value.strip() for key, value in environment.items() if key.startswith(_PREFIX)}
    faults = [*_faults(given)]
    if faults:
        raise ConfigurationError("settings are wrong: " + "; ".join(faults))
    return Settings(
        policy=given.get("NETREFLEX_POLICY") or DEFAULT_POLICY,
        mode=Mode(given.get("NETREFLEX_MODE") or Mode.ENFORCE),
        state_table=given.get("NETREFLEX_STATE_TABLE") or None,
        alerts_topic_arn=given.get("NETREFLEX_ALERTS_TOPIC_ARN") or None,
        slack_secret=given.get("NETREFLEX_SLACK_SECRET") or None,
        slack_api=given.get("NETREFLEX_SLACK_API") or None,
        member_role=given.get("NETREFLEX_MEMBER_ROLE") or None,
        external_id=given.get("NETREFLEX_EXTERNAL_ID") or None,
        function=environment.get("AWS_LAMBDA_FUNCTION_NAME") or None,
    )


def _faults(given: Mapping[str, str]) -> list[str]:
    """Every variable that cannot be used. Values are not repeated: one of them may have been pasted from a secret."""
    faults = [
        f"{name} is no setting of netreflex{_meant(name)}"
        for name, value in given.items()
        if value and name not in _KNOWN
    ]
    mode = given.get("NETREFLEX_MODE")
    if mode and mode not in set(Mode):
        faults.append("NETREFLEX_MODE must be `enforce` or `observe`")
    for name, pattern, what in (
        (
            "NETREFLEX_ALERTS_TOPIC_ARN",
            _TOPIC_ARN,
            "the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:111122223333:alerts",
        ),
        ("NETREFLEX_MEMBER_ROLE", _ROLE_NAME, "the name of a role (not its ARN), such as netreflex-prod-member"),
        ("NETREFLEX_EXTERNAL_ID", _EXTERNAL_ID, "2 to 1224 characters of A-Z a-z 0-9 _+=,.@:/-"),
        ("NETREFLEX_STATE_TABLE", _TABLE_NAME, "the name of a DynamoDB table"),
    ):
        value = given.get(name)
        if value and not pattern.fullmatch(value):
            faults.append(f"{name} must be {what}")
    if given.get("NETREFLEX_MEMBER_ROLE", "").startswith("arn:"):
        faults.append("NETREFLEX_MEMBER_ROLE must be the role's name; netreflex builds the ARN for each account itself")
    policy = given.get("NETREFLEX_POLICY", "")
    if any(policy.startswith(form) and not whole.fullmatch(policy) for form, whole in _POLICY_FORMS.items()):
        faults.append(
            "NETREFLEX_POLICY must be a path, ssm:/name, s3://bucket/key, s3://bucket/key?versionId=version or "
            "appconfig:app/env/profile"
        )
    if given.get("NETREFLEX_SLACK_SECRET", "").startswith(_SECRETS_THEMSELVES):
        faults.append(
            "NETREFLEX_SLACK_SECRET must be the name of a secret, never the secret itself; and change that one"
        )
    api = given.get("NETREFLEX_SLACK_API")
    if api and not api.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        faults.append("NETREFLEX_SLACK_API must be an https URL (http only on loopback, for tests)")
    return faults


def _meant(name: str) -> str:
    """A setting under a wrong name would be as good as none: who meant to observe would enforce."""
    from difflib import get_close_matches  # only where there is such a name

    words = [known.removeprefix(_PREFIX) for known in _KNOWN]
    near = get_close_matches(name.removeprefix(_PREFIX), words, n=1)
    return f": {_PREFIX}{near[0]} is meant" if near else f"; there are {', '.join(_KNOWN)}"
