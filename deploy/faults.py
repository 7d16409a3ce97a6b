"""What stops a deployment. Its text says what happened and what to do; the state it leaves is completed by the next run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

# As IAM words a refusal; Chalice breaks its lines anywhere.
_REFUSED = re.compile(r"not\s+authorized\s+to\s+perform:?\s+([A-Za-z0-9-]+:[A-Za-z]+)")


class DeploymentFault(Exception):
    """The deployment cannot go on; the text tells a person what to do."""


def lacking(told: str) -> str:
    """A line about the permissions that AWS names as missing; empty where it names none."""
    actions = sorted(set(_REFUSED.findall(told)))
    if not actions:
        return ""
    return (
        f"The credentials may not do {', '.join(actions)}. deploy/deployer.json allows all that a deployment needs; where it is "
        "attached,\nanother policy denies it: of the organisation, or a permissions boundary (docs/permissions.md, `What the person "
        "who deploys needs`).\n"
    )


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Name the step in which AWS refused, and what to do about it."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise DeploymentFault(
            f"{what}: AWS refused {error.operation_name} ({told.get('Code')}: {told.get('Message')}).\n"
            f"{lacking(str(told.get('Message')))}Remove the cause and run the same command again: it goes on from here."
        ) from error
    except BotoCoreError as error:
        raise DeploymentFault(f"{what}: {error}.\nRun the same command again: it goes on from here.") from error
