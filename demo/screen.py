"""The demo's terminal: titles, labelled lines and aligned tables in at most 100 columns, plain where it is not a tty."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 100
_LABEL = 11
_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


@dataclass
class Screen:
    out: TextIO = field(default_factory=lambda: sys.stdout)
    colours: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.colours = self.out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colours and colour else text

    def line(self, text: str = "", colour: str = "") -> None:
        print(self.paint(text, colour), file=self.out, flush=True)

    def title(self, text: str) -> None:
        self.line()
        self.line(text, "bold")
        self.line("-" * len(text), "dim")

    def say(self, label: str, text: str, colour: str = "") -> None:
        """One labelled paragraph; long ones go on below the text, not below the label."""
        lines = textwrap.wrap(text, WIDTH - _LABEL - 2, break_on_hyphens=False) or [""]
        self.line(f"  {self.paint(label.ljust(_LABEL), 'cyan')}{self.paint(lines[0], colour)}")
        for more in lines[1:]:
            self.line(" " * (_LABEL + 2) + self.paint(more, colour))

    def items(self, label: str, texts: Iterable[str]) -> None:
        for number, text in enumerate(texts):
            self.say("" if number else label, text)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], marked: frozenset[int] = frozenset()) -> None:
        """Columns as wide as their content; rows whose index is in ``marked`` stand out."""
        cells = [tuple(heads), *(tuple(row) for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
        for number, row in enumerate(cells):
            text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self.line(f"    {text}"[:WIDTH], "dim" if number == 0 else "green" if number - 1 in marked else "")
