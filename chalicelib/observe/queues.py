"""The dead-letter queues of this installation, found by their names."""

from __future__ import annotations

from typing import Any

from chalicelib.model.errors import HOME
from chalicelib.sessions import translated

_SUFFIX = "dead-letters"


class DeadLetterQueues:
    """``client`` is an SQS client; ``prefix`` is what all names of the installation begin with."""

    def __init__(self, client: Any, prefix: str) -> None:  # noqa: ANN401
        self.client, self._prefix = client, prefix

    def urls(self) -> tuple[str, ...]:
        """Every queue of ours that is named as a dead-letter queue, in the order of their names."""
        with translated(HOME, "sqs:ListQueues"):
            pages = self.client.get_paginator("list_queues").paginate(QueueNamePrefix=self._prefix)
            found = [url for page in pages for url in page.get("QueueUrls", ())]
        return tuple(sorted(url for url in found if url.endswith(_SUFFIX)))
