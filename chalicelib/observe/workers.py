"""Threads for independent reads: bounded, and none of them keeps waiting whoever was interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


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
