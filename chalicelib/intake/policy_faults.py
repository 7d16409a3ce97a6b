"""The faults of a policy file: where, what is wrong, what would be right. Foreign text is quoted short and printable."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from chalicelib.model.errors import ConfigurationError

Path = tuple[str | int, ...]

WHOLE_FILE = "policy"  # the path of a fault that is about the file and no key of it
_QUOTE = 60
_GUESSES = 200
_REPORTED = 1000
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)
_NAMED_ENTRIES = {("peering", "rules"): ("rule", "name"), ("names",): ("name", "id")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that a person must change in the policy file."""

    path: str
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"{self.path}: {self.wrong}; {self.right}"


class PolicyFaults(ConfigurationError):
    """The policy file is not valid; the text lists every fault, one a line."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        lines = [str(fault) for fault in faults[:_REPORTED]]
        if len(faults) > _REPORTED:
            lines.append(f"{WHOLE_FILE}: has {len(faults) - _REPORTED} faults more; they show when these are gone")
        super().__init__("\n".join(lines))

    @classmethod
    def unreadable(cls, wrong: str, right: str) -> PolicyFaults:
        """The one fault of a file that cannot be read at all, so that nothing else can be said of it."""
        return cls((Fault(path=WHOLE_FILE, wrong=wrong, right=right),))


class Findings:
    """Faults as they are found, by any part of the reading; each is told once, in the order of the file."""

    def __init__(self) -> None:
        self._found: dict[tuple[Path, str], str] = {}
        self._guesses = 0

    def add(self, path: Path, wrong: str, right: str) -> None:
        self._found.setdefault((path, wrong), right)

    def meant(self, word: str, known: Collection[str]) -> str | None:
        """The known word that was probably meant. Guessing is slow, so a file with many faults gets only the first ones."""
        self._guesses += 1
        if self._guesses > _GUESSES:
            return None
        return next(iter(get_close_matches(word[:_QUOTE], list(known)[:_GUESSES], n=1)), None)

    def faults(self, document: object) -> tuple[Fault, ...]:
        """All of them; one inside a rule or a name says which, because an index is hard to find in a long file."""
        ranks = {path: rank for rank, path in enumerate(_paths(document, ()))}
        found = sorted(self._found.items(), key=lambda item: _place(item[0][0], ranks))
        return tuple(
            Fault(path=written(path), wrong=wrong + _owner(document, path), right=right)
            for (path, wrong), right in found
        )


def written(path: Path) -> str:
    """A path as people write it: ``peering.rules[0].requester``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return text or WHOLE_FILE


def quoted(value: object) -> str:
    """A foreign value, short and printable; of a list or mapping only its kind."""
    if isinstance(value, str):
        return repr(printable(value))
    return kind(value)


def printable(text: str) -> str:
    short = text[: _QUOTE + 1]
    clean = "".join(c if c.isprintable() else "?" for c in short)
    return clean if len(text) <= _QUOTE else clean[:_QUOTE] + "…"


def kind(value: object) -> str:
    """What a value is, in words that do not presuppose YAML."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return f"the word {str(value).lower()} without quotes"
        case int() | float():
            return f"the number {printable(str(value))}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def find(document: object, path: Path) -> object:
    """The value at a path; None where the document ends before."""
    for part in path:
        if isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        elif isinstance(document, Mapping):
            document = document.get(part)
        else:
            return None
    return document


def _owner(document: object, path: Path) -> str:
    for entries, (noun, key) in _NAMED_ENTRIES.items():
        end = len(entries) + 1
        if path[: end - 1] == entries and len(path) >= end:
            name = find(document, (*path[:end], key))
            return f" ({noun} {quoted(name)})" if isinstance(name, str) and name else ""
    return ""


def _paths(value: object, path: Path) -> Iterator[Path]:
    """Every path of a document, as they stand in the file."""
    yield path
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for part, item in inner:
        yield from _paths(item, (*path, part))


def _place(path: Path, ranks: Mapping[Path, int]) -> int:
    """Where a path stands in the file; what is missing there stands at the start of what it is missing from."""
    return next(ranks[path[:end]] for end in range(len(path), -1, -1) if path[:end] in ranks)
