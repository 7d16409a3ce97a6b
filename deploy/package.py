"""The same system as one SAM template for pipelines: ``chalice package`` with everything else merged in.

There the failure settings are part of the template, so nothing has to be done afterwards. Functions, roles and rules get the
names that ``chalice deploy`` gives them; so runbooks, role policies and the member role hold both ways.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from deploy.application import CHALICE
from deploy.configuration import TOPIC, Configuration
from deploy.declared import Function, WokenBy, declared_functions
from deploy.faults import DeploymentFault
from deploy.prepare import prepare_package
from deploy.resources import resources_template
from deploy.safeguards import DELIVERY, INVOCATION
from deploy.tracing import DOCUMENT, POLICY

Json = dict[str, Any]

# Only for the decorators, which need the stage's names; in the stack the topic's own ARN takes its place.
_SOME_TOPIC = "arn:aws:sns:us-east-1:123456789012:netreflex-{stage}-alerts"
_DEAD_LETTERS = {"Fn::GetAtt": ["DeadLettersQueue", "Arn"]}


def package(project: Path, stage: str, out: Path, say: Callable[[str], None], *, xray: str = "") -> None:
    """Write ``sam.json`` and ``deployment.zip`` for a stage into ``out``."""
    configuration = _with_some_topic(prepare_package(project, stage, say, xray=xray))
    functions = declared_functions(configuration)
    with tempfile.TemporaryDirectory() as directory:
        merge = Path(directory) / "merge.json"
        merge.write_text(json.dumps(merge_template(configuration, functions)))
        _chalice_package(configuration, merge, out.resolve())
    for path in sorted(out.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            unzipped = sum(one.file_size for one in archive.infolist())
        say(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {unzipped / 1e6:.1f} MB unzipped")
    template = out / "sam.json"
    say(f"{template}: {len(json.loads(template.read_text())['Resources'])} resources")


def merge_template(configuration: Configuration, functions: Sequence[Function]) -> Json:
    """What is merged into Chalice's template: the resources, and the settings of each function."""
    stage = configuration.stage
    template = resources_template([function.name for function in functions])
    template["Description"] = "netreflex: the whole system of one stage"
    template["Parameters"]["Stage"].update({"Default": stage, "AllowedValues": [stage]})
    for function in functions:
        logical = logical_id(function.name)
        name = f"netreflex-{stage}-{function.name}"
        template["Resources"][logical] = {"Properties": _function(name, function)}
        bound = {"PermissionsBoundary": configuration.boundary} if configuration.boundary else {}
        template["Resources"][f"{logical}Role"] = {"Properties": {"RoleName": name, **bound}}
        if configuration.tracing:
            _trace(template["Resources"], logical, configuration, function)
    return template


def _trace(resources: Json, logical: str, configuration: Configuration, function: Function) -> None:
    """A merge replaces lists, so the role's own policy stands beside the one for traces."""
    own = json.loads(configuration.role_policy(function.name).read_text())
    resources[logical]["Properties"]["Tracing"] = "Active"
    resources[f"{logical}Role"]["Properties"]["Policies"] = [
        {"PolicyName": f"netreflex-{configuration.stage}-{function.name}", "PolicyDocument": own},
        {"PolicyName": f"netreflex-{configuration.stage}-{POLICY}", "PolicyDocument": DOCUMENT},
    ]


def logical_id(function: str) -> str:
    """Chalice's logical id of a function."""
    return "".join(word.title() for word in function.split("_"))


def _function(name: str, function: Function) -> Json:
    return {
        "FunctionName": name,
        "Environment": {"Variables": {TOPIC: {"Ref": "AlertsTopic"}}},
        "EventInvokeConfig": {
            **INVOCATION[function.woken_by],
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": _DEAD_LETTERS}},
        },
        "Events": _events(name, function),
    }


def _events(name: str, function: Function) -> Json:
    logical = logical_id(function.name)
    if function.woken_by is WokenBy.QUEUE:
        queue = logical_id(function.queue.partition("-")[2].partition("-")[2].replace("-", "_")) + "Queue"
        return {f"{logical}SqsEventSource": {"Properties": {"Queue": {"Fn::Sub": f"${{{queue}.Arn}}"}}}}
    named = "Name" if function.woken_by is WokenBy.SCHEDULE else "RuleName"
    return {
        f"{logical}Event": {
            "Properties": {
                named: f"{name}-event",
                "DeadLetterConfig": {"Arn": _DEAD_LETTERS},
                "RetryPolicy": DELIVERY[function.woken_by],
            }
        }
    }


def _with_some_topic(configuration: Configuration) -> Configuration:
    if configuration.settings.get(TOPIC):
        return configuration
    document = json.loads(json.dumps(configuration.document))
    settings = document["stages"][configuration.stage].setdefault("environment_variables", {})
    settings[TOPIC] = _SOME_TOPIC.format(stage=configuration.stage)
    return Configuration(configuration.project, configuration.stage, document)


def _chalice_package(configuration: Configuration, merge: Path, out: Path) -> None:
    done = subprocess.run(  # noqa: S603 - chalice itself
        [*CHALICE, "package", "--stage", configuration.stage, "--merge-template", merge, out],
        cwd=configuration.project,
        env={"AWS_DEFAULT_REGION": "us-east-1", **os.environ, TOPIC: configuration.settings[TOPIC]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeploymentFault(f"`chalice package` failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
