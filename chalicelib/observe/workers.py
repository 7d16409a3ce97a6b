"""Threads for independent reads: bounded, and none of them keeps waiting whoever was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
READERS = 8


@contextmanager
def workers(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that is waited for at its end; after Ctrl-C nothing more begins, and what runs is left alone."""
    pool = ThreadPoolExecutor(max_workers=at_once)
    try:
        yield pool
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown()
        raise
    pool.shutdown()


def in_parallel(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """The answers of independent reads, in their order; the first error is raised once all have ended."""
    if len(jobs) <= 1:
        return [job() for job in jobs]
    with workers(READERS) as pool:
        return [future.result() for future in [pool.submit(job) for job in jobs]]
