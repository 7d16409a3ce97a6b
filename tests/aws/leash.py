"""Runs a command for as long as whoever started it lives: ``python leash.py DIRECTORY COMMAND...``, stdin being a pipe.

The pipe closes when its owner closes it or dies, however it dies. Then the command's whole process group goes (SIGTERM,
and SIGKILL after a grace period: emulators start workers of their own), and the directory of its data after it. Standard
library only, on its own in a fresh interpreter.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

_GRACE_SECONDS = 1.5
_POLL_SECONDS = 0.2


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_SECONDS)
        os.killpg(child.pid, signal.SIGKILL)  # what is left of the group


def main(directory: str, command: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's to answer
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own caller's
    let_go = False
    while child.poll() is None and not let_go:
        readable, _, _ = select.select([sys.stdin], [], [], _POLL_SECONDS)
        let_go = bool(readable) and not os.read(sys.stdin.fileno(), 1)
    _end(child)
    if let_go:
        shutil.rmtree(directory, ignore_errors=True)
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
