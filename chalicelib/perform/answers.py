"""What an answer of AWS to a write leaves open, and what it means for the write."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.model.actions import Action
from chalicelib.model.errors import RetryLater
from chalicelib.sessions import error_code


def is_code(error: ClientError, code: str) -> bool:
    return error_code(error) == code


def repeated(error: ClientError) -> bool:
    """Did the SDK repeat the call? Then what is there already is the effect of our own first attempt."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0


def no_answer(action: Action, operation: str, error: BotoCoreError) -> RetryLater:
    name = type(error).__name__
    return RetryLater(f"{operation} in account {action.place.account} got no answer ({name}); run again")
