"""The token and the webhook's address: read by name, renewed when refused, and never seen anywhere else."""

# ruff: noqa: ANN401 - the requests and answers of AWS and Slack are JSON

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.alerts.deliver import Delivery
from chalicelib.alerts.secret import BotSecret, SecretReader
from chalicelib.alerts.sinks import Message, SinkFault
from chalicelib.alerts.slack import opener
from chalicelib.model.errors import ConfigurationError, RetryLater
from tests.alerts import samples
from tests.alerts.figures import figure
from tests.alerts.world import World
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack

CANARY = "canary"


class Secrets:
    """Secrets Manager and Parameter Store in one: a text by name."""

    def __init__(self, text: str) -> None:
        self.text, self.reads = text, 0

    def get_secret_value(self, **request: Any) -> dict[str, str]:
        assert request["SecretId"] == "netreflex/slack"
        self.reads += 1
        return {"SecretString": self.text}

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        assert request == {"Name": "/netreflex/slack", "WithDecryption": True}
        self.reads += 1
        return {"Parameter": {"Value": self.text}}


def bot(token: str = TOKEN) -> str:
    return json.dumps({"bot_token": token, "channel": CHANNEL})


def with_secret(world: World, reader: SecretReader) -> Delivery:
    """A delivery that makes its sink from the secret, as the deployed one does."""
    delivery = world.delivery()
    return replace(delivery, around=replace(delivery.around, open_sink=opener(reader, world.slack.base_url)))


@pytest.mark.parametrize("name", ["netreflex/slack", "ssm:/netreflex/slack", "/netreflex/slack"])
def test_the_secret_is_read_by_name_and_kept(name: str) -> None:
    secrets = Secrets(bot())
    reader = SecretReader(name, secrets=secrets, ssm=secrets)

    assert [reader.read(), reader.read()] == [BotSecret(bot_token=TOKEN, channel=CHANNEL)] * 2
    assert secrets.reads == 1
    assert CANARY not in repr(reader.read())


@pytest.mark.parametrize("text", ["canary no json", '{"bot_token": "canary"}', "[]", '{"webhook_url": "canary"}'])
def test_a_malformed_secret_is_named_and_not_quoted(text: str) -> None:
    reader = SecretReader("netreflex/slack", secrets=Secrets(text))

    with pytest.raises(ConfigurationError, match="netreflex/slack must be JSON") as failure:
        reader.read()
    assert CANARY not in "".join(traceback.format_exception(failure.value))


def test_a_renewed_token_is_read_again_at_once(world: World) -> None:
    """invalid_auth: the secret is read afresh, and the same delivery goes on with it."""
    secrets = Secrets(bot("xoxb-canary-old"))
    reader = SecretReader("netreflex/slack", secrets=secrets)
    reader.read()
    secrets.text = bot()
    world.tell(samples.vpn_degraded())

    with_secret(world, reader).notify(world.sns.queue[0].body)

    assert (len(world.slack.messages), secrets.reads, world.sns.inbox) == (1, 2, [])


def test_an_unreadable_secret_is_told_to_people(world: World) -> None:
    world.tell(samples.vpn_degraded())

    with_secret(world, SecretReader("netreflex/slack", secrets=Secrets("broken"))).notify(world.sns.queue[0].body)

    [mail] = world.sns.inbox
    assert mail["Subject"] == "netreflex cannot deliver alerts: secret_unreadable"
    assert "NETREFLEX_SLACK_SECRET" in mail["Message"]
    assert "VPN hq-dc1: 1 of 2 tunnels down" in mail["Message"]


@pytest.mark.parametrize("service", ["secretsmanager", "ssm"])
def test_the_sdk_itself_logs_no_secret(
    service: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At DEBUG botocore writes answers into the log: not while the secret is read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload]
        if service == "ssm":
            client.put_parameter(Name="/netreflex/slack", Value=bot(), Type="SecureString")
        else:
            client.create_secret(Name="netreflex/slack", SecretString=bot())
        caplog.set_level(logging.DEBUG)
        prefix = "/" if service == "ssm" else ""
        found = SecretReader(f"{prefix}netreflex/slack", secrets=client, ssm=client).read()

    assert found == BotSecret(bot_token=TOKEN, channel=CHANNEL)
    assert CANARY not in str([str(record.__dict__) + record.getMessage() for record in caplog.records])


TROUBLES: dict[str, Callable[[LocalSlack], None]] = {
    "none": lambda _: None,
    "down": lambda slack: setattr(slack, "down", True),
    "throttled": lambda slack: setattr(slack, "interval", 60.0),
    "lost": lambda slack: setattr(slack, "lose_answers", 1),
    "failing": lambda slack: setattr(slack, "fail", 1),
    "archived": lambda slack: setattr(slack, "error", "is_archived"),
    "revoked": lambda slack: setattr(slack, "error", "token_revoked"),
    "blocks": lambda slack: setattr(slack, "refuse_blocks", True),
    "gone": lambda slack: setattr(slack, "url", "http://127.0.0.1:1"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("kind", ["bot", "webhook"])
def test_no_secret_is_seen_anywhere(world: World, kind: str, trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    """Everything at DEBUG, through every kind of trouble: logs, table, topics and exceptions hold no canary."""
    caplog.set_level(logging.DEBUG)
    TROUBLES[trouble](world.slack)
    text = bot() if kind == "bot" else json.dumps({"webhook_url": world.slack.webhook_url})
    reader = SecretReader("netreflex/slack", secrets=Secrets(text))
    raised: list[str] = []
    for name in ("a", "b"):
        world.tell(samples.alert(subject_id=name))
        try:
            with_secret(world, reader).notify(world.sns.queue[-1].body)
        except RetryLater as later:
            raised += traceback.format_exception(later)
    try:
        sink = with_secret(world, reader).around.open_sink(False)  # noqa: FBT003 - as Surroundings calls it
        sink.update("0.0", Message(key="k", version=1, text="t"))
    except SinkFault as fault:
        raised += traceback.format_exception(fault)

    logged = [record.getMessage() + str(record.__dict__) for record in caplog.records]
    places = {"logs": str(logged), "table": str(world.client.items), "topic": str(world.sns.published)}
    places |= {"mail": str(world.sns.inbox), "exceptions": str(raised)}
    hits = {place: content.count(CANARY) for place, content in places.items()}
    figure(f"{kind}, {trouble}: {len(caplog.records)} log records, hits {hits}")
    assert sum(hits.values()) == 0
    assert caplog.records
