"""Who may peer: the first rule whose every condition holds decides, and nobody else gets in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.decide.approval import failed_condition, judge_approval, unmatched_tag
from chalicelib.model.facts import PeeringFacts, PeeringStatus
from chalicelib.model.network import Place, Tags
from chalicelib.model.policy import Match, PeeringPolicy, RuleDecision
from tests.decide.build import APPS, DATA, DEV, TIDB, active, apps, facts, foreign, moved, nets, rule, tidb, vpc

DEV_ONLY = Match(accounts=(DEV.account,))
EVERYTHING = rule(
    requester=Match(
        accounts=(DEV.account,),
        regions=("eu-west-1",),
        vpcs=(APPS.vpc_id,),
        vpc_tags={"env": "dev*"},
        cidrs_within=nets("10.16.0.0/12"),
    ),
    accepter=Match(
        accounts=(DATA.account,),
        regions=("eu-west-1",),
        vpcs=(TIDB.vpc_id,),
        vpc_tags={"service": "tidb"},
        cidrs_within=nets("10.40.0.0/16"),
    ),
)


def test_a_rule_whose_every_condition_holds_decides() -> None:
    approval = judge_approval(facts(), PeeringPolicy(rules=(EVERYTHING,)))

    assert (approval.decision, approval.rule, approval.misses) == (RuleDecision.APPROVE, EVERYTHING, ())
    assert approval.rule_name == "dev-to-tidb"


STRANGER = Place(account="999999999999", region="eu-west-1")
VIRGINIA = Place(account=DEV.account, region="us-east-1")
OTHER_DATA = Place(account="777788889999", region="eu-west-1")


@pytest.mark.parametrize(
    ("seen", "miss"),
    [
        pytest.param(
            facts(moved(apps(), STRANGER)),
            "requester account 999999999999 is not one of 111122223333",
            id="another requester account",
        ),
        pytest.param(
            facts(moved(apps(), VIRGINIA)),
            "requester Region us-east-1 is not one of eu-west-1",
            id="another requester Region",
        ),
        pytest.param(
            facts(replace(apps(), ref=replace(APPS, vpc_id="vpc-0ffffffffffffffff"))),
            f"requester VPC vpc-0ffffffffffffffff is not one of {APPS.vpc_id}",
            id="another requester VPC",
        ),
        pytest.param(
            facts(apps(vpc=vpc(APPS, "10.20.0.0/16", env="prod"))),
            "requester VPC tag env is 'prod' (wanted 'dev*')",
            id="another value of the requester's tag",
        ),
        pytest.param(
            facts(apps(vpc=vpc(APPS, "10.20.0.0/16"))),
            "requester VPC tag env is missing (wanted 'dev*')",
            id="no tag on the requester",
        ),
        pytest.param(
            facts(apps("10.20.0.0/16", "10.99.0.0/16")),
            "requester CIDR 10.99.0.0/16 does not lie within 10.16.0.0/12",
            id="one secondary CIDR of the requester outside the range",
        ),
        pytest.param(
            facts(accepter=moved(tidb(), OTHER_DATA)),
            "accepter account 777788889999 is not one of 444455556666",
            id="another accepter account",
        ),
        pytest.param(
            facts(accepter=moved(tidb(), replace(DATA, region="us-east-1"))),
            "accepter Region us-east-1 is not one of eu-west-1",
            id="another accepter Region",
        ),
        pytest.param(
            facts(accepter=replace(tidb(), ref=replace(TIDB, vpc_id="vpc-0eeeeeeeeeeeeeeee"))),
            f"accepter VPC vpc-0eeeeeeeeeeeeeeee is not one of {TIDB.vpc_id}",
            id="another accepter VPC",
        ),
        pytest.param(
            facts(accepter=tidb(vpc=vpc(TIDB, "10.40.0.0/16", service="TIDB"))),
            "accepter VPC tag service is 'TIDB' (wanted 'tidb')",
            id="tags are told apart by case",
        ),
        pytest.param(
            facts(accepter=tidb("10.41.0.0/16")),
            "accepter CIDR 10.41.0.0/16 does not lie within 10.40.0.0/16",
            id="another accepter CIDR",
        ),
        pytest.param(
            facts(accepter=foreign(tidb())),
            f"accepter VPC tags of {TIDB.vpc_id} cannot be read: its account or Region is not in the policy",
            id="tags of a VPC that cannot be read",
        ),
        pytest.param(
            facts(accepter=replace(tidb(), vpc=None), told=(nets("10.20.0.0/16"), nets("10.40.0.0/16"))),
            f"accepter VPC tags of {TIDB.vpc_id} cannot be read: it is not to be seen there",
            id="tags of a VPC that was deleted",
        ),
    ],
)
def test_each_condition_that_fails_alone_is_named(seen: PeeringFacts, miss: str) -> None:
    approval = judge_approval(seen, PeeringPolicy(rules=(EVERYTHING,)))

    assert (approval.decision, approval.rule, approval.rule_name) == (RuleDecision.HOLD, None, None)
    assert approval.misses == (f"rule dev-to-tidb: {miss}",)


@pytest.mark.parametrize(
    ("seen", "misses"),
    [
        pytest.param(
            facts(foreign(apps()), told=(nets("10.20.0.0/16"), ())),
            None,
            id="what the peering tells of a foreign requester",
        ),
        pytest.param(
            facts(foreign(apps()), told=(nets("10.99.0.0/16"), ())),
            "requester CIDR 10.99.0.0/16 does not lie within 10.16.0.0/12",
            id="a foreign requester outside the range",
        ),
        pytest.param(
            facts(foreign(apps()), told=((), ())),
            "requester CIDRs are not known, so they cannot lie within 10.16.0.0/12",
            id="a foreign requester of which no CIDR is told",
        ),
        pytest.param(
            active(foreign(apps()), told=(nets("10.99.0.0/16", "10.20.0.0/16", "10.98.0.0/16"), ())),
            "requester CIDR 10.98.0.0/16 does not lie within 10.16.0.0/12",
            id="the lowest of several outside the range",
        ),
    ],
)
def test_the_cidrs_of_a_vpc_that_is_not_ours_are_those_the_peering_tells(
    seen: PeeringFacts, misses: str | None
) -> None:
    within = rule(requester=Match(accounts=(DEV.account,), cidrs_within=nets("10.16.0.0/12")))

    assert failed_condition(within, seen) == misses


def test_a_tag_of_a_requester_counts_only_beside_a_named_account() -> None:
    claim = rule(decision=RuleDecision.HOLD, requester=Match(vpc_tags={"env": "dev*"}))

    assert failed_condition(claim, facts()) == (
        "requester VPC tags count only beside a named account: anyone can set them in an account of their own"
    )


def test_a_tag_of_our_own_accepter_needs_no_named_account() -> None:
    assert failed_condition(rule(accepter=Match(vpc_tags={"service": "ti?b"})), facts()) is None


@pytest.mark.parametrize(
    ("accepter", "approved"),
    [
        pytest.param(Match(), False, id="silent"),
        pytest.param(Match(regions=("eu-west-1",), cidrs_within=nets("10.0.0.0/8")), False, id="anybody like this"),
        pytest.param(Match(accounts=(DATA.account,)), True, id="the account is named"),
        pytest.param(Match(vpcs=(TIDB.vpc_id,)), True, id="the VPC is named"),
    ],
)
def test_our_routes_lead_to_an_account_of_others_only_where_the_rule_names_it(
    accepter: Match, *, approved: bool
) -> None:
    seen = active(apps(), foreign(tidb()), told=(nets("10.20.0.0/16"), nets("10.40.0.0/16")))

    approval = judge_approval(seen, PeeringPolicy(rules=(rule(accepter=accepter),)))

    assert (approval.decision is RuleDecision.APPROVE) is approved
    if not approved:
        assert approval.misses[0] == (
            "rule dev-to-tidb: accepter 444455556666 in eu-west-1 is not in the policy, "
            "and the rule names no accepter account"
        )


def test_an_approving_rule_without_accounts_approves_nobody() -> None:
    nobody = rule(requester=Match(cidrs_within=nets("10.16.0.0/12")))

    assert failed_condition(nobody, facts()) == "it names no requester account, so it approves nobody"


@pytest.mark.parametrize("decision", [RuleDecision.HOLD, RuleDecision.REJECT])
def test_a_rule_that_lets_nobody_in_may_match_everybody(decision: RuleDecision) -> None:
    approval = judge_approval(facts(), PeeringPolicy(rules=(rule("all", decision, requester=Match()),)))

    assert (approval.decision, approval.rule_name) == (decision, "all")


@pytest.mark.parametrize(
    ("cidrs_within", "ipv6", "miss"),
    [
        pytest.param(("10.16.0.0/12",), False, None, id="IPv6 that is not routed needs no range"),
        pytest.param(
            ("10.16.0.0/12",), True, None, id="IPv6 that is routed needs none where the list names IPv4 alone"
        ),
        pytest.param(("10.16.0.0/12", "2001:db8:1::/48"), True, None, id="IPv6 inside a named range"),
        pytest.param(
            ("10.16.0.0/12", "2001:db8:2::/48"), False, "requester CIDR 2001:db8:1::/56", id="IPv6 outside one"
        ),
        pytest.param(
            ("10.16.0.0/12", "2001:db8:2::/48"), True, "requester CIDR 2001:db8:1::/56", id="routed IPv6 outside one"
        ),
        pytest.param(("2001:db8:1::/48",), True, "requester CIDR 10.20.0.0/16", id="IPv4 is always judged"),
    ],
)
def test_ipv6_blocks_are_judged_where_the_list_names_an_ipv6_range(
    cidrs_within: tuple[str, ...], miss: str | None, *, ipv6: bool
) -> None:
    two_families = facts(apps("10.20.0.0/16", "2001:db8:1::/56"))
    within = rule(requester=Match(accounts=(DEV.account,), cidrs_within=nets(*cidrs_within)), ipv6=ipv6)

    failed = failed_condition(within, two_families)

    assert failed is None if miss is None else (failed or "").startswith(miss)


def test_the_first_rule_that_matches_wins_and_the_misses_before_it_are_told() -> None:
    prod = rule("prod", requester=Match(accounts=("999999999999",)))
    reject = rule("no-dev", RuleDecision.REJECT)

    approval = judge_approval(facts(), PeeringPolicy(rules=(prod, reject, rule())))

    assert (approval.decision, approval.rule_name) == (RuleDecision.REJECT, "no-dev")
    assert approval.misses == ("rule prod: requester account 111122223333 is not one of 999999999999",)


def test_the_rule_that_came_nearest_is_the_first_miss_and_equal_ones_keep_the_policys_order() -> None:
    """Near is who names the requester's account; of those, whoever has the fewest conditions against it."""
    other, known = ("999999999999",), (DEV.account,)
    rules = [
        rule("stranger-b", requester=Match(accounts=other)),
        rule("stranger-a", requester=Match(accounts=other)),
        rule("nobody", requester=Match(vpcs=(APPS.vpc_id,))),
        rule("two", requester=Match(accounts=known, vpc_tags={"env": "prod"}, cidrs_within=nets("10.99.0.0/16"))),
        rule("one", requester=Match(accounts=known), accepter=Match(cidrs_within=nets("10.41.0.0/16", "10.42.0.0/16"))),
    ]

    misses = judge_approval(
        facts(accepter=tidb("10.40.0.0/16", "10.43.0.0/16")), PeeringPolicy(rules=tuple(rules))
    ).misses

    assert [miss.split(":")[0] for miss in misses] == [
        "rule one",
        "rule two",
        "rule stranger-b",
        "rule stranger-a",
        "rule nobody",
    ]


