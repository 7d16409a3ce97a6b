"""Asking the state table: whatever it answers instead is one of our errors, which says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.model.errors import HOME, AwsFailure, ConfigurationError, NetreflexError

_REFUSED, _NO_TABLE = "ConditionalCheckFailedException", "ResourceNotFoundException"


@contextmanager
def asking(table: str, operation: str) -> Iterator[None]:
    """Raises AccessRefused, RetryLater, AwsFailure or (where there is no such table) ConfigurationError."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise meaning(table, operation, error) from None


def refused(error: ClientError | BotoCoreError) -> bool:
    """Did the condition of a write not hold?"""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == _REFUSED


def meaning(table: str, operation: str, error: ClientError | BotoCoreError) -> NetreflexError:
    """The error as one of ours."""
    from chalicelib.sessions import translated  # only where there is an error: it loads the whole SDK

    try:
        with translated(HOME, f"dynamodb:{operation}"):
            raise error
    except NetreflexError as meant:
        if isinstance(meant, AwsFailure) and meant.code == _NO_TABLE:
            where = f"the state table {table} is not there (dynamodb:{operation})"
            return ConfigurationError(f"{where}: deploy it, or correct NETREFLEX_STATE_TABLE")
        return meant
