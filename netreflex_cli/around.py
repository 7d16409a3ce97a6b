"""What is around a command: the environment, the two streams, and AWS, so that a test can be around it instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

from chalicelib.settings import Settings
from chalicelib.wiring import Runtime

INTERRUPTED = 130  # the exit status after Ctrl-C, as a shell says it of SIGINT
_COLOURS = {"critical": "1;31", "error": "31", "warning": "33", "info": "2", "bold": "1", "well": "32"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``out`` is for the answer, ``err`` for everything else. ``columns`` is the width of the terminal.

    ``runtime`` composes what reads and judges, from settings.
    """

    environment: Mapping[str, str]
    out: TextIO
    err: TextIO
    columns: int = 100
    runtime: Callable[[Settings], Runtime] = Runtime

    def is_terminal(self, stream: TextIO) -> bool:
        """Can lines on it be rewritten and coloured?"""
        return stream.isatty() and self.environment.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """A sentence for the person who waits, beside the answer."""
        self.err.write(f"{text}\n")
        self.err.flush()

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, where the answer goes to a terminal that wants one (no-color.org)."""
        if not colour or self.environment.get("NO_COLOR") or not self.is_terminal(self.out):
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def so_many(count: int, what: str) -> str:
    """A number and its noun."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
