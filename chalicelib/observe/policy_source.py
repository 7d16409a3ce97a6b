"""Where the policy's text comes from: a file of the bundle, SSM, S3 or AppConfig. Reading it decides nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.model.errors import HOME, ConfigurationError
from chalicelib.model.state import LAST_GOOD_KEY, POLICY_KEY
from chalicelib.observe.policy_appconfig import AppConfigReader, Configuration
from chalicelib.sessions import translated

_S3 = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^?]+)(?:\?versionId=(?P<version>[^&]+))?", re.ASCII
)
_APPCONFIG = re.compile(r"appconfig:(?P<app>[^/]+)/(?P<env>[^/]+)/(?P<profile>[^/]+)", re.ASCII)


def read_policy_text(
    source: str, home: Callable[[str], Any], root: Path, appconfig: AppConfigReader | None = None
) -> str:
    """The text at ``source``.

    That is a path (relative ones from ``root``), ``ssm:/name`` (``ssm:/name:3`` for its third version),
    ``s3://bucket/key`` (``…?versionId=…`` for one version of it) or ``appconfig:app/env/profile``, for which
    whoever reads more than once keeps one ``appconfig``.
    Raises ConfigurationError where there is no text to read there.
    """
    if source.startswith("ssm:"):
        with translated(HOME, "ssm:GetParameter"):
            answer = home("ssm").get_parameter(Name=source.removeprefix("ssm:"), WithDecryption=True)
        return str(answer["Parameter"]["Value"])
    if found := _S3.fullmatch(source):
        one = {"VersionId": found["version"]} if found["version"] else {}
        with translated(HOME, "s3:GetObjectVersion" if one else "s3:GetObject"):
            body = home("s3").get_object(Bucket=found["bucket"], Key=found["key"], **one)["Body"].read()
        return _text(source, body)
    if found := _APPCONFIG.fullmatch(source):
        wanted = Configuration(application=found["app"], environment=found["env"], profile=found["profile"])
        return _text(source, (appconfig or AppConfigReader()).read(home("appconfigdata"), wanted))
    path = root / source
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = type(error).__name__
        raise ConfigurationError(
            f"NETREFLEX_POLICY names {source!r}, which cannot be read as a file ({problem}): give a path from the root "
            "of the bundle, ssm:/name, s3://bucket/key or appconfig:app/env/profile"
        ) from None


def _text(source: str, body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ConfigurationError(f"what lies at {source} is not text in UTF-8") from None


def read_last_good(client: Any, table: str) -> str | None:  # noqa: ANN401
    """The text of the last policy without a fault, out of the state table; None where none was kept."""
    with translated(HOME, "dynamodb:GetItem"):
        answer = client.get_item(
            TableName=table, Key={"pk": {"S": POLICY_KEY}, "sk": {"S": LAST_GOOD_KEY}}, ConsistentRead=True
        )
    return str(answer["Item"]["text"]["S"]) if "Item" in answer else None
