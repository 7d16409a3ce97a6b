"""The Slack secret, by name, through Powertools parameters: kept for five minutes, read afresh when Slack refuses it.

Names that start with ``ssm:`` or ``/`` are SecureStrings of Parameter Store, others secrets of Secrets Manager. The secret is JSON:
``{"bot_token": ..., "channel": ...}`` or ``{"webhook_url": ...}``. Nothing of it is ever printed, logged or put into an exception.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from chalicelib.model.errors import HOME, ConfigurationError, NetreflexError, RetryLater

MAX_AGE = 300  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSecret:
    channel: str
    bot_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    webhook_url: str = field(repr=False)


SlackSecret = BotSecret | WebhookSecret


class SecretReader:
    """Reads one secret by name; the clients are boto3's, for Secrets Manager and Systems Manager."""

    def __init__(self, name: str, *, secrets: Any = None, ssm: Any = None) -> None:  # noqa: ANN401
        self._name, self._secrets, self._ssm = name, secrets, ssm
        self._provider: Any = None

    def read(self, *, fresh: bool = False) -> SlackSecret:
        """The secret; ``fresh`` skips the cache.

        Raises ConfigurationError naming the secret, never its content; RetryLater where AWS put the read off.
        """
        from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
        from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

        # At DEBUG botocore writes whole answers into the log, the secret among them.
        logging.getLogger("botocore").setLevel(logging.INFO)
        stored_in_ssm = self._name.startswith(("ssm:", "/"))
        try:
            if stored_in_ssm:
                self._provider = self._provider or SSMProvider(boto3_client=self._ssm)
                text = self._provider.get(
                    self._name.removeprefix("ssm:"), decrypt=True, max_age=MAX_AGE, force_fetch=fresh
                )
            else:
                self._provider = self._provider or SecretsProvider(boto3_client=self._secrets)
                text = self._provider.get(self._name, max_age=MAX_AGE, force_fetch=fresh)
        except GetParameterError as error:
            raise _meaning(self._name, error.__context__) from None  # Powertools raises it inside the SDK's own error
        return _parsed(self._name, text)


def _meaning(name: str, error: BaseException | None) -> NetreflexError:
    """What the SDK's error means: put off by AWS, or for a person to repair. Only AWS's code is quoted."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.sessions import error_code, translated

    if isinstance(error, BotoCoreError):
        return RetryLater(f"reading the Slack secret {name} got no answer ({type(error).__name__}); it is read again")
    code = error_code(error) if isinstance(error, ClientError) else type(error).__name__
    if isinstance(error, ClientError) and isinstance(translated(HOME, "").meaning(error), RetryLater):
        return RetryLater(f"reading the Slack secret {name} was put off by AWS ({code}); it is read again")
    wanted = f"the Slack secret {name} cannot be read ({code}): does it exist, and may this function read it?"
    return ConfigurationError(wanted)


def _parsed(name: str, text: object) -> SlackSecret:
    wanted = f'the Slack secret {name} must be JSON: {{"bot_token", "channel"}} or {{"webhook_url"}}'
    try:
        content = json.loads(str(text))
    except ValueError:
        # ``from None``: the parser's exception carries the whole document.
        raise ConfigurationError(wanted) from None
    match content:
        case {"bot_token": str(token), "channel": str(channel)} if token and channel:
            return BotSecret(bot_token=token, channel=channel)
        case {"webhook_url": str(url)} if url.startswith("http"):
            return WebhookSecret(webhook_url=url)
        case _:
            raise ConfigurationError(wanted)
