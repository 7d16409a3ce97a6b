"""The parts of a policy must fit each other and AWS; each misfit is told at its path, and a valid neighbour is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.intake.policy_file import parse_policy
from chalicelib.model.names import ZoneChoice
from tests.intake.policies import GONE, changed, example, faults_of, told

RULE = "peering.rules[0]"
CATCH_ALL = {"name": "rest", "decision": "hold"}
LB = "names.0.load_balancer"
ARN = "arn:aws:elasticloadbalancing:eu-west-1:444455556666:loadbalancer/net/tidb/50dc6c495c0c9188"
OTHER_NAME = {**example()["names"][0], "id": "other"}
BY_ID = {**OTHER_NAME, "zone": "Z0123456789ABCDEFGHIJ"}
BY_PATH = {**BY_ID, "id": "tidb", "zone": "/hostedzone/Z0123456789ABCDEFGHIJ"}
SHOUTED = {**OTHER_NAME, "name": "TIDB.dev.example.internal."}


def case(sentence: str, *changes: tuple[str, object], at: str, said: str) -> Any:  # noqa: ANN401 - pytest's own type is private
    return pytest.param(changes, at, said, id=sentence)


GENERAL = [
    case("the version is missing", ("version", GONE), at="version", said="is missing; write version: 1"),
    case("an account id has 11 digits", ("accounts", {"11112222333": {"name": "x"}}), at="accounts.11112222333",
         said="is not an account id; write its 12 digits in quotes"),
    case("an account has a blank name", ("accounts.111122223333.name", " "), at="accounts.111122223333.name",
         said="is blank"),
    case("two accounts have one name", ("accounts.444455556666.name", "dev"), at="accounts.444455556666.name",
         said="account '111122223333' has the name 'dev' already"),
    case("a Region is none", ("regions.0", "europe"), at="regions[0]", said="not the name of a Region; write it like eu-west-1"),
    case("a Region is an Availability Zone", ("regions.0", "eu-west-1a"), at="regions[0]",
         said="not an Availability Zone: eu-west-1"),
    case("a VPN connection's id is none", ("vpn.single_tunnel_ok", {"ids": ["vgw-1"]}),
         at="vpn.single_tunnel_ok.ids[0]", said="is not the id of a VPN connection"),
    case("a kind of VPN problem is none", ("vpn.severity", {"tunnel_sad": "error"}), at="vpn.severity.tunnel_sad",
         said="is not a kind of VPN problem; use one of all_tunnels_down,"),
    case("a mute has no bound worth the name", ("vpn.maintenance", "5h"), at="vpn.maintenance",
         said="5h is out of bounds; write at most 4h"),
    case("flapping is counted over too short a time", ("vpn.flapping", {"within": "5m"}), at="vpn.flapping.within",
         said="5m is out of bounds; write at least 15m and at most 3h"),
    case("one change would be flapping", ("vpn.flapping", {"changes": 1}), at="vpn.flapping.changes",
         said="1 changes are too few or too many; write 2 to 50"),
    case("a fraction is 1", ("certificates.warn_fraction", 1), at="certificates.warn_fraction",
         said="1 does not lie between 0 and 1"),
    case("a fraction is 0", ("certificates.error_fraction", 0.0), at="certificates.error_fraction",
         said="0 does not lie between 0 and 1"),
    case("the error would come before the warning", ("certificates", {"warn_fraction": 0.05}), at="certificates",
         said="error_fraction 0.1 is not smaller than warn_fraction 0.05"),
    case("reminders go down", ("alerts.reminders.critical", ["4h", "1h"]), at="alerts.reminders.critical[1]",
         said="is not later than the reminder before it"),
    case("reminders stand still in other units", ("alerts.reminders.error", ["60m", "1h"]),
         at="alerts.reminders.error[1]", said="ascending"),
    case("a mention is for no severity", ("alerts.mention", {"fatal": "<!here>"}), at="alerts.mention.fatal",
         said="use one of critical, error, warning, info"),
    case("a mention is no mention", ("alerts.mention.critical", "@here"), at="alerts.mention.critical",
         said="'@here' is not a mention that Slack knows"),
    case("a runbook without encryption", ("alerts.runbook", "http://e.com/runbook.md"), at="alerts.runbook",
         said="'http://e.com/runbook.md' is not an address that an alert can link to"),
    case("a runbook with a fragment", ("alerts.runbook", "https://e.com/runbook.md#vpn"), at="alerts.runbook",
         said="is not an address that an alert can link to"),
]  # fmt: skip

PEERING = [
    case("an approving rule names no requester", ("peering.rules.0.requester.accounts", []),
         at=f"{RULE}.requester.accounts", said="names no requester account, so a stranger's request could be approved"),
    case("an approving rule has no requester at all", ("peering.rules.0.requester", GONE),
         at=f"{RULE}.requester.accounts", said="names no requester account"),
    case("a tag pattern stands without accounts", ("peering.rules.0.requester", {"vpc_tags": {"env": "d*"}}),
         at=f"{RULE}.requester.vpc_tags.env", said="the pattern 'd*' without named accounts proves nothing"),
    case("a tag stands without accounts, whatever the decision",
         ("peering.rules.0", {**CATCH_ALL, "requester": {"vpc_tags": {"env": "dev"}}}),
         at=f"{RULE}.requester.vpc_tags.env", said="a tag without named accounts proves nothing"),
    case("every IPv4 CIDR is allowed without accounts", ("peering.rules.0.requester", {"cidrs_within": ["0.0.0.0/0"]}),
         at=f"{RULE}.requester.cidrs_within[0]", said="0.0.0.0/0 without named accounts matches every requester"),
    case("every IPv6 CIDR is allowed without accounts", ("peering.rules.0.requester", {"cidrs_within": ["::/0"]}),
         at=f"{RULE}.requester.cidrs_within[0]", said="::/0 without named accounts"),
    case("neither side of an approval is ours", ("accounts", {"999999999999": {"name": "x"}}), at=RULE,
         said="none of its accounts is in accounts, so netreflex could do nothing"),
    case("no account is ours at all", ("accounts", GONE), ("peering.rules.0.accepter", GONE), at=RULE,
         said="netreflex could do nothing"),
    case("no Region is ours", ("regions", []), at="regions", said="names no Region"),
    case("a managed side asks for a Region that is not ours", ("peering.rules.0.requester.regions", ["ap-south-1"]),
         at=f"{RULE}.requester.regions[0]", said="is not in regions, so netreflex cannot act there for account '111122223333'"),
    case("a rule's Region is none", ("peering.rules.0.requester.regions", ["x"]), at=f"{RULE}.requester.regions[0]",
         said="is not the name of a Region"),
    case("a rule's account id is none", ("peering.rules.0.accepter.accounts.0", "dev"), at=f"{RULE}.accepter.accounts[0]",
         said="'dev' is not an account id"),
    case("a VPC id is none", ("peering.rules.0.accepter.vpcs", ["vpc-XYZ"]), at=f"{RULE}.accepter.vpcs[0]",
         said="is not the id of a VPC; write it like vpc-"),
    case("a rule's name is blank", ("peering.rules.0.name", ""), at=f"{RULE}.name", said="the rule's name is blank"),
    case("a rule's name fits no tag", ("peering.rules.0.name", "x" * 129), at=f"{RULE}.name", said="has 129 characters"),
    case("two rules have one name", ("peering.rules", [example()["peering"]["rules"][0]] * 2),
         at="peering.rules[1].name", said="'dev-to-tidb' is used already, by number 1 of the list"),
    case("a rule comes after one without any condition", ("peering.rules", [CATCH_ALL, {**CATCH_ALL, "name": "late"}]),
         at="peering.rules[1]", said="is unreachable: rule 'rest' before it has no condition"),
    case("a rule comes after a nameless one whose conditions are all empty",
         ("peering.rules", [{"decision": "hold", "requester": {"accounts": []}, "accepter": {}}, CATCH_ALL]),
         at="peering.rules[1]", said="is unreachable: rule number 1 before it"),
    *(
        case(f"a route would lead to {what}", ("peering.rules.0.routes.requester.to", [cidr]),
             at=f"{RULE}.routes.requester.to[0]", said=f"{cidr} is {what}, which never leads to a peer")
        for cidr, what in (
            ("0.0.0.0/0", "the default route"), ("::/0", "the default route"), ("224.0.0.0/8", "multicast"),
            ("127.0.0.0/8", "loopback"), ("169.254.0.0/24", "link-local"), ("fe80::/64", "link-local"),
            ("ff02::/16", "multicast"), ("::1/128", "loopback"), ("0.0.0.0/8", "'this network'"),
            ("128.0.0.0/1", "link-local"),
        )
    ),
    case("an IPv6 route without ipv6", ("peering.rules.0.routes.accepter", {"to": ["fd00::/64"]}),
         ("peering.rules.0.routes.ipv6", GONE), at=f"{RULE}.routes.accepter.to[0]", said="write ipv6: true in routes"),
    case("a portion that the other side cannot have", ("peering.rules.0.routes.accepter", {"to": ["10.32.0.0/16"]}),
         at=f"{RULE}.routes.accepter.to[0]", said="10.32.0.0/16 does not lie within the requester's cidrs_within"),
    case("a portion wider than the other side can have", ("peering.rules.0.routes.accepter", {"to": ["10.0.0.0/8"]}),
         at=f"{RULE}.routes.accepter.to[0]", said="does not lie within"),
    case("an unknown name with the one that was meant", ("peering.rules.0.names", ["tidbb"]), at=f"{RULE}.names[0]",
         said="'tidbb' is not the id of a name; did you mean 'tidb'?"),
    case("an unknown name unlike any other", ("peering.rules.0.names", ["zzz"]), at=f"{RULE}.names[0]",
         said="add an entry with this id to names"),
]  # fmt: skip

NAMES = [
    case("two names have one id", ("names", [OTHER_NAME, {**OTHER_NAME, "name": "b.dev.example.internal"}]),
         at="names[1].id", said="'other' is used already, by number 1 of the list"),
    case("an id is blank", ("names.0.id", " "), at="names[0].id", said="the id is blank"),
    case("two names claim one record", ("names", [example()["names"][0], OTHER_NAME]), at="names[1].name",
         said="is claimed already, by number 1 of the list"),
    case("two names claim one record of a zone by id", ("names", [BY_ID, {**BY_ID, "id": "tidb", "zone_account": None}]),
         at="names[1].name", said="is claimed already"),
    case("a zone's name comes without its account", ("names.0.zone_account", GONE), at="names[0].zone_account",
         said="does not say whose it is"),
    case("a zone's account is not ours", ("names.0.zone_account", "999999999999"), at="names[0].zone_account",
         said="is not in accounts, so netreflex cannot act there"),
    case("a zone's VPC is none", ("names.0.zone_vpc", "dev"), at="names[0].zone_vpc", said="is not the id of a VPC"),
    case("a name lies in another zone", ("names.0.name", "tidb.example.com"), at="names[0].name",
         said="does not lie in the hosted zone 'dev.example.internal'"),
    case("a name ends like the zone inside a label", ("names.0.name", "xdev.example.internal"), at="names[0].name",
         said="does not lie in the hosted zone"),
    case("a name is the zone's own", ("names.0.name", "dev.example.internal"), at="names[0].name",
         said="where DNS allows no CNAME"),
    case("a label is too long", ("names.0.name", "x" * 64 + ".dev.example.internal"), at="names[0].name",
         said="has 64 characters; write at most 63"),
    case("a name is too long", ("names.0.name", "x." * 115 + "dev.example.internal"), at="names[0].name",
         said="has 250 characters; write at most 242"),
    case("a zone is too long", ("names.0.zone", "x." * 130 + "a"), at="names[0].zone", said="write at most 253"),
    case("a name ends in two dots", ("names.0.name", "tidb.dev.example.internal.."), at="names[0].name",
         said="'' is not a label of a DNS name"),
    case("a name has a blank", ("names.0.name", "Ti DB.dev.example.internal"), at="names[0].name",
         said="'ti db' is not a label of a DNS name; write labels of letters"),
    case("a name has an escape that is no letter", ("names.0.name", r"a\056b.dev.example.internal"), at="names[0].name",
         said="is not a label of a DNS name"),
    case("a name is a wildcard", ("names.0.name", r"\052.dev.example.internal"), at="names[0].name", said="is a wildcard"),
    case("a label cannot be written in IDNA", ("names.0.name", "ï" * 60 + ".dev.example.internal"), at="names[0].name",
         said="is not a label of a DNS name"),
    case("a name in another spelling is the zone's own", ("names.0.name", "DEV.example.internal."), at="names[0].name",
         said="make an alias record by hand"),
    case("two names claim one record in two spellings", ("names", [example()["names"][0], SHOUTED]), at="names[1].name",
         said="is claimed already"),
    case("two names claim one record of a zone in two spellings", ("names", [BY_ID, BY_PATH]), at="names[1].name",
         said="is claimed already"),
    case("a name has an empty label", ("names.0.name", "a..dev.example.internal"), at="names[0].name", said="'' is not a label"),
    case("a TTL is 0", ("names.0.ttl", 0), at="names[0].ttl", said="0 seconds is no TTL that netreflex sets; write 1 to 604800"),
    case("a TTL is longer than a week", ("names.0.ttl", 604_801), at="names[0].ttl", said="Route 53 allows 0 to 2147483647"),
    case("a load balancer is not chosen", (f"{LB}.name", GONE), at="names[0].load_balancer",
         said="chooses by nothing where exactly one of name, tags and arn is read"),
    case("a load balancer is chosen twice", (f"{LB}.tags", {"a": "b"}), at="names[0].load_balancer",
         said="chooses by name and tags"),
    case("a load balancer's account is not ours", (f"{LB}.account", "999999999999"), at="names[0].load_balancer.account",
         said="is not in accounts"),
    case("a load balancer's Region is not ours", (f"{LB}.region", "ap-south-1"), at="names[0].load_balancer.region",
         said="is not in regions, so netreflex cannot look there"),
    case("an ARN is none", (LB, {"account": "444455556666", "region": "eu-west-1", "arn": "tidb"}),
         at="names[0].load_balancer.arn", said="'tidb' is not the ARN of a load balancer"),
    case("an ARN lies in another Region", (LB, {"account": "444455556666", "region": "us-east-1", "arn": ARN}),
         at="names[0].load_balancer.arn", said="the ARN says 'eu-west-1', and region says 'us-east-1'"),
]  # fmt: skip

VALID: list[Any] = [
    pytest.param((("regions", ["eu-west-1", "us-gov-west-1"]),), id="a Region of GovCloud"),
    pytest.param((("peering.rules.0.accepter.accounts", ["999999999999"]),), id="an accepter of somebody else"),
    pytest.param((("peering.rules.0.accepter", GONE),), id="any accepter"),
    pytest.param((("peering.rules.0.accepter", {"accounts": ["999999999999"], "regions": ["ap-south-1"]}),),
                 id="a Region that is not ours on a side that is not ours"),
    pytest.param((("peering.rules", [example()["peering"]["rules"][0], CATCH_ALL]),), id="a rule for all the rest"),
    pytest.param((("peering.rules.0.routes.accepter", {"to": ["10.16.0.0/12", "10.17.3.0/24"]}),), id="portions that fit"),
    pytest.param((("peering.rules.0.routes.requester.to", ["2001:db8::/56"]),), id="an IPv6 portion"),
    pytest.param((("names.0", {**BY_ID, "id": "tidb", "zone_account": None}),), id="a zone by id without its account"),
    pytest.param((("names", [example()["names"][0], {**OTHER_NAME, "zone_vpc": "vpc-0a1b2c3d"}]),),
                 id="one name in two zones of the same name"),
    pytest.param(((LB, {"account": "444455556666", "region": "eu-west-1", "arn": ARN}),), id="a load balancer by ARN"),
    pytest.param((("names.0.name", "_db.a-1.dev.example.internal"),), id="an underscore"),
    pytest.param((("peering.rules.0.accepter.vpcs", ["vpc-0a1b2c3d"]),), id="a VPC by its old short id"),
    pytest.param((("vpn.single_tunnel_ok", {"ids": ["vpn-0a1b2c3d"]}),), id="a VPN connection by id"),
    pytest.param((("alerts.reminders", {"critical": []}),), id="no reminder"),
    *(
        pytest.param((("alerts.mention.critical", mention),), id=f"the mention {mention}")
        for mention in ("<!here>", "<!channel>", "<!subteam^S01AB|@net>", "<@U0123>")
    ),
]  # fmt: skip

# Values of a wrong type in the places that the checks read: the type is told, and nothing that merely follows from it.
SHAPELESS: list[Any] = [
    pytest.param("accounts", [], ["accounts"], id="accounts as a list"),
    pytest.param("regions", "eu-west-1", ["regions"], id="regions as text"),
    pytest.param("names", {}, ["names"], id="names as a mapping"),
    pytest.param("peering.rules.0.accepter.accounts", "444455556666", [f"{RULE}.accepter.accounts"], id="accounts as text"),
    pytest.param("peering.rules.0.accepter.accounts", [5], [f"{RULE}.accepter.accounts[0]"], id="an account as a number"),
    pytest.param("peering.rules.0.accepter", [], [f"{RULE}.accepter"], id="a side as a list"),
    pytest.param("names.0.load_balancer", "tidb", ["names[0].load_balancer"], id="a load balancer as text"),
    pytest.param(f"{LB}.account", 5, ["names[0].load_balancer.account"], id="its account as a number"),
    pytest.param(f"{LB}.region", 5, ["names[0].load_balancer.region"], id="its Region as a number"),
    pytest.param(f"{LB}.arn", 5, ["names[0].load_balancer", "names[0].load_balancer.arn"], id="its ARN as a number"),
    pytest.param("names.0.zone", 5, ["names[0].zone"], id="a zone as a number"),
    pytest.param("names.0.name", 5, ["names[0].name"], id="a name as a number"),
    pytest.param("accounts.111122223333", "dev", ["accounts.111122223333"], id="an account as text"),
    pytest.param("certificates", {"warn_fraction": "x"}, ["certificates.warn_fraction"], id="a fraction as text"),
    pytest.param("alerts.reminders.error", ["4h", 5, "5h"], ["alerts.reminders.error[1]"], id="a reminder as a number"),
    pytest.param("alerts.mention.critical", 5, ["alerts.mention.critical"], id="a mention as a number"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "at", "said"), [*GENERAL, *PEERING, *NAMES])
def test_a_part_that_does_not_fit_is_told(changes: tuple[tuple[str, object], ...], at: str, said: str) -> None:
    assert said in told(faults_of(changed(*changes)), at)


@pytest.mark.parametrize("changes", VALID)
def test_what_fits_is_not_told(changes: tuple[tuple[str, object], ...]) -> None:
    parse_policy(json.dumps(changed(*changes)))


@pytest.mark.parametrize(("place", "value", "paths"), SHAPELESS)
def test_a_wrong_type_is_told_without_what_follows_from_it(place: str, value: object, paths: list[str]) -> None:
    assert [fault.path for fault in faults_of(changed((place, value)))] == paths


def test_guesses_at_what_was_meant_end_where_a_file_is_full_of_faults() -> None:
    faults = faults_of(changed(("peering.rules.0.names", [f"tidb{i}" for i in range(300)])))
    assert sum("did you mean 'tidb'?" in fault.right for fault in faults) == 200


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("TiDB.Dev.example.INTERNAL", "tidb.dev.example.internal"),
        ("tidb.dev.example.internal.", "tidb.dev.example.internal"),
        (r"ti\137db.dev.example.internal", "ti_db.dev.example.internal"),
        ("tïdb.dev.example.internal", "xn--tdb-zma.dev.example.internal"),
        ("XN--TDB-ZMA.dev.example.internal", "xn--tdb-zma.dev.example.internal"),
    ],
)
def test_a_name_is_kept_as_route_53_writes_it(written: str, kept: str) -> None:
    for zone in ("dev.example.internal", "DEV.example.internal."):
        policy = parse_policy(json.dumps(changed(("names.0.name", written), ("names.0.zone", zone))))
        assert (policy.names[0].name, policy.names[0].zone) == (kept, "dev.example.internal")


@pytest.mark.parametrize(
    ("written", "kept", "by_id"),
    [
        ("Z0123456789ABCDEFGHIJ", "Z0123456789ABCDEFGHIJ", True),
        ("/hostedzone/Z0123456789ABCDEFGHIJ", "Z0123456789ABCDEFGHIJ", True),
        ("8EA9LV4F643CJFL5XDMUOQ", "8EA9LV4F643CJFL5XDMUOQ", True),
        ("dev.example.internal", "dev.example.internal", False),
    ],
)
def test_a_zone_is_kept_by_its_id_or_its_name(written: str, kept: str, *, by_id: bool) -> None:
    [name] = parse_policy(json.dumps(changed(("names.0.zone", written)))).names
    assert (name.zone, ZoneChoice.of(name).by_id) == (kept, by_id)
