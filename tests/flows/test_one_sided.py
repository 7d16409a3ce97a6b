"""A side that is not ours: what is ours is done, and the printed commands, run as they stand, finish the rest."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from demo.world import DATA, DEV, REGION
from tests.flows.names_world import NAME, WITH_PEERING, ZONE, AcrossAccounts, lab_of
from tests.lab import Lab
from tests.reliability.worlds import NARROW, Pair, request, targets

OURS_IS_DEV = NARROW.replace('  "444455556666": {name: data}\n', "").replace(", vpc_tags: {service: tidb}", "")
OURS_IS_DATA = (
    WITH_PEERING.replace('  "111122223333": {name: dev}\n', "")
    .replace('zone_account: "111122223333"', 'zone_account: "444455556666"')
    .replace("dns_resolution: none", "dns_resolution: both")
)


def run(lab: Lab, account: str, commands: Iterable[str], table: str) -> None:
    """Run AWS CLI commands as their reader would: the placeholder is a table, options are parameters."""
    for command in commands:
        words = shlex.split(command.replace("ROUTE_TABLE_ID", table))
        service, operation, *rest = [word for word in words if word != "aws"]
        given = _options(rest)
        region = given.pop("region", REGION)
        client = lab.client(service, account, region)
        shape = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation.replace("-", "_")]
        )
        members = {name.lower(): name for name in shape.input_shape.members}
        getattr(client, operation.replace("-", "_"))(
            **{members[name.replace("-", "")]: _value(text) for name, text in given.items()}
        )


def _options(words: list[str]) -> dict[str, str]:
    marks = [number for number, word in enumerate(words) if word.startswith("--")]
    return {words[number].removeprefix("--"): words[number + 1] for number in marks}


def _value(text: str) -> Any:  # noqa: ANN401 - a string or a structure in the CLI's shorthand
    if "=" not in text:
        return text
    pairs = dict(part.split("=") for part in text.split(","))
    return {key: value == "true" if value in {"true", "false"} else value for key, value in pairs.items()}


def commands_of(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.startswith("aws ")]


def steps_of(alert: dict[str, Any]) -> list[str]:
    return [step.split("`")[1] for step in alert["remedy"] if "`" in step]


def test_a_foreign_accepter_is_told_what_to_run_and_our_side_follows() -> None:
    with Lab(OURS_IS_DEV, world=Pair) as lab:
        peering = request(lab)
        report = lab.request_arrives(peering)
        [waits] = lab.alerts()
        assert (report.decision, report.planned) == ("observed", ())
        assert (waits["status"], waits["severity"]) == ("firing", "info")
        assert waits["title"] == f"VPC peering request waits: apps (dev) -> {lab.world.tidb.vpc_id} (444455556666)"
        assert steps_of(waits) == commands_of(report.reasons)
        assert all(step.startswith(f"The owner of account {DATA} runs") for step in waits["remedy"])
        assert "accept-vpc-peering-connection --region eu-west-1" in report.reasons[1]

        run(lab, DATA, commands_of(report.reasons), lab.world.tidb.tables["main"])
        assert lab.world.status(peering["VpcPeeringConnectionId"], DATA) == "active"
        assert ("main", "10.16.0.0/16") in targets(lab, lab.world.tidb)
        swept = lab.sweep()
        assert {type(action).__name__ for action in swept.performed} == {"CreateRoute", "TagPeering"}
        [approved] = lab.alerts()
        assert (approved["status"], approved["fp"]) == ("notice", waits["fp"])
        assert lab.sweep().planned == ()
        assert not lab.writes


def test_a_request_to_a_foreign_accepter_that_no_rule_approves_is_told_to_nobody() -> None:
    with Lab(OURS_IS_DEV.replace("10.16.0.0/12", "10.99.0.0/16"), world=Pair) as lab:
        assert lab.request_arrives(request(lab)).decision == "observed"
        assert lab.alerts() == []


def test_what_waits_for_a_foreign_accepter_ends_when_its_owner_turns_it_down() -> None:
    with Lab(OURS_IS_DEV, world=Pair) as lab:
        peering_id = request(lab)["VpcPeeringConnectionId"]
        lab.sweep()
        lab.client("ec2", DATA).reject_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        lab.sweep()
        assert [alert["status"] for alert in lab.alerts()] == ["firing", "resolved"]


def test_the_owner_of_a_foreign_requester_makes_the_names_resolve_with_what_it_is_told() -> None:
    with lab_of(OURS_IS_DATA, world=AcrossAccounts) as lab:
        lab.world.balancer()
        report = lab.request_arrives(lab.world.request(lab.world.apps, lab.world.tidb))
        alerts = {alert["kind"]: alert for alert in lab.alerts()}
        assert report.decision == "approved"
        assert lab.world.authorized() == [lab.world.apps.vpc_id]
        assert lab.world.apps.vpc_id not in lab.world.vpcs_of_zone()
        assert steps_of(alerts["peering"]) == commands_of(report.reasons)
        assert [command.split()[2] for command in commands_of(report.reasons)] == [
            "create-route",
            "modify-vpc-peering-connection-options",
            "associate-vpc-with-hosted-zone",
        ]
        assert (alerts["name"]["status"], alerts["name"]["severity"]) == ("firing", "info")
        assert alerts["name"]["title"] == f"{ZONE} does not resolve in {lab.world.apps.vpc_id}"

        lab.sweep()
        assert lab.alerts() == []
        run(lab, DEV, commands_of(report.reasons), lab.world.apps.tables["main"])
        assert lab.world.apps.vpc_id in lab.world.vpcs_of_zone()
        swept = lab.sweep()
        assert [type(action).__name__ for action in swept.performed] == ["RemoveVpcAuthorization"]
        assert lab.world.authorized() == []
        assert [alert["title"] for alert in lab.alerts()] == [f"{ZONE} resolves in {lab.world.apps.vpc_id}"]
        assert lab.world.cname(NAME)
        assert lab.sweep().planned == ()
        assert not lab.writes
