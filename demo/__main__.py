"""`make demo`: start a local AWS, deploy netreflex to it, let requests arrive, and show what it decides and does.

It leaves nothing behind. With --keep the local AWS stays until Ctrl-C, for requests of your own. The exit status is not 0
where anything the scenes promise does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

from demo.certificates_scene import play_certificates
from demo.names_scene import play_names
from demo.screen import Screen
from demo.show import Checks, Inbox, Scene, Show
from demo.slack import DemoSlack, demo_slack
from demo.vpn_scene import play_vpn
from demo.world import DATA, DEV, POLICY, SERVICE_NETWORK, STRANGER, World
from tests.aws.awsbus import HandlerFailed
from tests.aws.deploy import deploy
from tests.aws.local import LocalAws, LocalAwsError
from tests.aws.wheels import DeploymentError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description="netreflex on a local AWS")
    parser.add_argument("--keep", action="store_true", help="leave the local AWS running until Ctrl-C")
    keep = parser.parse_args().keep
    screen = Screen()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with LocalAws() as aws, demo_slack(aws) as slack:
            return _run(screen, aws, slack, keep=keep)
    except (LocalAwsError, DeploymentError) as error:
        screen.line(f"The demo could not start: {error}", "red")
        return 1
    except KeyboardInterrupt:
        screen.line()
        return 130


def _run(screen: Screen, aws: LocalAws, slack: DemoSlack, *, keep: bool) -> int:
    start = time.monotonic()
    screen.line("netreflex on a local AWS: two emulators on this computer, no account, no Docker", "bold")
    screen.line("Deploying: the resources of deploy/, then `chalice deploy` ...", "dim")
    deployment = deploy(aws, policy=POLICY, settings=slack.settings)
    world = World(aws)
    screen.line(f"Ready in {time.monotonic() - start:.0f} s.", "dim")
    screen.line()
    screen.line("The policy (demo/policy.yaml): VPCs of account dev with the tag env=dev* may reach 10.40.8.0/22 in")
    screen.line("VPCs of account data with the tag service=tidb. Any other request is held until people decide.")
    checks = Checks(screen)
    show = Show(screen, world, deployment, Inbox(deployment), slack, checks)
    try:
        _play(show)
    except HandlerFailed as failure:
        checks.that(f"the function runs: {failure}", holds=False)
    page = slack.write_page()
    screen.line()
    screen.line(f"Every Slack message as a page to look at: {page}", "dim")
    _summary(screen, checks, time.monotonic() - start)
    if keep and not checks.failed:
        _wait(screen, aws, world)
    return 1 if checks.failed else 0


def _play(show: Show) -> None:
    approved = _approved(show)
    _held(show)
    _stranger(show)
    _overlapping(show)
    _again(show, approved)
    play_vpn(show, 6)
    play_certificates(show, 7)
    play_names(show, 8)


def _approved(show: Show) -> Scene:
    apps, tidb, checks = show.world.apps, show.world.tidb, show.checks
    scene = show.scene("1. A request from another account that a rule approves", apps, tidb)
    pcx, rows = scene.peering_id, scene.outcome.after

    def led(vpc: str, table: str) -> list[str]:
        return sorted(row.destination for row in rows if (row.vpc, row.table, row.target) == (vpc, table, pcx))

    checks.that("approved", scene.outcome.report["decision"] == "approved")
    checks.that("active", show.world.status(pcx, DEV) == show.world.status(pcx, DATA) == "active")
    checks.that(
        f"every table of dev-apps leads to {SERVICE_NETWORK}, the main one too",
        all(led(apps.name, table) == [SERVICE_NETWORK] for table in apps.tables),
    )
    checks.that("the data table leads back to both CIDRs", led(tidb.name, "data") == sorted(apps.cidrs))
    checks.that(
        "the tables that the rule does not name are as before", not led(tidb.name, "admin") + led(tidb.name, "main")
    )
    seen = show.world.peering(pcx, DATA)
    sides = [
        seen[side].get("PeeringOptions", {}).get("AllowDnsResolutionFromRemoteVpc")
        for side in ("RequesterVpcInfo", "AccepterVpcInfo")
    ]
    checks.that("DNS resolution is on, because 100.64.0.0/20 is outside RFC 1918", all(sides))
    checks.that("somebody was told", scene.outcome.messages and scene.outcome.posted)
    checks.close()
    return scene


def _held(show: Show) -> None:
    scene = show.scene("2. A request that no rule knows", show.world.lab, show.world.tidb)
    _nothing_changed(show, scene)
    show.checks.that("held", scene.outcome.report["decision"] == "held")
    show.checks.that("still pending", show.world.status(scene.peering_id, DATA) == "pending-acceptance")
    show.checks.that("somebody was told", scene.outcome.messages and scene.outcome.posted)
    show.checks.close()


def _stranger(show: Show) -> None:
    claims = {"approved": "true", "netreflex:rule": "dev-to-tidb"}
    title = "3. A stranger who tags the VPC and the request as if they were approved"
    scene = show.scene(title, show.world.strange, show.world.tidb, claims)
    _nothing_changed(show, scene)
    show.checks.that("held or rejected", scene.outcome.report["decision"] in {"held", "rejected"})
    show.checks.that("not accepted", show.world.status(scene.peering_id, DATA) in {"pending-acceptance", "rejected"})
    show.checks.that("the account is named as the reason", STRANGER in scene.outcome.why)
    show.checks.that(
        "people are warned of the stranger",
        f"account {STRANGER} is not in the policy" in scene.outcome.told and "reject-vpc" in scene.outcome.told,
    )
    show.checks.close()


def _overlapping(show: Show) -> None:
    twin, tidb = show.world.twin, show.world.tidb
    scene = show.scene("4. Overlapping addresses: AWS fails the request and will not say why", twin, tidb)
    _nothing_changed(show, scene)
    show.checks.that("not approved", scene.outcome.report["decision"] != "approved")
    show.checks.that("both CIDRs are named", all(cidr in scene.outcome.why for cidr in (*twin.cidrs, *tidb.cidrs)))
    show.checks.that("people are told what to do", "CIDRs do not overlap" in scene.outcome.told)
    show.checks.close()


def _again(show: Show, first: Scene) -> None:
    show.screen.title("5. The event of the first request, three times more")
    apps, tidb = show.world.apps, show.world.tidb
    for _ in range(3):
        outcome = show.deliver(first.event, apps, tidb)
        report = outcome.report
        show.screen.say("Decided", f"{report['decision']}; nothing planned, {report['unchanged']} things unchanged")
        show.checks.that("each time nothing was planned, done or refused", not _any(report))
        show.checks.that("every route is as before", outcome.before == outcome.after == first.outcome.after)
        show.checks.that("nobody was told twice", not outcome.messages)
    show.checks.close()


def _any(report: Mapping[str, Any]) -> bool:
    return any(report[part] for part in ("planned", "performed", "refused", "failed"))


def _nothing_changed(show: Show, scene: Scene) -> None:
    show.checks.that("no route was touched", scene.outcome.before == scene.outcome.after)
    show.checks.that("nothing was done", not scene.outcome.report["performed"])


def _summary(screen: Screen, checks: Checks, seconds: float) -> None:
    screen.line()
    if checks.failed:
        screen.line(
            f"{len(checks.failed)} of {len(checks.failed) + len(checks.passed)} expectations do NOT hold.", "red"
        )
    else:
        screen.line(f"All {len(checks.passed)} expectations hold; {seconds:.0f} s in all.", "green")


def _wait(screen: Screen, aws: LocalAws, world: World) -> None:
    """Leave the local AWS running for requests of one's own."""
    screen.title("The local AWS is running; Ctrl-C ends it. In another terminal:")
    for name, value in sorted(aws.environment.items()):
        if name.startswith("AWS_"):
            screen.line(f"export {name}={value}")
    lab, tidb = world.lab.vpc_id, world.tidb.vpc_id
    screen.line()
    screen.line(
        "# The access key is the account. Make this request fit the policy, then ask and deliver its event:", "dim"
    )
    screen.line(f"AWS_ACCESS_KEY_ID={DEV} aws ec2 create-tags --resources {lab} --tags Key=env,Value=dev-lab", "")
    screen.line(f".venv/bin/python -m demo.event {lab} {tidb}")
    screen.line("# The event of a request that is there already, and what netreflex remembers:", "dim")
    screen.line(".venv/bin/python -m demo.event pcx-...")
    screen.line("aws dynamodb scan --table-name netreflex-dev-state")
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
