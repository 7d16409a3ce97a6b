"""The gate of a channel: all workers pass it one after the other, and nobody passes before it opens.

Slack takes about one message a second per channel and answers 429 with ``Retry-After`` beyond that (Slack docs, "Rate
limits"); an app that goes on sending may be disabled. So the gate is shared, in the state table: whoever
passes holds it for the time of one call, and leaves it closed for as long as Slack asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.alerts.asking import meaning, refused
from chalicelib.alerts.items import Item, moment, when

HOLD = timedelta(seconds=20)  # a crash while holding closes the channel for so long; a call takes 10 s at most
PACE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """An answer of the gate: ``open`` means that we hold it, else it opens at ``until`` at the latest.

    ``held`` means that somebody is passing at this moment, so it may open sooner.
    """

    open: bool
    until: datetime
    held: bool = False


class Gates:
    """The gates of one state table; ``client`` is a DynamoDB client.

    Both methods raise AccessRefused, RetryLater, AwsFailure or (where there is no such table) ConfigurationError.
    """

    def __init__(self, client: Any, table: str) -> None:  # noqa: ANN401
        self._client, self._table = client, table

    def take(self, gate: str, owner: str, now: datetime) -> Pass:
        """Hold the gate if it is open, for at most ``HOLD``."""
        change = {
            "UpdateExpression": "SET not_before = :until, holder = :me",
            "ConditionExpression": "attribute_not_exists(not_before) OR not_before <= :now",
            "ExpressionAttributeValues": {":until": when(now + HOLD), ":me": {"S": owner}, ":now": when(now)},
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            answer = self._client.update_item(TableName=self._table, Key=_key(gate), **change)
        except (ClientError, BotoCoreError) as error:
            if not refused(error):
                raise meaning(self._table, "UpdateItem", error) from None
            return _pass(getattr(error, "response", {})["Item"], is_open=False)
        return _pass(answer["Attributes"], is_open=True)

    def leave(self, gate: str, owner: str, until: datetime) -> None:
        """Close the gate until then and give it back."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(gate),
                UpdateExpression="SET not_before = :until REMOVE holder",
                ConditionExpression="holder = :me",
                ExpressionAttributeValues={":until": when(until), ":me": {"S": owner}},
            )
        except (ClientError, BotoCoreError) as error:
            # Where our hold ran out and somebody else has the gate, it is theirs to leave.
            if not refused(error):
                raise meaning(self._table, "UpdateItem", error) from None


def _key(gate: str) -> Item:
    return {"pk": {"S": f"CH#{gate}"}, "sk": {"S": "GATE"}}


def _pass(item: Item, *, is_open: bool) -> Pass:
    return Pass(
        open=is_open,
        until=moment(item["not_before"]),
        held=not is_open and "holder" in item,
    )
