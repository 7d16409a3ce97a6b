"""`make bench`: what a cold start costs for each function, and what a sweep's decisions cost, as ratios in one run.

Times of one machine say little about another; ratios do. One bound is absolute, because a chain that somebody else serves must
not hold up a run: no case of x509-limbo may take more than 2 seconds, or the exit status is 1.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
CHAIN_SECONDS = 2.0
BASE = "import boto3; boto3.client('dynamodb', region_name='eu-west-1')"
COLD_STARTS = {
    "app.py alone": "import app",
    "notify": "import app; from chalicelib.alerts import deliver, channel, gates, fallback, opening, slack",
    "peering": "import app; from chalicelib.flows import peering; from chalicelib.observe import peerings",
    "sweep": "import app; from chalicelib.flows import sweep; from chalicelib.observe import peerings",
    "sweep_certificates": "import app; from chalicelib.flows import sweep_certificates; from chalicelib.observe import probes",
    "the policy file": "from chalicelib.intake import policy_file as p; p.parse_policy('version: 1')",
}


def main() -> int:
    """Print the tables."""
    print("Cold start: seconds of a fresh interpreter, median of", ROUNDS)
    bare = _fresh("pass")
    base = _fresh(BASE) - bare
    print(f"  {'boto3 with one client (the measure)':<36} {base:6.3f}   1.00")
    for name, code in COLD_STARTS.items():
        seconds = _fresh(code) - bare
        print(f"  {name:<36} {seconds:6.3f} {seconds / base:6.2f}")
    print("\nDeciding: seconds for peerings that need nothing, median of", ROUNDS)
    small, large = (_timed(lambda count=count: _sweep(count)) for count in (50, 500))  # type: ignore[misc]
    print(f"  {'50 peerings (the measure)':<36} {small:6.3f}   1.00")
    print(f"  {'500 peerings':<36} {large:6.3f} {large / small:6.2f}")
    slowest, seconds = _slowest_chain()
    print(f"\nJudging a chain: the slowest case of x509-limbo, which may take {CHAIN_SECONDS:g} s")
    print(f"  {slowest:<60} {seconds:6.3f}")
    return 0 if seconds <= CHAIN_SECONDS else 1


def _fresh(code: str) -> float:
    """The median time of a fresh interpreter that runs ``code``."""
    return _timed(lambda: subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT))


def _slowest_chain() -> tuple[str, float]:
    """The case that takes our rules the longest, and how long: once each, since one that hangs would hang every time."""
    from tests.decide.limbo import cases, taken

    seconds = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some certificates are odd on purpose
        for name, case in cases().items():
            start = time.perf_counter()
            taken(case)
            seconds[name] = time.perf_counter() - start
    slowest = max(seconds, key=lambda name: seconds[name])
    return slowest, seconds[slowest]


def _timed(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _sweep(count: int) -> None:
    from bench.peerings import finished_peerings
    from chalicelib.decide.case import open_questions
    from chalicelib.decide.peering import plan_peering

    policy, now, facts = finished_peerings(count)
    for one in facts:
        if open_questions(one, policy) or plan_peering(one, policy, now).plan.actions:
            raise RuntimeError("a finished peering needs something")


if __name__ == "__main__":
    sys.exit(main())
