"""Writes docs/policy.schema.json; with ``--check`` fails where the committed file is not the current one.

Run it from the root of the project: ``python -m tools.policy_schema [--check]``.
"""  # noqa: INP001 - a script, not a package that something imports

from __future__ import annotations

import json
import sys
from pathlib import Path

from chalicelib.intake.policy_file import json_schema

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "docs" / "policy.schema.json"


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str], file: Path = SCHEMA_FILE) -> int:
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"unknown: {' '.join(arguments)}; the only option is --check\n")
        return 2
    current = schema_text()
    if not arguments:
        file.write_text(current, encoding="utf-8")
        return 0
    if not file.exists() or file.read_text(encoding="utf-8") != current:
        sys.stderr.write(f"{file} is not current: run python -m tools.policy_schema\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
