"""What must not stand in the code: patched modules, waiting in real time, leftovers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LEFTOVERS = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K]|breakpoint|pdb)\b")


def _used(*paths: Path, but: str = "") -> Iterator[tuple[str, str]]:
    """(file, dotted name) of everything that the code imports or reaches into."""
    for path in paths:
        name = str(path.relative_to(ROOT))
        if name == but:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                yield name, ast.unparse(node)
            elif isinstance(node, ast.Import):
                yield from ((name, one.name) for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((name, f"{node.module}.{one.name}") for one in node.names)


def _called(*paths: Path) -> Iterator[tuple[str, str]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(ROOT)), ast.unparse(node.func)


def test_the_code_that_is_looked_at_is_all_there() -> None:
    assert len(SHIPPED) > 50
    assert len(TESTS) > 50


def test_nothing_is_patched_by_its_name() -> None:
    """A patched module proves that the test knows the code; an injected fake proves that the code works."""
    assert [use for use in _used(*SHIPPED, *TESTS) if use[1].startswith(("unittest.mock", "mock.patch"))] == []


def test_shipped_code_waits_by_a_given_sleep_alone() -> None:
    """``wiring`` hands ``time.sleep`` on; whoever waits takes it as an argument."""
    assert [call for call in _called(*SHIPPED) if call[1] in {"time.sleep", "sleep"}] == []


def test_shipped_code_prints_nothing_and_has_no_leftovers() -> None:
    assert [call for call in _called(*SHIPPED) if call[1] == "print"] == []
    assert [(path.name, found) for path in SHIPPED for found in LEFTOVERS.findall(path.read_text())] == []


def test_only_the_composition_root_knows_the_environment() -> None:
    used = _used(*SHIPPED, but="chalicelib/wiring.py")
    assert [use for use in used if use[1].startswith(("os.environ", "os.getenv"))] == []


def test_only_sessions_make_clients() -> None:
    used = _used(*SHIPPED, but="chalicelib/sessions.py")
    assert [use for use in used if use[1].split(".")[0] == "boto3"] == []
