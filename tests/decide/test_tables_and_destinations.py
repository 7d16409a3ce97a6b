"""Which route tables get routes, and to which of the peer's CIDRs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.decide.case import Questions, open_questions
from chalicelib.decide.routes import choose_tables, destination_refusal, destinations, plan_side, table_of_subnet
from chalicelib.model.facts import PeeringFacts, RouteTable, Side, SideFacts
from chalicelib.model.plan import RefusalKind
from chalicelib.model.policy import Match, SideRoutes, Tables, TablesBySubnetTag, TablesByTag
from tests.decide.build import APPS, DEV, PCX, apps, create, facts, foreign, nets, policy, rule, subnet, table

MAIN = table("rtb-main", main=True, tags={"tier": "edge"})
WEB = table("rtb-web", subnets=("subnet-web-a", "subnet-web-b"), tags={"tier": "web"})
DB = table("rtb-db", subnets=("subnet-db",), tags={"tier": "data", "team": "blue"})
SPARE = table("rtb-spare", tags={"tier": "data"})
GATEWAY = table("rtb-gateway", edge=True, tags={"tier": "data"})
TABLES = (WEB, SPARE, GATEWAY, MAIN, DB)
SUBNETS = (
    subnet("subnet-web-a", tier="web"),
    subnet("subnet-web-b", tier="web"),
    subnet("subnet-db", tier="data"),
    subnet("subnet-plain", tier="plain"),
    subnet("subnet-lone", tier="data-old"),
)
SIDE = apps(tables=TABLES, subnets=SUBNETS)


@pytest.mark.parametrize(
    ("tables", "chosen"),
    [
        pytest.param("all", ["rtb-db", "rtb-main", "rtb-spare", "rtb-web"], id="all but those of gateways"),
        pytest.param("main", ["rtb-main"], id="the main one"),
        pytest.param(TablesByTag(tags={"tier": "data"}), ["rtb-db", "rtb-spare"], id="by a tag"),
        pytest.param(TablesByTag(tags={"tier": "data", "team": "b*"}), ["rtb-db"], id="by two tags"),
        pytest.param(TablesByTag(tags={"tier": "nothing"}), [], id="by a tag that none has"),
        pytest.param(TablesBySubnetTag(subnet_tags={"tier": "web"}), ["rtb-web"], id="one table for two subnets"),
        pytest.param(
            TablesBySubnetTag(subnet_tags={"tier": "plain"}),
            ["rtb-main"],
            id="main for a subnet without a table of its own",
        ),
        pytest.param(
            TablesBySubnetTag(subnet_tags={"tier": "data*"}),
            ["rtb-db", "rtb-main"],
            id="explicit and implicit subnets together",
        ),
        pytest.param(TablesBySubnetTag(subnet_tags={"tier": "none"}), [], id="by a tag that no subnet has"),
    ],
)
def test_the_policy_chooses_route_tables(tables: Tables, chosen: list[str]) -> None:
    assert [one.table_id for one in choose_tables(SIDE, SideRoutes(tables=tables))] == chosen


@pytest.mark.parametrize("tables", ["all", "main", TablesByTag(tags={}), TablesBySubnetTag(subnet_tags={})], ids=str)
def test_the_table_of_a_gateway_never_gets_a_route(tables: Tables) -> None:
    side = apps(tables=(replace(GATEWAY, main=True, subnets=("subnet-db",)),), subnets=SUBNETS)

    assert choose_tables(side, SideRoutes(tables=tables)) == ()


def test_subnets_that_were_not_read_choose_no_table() -> None:
    unread = apps(tables=TABLES, subnets=None)

    assert choose_tables(unread, SideRoutes(tables=TablesBySubnetTag(subnet_tags={"tier": "web"}))) == ()


@pytest.mark.parametrize(
    ("subnet_id", "tables", "expected"),
    [
        ("subnet-db", (MAIN, DB), "rtb-db"),
        ("subnet-db", (DB, MAIN), "rtb-db"),
        ("subnet-plain", (MAIN, DB), "rtb-main"),
        ("subnet-plain", (DB,), None),
    ],
)
def test_a_subnet_without_an_explicit_association_uses_the_main_table(
    subnet_id: str, tables: tuple[RouteTable, ...], expected: str | None
) -> None:
    assert table_of_subnet(subnet_id, tables) == expected


@pytest.mark.parametrize(
    ("to", "ipv6", "expected"),
    [
        pytest.param((), False, ["10.40.0.0/16", "10.41.0.0/16"], id="every IPv4 CIDR of the peer"),
        pytest.param((), True, ["10.40.0.0/16", "10.41.0.0/16", "2001:db8::/56"], id="IPv6 too, where switched on"),
        pytest.param(("10.40.8.0/22",), False, ["10.40.8.0/22"], id="only the portion that is listed"),
        pytest.param(("2001:db8::/64",), False, [], id="an IPv6 portion needs the switch"),
        pytest.param(("2001:db8::/64",), True, ["2001:db8::/64"], id="an IPv6 portion, switched on"),
    ],
)
def test_destinations_are_all_cidrs_of_the_peer_or_the_listed_portions(
    to: tuple[str, ...], expected: list[str], *, ipv6: bool
) -> None:
    peer = nets("2001:db8::/56", "10.41.0.0/16", "10.40.0.0/16")

    assert [str(cidr) for cidr in destinations(SideRoutes(to=nets(*to)), peer, ipv6=ipv6)] == expected


@pytest.mark.parametrize(
    ("cidr", "peer", "kind", "reason"),
    [
        pytest.param("10.40.8.0/22", "10.40.0.0/16", None, "", id="a portion of the peer"),
        pytest.param("2001:db8::/64", "2001:db8::/56", None, "", id="an IPv6 block is as fit as RFC 1918"),
        pytest.param(
            "10.41.0.0/22",
            "10.40.0.0/16",
            RefusalKind.DESTINATION,
            "10.41.0.0/22 is not inside a CIDR of the peer (10.40.0.0/16)",
            id="a portion outside the peer",
        ),
        pytest.param(
            "10.0.0.0/8",
            "10.40.0.0/16",
            RefusalKind.DESTINATION,
            "10.0.0.0/8 is not inside a CIDR of the peer (10.40.0.0/16)",
            id="more than the peer has",
        ),
        *(
            pytest.param(
                cidr,
                cidr,
                RefusalKind.RANGE,
                f"{cidr} is {what}, which rule dev-to-tidb does not name",
                id=f"{what} that nobody named",
            )
            for cidr, what in (
                ("8.8.8.0/24", "public addresses"),
                ("169.254.0.0/24", "link-local"),
                ("224.0.0.0/24", "multicast"),
                ("0.0.0.0/0", "the default route"),
                ("100.64.0.0/20", "shared address space"),
                ("127.0.0.0/24", "loopback"),
            )
        ),
        pytest.param(
            "10.20.128.0/17",
            "10.20.128.0/17",
            RefusalKind.OVERLAP,
            f"10.20.128.0/17 overlaps 10.20.0.0/16, a CIDR of the requester's own VPC {APPS.vpc_id}",
            id="a destination inside the own VPC",
        ),
    ],
)
def test_a_destination_is_refused_for_what_it_is(cidr: str, peer: str, kind: RefusalKind | None, reason: str) -> None:
    refusal = destination_refusal(create(cidr), apps(), rule(), nets(peer))

    assert (refusal.kind, refusal.reason) == (kind, reason) if refusal else kind is None


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        pytest.param({"to_tidb": SideRoutes(to=nets("100.64.0.0/20"))}, None, id="as a portion to route"),
        pytest.param({"accepter": Match(cidrs_within=nets("100.64.0.0/10"))}, None, id="as a range of the peer"),
        pytest.param(
            {"accepter": Match(cidrs_within=nets("0.0.0.0/0"))}, RefusalKind.RANGE, id="not by naming everything"
        ),
        pytest.param(
            {"requester": Match(accounts=(DEV.account,), cidrs_within=nets("100.64.0.0/10"))},
            RefusalKind.RANGE,
            id="not on the other side",
        ),
        pytest.param({"to_apps": SideRoutes(to=nets("100.64.0.0/20"))}, RefusalKind.RANGE, id="not for the way back"),
    ],
)
def test_an_unusual_range_is_routed_where_the_policy_names_it(
    named: dict[str, object], kind: RefusalKind | None
) -> None:
    refusal = destination_refusal(create("100.64.0.0/20"), apps(), rule(**named), nets("100.64.0.0/20"))  # type: ignore[arg-type]

    assert (refusal.kind if refusal else None) is kind


def test_the_own_cidr_that_is_overlapped_is_the_same_in_any_order() -> None:
    wide = create("10.0.0.0/8")
    refusals = {
        destination_refusal(wide, apps(*cidrs), rule(), nets("10.0.0.0/8"))
        for cidrs in (("10.21.0.0/16", "10.20.0.0/16"), ("10.20.0.0/16", "10.21.0.0/16"))
    }

    assert len(refusals) == 1


def test_the_own_cidrs_of_a_vpc_that_was_not_read_cannot_be_judged() -> None:
    assert destination_refusal(create("10.20.0.0/16"), foreign(apps()), rule(), nets("10.20.0.0/16")) is None


@pytest.mark.parametrize(
    ("side", "peer", "kinds", "destination"),
    [
        pytest.param(apps(tables=()), ("10.40.0.0/16",), [RefusalKind.TABLES], "10.40.0.0/16", id="no table"),
        pytest.param(apps(), ("2001:db8::/56",), [RefusalKind.DESTINATION], "0.0.0.0/32", id="no destination"),
        pytest.param(
            apps(tables=()), (), [RefusalKind.TABLES, RefusalKind.DESTINATION], "0.0.0.0/32", id="neither of the two"
        ),
    ],
)
def test_a_choice_that_selects_nothing_is_refused(
    side: SideFacts, peer: tuple[str, ...], kinds: list[RefusalKind], destination: str
) -> None:
    made = plan_side(side, rule(), PCX, nets(*peer), frozenset())

    assert [refusal.kind for refusal in made.refusals] == kinds
    assert {refusal.action for refusal in made.refusals} == {create(destination, "none")}
    assert (made.actions, made.wanted) == ((), ())


@pytest.mark.parametrize(
    ("seen", "asked"),
    [
        pytest.param(facts(), {Side.REQUESTER}, id="where they choose the tables"),
        pytest.param(facts(replace(SIDE, tables=apps().tables)), set(), id="not once they were read"),
        pytest.param(facts(foreign(apps())), set(), id="not of an account that is not ours"),
    ],
)
def test_subnets_are_asked_for_only_where_they_choose_the_tables(seen: PeeringFacts, asked: set[Side]) -> None:
    by_subnet = rule(to_tidb=SideRoutes(tables=TablesBySubnetTag(subnet_tags={"tier": "web"})))

    assert open_questions(seen, policy(by_subnet)) == Questions(subnets=frozenset(asked))
