"""What is written to hosted zones, and what each of Route 53's answers means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.model.actions import (
    AssociateVpc,
    AuthorizeVpcAssociation,
    ChangeRecordSets,
    RecordChange,
    RemoveVpcAuthorization,
    Verb,
)
from chalicelib.model.errors import AccessRefused, AwsFailure, RetryLater
from chalicelib.model.names import ChangeInfo, NamesRemembered, PendingChange, RecordSet, Zone
from chalicelib.model.network import Place, VpcRef
from chalicelib.perform.executor import AwsExecutor, DryRunExecutor
from chalicelib.perform.name_memory import NoNames, StateTableNames
from chalicelib.perform.record_sets import RecordSets
from demo.world import DATA, DEV, REGION
from tests.decide.build import NOW
from tests.flows.names_world import NAME, ZONE, AcrossAccounts, lab_of
from tests.lab import TABLE, Lab, executor_of

ZONE_PLACE = Place(account=DEV, region="us-east-1")
VPC = VpcRef(place=Place(account=DATA, region=REGION), vpc_id="vpc-01122334455667788")
CNAME = RecordSet(name=NAME, type="CNAME", ttl=60, values=("x.elb.amazonaws.com",))
BATCH = ChangeRecordSets(
    place=ZONE_PLACE, zone_id="Z1", zone=ZONE, changes=(RecordChange(verb=Verb.CREATE, record=CNAME),)
)
AUTHORIZE = AuthorizeVpcAssociation(place=ZONE_PLACE, zone_id="Z1", zone=ZONE, vpc=VPC)
ASSOCIATE = AssociateVpc(place=VPC.place, zone_id="Z1", zone=ZONE, zone_account=DEV, vpc=VPC)
REMOVE = RemoveVpcAuthorization(place=ZONE_PLACE, zone_id="Z1", zone=ZONE, vpc=VPC)


class Route53:
    """A client that notes what it is asked, and answers (or refuses) as it was told."""

    def __init__(self, *, error: Exception | None = None, vpcs: list[dict[str, str]] | None = None) -> None:
        self.error, self.vpcs = error, vpcs or []
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str, place: Place) -> Route53:
        assert service == "route53"
        self.place = place
        return self

    def get_hosted_zone(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        self.asked.append(("get_hosted_zone", arguments))
        return {"VPCs": self.vpcs}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        def call(**arguments: Any) -> dict[str, Any]:  # noqa: ANN401
            self.asked.append((name, arguments))
            if self.error:
                raise self.error
            return {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING"}}

        return call


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


def test_a_batch_is_sent_whole_and_comes_back_with_its_change_id() -> None:
    aws = Route53()
    assert RecordSets(aws).perform(BATCH) == ChangeInfo("C1", "PENDING")
    [(operation, arguments)] = aws.asked
    assert (operation, aws.place) == ("change_resource_record_sets", ZONE_PLACE)
    assert arguments == {
        "HostedZoneId": "Z1",
        "ChangeBatch": {
            "Comment": "netreflex",
            "Changes": [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {
                        "Name": NAME,
                        "Type": "CNAME",
                        "TTL": 60,
                        "ResourceRecords": [{"Value": "x.elb.amazonaws.com"}],
                    },
                }
            ],
        },
    }


@pytest.mark.parametrize("action", [AUTHORIZE, ASSOCIATE, REMOVE], ids=lambda action: type(action).__name__)
def test_an_association_is_asked_for_in_the_right_account(action: Any) -> None:  # noqa: ANN401
    aws = Route53()
    assert RecordSets(aws).perform(action) is True
    [(_, arguments)] = aws.asked
    assert arguments == {"HostedZoneId": "Z1", "VPC": {"VPCRegion": REGION, "VPCId": VPC.vpc_id}}
    assert aws.place == action.place
    assert aws.place.account == (DATA if action is ASSOCIATE else DEV)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (refusal("PriorRequestNotComplete"), RetryLater),
        (refusal("ConcurrentModification"), RetryLater),
        (refusal("Throttling"), RetryLater),
        (ReadTimeoutError(endpoint_url="x"), RetryLater),
        (refusal("AccessDenied"), AccessRefused),
        (refusal("InvalidChangeBatch"), AwsFailure),
    ],
    ids=["busy", "concurrent", "throttled", "no answer", "denied", "spoiled"],
)
@pytest.mark.parametrize("action", [BATCH, AUTHORIZE, ASSOCIATE, REMOVE], ids=lambda action: type(action).__name__)
def test_what_each_refusal_means(action: Any, error: Exception, meaning: type[Exception]) -> None:  # noqa: ANN401
    with pytest.raises(meaning):
        RecordSets(Route53(error=error)).perform(action)


def test_an_association_that_is_there_already_is_no_conflict_with_itself() -> None:
    conflict = refusal("ConflictingDomainExists")
    there = Route53(error=conflict, vpcs=[{"VPCRegion": REGION, "VPCId": VPC.vpc_id}])
    assert RecordSets(there).perform(ASSOCIATE) is False
    assert there.place.account == DEV
    with pytest.raises(AwsFailure, match="ConflictingDomainExists"):
        RecordSets(Route53(error=conflict)).perform(ASSOCIATE)


def test_an_authorization_that_is_gone_needs_no_removal() -> None:
    assert RecordSets(Route53(error=refusal("VPCAssociationAuthorizationNotFound"))).perform(REMOVE) is False


# ---- in the executor, on the strict emulator -------------------------------------------------------------------------
@pytest.fixture
def lab() -> Iterator[Lab]:
    with lab_of(world=AcrossAccounts) as made:
        yield made


def test_the_executor_reports_a_spoiled_batch_as_overtaken_and_a_good_one_with_its_id(lab: Lab) -> None:
    place = Place(account=DATA, region="us-east-1")
    batch = replace(BATCH, place=place, zone_id=lab.world.zone_id)
    world = lab.flow_world()
    done = executor_of(world).perform((batch,))
    assert done.performed == (batch,)
    assert done.answers == ((batch, ChangeInfo("C2682N5HXP0BZ4", "PENDING")),)
    again = executor_of(world).perform((batch,))
    assert (again.overtaken, again.retry, again.performed) == (True, False, ())
    assert "InvalidChangeBatch" in again.failed[0].error
    assert DryRunExecutor().perform((batch,)).performed == ()


def test_an_association_across_accounts_needs_its_authorization_first(lab: Lab) -> None:
    vpc = VpcRef(place=Place(account=DEV, region=REGION), vpc_id=lab.world.apps.vpc_id)
    zone = {"zone_id": lab.world.zone_id, "zone": ZONE, "vpc": vpc}
    zone_place = Place(account=DATA, region="us-east-1")
    associate = AssociateVpc(place=vpc.place, zone_account=DATA, **zone)
    executor = executor_of(lab.flow_world())
    refused = executor.perform((associate,))
    assert "NotAuthorizedException" in refused.failed[0].error
    assert not refused.overtaken
    steps = (
        AuthorizeVpcAssociation(place=zone_place, **zone),
        associate,
        RemoveVpcAuthorization(place=zone_place, **zone),
    )
    assert executor.perform(steps).performed == steps
    assert vpc.vpc_id in lab.world.vpcs_of_zone()
    assert lab.world.authorized() == []
    assert executor.perform(steps[2:]).unchanged == 1
    assert isinstance(executor, AwsExecutor)


# ---- the memory ------------------------------------------------------------------------------------------------------
def test_names_are_remembered_by_load_balancer_in_few_writes(lab: Lab) -> None:
    memory = StateTableNames(lambda: lab.client("dynamodb"), TABLE, lambda: NOW)
    memory.remember([("arn:a", f"n{number}") for number in range(30)] + [("arn:b", "other")])
    reader = lab.flow_world().names()
    assert reader.led_to("arn:a") == frozenset(f"n{number}" for number in range(30))
    assert reader.led_to("arn:b") == frozenset({"other"})
    assert reader.led_to("arn:c") == frozenset()
    NoNames().remember([("arn:a", "x")])


def test_zones_and_pending_changes_are_remembered_and_dropped(lab: Lab) -> None:
    memory = StateTableNames(lambda: lab.client("dynamodb"), TABLE, lambda: NOW)
    reader = lab.flow_world().names()
    zone = Zone(zone_id="Z1", account=DATA, name=ZONE, private=True)
    change = PendingChange(change_id="C1", zone=zone, since=NOW)
    memory.remember([("arn:a", "x")], [zone, zone])
    memory.await_changes([change])
    assert reader.remembered() == NamesRemembered(zones=(zone,), changes=(change,))
    memory.forget([change], [])
    assert reader.remembered() == NamesRemembered(zones=(zone,))
    memory.forget([], [zone])
    assert reader.remembered() == NamesRemembered()
    NoNames().await_changes([change])
    NoNames().forget([change], [zone])


def test_a_state_table_that_takes_nothing_is_tried_again_later() -> None:
    class Full:
        def batch_write_item(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
            return {"UnprocessedItems": arguments["RequestItems"]}

    with pytest.raises(RetryLater, match="did not take the memory of names"):
        StateTableNames(Full, "t", lambda: NOW).remember([("arn", "n")])
