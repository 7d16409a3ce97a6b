"""Reads whose failure is a fact too, so that one closed account leaves all others served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from chalicelib.model.errors import NetreflexError, RetryLater
from chalicelib.model.names import Unread
from chalicelib.observe.workers import in_parallel

T = TypeVar("T")
K = TypeVar("K")


def side_by_side(jobs: Mapping[K, Callable[[], T]]) -> dict[K, T | Unread]:
    """The answers of independent reads, each in its place; what cannot be read is told as such."""
    return dict(zip(jobs, in_parallel([partial(or_unread, job) for job in jobs.values()]), strict=True))


def or_unread(job: Callable[[], T]) -> T | Unread:
    """The answer of one read, or why there is none."""
    try:
        return job()
    except NetreflexError as error:
        return Unread(reason=str(error), passing=isinstance(error, RetryLater))
