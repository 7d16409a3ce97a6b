"""A peering with an account that is not ours: we do our side, and say exactly what the other owner has to run."""

from __future__ import annotations

import pytest

from chalicelib.decide.approved_cidrs import CIDRS_TAG, RULE_TAG, cidrs_hash
from chalicelib.model.actions import AcceptPeering, TagPeering
from chalicelib.model.facts import PeeringFacts, Side
from chalicelib.model.network import Place
from chalicelib.model.plan import Decision
from chalicelib.model.policy import DnsResolution, Match, Rule, RuleDecision, SideRoutes
from tests.decide.build import (
    DATA,
    DEV,
    PCX,
    TIDB,
    TIDB_MAIN,
    active,
    apps,
    create,
    facts,
    foreign,
    marked,
    moved,
    nets,
    plan,
    route,
    rule,
    tidb,
)

TO_TIDB, TO_APPS = create("10.40.0.0/16"), create("10.20.0.0/16", TIDB_MAIN, DATA)


def test_a_foreign_requester_is_accepted_and_routed_on_our_side_alone() -> None:
    decision = plan(facts(foreign(apps())))

    assert (decision.decision, decision.plan.refusals) == (Decision.APPROVED, ())
    *work, tag = decision.plan.actions
    assert work == [AcceptPeering(place=DATA, peering_id=PCX), TO_APPS]
    assert isinstance(tag, TagPeering)
    assert tag.place == DATA
    assert [wanted.side for wanted in decision.wanted] == [Side.ACCEPTER]


def test_the_owner_of_a_foreign_requester_is_told_every_command() -> None:
    seen = facts(foreign(apps()), tidb("10.40.0.0/16", "10.41.0.0/16", "2001:db8:40::/56"))

    decision = plan(seen, rule(ipv6=True, dns_resolution=DnsResolution.BOTH))

    table = "--route-table-id ROUTE_TABLE_ID"
    assert decision.foreign == (
        (
            f"for cidr in 10.40.0.0/16 10.41.0.0/16; do aws ec2 create-route --region eu-west-1 {table} "
            f"--destination-cidr-block $cidr --vpc-peering-connection-id {PCX}; done"
        ),
        (
            f"aws ec2 create-route --region eu-west-1 {table} "
            f"--destination-ipv6-cidr-block 2001:db8:40::/56 --vpc-peering-connection-id {PCX}"
        ),
        (
            f"aws ec2 modify-vpc-peering-connection-options --region eu-west-1 --vpc-peering-connection-id {PCX} "
            "--requester-peering-connection-options AllowDnsResolutionFromRemoteVpc=true"
        ),
    )


def test_the_other_owner_is_told_the_portions_that_the_policy_allows_them() -> None:
    portion = rule(to_tidb=SideRoutes(to=nets("10.40.8.0/22")))

    [command] = plan(facts(foreign(apps())), portion).foreign

    assert "--destination-cidr-block 10.40.8.0/22 " in command


def test_a_request_to_a_foreign_accepter_is_left_to_its_owner_who_is_told_every_command() -> None:
    approving = rule(dns_resolution=DnsResolution.BOTH)

    decision = plan(facts(accepter=foreign(tidb())), approving)

    assert (decision.decision, decision.rule, decision.plan.actions) == (Decision.OBSERVED, approving, ())
    assert decision.reasons == (
        f"the accepter {TIDB.vpc_id} (444455556666/eu-west-1) is not in the policy; its owner accepts or rejects the request",
    )
    assert decision.foreign == (
        f"aws ec2 accept-vpc-peering-connection --region eu-west-1 --vpc-peering-connection-id {PCX}",
        (
            "aws ec2 create-route --region eu-west-1 --route-table-id ROUTE_TABLE_ID "
            f"--destination-cidr-block 10.20.0.0/16 --vpc-peering-connection-id {PCX}"
        ),
        (
            f"aws ec2 modify-vpc-peering-connection-options --region eu-west-1 --vpc-peering-connection-id {PCX} "
            "--accepter-peering-connection-options AllowDnsResolutionFromRemoteVpc=true"
        ),
    )


