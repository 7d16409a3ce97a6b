"""`python -m netreflex_cli` as a process of its own: no traceback for what people forget, and Ctrl-C ends it at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.screen import POLICY
from tests.observe.tls_servers import serving

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "netreflex_cli"]
KEYS = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1"}


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Nothing of this machine's own AWS set-up, and the policy of the test."""
    (folder / "policy.yaml").write_text(POLICY)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NETREFLEX_"))}
    apart = {
        "HOME": str(folder),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # where nobody answers: this process has no guard on its sockets
        "NETREFLEX_POLICY": str(folder / "policy.yaml"),
    }
    return bare | apart | settings


def ends(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"AWS_DEFAULT_REGION": "eu-west-1"},
            "Unable to locate credentials; log in to AWS, and choose with AWS_PROFILE",
        ),
        ({"AWS_PROFILE": "nobody"}, "AWS cannot be asked: The config profile (nobody) could not be found"),
        ({**KEYS, "AWS_DEFAULT_REGION": ""}, "no AWS Region is chosen: set AWS_DEFAULT_REGION"),
        ({**KEYS, "AWS_MAX_ATTEMPTS": "1"}, "sts:GetCallerIdentity in netreflex's own account got no answer"),
        ({"NETREFLEX_MODE": "on"}, "NETREFLEX_MODE must be `enforce` or `observe`"),
    ],
)
def test_what_is_not_set_up_is_one_sentence_and_status_2(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    done = ends("certificates", env=environment(tmp_path, **settings))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.startswith("netreflex: ")
    assert len(done.stderr.splitlines()) == 1


def test_help_says_what_each_exit_status_means(tmp_path: Path) -> None:
    done = ends("certificates", "--help", env=environment(tmp_path))
    assert done.returncode == 0
    assert all(f"\n  {status:<4}" in done.stdout for status in (0, 1, 2, 130))


def test_an_unknown_command_is_status_2(tmp_path: Path) -> None:
    assert ends("tunnel", env=environment(tmp_path)).returncode == 2


def test_ctrl_c_ends_it_while_reads_are_open(tmp_path: Path) -> None:
    """AWS is a server that takes the connection and is silent; the read's own time-out is ten seconds, five times over."""
    asked, over = threading.Event(), threading.Event()

    def silent(_connection: socket.socket) -> None:
        asked.set()
        over.wait()

    with serving(silent) as port:
        env = environment(tmp_path, **KEYS, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        command = [*COMMAND, "certificates", "--json"]
        running = subprocess.Popen(  # noqa: S603 - our own
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert asked.wait(60)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            over.set()
            running.kill()
            running.wait()
    assert (running.returncode, out) == (130, "")
    assert err == "netreflex: interrupted. Nothing was looked at yet; nothing was changed, nothing was told.\n"


def test_who_reads_only_the_beginning_of_the_answer_gets_no_traceback(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COMMAND, "--help"]
    env = environment(tmp_path, PYTHONUNBUFFERED="1")
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own
    os.close(writing)
    assert "Traceback" not in done.stderr
