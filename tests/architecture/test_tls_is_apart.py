"""Only what judges certificates loads the library for them: it costs a cold start that the other functions do not owe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBING = ("flows.certificates", "flows.origins", "flows.sweep_certificates")
OTHERS = ("peering", "sweep", "sweep_all", "sweep_vpn", "vpn", "dead_letters")
HEAVY = ("cryptography", "chalicelib.observe.tls", "chalicelib.decide.certificate_x509")
ASK = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(*sorted(sys.modules))"


def _loaded(*modules: str) -> set[str]:
    ask = [sys.executable, "-c", ASK, *modules]
    answer = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    return {name for name in answer.stdout.split() if name.startswith((*HEAVY, "netreflex_cli.certificates_"))}


def test_the_app_and_the_flows_that_probe_nothing_load_no_tls_code() -> None:
    assert _loaded("app", "chalicelib.wiring", *(f"chalicelib.flows.{name}" for name in OTHERS)) == set()


def test_the_command_line_loads_it_only_when_it_looks() -> None:
    assert _loaded("netreflex_cli.command_line") == set()


@pytest.mark.parametrize("flow", PROBING)
def test_the_flows_that_probe_do(flow: str) -> None:
    assert "cryptography" in _loaded(f"chalicelib.{flow}")
