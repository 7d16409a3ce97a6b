"""netreflex on moto as it comes, in a process of its own: without the overlay that makes it answer as AWS does.

::

    python -m tests.reliability.plain_moto     # prints what each of three events and a sweep led to, as JSON

moto shows everybody the requester's tags of a peering, executes most calls in spite of DryRun, and allows routes to a
pending peering. Nothing of that may make netreflex do or tell a thing twice. Only the rule that a 12-digit access key is
the account of that number is kept of the overlay, so that a test can speak for several accounts.
"""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

from tests.aws.strict import accounts

accounts.install()
sys.modules["tests.aws.strict_moto"] = ModuleType("tests.aws.strict_moto")  # tests.lab would bring the overlay along

from tests.lab import Lab  # noqa: E402 - after the overlay was kept out
from tests.reliability.worlds import NARROW, Pair, request, targets  # noqa: E402


def _run() -> list[dict[str, Any]]:
    policy = NARROW.replace("dns_resolution: none", "dns_resolution: both")
    told = []
    with Lab(policy, world=Pair) as lab:
        peering = request(lab)
        for end in ("RequesterVpcInfo", "AccepterVpcInfo"):  # CloudTrail's record has a set, moto's answer has not
            peering[end].setdefault("CidrBlockSet", [])
        for step in ("event", "event", "sweep", "event"):
            report = lab.sweep() if step == "sweep" else lab.request_arrives(peering)
            told.append(
                {
                    "performed": [type(action).__name__ for action in report.performed],
                    "planned": [type(action).__name__ for action in report.planned],
                    "failed": [failure.error for failure in report.failed],
                    "alerts": [alert["title"] for alert in lab.alerts()],
                    "writes": dict(lab.writes),
                    "routes": [len(targets(lab, vpc)) for vpc in (lab.world.apps, lab.world.tidb)],
                }
            )
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run(), indent=1))
