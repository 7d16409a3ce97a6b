"""Keeps the last policy without a fault, so that a broken new version does not leave netreflex without one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.model.errors import HOME
from chalicelib.model.state import LAST_GOOD_KEY, POLICY_KEY
from chalicelib.sessions import translated


def keep_last_good(client: Any, table: str, text: str, version: str, now: datetime) -> None:  # noqa: ANN401
    """Put the text on the shelf; ``version`` is its hash."""
    item = {
        "pk": {"S": POLICY_KEY},
        "sk": {"S": LAST_GOOD_KEY},
        "text": {"S": text},
        "version": {"S": version},
        "at": {"S": now.isoformat()},
    }
    with translated(HOME, "dynamodb:PutItem"):
        client.put_item(TableName=table, Item=item)
