"""What a stage says of the hub's own account, where the functions' roles act themselves.

``hub_account`` in the stage's part of ``.chalice/config.json`` takes the switches and the limits of the member template, under the
same names and with the same meaning. Where it says nothing, everything is allowed that docs/permissions.md shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.configuration import HUB_ACCOUNT
from deploy.member_parameters import LIMITS, SWITCH_OF, SWITCHES, member_parameters
from deploy.narrowing import TAGGED

_WORDS = ", ".join((*SWITCHES, *LIMITS))


def hub_account_faults(said: object) -> Iterator[str]:
    """What is wrong with the value of the key, each with what would be right."""
    if not isinstance(said, Mapping):
        yield f"{HUB_ACCOUNT} must be an object with some of: {_WORDS}"
        return
    parameters = member_parameters()
    for name, value in said.items():
        if name not in {*SWITCHES, *LIMITS}:
            yield f"{HUB_ACCOUNT}.{name} is not known; there are {_WORDS}"
        elif "AllowedValues" in parameters[name]:
            if value not in parameters[name]["AllowedValues"]:
                yield f"{HUB_ACCOUNT}.{name} must be {' or '.join(parameters[name]['AllowedValues'])}"
        elif not (isinstance(value, list) and value and all(str(one).startswith("arn:") for one in value)):
            yield f"{HUB_ACCOUNT}.{name} must be a list of ARNs; {parameters[name]['Description']}"


def is_switched_off(said: Mapping[str, Any], sid: str) -> bool:
    """Whether the stage takes a statement away."""
    return said.get(SWITCH_OF.get(sid, "")) == "no"


def limits(said: Mapping[str, Any]) -> dict[str, Any]:
    """What narrows the statements that are left."""
    given = {name: said[name] for name in LIMITS if name in said}
    tables = given.pop("RouteTables", "all")
    return {**given, "RouteTables": TAGGED} if tables == "tagged" else given
