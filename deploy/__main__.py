"""``python -m deploy deploy|check|destroy|package --stage S``; `make deploy`, `make destroy` and `make package` call it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.faults import DeploymentFault
from deploy.package import package
from deploy.place import checked_stage, place_of
from deploy.steps import check_stage, deploy, destroy

_NO = frozenset({"no", "false", "0"})


def main(arguments: Sequence[str]) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        _run(chosen)
    except DeploymentFault as fault:
        sys.stdout.flush()
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


def _run(chosen: argparse.Namespace) -> None:
    project: Path = chosen.project.resolve()
    match chosen.command:
        case "deploy":
            deploy(project, place_of(chosen.stage), _say, always=chosen.always.lower() == "yes", xray=chosen.xray)
        case "check":
            check_stage(project, place_of(chosen.stage), _say)
        case "destroy":
            destroy(project, place_of(chosen.stage), _say, keep_table=chosen.keep_table.lower() not in _NO)
        case _:
            out = chosen.out or Path("dist") / chosen.stage
            package(project, checked_stage(chosen.stage), out, _say, xray=chosen.xray)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description="Put netreflex into AWS, or take it out.")
    parser.add_argument("command", choices=("deploy", "check", "destroy", "package"))
    parser.add_argument("--stage", required=True)
    parser.add_argument("--project", type=Path, default=Path(), help="the checkout to deploy (default: here)")
    parser.add_argument("--always", default="", help="yes: deploy the functions even if nothing changed")
    parser.add_argument("--xray", default="", help="yes or no: trace the functions from now on, or no longer")
    parser.add_argument("--keep-table", default="yes", help="no: destroy removes the state table as well")
    parser.add_argument("--out", type=Path, help="where package writes (default: dist/<stage>)")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
