"""Waiting for AWS to catch up with itself: EC2 is eventually consistent (EC2 developer guide, "Eventual consistency").

A peering may not be visible right after its event, and may still be pending right after its accept; a route that was just made
may be missing from its table. Such answers are read again, within a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Seconds between looks at something that EC2 has not made visible yet; their sum is the bound.
PATIENCE: tuple[float, ...] = (1, 2, 4, 8)


def patiently(look: Callable[[], T], enough: Callable[[T], bool], wait: Callable[[float], None]) -> T:
    """The first look that shows enough, else the last one within the bound. ``wait`` waits a number of seconds."""
    found = look()
    for seconds in PATIENCE:
        if enough(found):
            break
        wait(seconds)
        found = look()
    return found
