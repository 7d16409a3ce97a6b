"""The type check: pydantic holds the document against the dataclasses of ``model.policy`` and tells every misfit.

pydantic is imported here, in the call, and nowhere else in what ships: it costs a cold start more than all the rest of
intake. ``model`` and ``decide`` never see it. What it cannot say well (CIDRs, durations) was read before, by
``policy_values``.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.intake.policy_faults import Findings, Path, find, kind, printable, quoted, written
from chalicelib.intake.policy_spots import key_names, spot, words
from chalicelib.model.policy import Policy

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "dataclass_type": "a mapping",
}


@cache
def adapter() -> TypeAdapter[tuple[Policy]]:
    """The check of a whole file. The dataclasses are plain, so the settings of what is around them hold for them too."""
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(tuple[Policy], config=ConfigDict(extra="forbid", strict=True))


def shape(document: object, findings: Findings) -> Policy | None:
    """The policy of a document whose values are read; None, and what is wrong in the findings, where it has a misfit."""
    from pydantic import ValidationError

    try:
        # As JSON, because strict means there what it means in the file: lists are lists and words are words.
        [policy] = adapter().validate_json(json.dumps([document]))
    except ValidationError as error:
        for misfit in error.errors(include_url=False, include_input=False):
            _tell(misfit["type"], misfit["loc"][1:], misfit["msg"], document, findings)
        return None
    return policy


def _tell(sort: str, path: Path, message: str, document: object, findings: Findings) -> None:
    here = spot(path)
    value = find(document, path)
    if sort == "unexpected_keyword_argument":
        findings.add(path, "is not a key that is known here", _known_keys(path, findings))
    elif sort == "missing":
        findings.add(path, "is missing", f"add it, like {here.name}: {here.key.like}")
    elif value is None:
        findings.add(path, "is empty", f"write it like {here.name}: {here.key.like}, or leave out what you do not need")
    elif words(here.hint):
        allowed = ", ".join(words(here.hint))
        findings.add(path, f"{quoted(value)} is not a word that is known here", f"write one of {allowed}")
    elif sort == "string_type" and not isinstance(value, list | dict):
        findings.add(path, f"is {kind(value)}, not text", f'write it in quotes: "{_as_text(value)}"')
    else:
        wrong = f"is {kind(value)}, not {_WANTED[sort]}" if sort in _WANTED else printable(message)
        findings.add(path, wrong, f"write it like {here.name}: {here.key.like}")


def _known_keys(path: Path, findings: Findings) -> str:
    [*above, key] = path
    known = key_names(spot(tuple(above)).hint)
    meant = findings.meant(str(key), known)
    return f"did you mean {meant}?" if meant else f"known in {written(tuple(above))}: {', '.join(known)}"


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else printable(str(value))
