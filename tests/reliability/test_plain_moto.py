"""Whatever an emulator shows of tags, and whether it knows DryRun or not: what is done and told once is not done again."""

from __future__ import annotations

import json
import subprocess
import sys


def test_a_repeat_on_moto_as_it_comes_does_nothing_and_tells_nothing() -> None:
    """Here moto shows a peering's tags from the requester's account alone, and we tag as the accepter."""
    command = [sys.executable, "-m", "tests.reliability.plain_moto"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - our own module
    assert run.returncode == 0, run.stderr
    first, *repeats = json.loads(run.stdout)
    assert first["performed"][0] == "AcceptPeering"
    assert (first["failed"], first["routes"], len(first["alerts"])) == ([], [1, 1], 1)
    assert first["performed"][-1] == "TagPeering"
    for again in repeats:
        assert {key: again[key] for key in ("planned", "performed", "failed", "alerts", "writes")} == {
            "planned": [],
            "performed": [],
            "failed": [],
            "alerts": [],
            "writes": {},
        }
        assert again["routes"] == [1, 1]
