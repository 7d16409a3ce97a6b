"""No secret reaches a log: planted in messages, arguments, extras, exceptions and answers of AWS, at DEBUG, none comes out."""

from __future__ import annotations

import html
import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.logs import PACKAGE, REDACTED, make_logger, redacted
from chalicelib.model.errors import AwsFailure
from tests.aws import strict_moto  # noqa: F401 - moto gives VPN connections their configuration

PSK = "Canary.PreSharedKey_9f3"
BOT = "xoxb-12345678901-canaryBotToken"
APP = "xapp-1-A012345-canaryAppToken"
HOOK = "https://hooks.slack.com/services/T000/B000/canaryWebhook"
GOV = "https://hooks.slack-gov.com/services/T000/B000/canaryWebhook"
SESSION = "IQoJb3JpZ2luX2VjECanaryOfSts=="
XML = (
    '<?xml version="1.0"?><vpn_connection id="vpn-0a"><ipsec_tunnel><ike>'
    f"<pre_shared_key>{PSK}</pre_shared_key></ike></ipsec_tunnel></vpn_connection>"
)
CANARIES = (PSK, BOT, APP, "canaryWebhook", SESSION)


class Log:
    """The logger under test, writing JSON lines into memory."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.logger = make_logger(f"test-{uuid.uuid4()}")
        self.logger.setLevel(logging.DEBUG)
        (handler,) = self.logger.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def line(self) -> dict[str, Any]:
        return dict(json.loads(self.text.splitlines()[-1]))


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """A logger made here is no longer that of the package when the test is over: other tests read what that writes."""
    package = logging.getLogger(PACKAGE)
    handlers, level = list(package.handlers), package.level
    yield
    package.handlers = handlers
    package.setLevel(level)


@pytest.fixture
def log() -> Log:
    return Log()


@dataclass(frozen=True)
class Tunnel:
    """A value whose representation shows everything it has."""

    address: str
    pre_shared_key: str = field(default=PSK)


DESCRIBED = {
    "VpnConnections": [
        {
            "VpnConnectionId": "vpn-0a",
            "CustomerGatewayConfiguration": XML,
            "Options": {"TunnelOptions": [{"OutsideIpAddress": "203.0.113.1", "PreSharedKey": PSK}]},
        }
    ]
}
CREDENTIALS = {"AccessKeyId": "ASIA", "SecretAccessKey": f"key{SESSION}", "SessionToken": SESSION}
SECRET = {"SecretString": json.dumps({"bot_token": BOT, "channel": "C1"})}


def raise_with(text: str) -> Callable[[logging.Logger], None]:
    def raising(logger: logging.Logger) -> None:
        def fail() -> None:
            try:
                int(text)
            except ValueError as inner:
                raise AwsFailure(account="1", operation="ec2:X", code="Bad", message=text) from inner

        try:
            fail()
        except AwsFailure:
            logger.exception("it broke: %s", text)

    return raising


LEAKS: dict[str, Callable[[logging.Logger], None]] = {
    "the XML in a message": lambda logger: logger.debug(f"got {XML}"),  # noqa: G004
    "the XML over several lines": lambda logger: logger.debug(XML.replace("><", ">\n  <")),
    "a token in a message": lambda logger: logger.info(f"with {BOT} and {APP}"),  # noqa: G004
    "a webhook as an argument": lambda logger: logger.warning("posting to %s", HOOK),
    "a webhook of GovCloud": lambda logger: logger.warning("posting to %s", GOV),
    "an answer as an argument": lambda logger: logger.debug("answer %s", DESCRIBED),
    "an answer in JSON as an argument": lambda logger: logger.debug("answer %s", json.dumps(DESCRIBED)),
    "an answer nested in extra": lambda logger: logger.info("answer", extra={"deep": [{"er": (DESCRIBED,)}]}),
    "credentials in extra": lambda logger: logger.info("assumed", extra={"credentials": CREDENTIALS}),
    "credentials in a message": lambda logger: logger.debug("assumed %s", CREDENTIALS),
    "a secret in extra": lambda logger: logger.info("secret", extra={"answer": SECRET}),
    "a secret in JSON in a message": lambda logger: logger.info("secret %s", json.dumps(SECRET)),
    "a value's representation in extra": lambda logger: logger.info("tunnel", extra={"tunnel": Tunnel("203.0.113.1")}),
    "a value's representation in a message": lambda logger: logger.info("tunnel %s", Tunnel("203.0.113.1")),
    "an authorization header": lambda logger: logger.debug(
        "sent", extra={"headers": {"Authorization": f"Bearer {BOT}"}}
    ),
    "an authorization header in a message": lambda logger: logger.debug(
        "headers %s", {"Authorization": f"Bearer {SESSION}"}
    ),
    "an exception with a token": raise_with(f"Slack refused {BOT}"),
    "an exception with the XML": raise_with(f"cannot parse {XML}"),
    "an exception with a webhook": raise_with(f"POST {HOOK} failed"),
    "an exception with an answer": raise_with(str(DESCRIBED)),
    "the XML cut short": lambda logger: logger.debug(XML[: XML.index(PSK) + len(PSK)]),
    "the key's element cut short": lambda logger: logger.debug(f"<ike><pre_shared_key>{PSK}"),  # noqa: G004
    "the key as EC2 sends it": lambda logger: logger.debug(f"<item><preSharedKey>{PSK}</preSharedKey>"),  # noqa: G004
    "the configuration as EC2 sends it": lambda logger: logger.debug(
        f"<customerGatewayConfiguration>{html.escape(XML)}"  # noqa: G004
    ),
    "the XML escaped": lambda logger: logger.debug(XML.replace("<", "&lt;").replace(">", "&gt;")),
    "an answer cut short": lambda logger: logger.debug(str(DESCRIBED["VpnConnections"][0]["Options"])[:-6]),
    "a hyphenated key": lambda logger: logger.debug("tunnel", extra={"pre-shared-key": PSK}),
    "bytes": lambda logger: logger.info("body", extra={"body": XML.encode()}),
    "a key of a mapping": lambda logger: logger.info("urls", extra={"urls": {HOOK: 1}}),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_secret_does_not_come_out(log: Log, leak: str) -> None:
    LEAKS[leak](log.logger)  # type: ignore[arg-type]
    assert log.text
    assert json.loads(log.text)
    assert [canary for canary in CANARIES if canary in log.text] == []
    assert REDACTED in log.text


def test_every_line_stays_json_with_what_is_harmless(log: Log) -> None:
    log.logger.info("peering.settled", extra={"peering_id": "pcx-0a", "report": {"unchanged": 3, "alerts": ["f00"]}})
    line = log.line()
    assert (line["message"], line["peering_id"]) == ("peering.settled", "pcx-0a")
    assert line["report"] == {"unchanged": 3, "alerts": ["f00"]}


def test_a_traceback_is_kept_without_its_secret(log: Log) -> None:
    raise_with(f"refused {BOT}")(log.logger)  # type: ignore[arg-type]
    line = log.line()
    assert line["exception_name"] == "AwsFailure"
    assert "base 10: 'refused [redacted]'" in line["exception"]


@pytest.fixture
def root_at_debug() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_at_debug_the_sdk_logs_no_answer_of_aws(root_at_debug: io.StringIO) -> None:
    """At DEBUG botocore writes whole answers past our formatter, so it is held at INFO."""
    make_logger()
    with mock_aws():
        ec2 = boto3.client("ec2", "eu-west-1")
        gateway = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="203.0.113.9", BgpAsn=65000)
        vpn_gateway = ec2.create_vpn_gateway(Type="ipsec.1")
        made = ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=gateway["CustomerGateway"]["CustomerGatewayId"],
            VpnGatewayId=vpn_gateway["VpnGateway"]["VpnGatewayId"],
        )["VpnConnection"]
        ec2.describe_vpn_connections(VpnConnectionIds=[made["VpnConnectionId"]])
    assert "pre_shared_key" in made["CustomerGatewayConfiguration"]
    assert "pre_shared_key" not in root_at_debug.getvalue()


@pytest.mark.parametrize("harmless", ["", "token bucket", "a token: none", "rtb-0a", 3, None, True, 1.5])
def test_what_is_harmless_stays_as_it_is(harmless: object) -> None:
    assert redacted(harmless) == harmless


def test_what_a_module_of_the_package_logs_goes_out_through_the_redacting_handler(log: Log) -> None:
    logging.getLogger("chalicelib.alerts.road").warning("alert.unpublished", extra={"hook": HOOK})
    line = log.line()
    assert (line["message"], line["hook"], line["level"]) == ("alert.unpublished", REDACTED, "WARNING")


def test_a_handler_that_is_not_ours_writes_no_secret_and_no_line_twice(root_at_debug: io.StringIO) -> None:
    """Lambda puts a handler of its own on the root logger before our code is loaded."""
    make_logger()
    logging.getLogger("chalicelib.flows.peering").warning("ours")
    logging.getLogger("slack_sdk.web").warning("calling %s with %s", HOOK, BOT)
    raise_with(f"refused {BOT}")(logging.getLogger("urllib3"))
    assert "ours" not in root_at_debug.getvalue()
    assert "calling [redacted] with [redacted]" in root_at_debug.getvalue()
    assert "refused [redacted]" in root_at_debug.getvalue()
    assert [canary for canary in CANARIES if canary in root_at_debug.getvalue()] == []
