r"""DNS names as Route 53 compares them: small letters, no trailing dot, ``\052`` for ``*``, IDNA.

Route 53 answers every octet but ``a-z0-9-_.`` as a backslash and three octal digits, and lists names by their labels from the
right (Route 53 developer guide, "DNS domain name format"; API reference, ListResourceRecordSets).
"""

from __future__ import annotations

import re

MAX_LABEL = 63
MAX_NAME = 253  # 255 octets on the wire, of which the written form needs two fewer (RFC 1035, section 2.3.4)

_OCTAL = re.compile(r"\\([0-3][0-7]{2})", re.ASCII)
_KEPT = frozenset(".\\")  # a dot inside a label, or a backslash, means something else when it stands alone


def normalised(name: str) -> str:
    """The one way to write a name, so that equal names are equal texts."""
    text = _OCTAL.sub(_plain, name).lower().removesuffix(".")
    return text if text.isascii() else ".".join(_ascii_label(label) for label in text.split("."))


def _plain(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[1], 8))
    return character if character.isascii() and character.isprintable() and character not in _KEPT else escaped[0]


def _ascii_label(label: str) -> str:
    try:
        return label.encode("idna").decode().lower()
    except UnicodeError:
        return label


def name_fault(name: str, longest: int = MAX_NAME) -> str | None:
    """What keeps a normalised name from being one that DNS can hold, in words; None where nothing does."""
    if len(name) > longest:
        return f"{name[:40]}… has {len(name)} characters, {longest} are allowed"
    for label in name.split("."):
        if not label:
            return f"{name!r} has an empty label"
        if len(label) > MAX_LABEL:
            return f"the label {label[:20]}… has {len(label)} characters, {MAX_LABEL} are allowed"
        if not label.isascii():
            return f"the label {label!r} cannot be written in IDNA"
    return None


def lies_in(name: str, zone: str) -> bool:
    """Does a name lie in a zone, at a label's boundary? The zone's own name does."""
    return name == zone or name.endswith("." + zone)


def above(name: str, zone: str) -> tuple[str, ...]:
    """The names over a name inside its zone, the nearest first and the zone's own last."""
    names = []
    while name != zone:
        name = name.partition(".")[2]
        names.append(name)
    return tuple(names)


def order(name: str) -> str:
    """Names sort by this as Route 53 lists them: labels from the right, each with its dot."""
    return ".".join(reversed(name.split("."))) + "."
