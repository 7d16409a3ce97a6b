"""The roles of one stage, made of the pattern in ``.chalice/policy-*.json``.

The pattern serves every stage, so it says ``netreflex-*-state`` in any account. In the roles of a stage its own names, account and
Region take the place of the wildcards; what no setting needs is left out; and what the stage says of the hub's own account narrows
what is left. They lie in ``.chalice/roles/<stage>/``: for review, and for whoever runs chalice by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from deploy.configuration import Configuration, with_role_files
from deploy.hub_account import is_switched_off, limits
from deploy.named import Named, named_things
from deploy.narrowing import narrowed
from deploy.permissions import AT_HOME, listed
from deploy.place import Place

Json = dict[str, Any]

# What these allow is named by the settings, all of it.
_BY_SETTINGS = frozenset(
    {
        "ReachMemberAccounts",
        "ReadThePolicyFromParameterStore",
        "ReadThePolicyFromS3",
        "ReadThePolicyFromAppConfig",
        "ReadTheSlackSecret",
        "TellAmazonQ",
    }
)
_LIMIT = 10_240  # characters without white space, all inline policies of a role (IAM quotas)


def stage_roles(configuration: Configuration, place: Place, *, ask: bool = True) -> dict[str, Json]:
    """The policy of each function's role. Without ``ask`` AWS is asked nothing, and AppConfig may be read by any id.

    A function for which the stage names a file of its own choice has that, as it is.
    """
    named = list(named_things(configuration, place, ask=ask))
    roles = {}
    for function in configuration.functions:
        found = json.loads(configuration.pattern(function).read_text())
        if configuration.makes_role(function):
            own = [one for one in named if one.function == function]
            found = role_of(found, place, own, configuration.hub_account)
        roles[function] = found
    return roles


def role_of(pattern: Json, place: Place, named: Sequence[Named], said: Mapping[str, Any]) -> Json:
    """A pattern as it is for one function of a stage; ``said`` is what the stage says of the hub's own account."""
    kept = (_of_stage(one, place, named, said) for one in pattern["Statement"])
    return {**pattern, "Statement": [one for one in kept if one is not None]}


def _of_stage(statement: Json, place: Place, named: Sequence[Named], said: Mapping[str, Any]) -> Json | None:
    sid = statement.get("Sid", "")
    if sid in _BY_SETTINGS:
        return _as_named(statement, named)
    if sid in AT_HOME:
        where = f":{place.region}:{place.account}:"
        return _each(statement, lambda arn: arn.replace(":*:*:", where).replace("netreflex-*-", place.prefix))
    if is_switched_off(said, sid):
        return None
    if sid.endswith("TheHomeAccount"):
        statement = _each(statement, lambda arn: _in_account(arn, place))
    return narrowed(statement, limits(said))


def _as_named(statement: Json, named: Sequence[Named]) -> Json | None:
    """What the settings name of the things of a statement; None where they name none of them."""
    actions, allowed = listed(statement["Action"]), listed(statement["Resource"])
    reached = [one for one in named if one.action in actions and any(fnmatchcase(one.arn, arn) for arn in allowed)]
    if not reached:
        return None
    asked = {one.action for one in reached}
    return {
        **statement,
        "Action": _plain([one for one in actions if one in asked]),
        "Resource": _plain(dict.fromkeys(one.arn for one in reached)),
    }


def _in_account(arn: str, place: Place) -> str:
    """In any Region of the account. AWS does not say under whose account it judges a peering, which has two."""
    return arn if ":vpc-peering-connection/" in arn else arn.replace(":*:*:", f":*:{place.account}:")


def _each(statement: Json, change: Callable[[str], str]) -> Json:
    return {**statement, "Resource": _plain(change(one) for one in listed(statement["Resource"]))}


def _plain(values: Iterable[str]) -> str | list[str]:
    found = list(values)
    return found[0] if len(found) == 1 else found


def pattern_faults(configuration: Configuration) -> Iterator[str]:
    """What is wrong with the files of which the roles are made."""
    for function in configuration.functions:
        path = configuration.pattern(function)
        try:
            text = json.dumps(json.loads(path.read_text())["Statement"])
        except (OSError, ValueError, KeyError) as error:
            yield f"{path}, the role policy of {function}, cannot be read ({type(error).__name__}: {error})"
        else:
            if '"Fn::' in text or '"Ref"' in text:
                yield f"{path} holds CloudFormation functions; `chalice deploy` needs plain JSON"


def size_faults(roles: Mapping[str, Json]) -> Iterator[str]:
    """What IAM would refuse only half-way through the deployment."""
    for function, role in roles.items():
        length = len(json.dumps(role, separators=(",", ":")))
        if length > _LIMIT:
            yield f"the role of {function} has {length} characters; IAM takes {_LIMIT}"


def write_roles(configuration: Configuration, roles: Mapping[str, Json], say: Callable[[str], None]) -> Configuration:
    """The roles in their files, and the configuration that names these. What is as it should be is not written."""
    stale = [
        one for one in roles if configuration.makes_role(one) and not _is(configuration.made_role(one), roles[one])
    ]
    for function in stale:
        path = configuration.made_role(function)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(roles[function], indent=2) + "\n")
    if stale:
        named = f"{len(stale)} of {len(roles)}"
        say(f".chalice/roles/{configuration.stage}: {named} roles are new or changed; look them over and commit them")
    return with_role_files(configuration)


def stale_roles(configuration: Configuration, roles: Mapping[str, Json]) -> Iterator[str]:
    """One sentence for each function whose file is not what it is made of by now."""
    for function in filter(configuration.makes_role, roles):
        made = configuration.made_role(function)
        if not _is(made, roles[function]) or configuration.role_policy(function) != made:
            yield f"{made.relative_to(configuration.project)} is not what its pattern and the stage's settings say"


def _is(path: Path, role: Json) -> bool:
    try:
        return bool(json.loads(path.read_text()) == role)
    except (OSError, ValueError):
        return False
