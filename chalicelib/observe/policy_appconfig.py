"""The policy out of AppConfig: one session for as long as the container lives, asked no more often than AWS allows.

Each answer brings the token of the next question, and a text only where it is another one than this session already has.
A session for each reading would be simpler, and wrong twice. AWS bills each text that is received ($0.0008) four thousand
times as high as a question ($0.0000002). And a gradual deployment reaches a part of the sessions first: a container that
draws its lot every minute would go back and forth between two policies.

Sources: AppConfig API reference, StartConfigurationSession and GetLatestConfiguration; AppConfig pricing; AppConfig user
guide, "Working with deployment strategies".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.model.errors import HOME, ConfigurationError
from chalicelib.sessions import error_code, translated

_ASK_AFTER = 30  # seconds between two questions that we ask AWS to allow: its own default is not documented


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration by the names, or ids, that AppConfig has for it."""

    application: str
    environment: str
    profile: str


@dataclass(frozen=True, slots=True)
class _Session:
    """What the last answer left: the token of the next question, when that may be asked, and the newest text."""

    token: str
    not_before: float
    text: bytes


class AppConfigReader:
    """Reads configurations, each in a session of its own. ``seconds`` is a clock that only goes forward."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._open: dict[Configuration, _Session] = {}

    def read(self, client: Any, wanted: Configuration) -> bytes:  # noqa: ANN401
        """The newest text that AppConfig has for us.

        Raises NetreflexError where there is none, or where it may not be read.
        """
        with self._lock:  # a token is good for one question, and places are read side by side
            # What breaks off may have used the token up: the next reading begins anew.
            session = self._open.pop(wanted, None)
            if session is None or self._seconds() >= session.not_before:
                session = _asked(client, wanted, session, self._seconds)
            if session.token:
                self._open[wanted] = session
            return session.text


def _asked(
    client: Any,  # noqa: ANN401
    wanted: Configuration,
    session: _Session | None,
    seconds: Callable[[], float],
) -> _Session:
    with translated(HOME, "appconfig:GetLatestConfiguration"):
        if session is not None:
            try:
                return _answer(client, session.token, session.text, seconds)
            except ClientError as error:
                # The token is older than 24 hours, or used because an answer was lost, or early by AWS's clock.
                if error_code(error) != "BadRequestException":
                    raise
        fresh = _answer(client, _first_token(client, wanted), b"", seconds)
    if not fresh.text:
        place = f"{wanted.application}/{wanted.environment}/{wanted.profile}"
        raise ConfigurationError(f"AppConfig has no text for {place}: deploy a version of it there")
    return fresh


def _first_token(client: Any, wanted: Configuration) -> str:  # noqa: ANN401
    with translated(HOME, "appconfig:StartConfigurationSession"):
        opened = client.start_configuration_session(
            ApplicationIdentifier=wanted.application,
            EnvironmentIdentifier=wanted.environment,
            ConfigurationProfileIdentifier=wanted.profile,
            RequiredMinimumPollIntervalInSeconds=_ASK_AFTER,
        )
    return str(opened["InitialConfigurationToken"])


def _answer(client: Any, token: str, known: bytes, seconds: Callable[[], float]) -> _Session:  # noqa: ANN401
    answer = client.get_latest_configuration(ConfigurationToken=token)
    text = bytes(answer["Configuration"].read()) or known  # empty: this session has the newest already
    wait = float(answer.get("NextPollIntervalInSeconds", _ASK_AFTER))
    return _Session(str(answer.get("NextPollConfigurationToken", "")), seconds() + wait, text)
