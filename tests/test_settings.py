"""The environment: read once, every fault at once, and no value repeated, because one may be a secret pasted wrongly."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, cast

import pytest

from chalicelib.model.errors import ConfigurationError
from chalicelib.settings import DEFAULT_POLICY, Mode, Settings, read_settings

TOPIC = "arn:aws:sns:eu-west-1:123456789012:netreflex-dev-alerts"
CANARY = "xoxb-1234567890-canary"
WRONG = {
    "NETREFLEX_MODE": CANARY,
    "NETREFLEX_ALERTS_TOPIC_ARN": CANARY,
    "NETREFLEX_MEMBER_ROLE": f"{CANARY} with blanks",
    "NETREFLEX_EXTERNAL_ID": f"{CANARY} with blanks",
    "NETREFLEX_STATE_TABLE": f"{CANARY}!",
    "NETREFLEX_SLACK_API": f"ftp://{CANARY}",
    "NETREFLEX_POLICY": f"s3:/{CANARY}",
    "NETREFLEX_SLACK_SECRET": CANARY,
}


def test_an_empty_environment_enforces_the_bundled_policy() -> None:
    assert read_settings({}) == Settings(policy=DEFAULT_POLICY, mode=Mode.ENFORCE)


def test_empty_values_are_the_same_as_none() -> None:
    assert read_settings(dict.fromkeys(WRONG, "  ")) == read_settings({})


def test_every_variable_is_read() -> None:
    settings = read_settings(
        {
            "NETREFLEX_POLICY": "ssm:/netreflex/policy",
            "NETREFLEX_MODE": "observe",
            "NETREFLEX_STATE_TABLE": "netreflex-dev-state",
            "NETREFLEX_ALERTS_TOPIC_ARN": TOPIC,
            "NETREFLEX_SLACK_SECRET": "netreflex/slack",
            "NETREFLEX_SLACK_API": "https://slack.com/api/",
            "NETREFLEX_MEMBER_ROLE": "netreflex-dev-member",
            "NETREFLEX_EXTERNAL_ID": "a-long-random-word",
            "AWS_LAMBDA_FUNCTION_NAME": "netreflex-dev-peering",
            "HOME": "/root",
        }
    )
    assert settings.mode is Mode.OBSERVE
    assert settings.home_account == "123456789012"
    assert all(getattr(settings, one.name) for one in dataclasses.fields(settings))


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(WRONG)
    assert [name for name in WRONG if name not in str(caught.value)] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_names_its_variable_and_never_repeats_its_value(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        read_settings({name: WRONG[name]})
    assert CANARY not in str(caught.value)
    assert str(caught.value).count("NETREFLEX_") == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NETREFLEX_MODUS", "NETREFLEX_MODUS is no setting of netreflex: NETREFLEX_MODE is meant"),
        ("NETREFLEX_POLCY", "NETREFLEX_POLCY is no setting of netreflex: NETREFLEX_POLICY is meant"),
        ("NETREFLEX_XYZZY_PLUGH", "NETREFLEX_XYZZY_PLUGH is no setting of netreflex; there are NETREFLEX_POLICY, "),
    ],
)
def test_a_setting_under_a_wrong_name_is_a_fault(name: str, said: str) -> None:
    """Whoever meant to observe would enforce."""
    with pytest.raises(ConfigurationError, match=re.escape(said)) as caught:
        read_settings({name: CANARY})
    assert CANARY not in str(caught.value)
    assert read_settings({name: " "}) == read_settings({})


def test_the_arn_of_a_role_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(ConfigurationError, match="NETREFLEX_MEMBER_ROLE must be the name of a role"):
        read_settings({"NETREFLEX_MEMBER_ROLE": "arn:aws:iam::111122223333:role/member"})


@pytest.mark.parametrize("url", ["https://slack.com/api/", "http://127.0.0.1:8080/", "http://localhost:8080/api/"])
def test_slack_is_reached_by_https_or_on_loopback(url: str) -> None:
    assert read_settings({"NETREFLEX_SLACK_API": url}).slack_api == url


@pytest.mark.parametrize("url", ["http://slack.com/api/", "http://127.0.0.1.example.com/", "http://localhost.example/"])
def test_slack_is_not_reached_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NETREFLEX_SLACK_API"):
        read_settings({"NETREFLEX_SLACK_API": url})


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        cast("Any", read_settings({})).mode = Mode.OBSERVE


@pytest.mark.parametrize(
    "source",
    [
        "chalicelib/policy.yaml",
        "/absolute/policy.yaml",
        "ssm:/netreflex/policy",
        "ssm:netreflex-policy:3",
        "s3://netreflex-policies/prod/policy.yaml",
        "s3://netreflex-policies/policy.yaml?versionId=3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        "appconfig:net/prod/policy",
    ],
)
def test_a_policy_is_read_from_any_of_its_places(source: str) -> None:
    assert read_settings({"NETREFLEX_POLICY": source}).policy == source


@pytest.mark.parametrize(
    "source",
    ["ssm:", "ssm:a b", "s3://bucket", "s3://bucket/", "s3://Bucket/key", "s3://bucket/key?version=1", "appconfig:a/b"],
)
def test_a_place_that_cannot_be_is_told_at_import_and_not_at_the_first_event(source: str) -> None:
    with pytest.raises(ConfigurationError, match="NETREFLEX_POLICY must be a path, ssm:"):
        read_settings({"NETREFLEX_POLICY": source})


@pytest.mark.parametrize("secret", [CANARY, '{"bot_token": "x"}', "https://hooks.slack.com/services/T0/B0/x"])
def test_the_secret_itself_is_no_name_of_a_secret(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="NETREFLEX_SLACK_SECRET must be the name") as caught:
        read_settings({"NETREFLEX_SLACK_SECRET": secret})
    assert secret not in str(caught.value)
