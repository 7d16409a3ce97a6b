"""Whatever a policy file says, it is a policy or its faults are told: no other exception, and no fault without a way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.intake.policy_file import PolicyFaults, parse_policy
from tests.intake.policies import example

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
WORDS = SCALARS | st.sampled_from(
    [
        "approve",
        "10.0.0.0/8",
        "0.0.0.0/0",
        "fd00::/64",
        "5m",
        "111122223333",
        "eu-west-1",
        "tidb",
        "all",
        "Z1",
        "a.b.",
        "*",
    ]
)
DOCUMENTS = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
DUMPS: list[Callable[[object], str]] = [lambda document: str(yaml.safe_dump(document)), json.dumps]


def _read_or_told(text: str) -> None:
    """The property: a text is a policy, or its faults are told in full."""
    try:
        policy = parse_policy(text)
    except PolicyFaults as error:
        told_in_full = error
    else:
        assert policy.version == 1
        return
    assert told_in_full.faults
    for fault in told_in_full.faults:
        assert fault.path
        assert fault.wrong
        assert fault.right
    assert str(told_in_full) == "\n".join(str(fault) for fault in told_in_full.faults)
    assert str(told_in_full).replace("\n", "").isprintable()


@settings(deadline=None)
@given(st.text() | st.text(alphabet="-:{}[]'\"&*!?|>#%@ \n\tab0.,~<=", max_size=60))
def test_arbitrary_text_raises_nothing_but_faults(text: str) -> None:
    _read_or_told(text)


@settings(deadline=None)
@given(DOCUMENTS, st.sampled_from(DUMPS))
def test_arbitrary_documents_raise_nothing_but_faults(document: object, dump: Callable[[object], str]) -> None:
    _read_or_told(dump(document))


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for part, item in inner for place in _places(item, (*path, part)))]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_example_with_anything_put_anywhere_raises_nothing_but_faults(data: st.DataObject) -> None:
    document: Any = {"root": example()}
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        [*above, last] = data.draw(st.sampled_from(_places(document)[1:]))
        place = document
        for part in above:
            place = place[part]
        place[last] = data.draw(DOCUMENTS)
    _read_or_told(json.dumps(document["root"]))
