"""AppConfig's side of reading a configuration, as its API reference has it: tokens that are good once, for a day, and not too early."""

# ruff: noqa: N803 - the API's own names

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

DAY = 24 * 60 * 60
_DEFAULT_INTERVAL = 60


@dataclass(frozen=True)
class _Session:
    interval: int
    asked_at: float = -DAY
    has: int = 0


@dataclass
class FakeAppConfig:
    """One configuration. ``seconds`` is AWS's clock; ``interval``, where it is set, is what AWS asks for in place of what was wished."""

    seconds: Callable[[], float]
    versions: list[bytes] = field(default_factory=list)
    interval: int | None = None
    billed: int = 0
    """How many texts were received."""
    _tokens: dict[str, tuple[float, _Session]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def start_configuration_session(
        self,
        *,
        ApplicationIdentifier: str,
        EnvironmentIdentifier: str,
        ConfigurationProfileIdentifier: str,
        RequiredMinimumPollIntervalInSeconds: int = _DEFAULT_INTERVAL,
    ) -> dict[str, Any]:
        named = (ApplicationIdentifier, EnvironmentIdentifier, ConfigurationProfileIdentifier)
        if named != ("net", "prod", "policy"):
            raise _error("StartConfigurationSession", "ResourceNotFoundException", f"{named} is not there")
        assert 15 <= RequiredMinimumPollIntervalInSeconds <= DAY
        return {"InitialConfigurationToken": self._token(_Session(RequiredMinimumPollIntervalInSeconds))}

    def get_latest_configuration(self, *, ConfigurationToken: str) -> dict[str, Any]:
        made_at, session = self._tokens.pop(ConfigurationToken, (None, None))
        if made_at is None or session is None:
            raise _bad_token("Corrupted")
        now = self.seconds()
        if now - made_at > DAY:
            raise _bad_token("Expired")
        interval = self.interval or session.interval
        if now - session.asked_at < interval:
            raise _bad_token("PollIntervalNotSatisfied")
        newest = len(self.versions)
        text = self.versions[-1] if session.has != newest else b""
        self.billed += bool(text)
        return {
            "NextPollConfigurationToken": self._token(replace(session, asked_at=now, has=newest)),
            "NextPollIntervalInSeconds": interval,
            "ContentType": "application/x-yaml",
            "Configuration": io.BytesIO(text),
        }

    def _token(self, session: _Session) -> str:
        token = f"token-{next(self._numbers)}"
        self._tokens[token] = (self.seconds(), session)
        return token


def _bad_token(problem: str) -> ClientError:
    return _error("GetLatestConfiguration", "BadRequestException", f"ConfigurationToken: {problem}")


def _error(operation: str, code: str, message: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}},  # type: ignore[typeddict-item]
        operation,
    )
