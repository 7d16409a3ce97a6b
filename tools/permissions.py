"""Writes docs/permissions.md from the policy files and the reasons here and in tools/deployers.py; with ``--check`` fails where it is not current.

Run it from the root of the project: ``python -m tools.permissions [--check]``.
"""  # noqa: INP001 - a script, not a package that something imports

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.member_parameters import SWITCHES
from deploy.permissions import AT_HOME, Statement, read_policies, statements_by_sid
from deploy.tracing import DOCUMENT
from tools.deployers import chapter

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "permissions.md"

# Sid -> why, and what would be without it. A statement without a reason here is an error.
WHY = {
    "WriteOwnLogs": "The function's own log; Chalice makes the group, with its retention.",
    "ReachMemberAccounts": "Enters other accounts through their member role, and no other role of theirs.",
    "ReadNetworksOfTheHomeAccount": "What is true now of peerings, VPCs, routes and quotas, before anything is decided. "
    "EC2 grants its Describe actions on everything or not at all.",
    "AnswerPeeringsOfTheHomeAccount": "Accepts or rejects what a rule of the policy names, and opens DNS resolution.",
    "AcceptForVpcsOfTheHomeAccount": "The other half of an accept: AWS judges it on the peering and on the accepter's VPC.",
    "MarkPeeringsOfTheHomeAccount": "Tags an approved peering with its rule; only keys that begin with `netreflex:`.",
    "RouteInTheHomeAccount": "Adds and repairs the routes of approved peerings, and removes its own.",
    "ReadNamesOfTheHomeAccount": "Finds the zone, the record that is there, and the load balancer that a name leads to.",
    "FollowChangesOfTheHomeAccount": "How far Route 53 has spread a change of ours. It grants no more than its status.",
    "WriteCnamesAndTheirMarks": "Creates and exactly deletes CNAMEs and the TXT marks beside them; never an UPSERT, and no "
    "other type of record.",
    "AssociateVpcsWithZones": "Lets a requester's VPC resolve names of the zone; an authorisation is taken back at once.",
    "ReadVpnOfTheHomeAccount": "The state of tunnels, devices, gateways and their alarms.",
    "ReadTunnelLogsOfTheHomeAccount": "Why a tunnel is down, as its own log says; only log groups with `vpn` in the name.",
    "KeepTunnelAlarmsOfTheHomeAccount": "Keeps one alarm for each tunnel; only alarms named `netreflex-vpn-…`.",
    "ReadCertificatesOfTheHomeAccount": "Which certificates there are, when they end, and which listeners serve them.",
    "ReadDistributionsOfTheHomeAccount": "Which origins CloudFront asks, and by which name.",
    "ReadPublicZonesOfTheHomeAccount": "Whether the record by which ACM validates a certificate is still in its zone.",
    "CreateValidationRecordsAndTheirMarks": "Puts back the CNAME by which ACM validates a certificate, and its mark; it "
    "deletes and changes nothing.",
    "Remember": "The ledger of routes, the life of alerts, what AWS answered of VPN tunnels, what was written for names, and "
    "the last good policy, in the state table.",
    "FindOpenAlerts": "Which alerts fire or wait, by the index of what is due.",
    "PublishAlerts": "Tells people, through the alerts topic.",
    "TellTheSecondTopic": "Tells people that the road to Slack is broken.",
    "TellAmazonQ": "Hands an alert to the topic to which Amazon Q subscribes; unused where a secret leads to Slack.",
    "LoseNothing": "Lambda sends what failed for good to the dead-letter queue, with the function's role.",
    "ReadThePolicyFromParameterStore": "Reads the policy from Parameter Store (and `notify` the Slack secret, where it lies "
    "there); unused where the bundled file is the policy.",
    "ReadThePolicyFromS3": "Reads the policy from S3; unused where the bundled file is the policy.",
    "ReadThePolicyFromAppConfig": "Reads the policy from AppConfig; unused where the bundled file is the policy.",
    "FindQueues": "Finds the dead-letter queues by their names; SQS grants listing on everything or not at all.",
    "LookIntoDeadLetterQueues": "Counts what lies in them and reads why. Nothing is deleted.",
    "TakeAlerts": "Lambda collects the alerts to be shown, with the function's role.",
    "ReadTheSlackSecret": "The token or the webhook, and nothing else of Secrets Manager.",
}


