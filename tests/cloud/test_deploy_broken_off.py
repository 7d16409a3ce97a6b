"""A first deployment that is broken off at every step is completed by the next run, and then has nothing left to write."""

from __future__ import annotations

import pytest

from tests.cloud.ground import Broken, Ground

pytestmark = pytest.mark.cloud


def test_what_breaks_a_deployment_is_told_with_what_to_do(breaks: list[Broken]) -> None:
    for one in breaks:
        assert "again: it goes on from" in one.told, one.told
        by_chalice = one.at in {"chalice", "iam:CreateRole"}
        broken = "`chalice deploy` did not finish" if by_chalice else f"AWS refused {one.at} (AccessDenied"
        assert broken in one.told
    assert [one.stack for one in breaks] == ["", "REVIEW_IN_PROGRESS", *["CREATE_COMPLETE"] * 4]


def test_a_permission_that_chalice_lacks_is_named_at_the_end_of_its_traceback(breaks: list[Broken]) -> None:
    (told,) = (one.told for one in breaks if one.at == "iam:CreateRole")
    assert "The credentials may not do iam:CreateRole. deploy/deployer.json allows all" in told


def test_a_whole_stage_is_deployed_again_without_a_single_write(whole: Ground) -> None:
    assert whole.deploy() == []
    assert "3/5 application: unchanged" in whole.said
    told = "\n".join(whole.said)
    assert "make the secret netreflex-prod-slack" in told, "what people have to do themselves"
    assert "subscribe a mailbox to arn:aws:sns:eu-west-1:123456789012:netreflex-prod-fallback" in told


def test_nothing_is_there_twice_after_all_the_breaks(whole: Ground) -> None:
    assert len(whole.mappings("notify")) == 1
    assert whole.target("peering-event")["Id"] == "1"


def test_every_function_and_every_rule_keeps_what_it_gives_up(whole: Ground) -> None:
    queue = whole.place.queue_arn("dead-letters")
    for function in whole.functions:
        found = whole.client("lambda").get_function_event_invoke_config(FunctionName=whole.name(function.name))
        assert found["DestinationConfig"]["OnFailure"] == {"Destination": queue}
        if function.rule:
            target = whole.target(function.rule)
            assert target["DeadLetterConfig"] == {"Arn": queue}
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600
    assert {"peering", "sweep", "notify", "dead_letters"} <= {one.name for one in whole.functions}


def test_each_function_has_its_own_role_with_exactly_its_file(whole: Ground) -> None:
    functions = whole.functions
    roles = {whole.function(one.name)["Role"] for one in functions}
    assert len(roles) == len(functions)
    assert whole.missing() == []
