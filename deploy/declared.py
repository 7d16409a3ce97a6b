"""What ``app.py`` declares: its functions, and what wakes each of them.

It is imported in a process of its own with the stage's settings, as Chalice and Lambda do. So a wrong setting, or a handler
without a role, is told before anything is deployed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum

from deploy.configuration import Configuration
from deploy.faults import DeploymentFault

_PROGRAM = """
import json, app
def when(one):
    schedule = getattr(one, "schedule_expression", "")
    return getattr(schedule, "to_string", lambda: schedule)() or json.dumps(getattr(one, "event_pattern", None))
print(json.dumps([[type(one).__name__, one.name, getattr(one, "queue", ""), when(one)] for one in app.app.event_sources]))
"""


class WokenBy(StrEnum):
    """What invokes a function."""

    EVENT = "CloudWatchEventConfig"
    SCHEDULE = "ScheduledEventConfig"
    QUEUE = "SQSEventConfig"


@dataclass(frozen=True)
class Function:
    """A Lambda function of the application, by its short name; ``when`` is its event pattern as JSON, or its schedule."""

    name: str
    woken_by: WokenBy
    queue: str = ""
    when: str = ""

    @property
    def rule(self) -> str:
        """The short name of its EventBridge rule; empty where a queue wakes it."""
        return "" if self.woken_by is WokenBy.QUEUE else f"{self.name}-event"


def declared_functions(configuration: Configuration) -> tuple[Function, ...]:
    """The application's functions, each with settings and a role of its own in the configuration."""
    done = subprocess.run(  # noqa: S603 - the application itself
        [sys.executable, "-c", _PROGRAM],
        cwd=configuration.project,
        env={**os.environ, **configuration.settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DeploymentFault(f"nothing was deployed, because app.py cannot be imported: {last}")
    found = tuple(
        Function(name, WokenBy(kind), queue, when)
        for kind, name, queue, when in json.loads(done.stdout.splitlines()[-1])
    )
    without = [one.name for one in found if not configuration.of_function(one.name, "iam_policy_file")]
    if without:
        raise DeploymentFault(
            f"nothing was deployed, because functions have no role of their own: {', '.join(without)}. Give each an "
            "`iam_policy_file` under `lambda_functions` at the top of .chalice/config.json."
        )
    return found
