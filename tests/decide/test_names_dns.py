"""Names are compared as Route 53 writes them, and a name lies in a zone at a label's boundary only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decide.dns_name import above, lies_in, name_fault, normalised, order


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("TiDB.Dev.Example.Internal.", "tidb.dev.example.internal"),
        ("tidb.dev.example.internal", "tidb.dev.example.internal"),
        (r"\052.dev.example.internal.", "*.dev.example.internal"),
        (r"\137netreflex.tidb.dev.", "_netreflex.tidb.dev"),
        (r"a\056b.dev.", r"a\056b.dev"),
        (r"a\134b.dev.", r"a\134b.dev"),
        (r"a\303\244.dev.", r"a\303\244.dev"),
        (r"a\001.dev.", r"a\001.dev"),
        (r"a\400.dev.", r"a\400.dev"),
        ("Bücher.dev", "xn--bcher-kva.dev"),
        ("xn--bcher-kva.dev", "xn--bcher-kva.dev"),
        ("ü" * 64 + ".dev", "ü" * 64 + ".dev"),
        (".", ""),
    ],
)
def test_equal_names_are_equal_texts(written: str, compared: str) -> None:
    assert normalised(written) == compared


@given(st.text(max_size=80))
def test_a_normalised_name_stays_as_it_is(text: str) -> None:
    once = normalised(text)
    assert normalised(once + ".") == normalised(normalised(once) + ".")
    assert normalised(text.swapcase()) == once or not text.isascii()


@pytest.mark.parametrize(
    ("name", "zone", "lies"),
    [
        ("tidb.svc.example.com", "svc.example.com", True),
        ("svc.example.com", "svc.example.com", True),
        ("evilsvc.example.com", "svc.example.com", False),
        ("svc.example.com.evil.com", "svc.example.com", False),
        ("example.com", "svc.example.com", False),
    ],
)
def test_a_name_lies_in_a_zone_at_a_labels_boundary(name: str, zone: str, lies: bool) -> None:  # noqa: FBT001
    assert lies_in(name, zone) is lies


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("tidb.dev.example.internal", None),
        ("a" * 63 + ".dev", None),
        ("a" * 64 + ".dev", "63 are allowed"),
        (".".join(["a" * 49] * 5) + ".abc", None),
        (".".join(["a" * 49] * 5) + ".abcde", "253 are allowed"),
        ("tidb..dev", "empty label"),
        ("", "empty label"),
        ("ü.dev", "IDNA"),
    ],
)
def test_the_limits_of_labels_and_names(name: str, fault: str | None) -> None:
    found = name_fault(name)
    assert (found is None) if fault is None else (found is not None and fault in found)


def test_the_names_above_a_name_end_with_the_zone() -> None:
    assert above("a.b.dev.internal", "dev.internal") == ("b.dev.internal", "dev.internal")
    assert above("dev.internal", "dev.internal") == ()


def test_names_sort_as_route_53_lists_them() -> None:
    listed = ["*.dev", "a-b.dev", "a.dev", "_netreflex.a.dev", "z.a.dev", "b.dev"]
    mixed = [listed[number] for number in (3, 0, 5, 1, 4, 2)]
    assert sorted(mixed, key=order) == listed
