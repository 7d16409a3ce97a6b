"""The steps of a deployment, in their order. Each completes what an earlier run left half done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from deploy.application import deployed_digests, digest, is_deployed, mark, run_chalice, unreserved_concurrency
from deploy.boundary import boundary_differences
from deploy.check import application_differences, missing, notes
from deploy.configuration import Configuration, read_configuration
from deploy.declared import Function, declared_functions
from deploy.faults import DeploymentFault, doing
from deploy.inventory import absent, without
from deploy.place import Place
from deploy.prepare import prepare
from deploy.record import restore_record
from deploy.removal import remove
from deploy.resources import resources_template
from deploy.safeguards import apply_safeguards, mend
from deploy.stack import Stack, stack_of

Say = Callable[[str], None]

_ALWAYS_UNRESERVED = 100  # Lambda leaves no account with less for functions that reserve nothing


def deploy(project: Path, place: Place, say: Say, *, always: bool = False, xray: str = "") -> None:
    """Bring the stage to what the project says, and read it back."""
    say(f"Deploying {place}")
    _leave_pipelines_alone(place)
    configuration = prepare(project, place, say, xray=xray)
    functions = declared_functions(configuration)
    say(f"1/5 configuration: policy and settings have no fault; {len(functions)} functions")
    _deploy_resources(place, functions, say)
    mend("binding the roles", boundary_differences(place, functions, configuration.boundary), say)
    _deploy_application(configuration, place, functions, say, always=always)
    written = apply_safeguards(place, functions, say, tracing=configuration.tracing)
    say(f"4/5 safeguards: {written or 'nothing'} to set")
    check(configuration, place, functions, say)


def check(configuration: Configuration, place: Place, functions: Sequence[Function], say: Say) -> None:
    """Say what is missing, and fail if something is."""
    found = missing(place, configuration, functions)
    if found:
        listed = "\n  ".join(found)
        raise DeploymentFault(
            f"5/5 check: {len(found)} things are not as they should be:\n  {listed}\n"
            f"Run `make deploy STAGE={place.stage}`; if they stay, ALWAYS=yes deploys the functions again as well."
        )
    say(f"5/5 check: all that {place} needs is there")
    with doing("looking for what is yours to do"):
        for note in notes(place, configuration):
            say(f"  {note}")


def check_stage(project: Path, place: Place, say: Say) -> None:
    """Only look."""
    configuration = read_configuration(project, place.stage)
    check(configuration, place, declared_functions(configuration), say)


def destroy(project: Path, place: Place, say: Say, *, keep_table: bool) -> None:
    """Take the stage out of AWS."""
    say(f"Removing {place}")
    _leave_pipelines_alone(place)
    remove(read_configuration(project, place.stage), place, say, keep_table=keep_table)


def _leave_pipelines_alone(place: Place) -> None:
    """What a stack of `make package` holds is that stack's: both ways give the same names, and would undo each other."""
    with doing("looking whose stage this is"):
        holder = stack_of(place, place.name("state"))
    if holder not in {"", place.stack}:
        raise DeploymentFault(
            f"{place} is not ours: the stack {holder} holds its table, as `make package` has it. Update or delete that stack "
            f"instead.\nTo go over to `make deploy`: delete {holder}, which keeps the table, and run this again; it says how to take that over."
        )


def _deploy_resources(place: Place, functions: Sequence[Function], say: Say) -> None:
    stack = Stack(place, place.stack)
    with doing("looking at the stack and the table"):
        alone = stack.status() in {"", "REVIEW_IN_PROGRESS"} and _table_exists(place)
    if alone:
        raise DeploymentFault(
            f"the table {place.name('state')} is there, but its stack {place.stack} is not: somebody removed the stack.\n"
            f"Keep the table: import it (CloudFormation console, Create stack, With existing resources, table of "
            "deploy/resources.json).\nOr give it up: `aws dynamodb delete-table --table-name "
            f"{place.name('state')}`, and with it the memory of which routes are netreflex's."
        )
    template = resources_template([function.name for function in functions])
    if stack.stands:
        _give_up_what_is_gone(stack, place, say)
    changed = stack.ensure(template, {"Stage": place.stage}, say)
    say(f"2/5 stack {place.stack}: {f'{changed} changes' if changed else 'unchanged'}")


def _give_up_what_is_gone(stack: Stack, place: Place, say: Say) -> None:
    """CloudFormation makes nothing anew that somebody deleted, unless the resource was out of the template in between."""
    with doing("looking at what the stack made"):
        held = stack.template()
        gone = list(absent(place, held))
    for one in gone:
        if not one.stands_alone:
            raise DeploymentFault(
                f"{one.kind} {one.name} was deleted by hand, and other things stand on it.\n"
                f"Run `make destroy STAGE={place.stage}`, which keeps the table, and then `make deploy STAGE={place.stage}`."
            )
        say(f"  {one.kind} {one.name} was deleted by hand and is made anew")
    if gone:
        stack.ensure(without(held, gone), {"Stage": place.stage}, say)


def _table_exists(place: Place) -> bool:
    try:
        place.client("dynamodb").describe_table(TableName=place.name("state"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True


def _deploy_application(
    configuration: Configuration, place: Place, functions: Sequence[Function], say: Say, *, always: bool
) -> None:
    wanted = digest(configuration)
    with doing("looking at the deployed functions"):
        done = not always and is_deployed(place, functions, wanted)
        differ = application_differences(place, configuration, functions) if done else []
    if done and not differ:
        say("3/5 application: unchanged")
        return
    for line in differ:
        say(f"  to mend: {line}")
    _check_concurrency(configuration, place, functions)
    restored = restore_record(configuration.project, place, configuration.functions)
    say(
        f"3/5 application: chalice deploy{f' ({restored} things found in AWS were not in its record)' if restored else ''}"
    )
    with doing("marking the functions"):
        mark(place, functions, "")
    run_chalice(configuration, "deploy", "--no-autogen-policy")
    with doing("marking the functions"):
        mark(place, functions, wanted)


def _check_concurrency(configuration: Configuration, place: Place, functions: Sequence[Function]) -> None:
    """A new account may have a limit of ten, of which nothing can be reserved."""
    reserved = sum(configuration.of_function(one.name, "reserved_concurrency") or 0 for one in functions)
    with doing("asking for the account's Lambda limits"):
        left, there = unreserved_concurrency(place), deployed_digests(place, functions)  # there: reserved already
    if left is None or there or left - reserved >= _ALWAYS_UNRESERVED:
        return
    raise DeploymentFault(
        f"the functions reserve {reserved} concurrent executions, and the account has {left} left, of which Lambda keeps "
        f"{_ALWAYS_UNRESERVED}.\nAsk for more (Service Quotas, Lambda, `Concurrent executions`), or set "
        "`reserved_concurrency` to null in .chalice/config.json."
    )
