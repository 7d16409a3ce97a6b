"""What production really says: its form, its commands, its links, and its chapter of the runbook."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from chalicelib.alerts import kinds, render, roll
from chalicelib.alerts.road import Road
from chalicelib.alerts.state import Stored
from chalicelib.model.alert import Alert, AlertStatus, Severity
from tests.alerts.figures import figure
from tests.alerts.real import real_alerts
from tests.alerts.samples import alert as any_alert
from tests.alerts.stage import START
from tests.alerts.test_text import wrong_with
from tests.alerts.world import World

RUNBOOK = (Path(__file__).parent.parent.parent / "docs" / "runbook.md").read_text()
ORDER = ["sentence", "fields", "why", "what", "links", "evidence"]
AWS = re.compile(r"`([^`]*\baws [a-z0-9-]+ [a-z-]+[^`]*)`|((?<![`\w])aws [a-z0-9-]+ [a-z]+-[a-z-]+(?: [^`;,.]*)?)")


def stored(alert: Alert) -> Stored:
    kept = alert.bounded()
    return Stored(alert=kept, first=kept.at - timedelta(minutes=9), since=kept.at, worst=kept.severity)


# ---- form ------------------------------------------------------------------------------------------------------------
def test_every_message_has_the_same_order_and_is_valid() -> None:
    for what, alert in real_alerts():
        message = render.message(stored(alert))
        shown = [block["type"] for block in message.blocks]
        parts = [_part(block) for block in message.blocks[1:-1]]
        assert (shown[0], shown[-1]) == ("header", "context"), what
        assert parts == [part for part in ORDER if part in parts], what
        assert wrong_with(message) == [], what


def _part(block: dict[str, object]) -> str:
    if "fields" in block:
        return "fields"
    text = str(block["text"]["text"])  # type: ignore[index]
    for start, part in (("*Why*", "why"), ("*Do this*", "what"), ("```", "evidence"), ("<https://", "links")):
        if text.startswith(start):
            return part
    return "sentence"


def test_a_phone_shows_the_cause_before_the_step() -> None:
    """The lock screen says why before it says what to do, so that no step points at something that is not there."""
    for what, alert in real_alerts():
        text = render.message(stored(alert)).text
        if alert.status is AlertStatus.FIRING and alert.remedy:
            assert "named above" not in text, what
            assert " Do: " in text, what
            assert not alert.cause or 0 < text.index(" Why: ") < text.index(" Do: "), what


def test_nobody_is_called_to_act_where_there_is_nothing_to_do() -> None:
    banners = set()
    for what, alert in real_alerts():
        if alert.status is AlertStatus.FIRING and alert.severity is Severity.INFO:
            banner = render.banner(stored(alert))
            banners.add(banner)
            assert (banner == "🔵 NO ACTION NEEDED") is alert.remedy[0].startswith("Nothing"), what
    assert banners == {"🔵 ACTION NEEDED", "🔵 NO ACTION NEEDED"}


def test_a_step_that_failed_says_what_it_means_for_traffic_and_what_is_missing() -> None:
    told = {what: alert for what, alert in real_alerts() if what.startswith("a missing permission")}
    assert len(told) == 2
    for alert in told.values():
        assert "traffic" in alert.summary.lower()
        assert re.search(r"ec2:\w+ (was refused )?in (account )?444455556666", alert.cause)
        assert alert.cause not in alert.evidence


def test_a_tunnel_that_is_down_has_the_command_for_its_configuration_whatever_leads() -> None:
    told = [(what, alert) for what, alert in real_alerts() if "tunnel" in what and alert.status is AlertStatus.FIRING]
    assert {"a second tunnel that was never configured", "a tunnel that AWS could not provision"} <= {
        w for w, _ in told
    }
    for what, alert in told:
        assert "get-vpn-connection-device-sample-configuration" in str(render.message(stored(alert)).blocks), what
        assert any("UDP 500" in step for step in alert.remedy), what


def test_no_sentence_is_made_of_arns() -> None:
    """Names are for reading; an ARN belongs into a field, the proof or a command."""
    for what, alert in real_alerts():
        message = render.message(stored(alert))
        shown = [block for block in message.blocks[1:-1] if _part(block) in {"sentence", "why"}]
        sentences = [str(block["text"]["text"]) for block in shown]
        assert "arn:" not in " ".join([message.text, *sentences]), what


def test_whatever_needs_a_person_links_to_the_place_of_its_repair() -> None:
    """All but what is in git already, and rolls, whose members link."""
    for what, alert in real_alerts():
        if alert.status is AlertStatus.FIRING and alert.kind not in roll.KINDS and "chalicelib/policy.yaml" not in what:
            assert alert.links, what


def test_a_route_in_the_way_is_one_click_away() -> None:
    told = [alert for what, alert in real_alerts() if "route" in what and alert.kind == kinds.PEERING]
    assert len(told) >= 2
    for alert in told:
        assert any("RouteTableDetails:RouteTableId=rtb-" in link.url for link in alert.links)


_MADE_TRUE = {
    "chalicelib/policy.yaml": "Then `make deploy`: it is a part of the deployment.",
    "ssm:/netreflex/policy": "It is read again within a minute.",
    "ssm:/netreflex/policy:3": "NETREFLEX_POLICY names version 3 of it, which never changes: name the corrected version there, "
    "or none to go by the newest, and `make deploy`.",
    "ssm:/netreflex/policy:live": "Let the label live stand at the corrected version: it is read again within a minute.",
    "s3://netreflex-policies/policy.yaml": "It is read again within a minute.",
    "s3://netreflex-policies/policy.yaml?versionId=3sL4kqtJlcpX": "NETREFLEX_POLICY names version 3sL4kqtJlcpX of it, which never "
    "changes: name the corrected version there, or none to go by the newest, and `make deploy`.",
    "appconfig:a/b/c": "It is read again within a minute.",
}


def test_a_broken_policy_says_what_brings_its_correction_into_force() -> None:
    told = [(what.rpartition(" ")[2], alert) for what, alert in real_alerts() if what.startswith("a broken policy in ")]
    assert {source for source, _ in told} == _MADE_TRUE.keys()
    for source, alert in told:
        assert alert.remedy[1] == _MADE_TRUE[source]
        assert ":3" not in alert.remedy[0]
        assert "versionId" not in alert.remedy[0]


def test_who_may_not_read_an_object_is_told_that_it_may_not_be_there() -> None:
    """S3 tells it only to those who may list the bucket."""
    told = [(what, alert.remedy[1]) for what, alert in real_alerts() if what.startswith("one function may not read")]
    assert len(told) == 2 * len(_MADE_TRUE)
    for what, step in told:
        assert ("see that the object is there" in step) is what.endswith("s3://netreflex-policies/policy.yaml")
        assert ("see that this version of the object is there" in step) is ("versionId" in what)


def test_the_link_of_a_policy_leads_to_the_version_that_is_named() -> None:
    links = {
        what.rpartition(" ")[2]: alert.links for what, alert in real_alerts() if what.startswith("a broken policy")
    }
    parameter = "https://eu-west-1.console.aws.amazon.com/systems-manager/parameters/%2Fnetreflex%2Fpolicy/description"
    for source in ("ssm:/netreflex/policy", "ssm:/netreflex/policy:3", "ssm:/netreflex/policy:live"):
        assert links[source][0].url == f"{parameter}?region=eu-west-1"
    object_ = "https://s3.console.aws.amazon.com/s3/object/netreflex-policies?region=eu-west-1&prefix=policy.yaml"
    assert links["s3://netreflex-policies/policy.yaml"][0].url == object_
    assert (
        links["s3://netreflex-policies/policy.yaml?versionId=3sL4kqtJlcpX"][0].url
        == f"{object_}&versionId=3sL4kqtJlcpX"
    )


# ---- commands --------------------------------------------------------------------------------------------------------
def commands() -> list[tuple[str, str]]:
    """Every command of AWS's CLI in what production says, with what it is said of."""
    found = []
    for what, whole in real_alerts():
        alert = whole.bounded()
        for text in (*alert.remedy, alert.cause, alert.evidence, alert.summary):
            found += [(what, (match[1] or match[2]).strip()) for match in AWS.finditer(text)]
    return found


