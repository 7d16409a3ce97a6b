"""Whether the policy's certificate section fits what there is: kinds of problems, distributions, networks to probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.decide.addresses import NEVER
from chalicelib.decide.cidr import overlaps
from chalicelib.intake.policy_checks import entries, mapping, numbered_texts
from chalicelib.intake.policy_faults import Findings, Path, quoted
from chalicelib.intake.policy_values import as_network
from chalicelib.model.certificates import Problem
from chalicelib.model.network import DISTRIBUTION_ID


def check_certificates(document: Mapping[str, object], findings: Findings) -> None:
    """What is accepted, and which private networks are opened to probes."""
    given = mapping(document.get("certificates"))
    for number, accepted in enumerate(entries(given.get("accept"))):
        for path, wrong, right in _accepted(accepted) if isinstance(accepted, Mapping) else ():
            findings.add(("certificates", "accept", number, *path), wrong, right)
    for number, text in numbered_texts(given.get("probe_private")):
        network = as_network(text)
        if network is None:
            continue  # told where values are read
        path = ("certificates", "probe_private", number)
        if not network.is_private:
            findings.add(
                path, f"{network} is not a private network", "public addresses are probed anyway: leave it out"
            )
        elif any(overlaps(network, never) for never in NEVER):
            wrong = (
                f"{network} holds addresses that no probe may visit, such as this machine's or its metadata service's"
            )
            findings.add(path, wrong, "name the origins' own networks")


def _accepted(accepted: Mapping[str, object]) -> Iterator[tuple[Path, str, str]]:
    if all(accepted.get(key, []) == [] for key in ("kinds", "distributions", "names")):
        yield (), "accepts every problem there is", "name kinds, distributions or names"
    for number, kind in numbered_texts(accepted.get("kinds")):
        if kind not in list(Problem):
            yield ("kinds", number), f"{quoted(kind)} is not a kind of problem", "docs/certificates.md lists them"
    for number, distribution in numbered_texts(accepted.get("distributions")):
        if not DISTRIBUTION_ID.fullmatch(distribution):
            wrong = f"{quoted(distribution)} is not the id of a distribution"
            yield ("distributions", number), wrong, "write it like E2EXAMPLE1ABCD"
