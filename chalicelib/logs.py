"""Structured logs into which no secret can come.

Pre-shared keys, VPN configurations, Slack tokens and webhooks are cut out of every record by key and by shape, at every
level. botocore and its like stay at INFO or above: at DEBUG they log whole answers of AWS (measured: the pre-shared keys of
DescribeVpnConnections among them).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

REDACTED = "[redacted]"
_SENSITIVE_KEYS = frozenset(
    {
        "presharedkey",
        "pre_shared_key",
        "customergatewayconfiguration",
        "customer_gateway_configuration",
        "bot_token",
        "token",
        "webhook_url",
        "authorization",
        "secretaccesskey",
        "sessiontoken",
        "secretstring",
        "secretbinary",
    }
)
_SENSITIVE_SHAPES = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{6,}"
    r"|xapp-[A-Za-z0-9-]{6,}"
    r"|https?://hooks\.slack(?:-gov)?\.com/[^\s\"'<>]+"
    r"|<pre_shared_key>.*?</pre_shared_key>"
    r"|<vpn_connection\b.*?</vpn_connection>"
    r"|(?i:\"?(?:pre_?shared_?key|bot_token|webhook_url|sessiontoken|secretaccesskey)\"?\s*[:=]\s*\"?)[^\s\"',}]+",
    re.DOTALL,
)
_CHATTY = ("botocore", "boto3", "urllib3", "s3transfer", "slack_sdk")


def redacted(value: Any) -> Any:  # noqa: ANN401 - whatever a log record carries
    """The same value without anything that is or looks like a secret."""
    if isinstance(value, str):
        return _SENSITIVE_SHAPES.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if str(key).lower() in _SENSITIVE_KEYS else redacted(content)
            for key, content in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    if isinstance(value, int | float | bool | None):
        return value
    return redacted(str(value))


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Cuts secrets out right before a record becomes text, so that no path around it exists."""

    def serialize(self, log: Any) -> str:  # noqa: ANN401 - as in the class it extends
        return super().serialize(redacted(dict(log)))


def make_logger(service: str = "netreflex") -> Logger:
    """The one logger of the process."""
    quiet_libraries()
    return Logger(service=service, logger_formatter=RedactingFormatter(), utc=True)


def quiet_libraries() -> None:
    """Hold libraries that log whole requests and answers at INFO, whatever the root logger says."""
    for name in _CHATTY:
        library = logging.getLogger(name)
        library.setLevel(max(library.level, logging.INFO))