def test_every_command_is_one_that_aws_knows() -> None:
    """Parsed as a shell does it; service, operation and parameters are botocore's; nothing is left to fill in unawares."""
    seen = sorted(set(commands()))
    wrong = [(what, command, fault) for what, command in seen for fault in faults(command)]
    figure(f"{len(seen)} commands of {len({what for what, _ in seen})} alerts, {len(wrong)} faults")
    assert len(seen) >= 8
    assert wrong == []


WITHOUT_REGION = {"route53"}  # one endpoint for all
GLOBAL = {"--region", "--output", "--query", "--cli-binary-format"}


def faults(command: str) -> list[str]:
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        return [f"no shell takes it: {error}"]
    parts: list[list[str]] = [[]]
    for word in words:
        if word in {"&&", "|", ";"}:
            parts.append([])
        elif word != "do":
            parts[-1].append(word)
    return [fault for part in parts if part[:1] == ["aws"] for fault in _faults_of(part)]


def _faults_of(words: list[str]) -> list[str]:
    if ">" in words:
        words = words[: words.index(">")] if len(words) == words.index(">") + 2 else [*words, "a redirection"]
    if {"<", ">", "a redirection"} & set(words):
        return [f"a redirection in {words}"]
    _, service, operation, *rest = words
    model = botocore.session.get_session().get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return [f"{service} has no {operation}"]
    shape = model.operation_model(names[operation]).input_shape
    known = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else {})} | GLOBAL
    required = {f"--{xform_name(name, '-')}" for name in (shape.required_members if shape else [])}
    options = {word.partition("=")[0] for word in rest if word.startswith("--")}
    found = [f"unknown {one}" for one in sorted(options) if one.replace("--no-", "--") not in known]
    found += [f"{option} is missing" for option in sorted(required - options)]
    found += ["no --region"] if service not in WITHOUT_REGION and "--region" not in options else []
    if "--payload" in options and "--cli-binary-format" not in options:
        found.append("a payload that is not base64 needs --cli-binary-format raw-in-base64-out")
    return found


