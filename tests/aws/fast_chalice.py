"""The ``chalice`` command with waiters that poll every 0.2 s: emulators are ready in half a second, AWS's pace is 5 s.

Run it as a file in an interpreter of its own. Nothing of it ships.
"""

from __future__ import annotations

import sys
from typing import Any

from botocore import waiter
from chalice.cli import main

_init = waiter.SingleWaiterConfig.__init__


def _poll_fast(self: waiter.SingleWaiterConfig, config: dict[str, Any]) -> None:
    _init(self, config)
    self.delay, self.max_attempts = 0.2, 300  # type: ignore[assignment]


waiter.SingleWaiterConfig.__init__ = _poll_fast  # type: ignore[assignment, method-assign]

if __name__ == "__main__":
    sys.exit(main())
