"""YAML text becomes a plain document: mappings with text keys, lists, text, whole numbers, fractions, true/false, empty.

It is read event by event instead of by PyYAML's constructors: so that a key given twice is seen, no number is octal and no
text a date by surprise, and neither an alias nor deep nesting costs more than one look. Nothing in a file makes it raise
anything but ``PolicyFaults``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from chalicelib.intake.policy_faults import Findings, Path, PolicyFaults, kind, printable, quoted

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 16  # the policy's own nesting ends at 7

# libyaml where PyYAML was built with it: the same events, some thirty times faster.
PARSER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: truth for truth in (True, False) for word in (str(truth), str(truth).lower(), str(truth).upper())
}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FRACTION = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(e[-+]?[0-9]{1,2})?", re.ASCII | re.IGNORECASE)
# Readers of YAML disagree on these: octal, decimal or text; sixty-based or text.
_DOUBTFUL = re.compile(r"[-+]?[0-9][0-9_]*|0[xob][0-9a-f_]+|[-+]?[0-9]+(:[0-5]?[0-9])+", re.ASCII | re.IGNORECASE)
# Controls, line separators, marks that turn the direction of writing, halves of characters.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_UNFIT_IN_FILE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_QUOTES = "write it in quotes"


def read_document(text: str, findings: Findings, parser: type[yaml.SafeLoader] = PARSER) -> dict[str, object]:
    """The document of a policy file; raises PolicyFaults where there is none to speak of."""
    _refuse_unfit_file(text)
    try:
        document = _Reader(yaml.parse(text, Loader=parser), findings).document()
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets two of Python's own errors through
        raise PolicyFaults.unreadable(_syntax(error), "write it as YAML, like docs/policy.example.yaml") from None
    if document is None:
        raise PolicyFaults.unreadable("is empty", "write at least version: 1")
    if not isinstance(document, dict):
        raise PolicyFaults.unreadable(f"is {kind(document)}, not a mapping", "write keys and values, first version: 1")
    return document


def _refuse_unfit_file(text: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise PolicyFaults.unreadable("is larger than 1 MiB", "write rules by pattern instead of one by one")
    unfit = _UNFIT_IN_FILE.search(text)
    if unfit:
        line, column = text.count("\n", 0, unfit.start()) + 1, unfit.start() - text.rfind("\n", 0, unfit.start())
        wrong = f"line {line}, column {column}: has the character U+{ord(unfit[0]):04X}, which is not text"
        raise PolicyFaults.unreadable(wrong, "save the file as UTF-8 text and remove the character")


def _syntax(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.MarkedYAMLError) and mark is not None:
        return (
            f"line {mark.line + 1}, column {mark.column + 1}: is not YAML: {printable(error.problem or 'unreadable')}"
        )
    return f"is not YAML: {printable(str(error))}"


class _Reader:
    """Builds one document from parser events."""

    def __init__(self, events: Iterator[Event], findings: Findings) -> None:
        self._events = events
        self._findings = findings

    def document(self) -> object:
        document: object = None
        seen = 0
        for event in self._events:
            match event:
                case StreamStartEvent() | StreamEndEvent() | DocumentEndEvent():
                    continue
                case DocumentStartEvent() if seen:
                    raise PolicyFaults.unreadable(
                        f"line {_line(event)}: a second document begins", "keep one document: remove the --- before it"
                    )
                case DocumentStartEvent():
                    seen += 1
                case _:
                    document = self._value(event, ())
        return document

    def _value(self, event: Event, path: Path) -> object:
        _refuse_unfit_node(event, path)
        match event:
            case MappingStartEvent():
                return self._mapping(path)
            case SequenceStartEvent():
                return [self._value(item, (*path, i)) for i, item in enumerate(iter(self._next, None))]
            case ScalarEvent():
                return self._scalar(event, path)
            case _:
                raise PolicyFaults.unreadable(f"line {_line(event)}: an alias (*) is used", "write the value out")

    def _next(self) -> Event | None:
        """The next event, None at the end of a list or mapping."""
        event = next(self._events)
        return None if isinstance(event, SequenceEndEvent | MappingEndEvent) else event

    def _mapping(self, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        lines: dict[str, int] = {}
        for event in iter(self._next, None):
            key = self._key(event, path)
            value = self._value(next(self._events), (*path, key))
            if key in lines:
                wrong = f"is given twice, in line {lines[key]} and in line {_line(event)}"
                self._findings.add((*path, key), wrong, "keep one of them")
            else:
                found[key], lines[key] = value, _line(event)
        return found

    def _key(self, event: Event, path: Path) -> str:
        _refuse_unfit_node(event, path)
        if not isinstance(event, ScalarEvent):
            raise PolicyFaults.unreadable(f"line {_line(event)}: a key is not text", "write keys as plain words")
        key = self._clean(event.value, (*path, event.value))
        if _is_plain(event) and (not isinstance(_plain(key), str) or _DOUBTFUL.fullmatch(key)):
            self._findings.add((*path, key), "this key is not text without quotes", _with_quotes(key))
        return key

    def _scalar(self, event: ScalarEvent, path: Path) -> object:
        text = self._clean(event.value, path)
        if not _is_plain(event):
            return text
        value = _plain(text)
        if isinstance(value, str) and _DOUBTFUL.fullmatch(value):
            self._findings.add(path, f"{quoted(value)} is a number to some readers of YAML", _with_quotes(value))
        return value

    def _clean(self, text: str, path: Path) -> str:
        if not _UNFIT.search(text):
            return text
        self._findings.add(path, "has line breaks or characters that cannot be seen", "write it in one line of text")
        return _UNFIT.sub("?", text)


def _refuse_unfit_node(event: Event, path: Path) -> None:
    if len(path) > MAX_DEPTH:
        raise PolicyFaults.unreadable(f"line {_line(event)}: is nested deeper than {MAX_DEPTH}", "remove the nesting")
    if getattr(event, "tag", None) is not None:
        raise PolicyFaults.unreadable(
            f"line {_line(event)}: a tag (!) is used", f"remove it, or {_IN_QUOTES} if it is text"
        )
    if getattr(event, "anchor", None) is not None and not isinstance(event, AliasEvent):
        raise PolicyFaults.unreadable(
            f"line {_line(event)}: an anchor (&) is used", "remove it and write the value out"
        )


def _is_plain(event: ScalarEvent) -> bool:
    return bool(event.implicit[0])


def _plain(text: str) -> object:
    """The value of a word without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text):
        return float(text)
    return text


def _with_quotes(text: str) -> str:
    return f'{_IN_QUOTES}: "{printable(text)}"'


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
