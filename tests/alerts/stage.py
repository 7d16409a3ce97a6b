"""Time that a test moves, and calls that a test cuts off."""

# ruff: noqa: ANN401 - whatever a client is asked and answers

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


class Crash(BaseException):
    """The function dies: nothing catches this."""


class Clock(Protocol):
    def __call__(self) -> datetime: ...
    def epoch(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class RealClock:
    """The computer's own time, for tests of real threads."""

    def __call__(self) -> datetime:
        return datetime.now(tz=UTC)

    def epoch(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class VirtualClock:
    """Time that only moves when somebody sleeps."""

    def __init__(self, start: datetime = START) -> None:
        self._now, self._lock = start, threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def epoch(self) -> float:
        return self().timestamp()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)


class Steps:
    """Counts the steps of a run, and ends the world before or after one of them."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.crash_at: int | None = None
        self.after = False

    def run(self, name: str, step: Callable[[], Any]) -> Any:
        number = len(self.taken)
        self.taken.append(name)
        if number == self.crash_at and not self.after:
            raise Crash(f"before {name}")
        result = step()
        if number == self.crash_at:
            raise Crash(f"after {name}")
        return result


class Stepped:
    """A client or a sink whose every call is a step."""

    def __init__(self, inner: Any, steps: Steps, calls: frozenset[str]) -> None:
        self._inner, self._steps, self._calls = inner, steps, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._calls:
            return found
        return lambda *args, **kwargs: self._steps.run(name, lambda: found(*args, **kwargs))