@pytest.mark.parametrize("default", [RuleDecision.HOLD, RuleDecision.REJECT])
def test_what_no_rule_matches_goes_by_the_default(default: RuleDecision) -> None:
    policy = PeeringPolicy(default=default, rules=(rule("prod", requester=Match(accounts=("999999999999",))),))  # type: ignore[arg-type]

    assert judge_approval(facts(), policy).decision is default


def test_a_policy_without_rules_approves_nobody_and_says_so() -> None:
    approval = judge_approval(facts(), PeeringPolicy())

    assert (approval.decision, approval.misses) == (RuleDecision.HOLD, ("the policy has no peering rule",))


@pytest.mark.parametrize("status", [PeeringStatus.PENDING, PeeringStatus.ACTIVE])
def test_the_status_of_a_peering_changes_nothing_about_who_may_peer(status: PeeringStatus) -> None:
    assert judge_approval(facts(status=status), PeeringPolicy(rules=(EVERYTHING,))).rule is EVERYTHING


@pytest.mark.parametrize(
    ("tags", "wanted", "expected"),
    [
        ({"env": "dev"}, {}, None),
        ({"env": "dev"}, {"env": "dev"}, None),
        ({"env": "dev-blue"}, {"env": "dev*"}, None),
        ({"env": "dev1"}, {"env": "dev[0-9]"}, None),
        ({"env": ""}, {"env": "*"}, None),
        ({"env": "DEV"}, {"env": "dev"}, "tag env is 'DEV' (wanted 'dev')"),
        ({"env": "dev"}, {"env": "dev?"}, "tag env is 'dev' (wanted 'dev?')"),
        ({}, {"env": "*"}, "tag env is missing (wanted '*')"),
        ({"b": "1"}, {"b": "2", "a": "1"}, "tag a is missing (wanted '1')"),
    ],
)
def test_tags_are_globs_on_the_value_alone(tags: Tags, wanted: Tags, expected: str | None) -> None:
    assert unmatched_tag(tags, wanted) == expected
