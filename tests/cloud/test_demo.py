"""The show keeps its promises on a plain terminal: it checks itself, stays within 100 columns and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.aws.local import ROOT

pytestmark = pytest.mark.cloud


def test_the_demo_plays_every_scene_and_cleans_up() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            [sys.executable, "-m", "demo"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": temporary, "AWS_PROFILE": "somebody-elses"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert list(Path(temporary).iterdir()) == []
    lines = done.stdout.splitlines()
    assert [line[:2] for line in lines if line[:2] in {"1.", "2.", "3.", "4.", "5."}] == ["1.", "2.", "3.", "4.", "5."]
    scenes = dict(re.findall(r"^(\d)\. [^\n]*\n-+\n(.*?)(?=^\d\. |\Z)", done.stdout, re.MULTILINE | re.DOTALL))
    assert "(reply) ✅ RESOLVED · CloudFront" in scenes["7"]
    assert "CloudFront" not in scenes["8"]
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
