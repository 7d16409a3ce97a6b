"""Something in AWS that is not as it should be, and the call that makes it so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """``what`` names it for people; ``mend`` is done once and may be done again."""

    what: str
    mend: Callable[[], object]
