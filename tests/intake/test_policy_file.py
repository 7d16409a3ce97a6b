"""The policy file: valid ones become values, and of the others every fault is told at once, with its path."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

import pytest

from chalicelib.intake.policy_file import PolicyFaults, parse_policy, policy_hash
from chalicelib.model.errors import ConfigurationError
from chalicelib.model.network import Place
from chalicelib.model.policy import DnsResolution, Policy, RuleDecision, TablesBySubnetTag, TablesByTag
from tests.intake.policies import EXAMPLE, GONE, ROOT, changed, faults_of, sentence, told

RULE = "peering.rules[0]"


def test_the_documented_example_is_valid_and_becomes_values() -> None:
    policy = parse_policy(EXAMPLE)
    [rule], [name] = policy.peering.rules, policy.names
    assert policy.accounts["444455556666"].name == "data"
    assert rule.decision is RuleDecision.APPROVE
    assert rule.dns_resolution is DnsResolution.AUTO
    assert rule.requester.cidrs_within == (IPv4Network("10.16.0.0/12"),)
    assert rule.routes.accepter.tables == TablesBySubnetTag(subnet_tags={"tier": "data"})
    assert rule.routes.requester.to == (IPv4Network("10.40.8.0/22"),)
    assert name.load_balancer.region == "eu-west-1"
    assert policy.vpn.grace == timedelta(minutes=5)
    assert policy.alerts.reminders.critical[-1] == timedelta(days=1)
    assert policy.manages(Place(account="111122223333", region="us-east-1"))


@pytest.mark.parametrize("text", ["version: 1", (ROOT / "chalicelib" / "policy.yaml").read_text(encoding="utf-8")])
def test_a_policy_that_says_nothing_approves_nothing_and_reaches_no_account(text: str) -> None:
    policy = parse_policy(text)
    assert policy == Policy()
    assert not policy.peering.rules
    assert not policy.places


@pytest.mark.parametrize(
    ("text", "grace"),
    [("30s", timedelta(seconds=30)), ("4h", timedelta(hours=4)), ("2d", timedelta(days=2))],
)
def test_a_duration_is_a_number_and_a_unit(text: str, grace: timedelta) -> None:
    assert parse_policy(f"version: 1\nvpn: {{grace: {text}}}").vpn.grace == grace


def test_route_tables_can_be_chosen_by_their_tags() -> None:
    policy = parse_policy(json.dumps(changed(("peering.rules.0.routes.requester.tables", {"tags": {"tier": "a*"}}))))
    assert policy.peering.rules[0].routes.requester.tables == TablesByTag(tags={"tier": "a*"})


MISFITS: list[Any] = [
    pytest.param("region", [], "region", "did you mean regions?", id="an unknown key with the key that was meant"),
    pytest.param("zzz", 1, "zzz", "known in policy: version, accounts", id="an unknown key with those that are known"),
    pytest.param("peering.rules.0.decision", GONE, f"{RULE}.decision", "is missing", id="a missing key"),
    pytest.param("peering.rules.0.decision", "aprove", f"{RULE}.decision", "approve, hold, reject", id="a wrong word"),
    pytest.param("peering.default", "approve", "peering.default", "hold, reject", id="a default that approves"),
    pytest.param("peering.rules.0.dns_resolution", 5, f"{RULE}.dns_resolution", "both, requester", id="a word's type"),
    pytest.param("peering.rules.0.names", "tidb", f"{RULE}.names", "not a list; write it like names: [", id="a list's type"),
    pytest.param("peering.rules.0.requester.vpc_tags", ["x"], f"{RULE}.requester.vpc_tags", "not a mapping", id="tags' type"),
    pytest.param("peering.rules.0", 5, RULE, "is the number 5, not a mapping", id="a rule that is a number"),
    pytest.param("peering.rules.0.routes.ipv6", "yes", f"{RULE}.routes.ipv6", "not true or false", id="a yes in quotes"),
    pytest.param("names.0.ttl", "60", "names[0].ttl", "is the text '60', not a whole number", id="a number in quotes"),
    pytest.param("names.0.zone_vpc", True, "names[0].zone_vpc", 'in quotes: "true"', id="a truth where text belongs"),
    pytest.param("names.0.name", ["a"], "names[0].name", "is a list, not text", id="a list where text belongs"),
    pytest.param("regions", None, "regions", "is empty; write it like regions: [eu-west-1", id="an empty key"),
    pytest.param("certificates.warn_fraction", "x", "certificates.warn_fraction", "not a number", id="a fraction's type"),
    pytest.param(
        "peering.rules.0.requester.accounts", [111122223333], f"{RULE}.requester.accounts[0]", 'quotes: "111122223333"',
        id="an account id without quotes",
    ),
    pytest.param("version", 2, "version", "the number 2 is not a version", id="another version"),
    pytest.param("version", True, "version", "the word true without quotes is not", id="a version that Python takes for 1"),
    pytest.param("vpn.grace", 5, "vpn.grace", "the number 5 is not a duration; write a whole", id="a duration without a unit"),
    pytest.param("vpn.grace", "0m", "vpn.grace", "is not a duration", id="a duration of nothing"),
    pytest.param("vpn.grace", None, "vpn.grace", "an empty value is not a duration", id="an empty duration"),
    pytest.param("alerts.reminders.error", ["1w"], "alerts.reminders.error[0]", "30s, 5m, 4h or 2d", id="weeks"),
]  # fmt: skip
CIDRS: list[Any] = [
    pytest.param("10.1.2.3/8", "has host bits set; write the network: 10.0.0.0/8", id="host bits"),
    pytest.param("fd00::1/64", "write the network: fd00::/64", id="IPv6 host bits"),
    pytest.param("10.0.0.1", "is not a CIDR; write a CIDR, like 10.16.0.0/12", id="an address"),
    pytest.param("10.0.0.0/255.0.0.0", "is not a CIDR", id="a netmask"),
    pytest.param("10.0.0.0/33", "is not a CIDR", id="too long a prefix"),
    pytest.param("dev", "the text 'dev' is not a CIDR", id="a word"),
    pytest.param(10, "the number 10 is not a CIDR", id="a number"),
    pytest.param({}, "a mapping is not a CIDR", id="a mapping"),
]
TABLES: list[Any] = [
    pytest.param("al", "", "the text 'al' chooses no route tables; write all, main, {tags", id="a wrong word"),
    pytest.param({"tag": {"a": "b"}}, "", "names 'tag' where exactly one of tags and subnet_tags", id="a wrong key"),
    pytest.param({"tags": {"a": "b"}, "subnet_tags": {"a": "b"}}, "", "names 'tags', 'subnet_tags'", id="both keys"),
    pytest.param({}, "", "names nothing where exactly one", id="an empty mapping"),
    pytest.param({"tags": {}}, ".tags", "names no tag", id="no tag, which would choose every table"),
    pytest.param({"subnet_tags": ["tier"]}, ".subnet_tags", "names no tag", id="a list of tags"),
    pytest.param({"tags": {"a": 1}}, ".tags.a", "is the number 1, not text", id="a tag that is a number"),
]


@pytest.mark.parametrize(("place", "value", "path", "said"), MISFITS)
def test_a_value_that_does_not_fit_its_key_is_told(place: str, value: object, path: str, said: str) -> None:
    assert said in told(faults_of(changed((place, value))), path)


@pytest.mark.parametrize(("value", "said"), CIDRS)
@pytest.mark.parametrize("place", ["requester.cidrs_within", "routes.requester.to"])
def test_what_is_not_a_cidr_in_its_network_form_is_told_once(place: str, value: object, said: str) -> None:
    [fault] = faults_of(changed((f"peering.rules.0.{place}", [value])))
    assert fault.path == f"{RULE}.{place}[0]"
    assert said in sentence(fault)


@pytest.mark.parametrize(("value", "below", "said"), TABLES)
def test_a_choice_of_route_tables_that_chooses_none_is_told_once(value: object, below: str, said: str) -> None:
    [fault] = faults_of(changed(("peering.rules.0.routes.requester.tables", value)))
    assert fault.path == f"{RULE}.routes.requester.tables{below}"
    assert said in sentence(fault)


def test_faults_of_every_kind_are_told_together_even_in_one_rule_and_in_the_order_of_the_file() -> None:
    faults = faults_of(
        """
        version: 1
        accounts: {111122223333: {name: dev}}
        peering:
          rules:
            - name: open
              decision: approve
              requester: {account: ["111122223333"], cidrs_within: [10.1.2.3/8], vpc_tags: {env: "*"}}
              routes: {requester: {to: [0.0.0.0/0]}}
              dns_resolution: yes
        names: [{id: a, id: b}]
        """
    )
    assert [fault.path for fault in faults] == [
        "regions",
        "accounts.111122223333",
        "peering.rules[0].requester.accounts",
        "peering.rules[0].requester.account",
        "peering.rules[0].requester.cidrs_within[0]",
        "peering.rules[0].requester.vpc_tags.env",
        "peering.rules[0].routes.requester.to[0]",
        "peering.rules[0].dns_resolution",
        "names[0].zone",
        "names[0].name",
        "names[0].load_balancer",
        "names[0].id",
    ]


def test_the_text_of_the_error_is_the_whole_report_one_fault_a_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy("version: 1\nregions: [x]\nvpn: {grace: 1}\n")
    assert str(caught.value).splitlines() == [
        "regions[0]: 'x' is not the name of a Region; write it like eu-west-1",
        "vpn.grace: the number 1 is not a duration; write a whole number and a unit, like 30s, 5m, 4h or 2d",
    ]


def test_a_fault_in_a_rule_or_a_name_says_which_by_name() -> None:
    policy = changed(("peering.rules.0.routes.ipv6", 1), ("names.0.ttl", 0))
    assert [fault.wrong.rpartition(" (")[2] for fault in faults_of(policy)] == ["rule 'dev-to-tidb')", "name 'tidb')"]


def test_a_report_of_very_many_faults_stays_readable_and_the_faults_stay_complete() -> None:
    with pytest.raises(PolicyFaults) as caught:
        parse_policy("version: 1\nregions: [" + "x," * 1500 + "]")
    assert len(caught.value.faults) == 1500
    assert str(caught.value).splitlines()[1000:] == ["policy: has 500 faults more; they show when these are gone"]


@pytest.mark.parametrize("bad", ["x" * 5000, "\u202eevil", "a\u0007b", "\N{PILE OF POO}" * 100])
def test_foreign_text_is_quoted_short_and_without_control_characters(bad: str) -> None:
    policy = changed(("regions", [bad]), ("peering.rules.0.name", bad), ("peering.rules.0.decision", bad), (bad, bad))
    for fault in faults_of(policy):
        assert str(fault).isprintable()
        assert len(str(fault)) < 400


def test_the_hash_tells_versions_of_a_file_apart_and_takes_any_text() -> None:
    assert policy_hash("version: 1") == hashlib.sha256(b"version: 1").hexdigest()[:12]
    assert policy_hash("version: 1 ") != policy_hash("version: 1")
    assert len(policy_hash("\ud800")) == 12


@pytest.mark.parametrize(
    ("module", "loaded"), [("chalicelib.intake", False), ("chalicelib.intake.policy_file", False), ("pydantic", True)]
)
def test_pydantic_is_loaded_by_parsing_a_policy_and_not_by_importing_intake(*, module: str, loaded: bool) -> None:
    code = f"import sys, {module}; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == str(loaded)
