"""What is around a command in tests: a terminal of text, settings, and AWS in memory with origins that really answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chalicelib.flows.certificate_ports import CertificateWorld, NoProgress, Progress
from chalicelib.model.inventory import Distribution
from chalicelib.observe.probes import Names, Probes
from chalicelib.observe.tls import Resolution
from chalicelib.perform.executor import DryRunExecutor
from chalicelib.settings import Mode, Settings
from chalicelib.wiring import Runtime
from netreflex_cli.around import Around
from netreflex_cli.command_line import run
from tests.flows.certificate_world import DATA, DEV, EU, InMemory, distribution, origin

POLICY = f"""
version: 1
accounts:
  "{DEV}": {{name: dev}}
  "{DATA}": {{name: data}}
regions: [{EU}]
"""


class Tty(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def on_loopback(host: str, _port: int) -> Resolution:
    return Resolution(addresses=("127.0.0.1",), canonical=host)


def here(port: int, number: int = 1, **changes: Any) -> Distribution:  # noqa: ANN401 - a distribution's own fields
    """A distribution whose origin is a server of the test."""
    return distribution(number, origin(https_port=port), **changes)


@dataclass
class Desk:
    """Where an operator sits. ``aws`` is what there is; the handshakes are real, on loopback."""

    folder: Path
    aws: InMemory = field(default_factory=InMemory)
    resolve: Callable[[str, int], Resolution] = on_loopback
    settings: dict[str, str] = field(default_factory=dict)
    terminal: bool = False
    columns: int = 100
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)
    composed: list[Settings] = field(default_factory=list)

    def run(self, *arguments: str, policy: str | None = POLICY) -> int:
        """The exit status of `netreflex certificates`, with a policy file unless there is to be none."""
        kind = Tty if self.terminal else io.StringIO
        self.out, self.err = kind(), kind()
        given: tuple[str, ...] = ()
        if policy is not None:
            (self.folder / "policy.yaml").write_text(policy)
            given = ("--policy", str(self.folder / "policy.yaml"))
        around = Around(
            environment=self.settings, out=self.out, err=self.err, columns=self.columns, runtime=self._runtime
        )
        return run(["certificates", *given, *arguments], around)

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def said(self) -> str:
        return self.err.getvalue()

    def handshakes(self, progress: Progress | None = None) -> Probes:
        """Real ones; they may go to this machine."""
        heard = (progress or NoProgress()).probed
        return Probes(refuse=lambda _: "", names=Names(self.resolve), progress=heard)

    def findings(self) -> list[Mapping[str, Any]]:
        """All that the JSON holds, probed or not."""
        answer = self.json()
        return [*answer["findings"], *answer["not_probed"]]

    def json(self) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = json.loads(self.text)
        return answer

    def _runtime(self, settings: Settings) -> Runtime:
        self.composed.append(settings)
        return _Runtime(settings, self)


class _Runtime(Runtime):
    """The real one, with AWS in memory and handshakes that may go to this machine."""

    def __init__(self, settings: Settings, desk: Desk) -> None:
        super().__init__(settings)
        self._desk = desk

    def owner(self) -> str:
        return "123456789012/netreflex-test"

    def road(self) -> Any:  # noqa: ANN401 - the road of the test, which stands for the functions' own
        return self._desk.aws.road

    def certificates(self, progress: Progress | None = None) -> CertificateWorld:
        progress = progress or NoProgress()
        return replace(
            self._desk.aws.world(),
            policy=self.policy(),
            handshakes=self._desk.handshakes(progress),
            executor=DryRunExecutor() if self.settings.mode is Mode.OBSERVE else self._desk.aws,
            progress=progress,
        )
