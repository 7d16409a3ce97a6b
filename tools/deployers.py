"""The chapter of docs/permissions.md about those who deploy, made from ``deploy/deployer*.json`` and the reasons below."""  # noqa: INP001 - part of a script, not of a package

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deploy.permissions import Statement, read_policy

# File -> what it is for.
FILES = {
    "deployer": "`make deploy`, `make look`, `make destroy`",
    "deployer-package": "`aws cloudformation package`, `deploy` and `delete-stack` with what `make package` made",
    "deployer-accounts": "`aws cloudformation deploy` and `delete-stack` with deploy/member.json and deploy/hub-bus.json",
}
# Sid -> why. A statement without a reason here is an error.
WHY = {
    "MakeTheStack": "The stack: a change set, what it says, and why it failed. Stacks of other names stay shut.",
    "MakeTheStacks": "The stacks `netreflex-<stage>-member` and `netreflex-<stage>-hub-bus`.",
    "TransformTheTemplate": "CloudFormation takes a SAM template only from who may use its transform.",
    "KeepTheArtifacts": "The zip and the template lie in a bucket, and are read from there in your name.",
    "LookWhoseTheTableIs": "Whether another stack holds the stage already. It is asked by the table's name, so on every stack.",
    "FindWhatIsThere": "Lists, which IAM grants on everything or not at all.",
    "KeepTheTable": "The state table with its expiry and recovery. Nothing in it can be read or written.",
    "LookAtItsIndex": "CloudFormation reads a table back with its index.",
    "KeepTheTopics": "Both topics with their policies. Nothing can be published.",
    "SubscribeTheQueue": "A queue and nothing else: no mailbox, no address of the web.",
    "KeepTheSubscription": "IAM knows no resource for subscriptions.",
    "KeepTheQueues": "The three queues with their policies. No message can be read, sent or deleted.",
    "KeepTheAlarms": "The alarms, and that they tell somebody.",
    "KeepTheDashboard": "The dashboard.",
    "KeepTheFunctions": "Code, settings, concurrency and failure settings of the functions. None can be invoked.",
    "LetRulesInvokeTheFunctions": "EventBridge is let in, and nobody else.",
    "LetTheQueueWakeItsFunction": "Only for functions of netreflex; IAM knows no resource for it.",
    "KeepWhatWakesAFunction": "The same, for what is there.",
    "MarkWhatWakesAFunction": "CloudFormation's own tags on it.",
    "KeepTheRules": "The rules that wake functions.",
    "KeepTheRulesThatForward": "The rules that send an account's events to the hub.",
    "KeepTheLogGroups": "Log groups and how long they are kept. No log can be read.",
    "KeepTheRoles": "The functions' roles. See below what that amounts to.",
    "KeepTheRolesOfAnAccount": "The member role and the one that forwards. See below what that amounts to.",
    "GiveTheRolesToLambda": "To Lambda and no other service.",
    "GiveTheForwardRoleToEventBridge": "To EventBridge and no other service.",
    "OpenTheHubsBus": "IAM knows no resource for these two, so it is every bus of the account.",
    "ReadTheHubsBus": "The default bus.",
    "ReadThePolicyFromParameterStore": "The policy is judged before it is deployed.",
    "ReadThePolicyFromS3": "The same.",
    "ReadThePolicyFromAppConfig": "The same.",
    "FindThePolicyInAppConfig": "Its ids, which the roles name.",
    "SeeThatTheSlackSecretIsThere": "Whether the secret is there. It cannot be read.",
}


def chapter(directory: Path) -> Iterator[str]:
    """The lines of the chapter; ``directory`` has the files."""
    statements = {(file, one.sid): one for file in FILES for one in read_policy(directory / f"{file}.json", file)}
    sids = dict.fromkeys(sid for _, sid in statements)
    unexplained = sorted(sids.keys() - WHY.keys())
    if unexplained:
        raise SystemExit(f"say in tools/deployers.py why there is: {', '.join(unexplained)}")
    yield "## What the person who deploys needs"
    yield ""
    yield "One of these policies, or several, as they are; each fits a managed policy. `tests/cloud` deploys under them with IAM in force,"
    yield "and nothing is in them that no deployment asks for:"
    yield ""
    yield "| policy | for |"
    yield "| --- | --- |"
    yield from (f"| [deploy/{file}.json](../deploy/{file}.json) | {what} |" for file, what in FILES.items())
    yield ""
    yield "| statement | on | in | why |"
    yield "| --- | --- | --- | --- |"
    for sid in sids:
        found = {file: one for (file, its), one in statements.items() if its == sid}
        yield f"| {sid} | {_scopes(tuple(found.values()))} | {', '.join(found)} | {WHY[sid]} |"
    yield ""
    yield from _NOTES


def _scopes(statements: tuple[Statement, ...]) -> str:
    scopes = dict.fromkeys(resource for one in statements for resource in one.resources)
    conditions = [_condition(one) for one in statements if one.condition]
    return " ".join(f"`{one}`" for one in scopes) + (f" if `{conditions[0]}`" if conditions else "")


def _condition(statement: Statement) -> str:
    """The condition of a statement, in words."""
    return ", ".join(f"{key} = {value}" for keys in (statement.condition or {}).values() for key, value in keys.items())


_NOTES = """\
- **Narrower.** They are good for any stage of the account whose credentials are used. For one stage write `netreflex-prod-` for `netreflex-*-` and
  `netreflex-prod-*` for `netreflex-*`, and your Region and account for `*:*`.
- **Names.** The stack of a package is called `netreflex-…`, and its bucket `netreflex-…-artifacts`; parameter, bucket and secret are called as those that
  the functions may read. For other names change the resource. Call the role that deploys anything but `netreflex-…`: it could change itself.
- **CloudFormation asks in the name of the person who deploys.** What it asks for is what the schemas of its resource types list, without what these
  templates do not use; that is named in `tests/iam/cloudformation.py`, with the reasons.
- **Who may write a role's policy can give it anything**, and who may write a function's code can use it: these policies amount to everything in the account.
  Have them only where what is deployed has been reviewed. A permissions boundary closes this: name it as `permissions_boundary` in the stage's part of
  `.chalice/config.json` ([how](deployment.md#the-roles-of-a-stage)), and take `iam:CreateRole`, `iam:PutRolePolicy`, `iam:DeleteRolePolicy` and
  `iam:PutRolePermissionsBoundary` into a statement of their own, with the condition
  `{"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/netreflex-boundary"}}`. The boundary has to allow what the first table
  of this page shows, and `xray:Put…` where a stage is traced. A role that is there without a boundary gets it first, and its policy after that.
- **StackSets have no policy here.** Who makes one for an organisation makes anything in every account of it, whatever its name is.
- **What is not in them.** `sts:GetCallerIdentity` takes no permission. Putting the policy into AWS, making the secret, subscribing a mailbox and bringing
  dead letters back are for people. A KMS key of your own on the parameter or the object takes `kms:Decrypt` on it.
""".splitlines()
