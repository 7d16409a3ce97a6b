"""YAML becomes a plain document: nothing doubtful passes, and what cannot be read is one fault with its line."""

from __future__ import annotations

import pytest
import yaml

from chalicelib.intake.policy_faults import Findings, PolicyFaults
from chalicelib.intake.policy_text import MAX_BYTES, PARSER, read_document
from tests.intake.policies import EXAMPLE, faults_of, told

PARSERS = [pytest.param(PARSER, id="libyaml"), pytest.param(yaml.SafeLoader, id="Python's own parser")]

UNREADABLE = [
    pytest.param("", "is empty; write at least version: 1", id="no text"),
    pytest.param("# nothing\n", "is empty", id="only a comment"),
    pytest.param("- version", "is a list, not a mapping", id="a list"),
    pytest.param("5", "is the number 5, not a mapping", id="a number"),
    pytest.param("version: 1: 2", "line 1, column 11: is not YAML: mapping values", id="a colon too many"),
    pytest.param("version: 1\na: [", "is not YAML", id="a list that does not end"),
    pytest.param('version: "\\ud800"', "has line breaks or characters that cannot be seen", id="half a character"),
    pytest.param('version: "\\Uffffffff"', "is not YAML", id="a character beyond Unicode"),
    pytest.param("version: 1\nnames: a\0b", "line 2, column 9: has the character U+0000", id="a NUL byte"),
    pytest.param("version: \ud800", "line 1, column 10: has the character U+D800", id="half a character as it is"),
    pytest.param("x" * (MAX_BYTES + 1), "is larger than 1 MiB", id="too many characters"),
    pytest.param("é" * (MAX_BYTES // 2 + 1), "is larger than 1 MiB", id="too many bytes"),
    pytest.param("a: 1\n---\nb: 2", "line 2: a second document begins", id="two documents"),
    pytest.param("a: &x [1]\nb: *x", "line 1: an anchor (&) is used", id="an anchor"),
    pytest.param("a: *x", "line 1: an alias (*) is used; write the value out", id="an alias"),
    pytest.param("*x : 1", "line 1: a key is not text", id="an alias as a key"),
    pytest.param("a: !!python/object:os.system x", "line 1: a tag (!) is used", id="a tag"),
    pytest.param("!!set {a}", "line 1: a tag (!) is used", id="a tag on the whole"),
    pytest.param("? [a]\n: b", "line 1: a key is not text", id="a list as a key"),
    pytest.param("[" * 100_000, "line 1: is nested deeper than 16", id="brackets without end"),
    pytest.param("- " * 100_000, "line 1: is nested deeper than 16", id="dashes without end"),
]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "said"), UNREADABLE)
def test_what_cannot_be_read_is_one_fault(text: str, said: str, parser: type[yaml.SafeLoader]) -> None:
    findings = Findings()
    try:
        document = read_document(text, findings, parser)
        faults = findings.faults(document)
    except PolicyFaults as error:
        faults = error.faults
    [fault] = faults
    # Where the two parsers part, Python's own reads the escape and libyaml refuses it.
    assert said in str(fault) or "found invalid Unicode character escape code" in str(fault)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("1.5e2", 150.0),
        ("yes", "yes"),
        ("off", "off"),
        ("2026-01-31", "2026-01-31"),
        ("1e5", "1e5"),
        (".nan", ".nan"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("'12'", "12"),
        ("[1, a]", [1, "a"]),
        ("|\n  a", "a"),
    ],
)
def test_words_without_quotes_are_what_they_look_like(text: str, value: object, parser: type[yaml.SafeLoader]) -> None:
    findings = Findings()
    document = read_document(f"key: {text}", findings, parser)
    assert document == {"key": value}
    assert type(document["key"]) is type(value)
    assert findings.faults(document) == ()


@pytest.mark.parametrize("text", ["012", "0o14", "0x1F", "1_000", "12:30:00", "9" * 5000, "+007"])
def test_numbers_that_readers_of_yaml_take_differently_must_be_in_quotes(text: str) -> None:
    findings = Findings()
    document = read_document(f"key: {text}", findings)
    assert document == {"key": text}
    [fault] = findings.faults(document)
    assert fault.path == "key"
    assert fault.right.startswith('write it in quotes: "')


@pytest.mark.parametrize("key", ["111122223333", "012345678901", "1.5", "true", "~"])
def test_a_key_that_is_not_text_is_told_and_read_on_as_text(key: str) -> None:
    findings = Findings()
    document = read_document(f"{key}: {{name: dev}}", findings)
    assert document == {key: {"name": "dev"}}
    [fault] = findings.faults(document)
    assert fault.right == f'write it in quotes: "{key}"'


def test_an_account_id_without_quotes_is_one_fault_and_no_others_follow_from_it() -> None:
    text = EXAMPLE.replace('  "111122223333": {name: dev}', "  111122223333: {name: dev}")
    assert [fault.path for fault in faults_of(text)] == ["accounts.111122223333"]


def test_a_key_that_is_given_twice_is_told_with_both_lines() -> None:
    faults = faults_of("version: 1\nvpn:\n  grace: 5m\n\n  grace: 6m\nversion: 1\n")
    assert told(faults, "vpn.grace") == "is given twice, in line 3 and in line 5; keep one of them"
    assert told(faults, "version") == "is given twice, in line 1 and in line 6; keep one of them"


def test_characters_that_cannot_be_seen_are_told_in_keys_and_values() -> None:
    faults = faults_of('version: 1\n"re\\u202egions": []\naccounts: {"111122223333": {name: "a\\nb"}}\n')
    assert "characters that cannot be seen" in told(faults, "['re?gions']")
    assert "line breaks" in told(faults, "accounts.111122223333.name")


def test_a_mark_of_byte_order_at_the_start_does_no_harm() -> None:
    assert faults_of("\ufeffversion: 1\n") == ()
