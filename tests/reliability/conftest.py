"""The two small worlds, one fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import Lab
from tests.reliability.worlds import NARROW, WIDE, Pair, WidePair


@pytest.fixture
def lab() -> Iterator[Lab]:
    """One table a side, all of the peer's CIDRs routed, no DNS options."""
    with Lab(NARROW, world=Pair) as lab:
        yield lab


@pytest.fixture
def wide() -> Iterator[Lab]:
    """Two tables on the requester's side, a CIDR outside RFC 1918, DNS options on both sides."""
    with Lab(WIDE, world=WidePair) as lab:
        yield lab