def page() -> str:
    """The whole page."""
    statements = statements_by_sid(ROOT / ".chalice")
    unexplained = sorted(statements.keys() - WHY.keys())
    if unexplained:
        raise SystemExit(f"say in tools/permissions.py why there is: {', '.join(unexplained)}")
    return "\n".join(
        [*_introduction(), *_functions(statements), *_member(statements), "", *chapter(ROOT / "deploy"), ""]
    )


def _introduction() -> Iterator[str]:
    yield "# Permissions"
    yield ""
    yield "Made by `python -m tools.permissions` from `.chalice/policy-*.json` and `deploy/deployer*.json`; `make check` fails where it is not current."
    yield "Each function has a role of its own. Nothing is allowed with a wildcard in an action, and nothing that changes"
    yield "anything is allowed on every resource. `tests/iam` runs the functions' flows under exactly these policies: each action"
    yield "is needed by one of them, and without it people are told which one is missing."
    yield ""
    yield "This is the pattern of every stage. A stage's roles name its own things to the letter and leave out what its settings do"
    yield "not need ([deployment.md](deployment.md#the-roles-of-a-stage)); they are held to what the same flows ask for."
    yield ""


def _functions(statements: dict[str, Statement]) -> Iterator[str]:
    yield "## What each statement is for"
    yield ""
    yield "| statement | actions | on | by | why |"
    yield "| --- | --- | --- | --- | --- |"
    for sid, one in sorted(statements.items(), key=lambda item: (item[0] in AT_HOME, item[0])):
        cells = [sid, _codes(one.actions), _codes(_scope(one)) + _condition(one), ", ".join(one.functions), WHY[sid]]
        yield f"| {' | '.join(cells)} |"
    yield ""
    traces = " ".join(f"`{action}`" for one in DOCUMENT["Statement"] for action in one["Action"])
    yield f"Only where a stage is traced (`XRAY=yes`), every role has the policy `netreflex-<stage>-xray` as well: {traces} on"
    yield "`*`, for X-Ray knows no resources to narrow them to. `XRAY=no` takes it away."
    yield ""
    yield from _callers()


def _callers() -> Iterator[str]:
    """Statements of one Sid differ between functions in their actions, so each action is told with its own callers."""
    policies = read_policies(ROOT / ".chalice")
    callers: dict[str, set[str]] = {}
    for function, statements in policies.items():
        for action in (action for one in statements for action in one.actions):
            callers.setdefault(action, set()).add(function)
    yield "## Who asks for what"
    yield ""
    yield "| action | by |"
    yield "| --- | --- |"
    for action, functions in sorted(callers.items()):
        yield f"| `{action}` | {'all' if functions == policies.keys() else ', '.join(sorted(functions))} |"
    yield ""


def _member(statements: dict[str, Statement]) -> Iterator[str]:
    yield "## In member accounts"
    yield ""
    yield "`deploy/member.json` gives the role `netreflex-<stage>-member` the statements about networks above, and no other."
    yield "Reading is always allowed; each change has a switch, which says `no` until somebody says `yes`:"
    yield ""
    yield "| switch | statements |"
    yield "| --- | --- |"
    for switch, sids in SWITCHES.items():
        yield f"| `{switch}` | {', '.join(sids)} |"
    yield ""
    yield "`RequesterVpcs`, `AccepterVpcs`, `RouteTables` and `HostedZones` narrow them further. Who may enter: the hub's functions"
    yield f"{', '.join(statements['ReachMemberAccounts'].functions)}, by the exact names of their roles, and only with the"
    yield "`ExternalId`. The same switches and limits are for the hub's own account, as `hub_account` of a stage."


def _codes(words: tuple[str, ...]) -> str:
    return " ".join(f"`{word}`" for word in words)


def _scope(statement: Statement) -> tuple[str, ...]:
    if statement.sid == "WriteOwnLogs":
        return ("arn:aws:logs:*:*:log-group:/aws/lambda/netreflex-*-<function>:*",)
    return statement.resources


def _condition(statement: Statement) -> str:
    return f" if `{json.dumps(dict(statement.condition))}`" if statement.condition else ""


def main(arguments: list[str], file: Path = FILE) -> int:
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"unknown: {' '.join(arguments)}; the only option is --check\n")
        return 2
    current = page()
    if not arguments:
        file.write_text(current, encoding="utf-8")
        return 0
    if not file.exists() or file.read_text(encoding="utf-8") != current:
        sys.stderr.write(f"{file} is not current: run python -m tools.permissions\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
