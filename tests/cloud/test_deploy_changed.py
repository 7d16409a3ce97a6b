"""A stage that somebody changed by hand is read back, repaired, taken away and put back."""

from __future__ import annotations

import pytest

from tests.cloud.ground import Ground
from tests.cloud.stories_of_deployment import changed_by_hand, mended, taken_away

pytestmark = pytest.mark.cloud


def test_what_somebody_took_away_is_named_and_a_changed_function_replaces_all_of_it(whole: Ground) -> None:
    """The record of Chalice is lost on top of it, as in a fresh clone; and a role's file, which nobody committed."""
    changed = changed_by_hand(whole)
    assert changed.found == [
        f"{changed.role} is not what its pattern and the stage's settings say",
        f"alarm {whole.name('sweep-missing')} is missing",
        f"function {whole.name('vpn')}: Timeout is 7, and 60 is configured",
        f"not set: rule {whole.name('sweep-event')}: enabled",
    ]
    assert (whole.project / changed.role).exists()
    assert whole.function("peering")["CodeSha256"] != changed.code
    assert (whole.function("vpn")["Timeout"], len(whole.mappings("notify"))) == (60, 1)
    assert {"TagResource", "PutTargets"} <= set(changed.written), "Chalice had reset the targets of its rules"
    assert whole.target("peering-event")["DeadLetterConfig"]
    assert whole.missing() == []
    assert changed.again == []


def test_only_what_was_switched_off_is_written_again(whole: Ground) -> None:
    functions = len(whole.functions)
    watching = ["EnableAlarmActions", "EnableRule", "PutMetricAlarm", "SetQueueAttributes", "SetSubscriptionAttributes"]
    tracing = ["PutRolePolicy", "UpdateFunctionConfiguration"] * functions
    assert sorted(mended(whole)) == sorted([*watching, *tracing])
    assert whole.missing() == []


def test_a_stage_that_was_taken_away_keeps_its_table_and_comes_back(whole: Ground) -> None:
    returned = taken_away(whole)
    assert returned.left == {f"table {whole.name('state')}"}
    assert returned.remembers
    assert whole.missing() == []


def test_every_role_has_the_boundary_that_the_stage_names_and_none_was_made_without(whole: Ground) -> None:
    """Chalice would make roles without one, and takes those that are there."""
    returned = taken_away(whole)
    assert returned.bound == {returned.boundary}
    made = [params.get("PermissionsBoundary") for _, call, params in returned.calls if call == "CreateRole"]
    assert made == [returned.boundary] * (len(whole.functions) - 1)
    role = whole.name("vpn")
    whole.client("iam").delete_role_permissions_boundary(RoleName=role)
    assert whole.missing() == [f"not set: role {role}: its permissions boundary"]
    assert whole.deploy() == ["PutRolePermissionsBoundary"]
    assert whole.missing() == []