@pytest.mark.parametrize(
    "command",
    [
        "aws sqs recieve-message --region eu-west-1 --queue-url x",
        "aws sqs receive-message --queue-url x",
        "aws sqs receive-message --region eu-west-1",
        "aws lambda invoke --region eu-west-1 --function-name netreflex-<stage>-sweep /dev/stdout",
        "aws lambda invoke --region eu-west-1 --function-name f --payload file://event.json /dev/stdout",
        "aws ec2 create-route --region eu-west-1 --route-table-id rtb-1 --destination 10.0.0.0/8",
        "aws ec2 'create-route",
    ],
)
def test_a_command_that_fails_when_it_is_copied_is_found(command: str) -> None:
    assert faults(command)


def test_a_long_command_stands_on_a_line_of_its_own() -> None:
    """Copied with a triple click, and with nothing else."""
    checked = 0
    for what, alert in real_alerts():
        for block in render.message(stored(alert)).blocks:
            text = block["text"]["text"] if block["type"] == "section" and "text" in block else ""
            if text.startswith("*Do this*"):
                for line in text.split("\n"):
                    long = [code for code in re.findall(r"`([^`]+)`", line) if len(code) >= 30 and " " in code]
                    assert not long or line == f"`{long[0]}`", (what, line)
                    checked += len(long)
    assert checked >= 6


# ---- the runbook -----------------------------------------------------------------------------------------------------
def chapters() -> list[str]:
    return re.findall(r"^## ([a-z-]+)$", RUNBOOK, re.MULTILINE)


def test_every_kind_has_a_chapter_and_every_chapter_a_kind() -> None:
    assert sorted(chapters()) == sorted(kinds.CHAPTERS)


def test_every_chapter_belongs_to_an_alert_that_production_makes() -> None:
    """And every such alert leads to a chapter that exists; the notifier's own trouble is told by mail."""
    told = {kinds.chapter_of(alert) for _, alert in real_alerts()}

    assert told | {kinds.DELIVERY} == set(kinds.CHAPTERS)


def test_a_chapter_says_what_it_means_how_to_look_what_to_do_and_how_it_ends() -> None:
    for chapter in chapters():
        text = RUNBOOK.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
        for part in ("**Traffic:**", "**Look:**", "**Do:**", "**Ends:**"):
            assert part in text, (chapter, part)


def test_the_commands_of_the_runbook_are_ones_that_aws_knows_and_change_nothing() -> None:
    """What is to be filled in is in capitals, so that no shell takes it for a redirection."""
    found = [line for block in re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL) for line in block.strip().split("\n")]
    wrong = [(line, fault) for line in found for fault in faults(line)]
    reading = re.compile(
        r"aws [a-z0-9-]+ (describe|get|list|search|receive|lookup|filter|query)[a-z-]*( |$)|openssl |dig |kubectl "
    )
    figure(f"runbook: {len(chapters())} chapters, {len(found)} commands")
    assert wrong == []
    assert [line for line in found if not reading.match(line)] == []


def test_every_alert_links_to_its_chapter_where_the_policy_names_the_runbook(world: World) -> None:
    """In the message for people and in the JSON for machines; without an address there is no such link."""
    base = "https://git.example.com/netreflex/docs/runbook.md"
    road = Road(world.store, world.publisher, world.clock, runbook=lambda: base)
    for kind in ("vpn", "peering"):
        road.tell(any_alert(kind=kind, at=START))
    world.tell(any_alert(kind="name", at=START))
    world.pump()

    told = {one.key.partition("#")[0]: str(one.blocks) for one in world.slack.messages}
    for kind in ("vpn", "peering"):
        assert f"{base}#{kind}|Runbook" in told[any_alert(kind=kind).fingerprint]
    assert "Runbook" not in told[any_alert(kind="name").fingerprint]


def test_every_command_in_the_code_is_among_them() -> None:
    """What no scenario of ours brings about would not be checked."""
    source = "\n".join(
        path.read_text() for path in sorted((Path(__file__).parent.parent.parent / "chalicelib").rglob("*.py"))
    )
    written = {
        f"{service} {operation}" for service, operation in re.findall(r"[`\"]aws ([a-z0-9]+) ([a-z]+-[a-z-]+)", source)
    }
    checked = {" ".join(command.split("aws ")[-1].split()[:2]) for _, command in commands()}

    assert len(written) >= 8
    assert written - checked == set()
