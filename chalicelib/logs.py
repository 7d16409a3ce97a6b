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
        "customergatewayconfiguration",
        "bottoken",
        "token",
        "webhookurl",
        "authorization",
        "secretaccesskey",
        "sessiontoken",
        "secretstring",
        "secretbinary",
    }
)
# A sensitive name and its value, as in JSON, JSON within JSON, a representation of Python's, or ``name=value``. A closing
# tag or quote may be missing, because somebody cut the text short.
_NAMED = (
    r"(?i:(?:pre[-_]?shared[-_]?key|customer_?gateway_?configuration|bot_?token|webhook_?url|session_?token"
    r"|secret_?access_?key|secret_?string|authorization)\\*[\"']?\s*[:=]\s*)"
    r"(?:\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|\\+\"(?:(?!\\+\").)*|(?:Bearer\s+|Basic\s+)?[^\s\"',}]+)"
)
_SENSITIVE_SHAPES = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{6,}"
    r"|xapp-[A-Za-z0-9-]{6,}"
    r"|https?://hooks\.slack(?:-gov)?\.com/[^\s\"'<>]+"
    r"|<vpn_connection\b.*?(?:</vpn_connection>|\Z)"
    r"|(?:<|&lt;)pre_?(?:s|S)hared_?(?:k|K)ey(?:>|&gt;)[^<&]*"  # in the device's XML, and as EC2 sends it
    r"|<customerGatewayConfiguration>.*?(?:</customerGatewayConfiguration>|\Z)"
    r"|" + _NAMED,
    re.DOTALL,
)
PACKAGE = "chalicelib"
_CHATTY = ("botocore", "boto3", "urllib3", "s3transfer", "slack_sdk")


def redacted(value: Any) -> Any:  # noqa: ANN401 - whatever a log record carries
    """The same value without anything that is or looks like a secret."""
    if isinstance(value, str):
        return _SENSITIVE_SHAPES.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {redacted(key): REDACTED if _is_sensitive(key) else redacted(content) for key, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    if isinstance(value, int | float | bool | None):
        return value
    return redacted(str(value))


def _is_sensitive(key: object) -> bool:
    return str(key).lower().replace("_", "").replace("-", "") in _SENSITIVE_KEYS


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Cuts secrets out right before a record becomes text, so that no path around it exists."""

    def serialize(self, log: Any) -> str:  # noqa: ANN401 - as in the class it extends
        return super().serialize(redacted(dict(log)))


class RedactingFilter(logging.Filter):
    """The same for handlers that are not ours, such as Lambda's own on the root logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return not record.name.startswith(f"{PACKAGE}.")  # these went out through our own handler


def make_logger(service: str = "netreflex") -> Logger:
    """The one logger of the process; what the package's modules log goes out through it as well."""
    quiet_libraries()
    logger = Logger(service=service, logger_formatter=RedactingFormatter(), utc=True)
    package = logging.getLogger(PACKAGE)
    package.handlers = list(logger.handlers)
    package.setLevel(logger.log_level)
    for handler in logging.getLogger().handlers:
        handler.filters = [one for one in handler.filters if not isinstance(one, RedactingFilter)]
        handler.addFilter(RedactingFilter())
    return logger


def quiet_libraries() -> None:
    """Hold libraries that log whole requests and answers at INFO, whatever the root logger says."""
    for name in _CHATTY:
        library = logging.getLogger(name)
        library.setLevel(max(library.level, logging.INFO))
