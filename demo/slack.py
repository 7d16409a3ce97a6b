"""A Slack on this computer for the demo: what `notify` posts is shown in the terminal and kept as a page to look at."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.aws.local import LocalAws
from tests.slack.page import page
from tests.slack.server import serve
from tests.slack.workspace import CHANNEL, TOKEN, LocalSlack, Posted

PAGE = Path("build") / "demo-messages.html"
TABLE = "netreflex-dev-state"
SECRET = "netreflex-dev-slack"  # noqa: S105 - the name of a secret, not one
_PATIENCE = 10.0
_QUIET = 0.3


class DemoSlack:
    """The channel that people would watch."""

    def __init__(self, workspace: LocalSlack, dynamodb: Any) -> None:  # noqa: ANN401 - boto3's clients have no common type
        self._workspace, self._dynamodb = workspace, dynamodb
        self._seen: dict[str, str] = {}

    @property
    def settings(self) -> dict[str, str]:
        """What the deployment has to know of it."""
        return {"NETREFLEX_SLACK_SECRET": SECRET, "NETREFLEX_SLACK_API": self._workspace.base_url}

    @property
    def messages(self) -> list[Posted]:
        """Everything in the channel, replies among it."""
        return list(self._workspace.messages)

    @contextmanager
    def refusing(self, error: str) -> Iterator[None]:
        """Slack answers this to everything, for a while."""
        self._workspace.error = error
        try:
            yield
        finally:
            self._workspace.error = ""

    def news(self, told: Iterable[Mapping[str, Any]]) -> list[Posted]:
        """What was posted or changed since the last look, once everything ``told`` on the topic has been shown."""
        expected = [json.loads(one["Message"]) for one in told]
        deadline = time.monotonic() + (_PATIENCE if expected else _QUIET)
        while not (expected and all(map(self._is_shown, expected))) and time.monotonic() < deadline:
            time.sleep(0.05)
        found = self._unseen()
        self._seen.update({one.ts: one.text for one in found})
        return found

    def _is_shown(self, alert: Mapping[str, Any]) -> bool:
        """Has `notify` shown this version? It says so in the table after the reply, which comes after the message."""
        key = {"pk": {"S": f"A#{alert['fp']}"}, "sk": {"S": "ALERT"}}
        item = self._dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item", {})
        return int(item.get("delivered", {"N": "0"})["N"]) >= int(alert["v"])

    def _unseen(self) -> list[Posted]:
        return [one for one in self.messages if self._seen.get(one.ts) != one.text]

    def write_page(self) -> Path:
        """All messages as a page of HTML."""
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(self._workspace.messages))
        return PAGE


@contextmanager
def demo_slack(aws: LocalAws) -> Iterator[DemoSlack]:
    """A workspace on loopback, and the secret that leads `notify` to it."""
    # The real pace is a message a second; a burst lets the demo be watched without waiting for it.
    with serve(LocalSlack(burst=100)) as workspace:
        secret = json.dumps({"bot_token": TOKEN, "channel": CHANNEL})
        aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=secret)
        yield DemoSlack(workspace, aws.client("dynamodb"))