@pytest.mark.parametrize(
    ("seen", "decided"),
    [
        (facts(accepter=foreign(tidb())), rule(decision=RuleDecision.HOLD)),
        (facts(accepter=foreign(tidb())), rule(requester=Match(accounts=("999999999999",)))),
        (facts(foreign(apps()), foreign(tidb())), rule()),
    ],
    ids=["held by a rule", "approved by no rule", "neither side is ours"],
)
def test_a_foreign_accepter_is_asked_for_nothing_that_the_policy_does_not_approve(
    seen: PeeringFacts, decided: Rule
) -> None:
    decision = plan(seen, decided)

    assert (decision.decision, decision.plan.actions, decision.foreign) == (Decision.OBSERVED, (), ())


def test_an_option_that_the_other_owner_has_set_is_not_asked_for_again() -> None:
    told = (nets("10.20.0.0/16"), nets("10.40.0.0/16"))
    seen = active(accepter=foreign(tidb()), told=told, dns=(None, True))

    commands = plan(seen, rule(dns_resolution=DnsResolution.BOTH)).foreign

    assert [command.split()[2] for command in commands] == ["create-route"]


def test_many_cidrs_make_commands_that_a_message_has_room_for() -> None:
    cidrs = [f"10.40.{number}.0/24" for number in range(23)]

    commands = plan(facts(foreign(apps()), tidb(*cidrs))).foreign

    assert [command.count("10.40.") for command in commands] == [10, 10, 3]
    assert max(map(len, commands)) < 450


def test_once_a_foreign_accepter_accepted_our_side_is_routed_and_marked() -> None:
    seen = active(accepter=foreign(tidb()), told=(nets("10.20.0.0/16"), nets("10.40.0.0/16")))

    decision = plan(seen)

    both = cidrs_hash(nets("10.20.0.0/16", "10.40.0.0/16"))
    work, tag = decision.plan.actions
    assert work == TO_TIDB
    assert isinstance(tag, TagPeering)
    assert (tag.place, dict(tag.tags)[CIDRS_TAG], dict(tag.tags)[RULE_TAG]) == (DEV, both, "dev-to-tidb")
    assert [command.split(" --vpc-peering")[0] for command in decision.foreign] == [
        (
            "aws ec2 create-route --region eu-west-1 --route-table-id ROUTE_TABLE_ID "
            "--destination-cidr-block 10.20.0.0/16"
        )
    ]


def test_the_commands_name_the_region_of_the_other_side() -> None:
    ohio = moved(tidb(), Place(account=DATA.account, region="us-east-2"))
    seen = active(accepter=foreign(ohio), told=(nets("10.20.0.0/16"), nets("10.40.0.0/16")))

    commands = plan(seen).foreign

    assert all(" --region us-east-2 " in command for command in commands)
    assert commands[-1].endswith("--accepter-peering-connection-options AllowDnsResolutionFromRemoteVpc=true")


def test_a_finished_one_sided_peering_needs_nothing_on_our_side() -> None:
    ours = apps(routes=[route("10.40.0.0/16", PCX)])
    seen = marked(active(ours, foreign(tidb()), told=(nets("10.20.0.0/16"), nets("10.40.0.0/16"))))

    decision = plan(seen)

    assert (decision.plan.actions, decision.marked) == ((), True)
    assert decision.foreign


def test_nobody_is_told_commands_while_nothing_is_approved() -> None:
    stranger = rule(requester=Match(accounts=("999999999999",)))

    assert plan(facts(foreign(apps())), stranger).foreign == ()


def test_where_neither_side_is_ours_nothing_is_done() -> None:
    seen = active(foreign(apps()), foreign(tidb()))

    decision = plan(seen)

    assert (decision.plan.actions, decision.wanted, decision.marked) == ((), (), False)
