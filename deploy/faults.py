"""What stops a deployment. Its text says what happened and what to do; the state it leaves is completed by the next run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError


class DeploymentFault(Exception):
    """The deployment cannot go on; the text tells a person what to do."""


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Name the step in which AWS refused, and what to do about it."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise DeploymentFault(
            f"{what}: AWS refused {error.operation_name} ({told.get('Code')}: {told.get('Message')}).\n"
            "Remove the cause and run the same command again: it goes on from here."
        ) from error
    except BotoCoreError as error:
        raise DeploymentFault(f"{what}: {error}.\nRun the same command again: it goes on from here.") from error
