"""Where a test prints the figure that it proves (``pytest -rP`` shows them all)."""

from __future__ import annotations

import sys


def figure(text: str) -> None:
    sys.stdout.write(f"{text}\n")
