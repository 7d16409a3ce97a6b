"""Where a path of the policy file leads: the key that it ends in, and what may stand there by the types of ``model.policy``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from chalicelib.intake.policy_faults import Path
from chalicelib.intake.policy_keys import KEYS, Key
from chalicelib.model.policy import Policy


class Spot(NamedTuple):
    """Where a path leads: the key that it ends in or lies under, and the type of what stands there."""

    name: str
    key: Key
    hint: object


def spot(path: Path) -> Spot:
    """Where a path leads in the file's format; of a path that leads out of it, the last key that is in it."""
    here = Spot(name="version", key=KEYS["Policy.version"], hint=Policy)
    for part in path:
        here = _step(here, str(part))
    return here


def key_names(hint: object) -> tuple[str, ...]:
    """The keys of a mapping of fixed keys; none for anything else."""
    return tuple(f.name for f in fields(hint)) if isinstance(hint, type) and is_dataclass(hint) else ()


def words(hint: object) -> tuple[str, ...]:
    """The words that a key takes, where it takes only some."""
    if get_origin(hint) is Literal:
        return tuple(str(word) for word in get_args(hint))
    return tuple(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else ()


def _step(here: Spot, part: str) -> Spot:
    owner = here.hint
    if isinstance(owner, type) and is_dataclass(owner):
        known = KEYS.get(f"{owner.__name__}.{part}")
        return Spot(name=part, key=known, hint=_hints(owner)[part]) if known else here
    inner = [arg for arg in get_args(owner) if arg is not Ellipsis]  # of a list or of a mapping of free keys
    return here._replace(hint=inner[-1]) if inner else here


@cache
def _hints(owner: type) -> dict[str, object]:
    """The types of a mapping's keys; ``X | None`` counts as X, since the file leaves out what is None."""
    return {name: _not_none(hint) for name, hint in get_type_hints(owner).items()}


def _not_none(hint: object) -> object:
    if get_origin(hint) in {UnionType, Union}:
        given = [arg for arg in get_args(hint) if arg is not type(None)]
        return given[0] if len(given) == 1 else hint
    return hint
