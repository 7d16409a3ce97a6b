"""Arithmetic on CIDRs."""

from __future__ import annotations

import pytest

from chalicelib.decide.cidr import (
    Relation,
    is_rfc1918,
    listed,
    names_range,
    ordered,
    overlaps,
    relation,
    unfit_range,
    within,
)
from tests.decide.build import net, nets


@pytest.mark.parametrize(
    ("existing", "wanted", "expected"),
    [
        pytest.param("10.40.0.0/16", "10.40.0.0/16", Relation.EQUAL, id="the same CIDR is equal"),
        pytest.param("10.40.8.0/24", "10.40.0.0/16", Relation.INSIDE, id="a narrower CIDR is inside"),
        pytest.param("10.0.0.0/8", "10.40.0.0/16", Relation.AROUND, id="a wider CIDR is around"),
        pytest.param("0.0.0.0/0", "10.40.0.0/16", Relation.AROUND, id="the default route is around everything"),
        pytest.param("10.41.0.0/16", "10.40.0.0/16", Relation.DISJOINT, id="the neighbour is disjoint"),
        pytest.param("::/0", "10.40.0.0/16", Relation.DISJOINT, id="IPv6 is never around IPv4"),
        pytest.param("10.0.0.0/8", "2001:db8::/56", Relation.DISJOINT, id="IPv4 is never around IPv6"),
        pytest.param("2001:db8::/32", "2001:db8::/56", Relation.AROUND, id="IPv6 lies around IPv6 too"),
        pytest.param("2001:db8:0:1::/64", "2001:db8::/56", Relation.INSIDE, id="IPv6 lies inside IPv6 too"),
        pytest.param("2001:db8:1::/56", "2001:db8::/56", Relation.DISJOINT, id="IPv6 neighbours are disjoint"),
    ],
)
def test_how_an_existing_cidr_lies_to_a_wanted_one(existing: str, wanted: str, expected: Relation) -> None:
    assert relation(net(existing), net(wanted)) is expected
    assert overlaps(net(existing), net(wanted)) is (expected is not Relation.DISJOINT)
    assert within(net(wanted), net(existing)) is (expected in {Relation.EQUAL, Relation.AROUND})


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("10.0.0.0/8", True),
        ("172.16.0.0/12", True),
        ("172.31.255.0/24", True),
        ("192.168.0.0/16", True),
        ("172.32.0.0/16", False),
        ("172.0.0.0/8", False),
        ("100.64.0.0/20", False),
        ("11.0.0.0/8", False),
    ],
)
def test_rfc_1918_is_three_ranges_and_no_more(cidr: str, *, expected: bool) -> None:
    assert is_rfc1918(net(cidr)) is expected


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("10.40.0.0/16", None),
        ("192.168.1.0/24", None),
        ("2001:db8::/56", None),
        ("fd00:1234::/48", None),
        ("0.0.0.0/0", "the default route"),
        ("::/0", "the default route"),
        ("0.1.0.0/16", "'this network'"),
        ("100.64.0.0/20", "shared address space"),
        ("127.0.0.0/24", "loopback"),
        ("169.254.169.254/32", "link-local"),
        ("198.18.0.0/16", "benchmarking"),
        ("224.0.0.0/24", "multicast"),
        ("240.0.0.0/8", "reserved"),
        ("255.255.255.255/32", "reserved"),
        ("::1/128", "loopback"),
        ("fe80::/64", "link-local"),
        ("ff02::/16", "multicast"),
        ("8.8.8.0/24", "public addresses"),
        ("100.128.0.0/16", "public addresses"),
        ("172.32.0.0/16", "public addresses"),
        ("169.0.0.0/8", "link-local"),
    ],
)
def test_which_ranges_need_the_policys_explicit_word(cidr: str, expected: str | None) -> None:
    assert unfit_range(net(cidr)) == expected


@pytest.mark.parametrize(
    ("named", "cidr", "expected"),
    [
        pytest.param("8.8.8.0/24", "8.8.8.0/24", True, id="a range names itself"),
        pytest.param("8.8.0.0/16", "8.8.8.0/24", True, id="a range names its portions"),
        pytest.param("8.8.8.0/24", "8.8.0.0/16", False, id="a portion does not name the whole"),
        pytest.param("100.64.0.0/10", "100.64.0.0/20", True, id="shared address space names its portions"),
        pytest.param("0.0.0.0/0", "8.8.8.0/24", False, id="everything names nothing in particular"),
        pytest.param("172.0.0.0/8", "172.217.0.0/16", False, id="a slip for 172.16.0.0/12 names no public range"),
        pytest.param("192.0.0.0/8", "192.30.0.0/16", False, id="a slip for 192.168.0.0/16 names no public range"),
        pytest.param("128.0.0.0/1", "224.0.0.0/24", False, id="half the internet does not name multicast"),
        pytest.param("fe80::/10", "fe80::/64", True, id="IPv6 link-local can be named"),
    ],
)
def test_a_range_counts_as_named_only_where_the_entry_means_it(named: str, cidr: str, *, expected: bool) -> None:
    assert names_range(nets(named), net(cidr)) is expected


def test_cidrs_have_one_order_ipv4_first_and_wide_before_narrow() -> None:
    shuffled = nets("2001:db8::/56", "10.40.8.0/24", "10.40.0.0/16", "9.0.0.0/8", "10.40.0.0/24", "10.40.0.0/16")

    assert ordered(shuffled) == nets("9.0.0.0/8", "10.40.0.0/16", "10.40.0.0/24", "10.40.8.0/24", "2001:db8::/56")


@pytest.mark.parametrize(
    ("cidrs", "expected"),
    [((), "none"), (("10.0.0.0/8",), "10.0.0.0/8"), (("10.1.0.0/16", "9.0.0.0/8"), "9.0.0.0/8, 10.1.0.0/16")],
)
def test_cidrs_read_as_words_of_a_sentence(cidrs: tuple[str, ...], expected: str) -> None:
    assert listed(nets(*cidrs)) == expected
