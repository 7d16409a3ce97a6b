"""`certificates` over AWS in memory and real TLS servers: what is shown, what is left alone, and the exit status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.flows.sweep_certificates import sweep_certificates
from chalicelib.model.certificates import Contact
from chalicelib.model.inventory import Behavior, ValidationRecord
from chalicelib.model.network import Place
from chalicelib.model.policy import CertificatePolicy
from chalicelib.observe.lookups import Lookups
from chalicelib.observe.tls import Resolution
from chalicelib.settings import Mode
from tests.cli.screen import POLICY, Desk, here
from tests.flows.certificate_world import (
    CA,
    DATA,
    DEV,
    EU,
    GOOD,
    ORIGIN,
    SHOP,
    US,
    VIEWER,
    InMemory,
    acm,
    distribution,
    origin,
)
from tests.observe.tls_servers import context, serving, tls
from tests.pki import DAY, NOW

FORWARDING = (Behavior(path="default", origin_ids=("web",), host_forwarded=True),)
ROAD = {
    "NETREFLEX_STATE_TABLE": "netreflex-test-state",
    "NETREFLEX_ALERTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:netreflex-test-alerts",
}
EXPIRED_AND_WRONG = CA.leaf("other.example.com", end=NOW - DAY)
BLOCKED = acm(
    days_left=20,
    renewal_status="PENDING_VALIDATION",
    validations=(
        ValidationRecord(domain=ORIGIN, status="PENDING_VALIDATION", name="_a.example.com.", value="_b.aws."),
    ),
)


@pytest.fixture(scope="module")
def good() -> Iterator[int]:
    with serving(tls(context([GOOD, CA.issued]))) as port:
        yield port


@pytest.fixture(scope="module")
def bad() -> Iterator[int]:
    with serving(tls(context([EXPIRED_AND_WRONG, CA.issued]))) as port:
        yield port


def test_all_well_is_said_with_its_counts_and_is_status_0(desk: Desk, good: int) -> None:
    desk.aws.distributions_of[DEV] = [here(good), here(good, 2)]
    assert desk.run() == 0
    assert desk.text.splitlines() == [
        "All well.",
        "Looked at 2 distributions, 2 origins, 1 handshake, 1 certificate in ACM at 2026-11-23 12:00Z.",
        "Nothing was changed, nobody was told.",
    ]


def test_a_wrong_name_and_an_end_are_shown_with_evidence_and_remedy_and_are_status_1(desk: Desk, bad: int) -> None:
    desk.aws.distributions_of[DEV] = [here(bad)]
    assert desk.run() == 1
    for shown in (
        f"CRITICAL  E0000000000001 -> {ORIGIN}:{bad}  (dev, {DEV})",
        "critical expired (documented)",
        "the certificate expired on 2026-11-22 12:00Z",
        f"Do        Replace the certificate on {ORIGIN}:{bad} now",
        f"Evidence  serial {EXPIRED_AND_WRONG.certificate.serial_number:x}",
        f"critical name_mismatch (documented) for {ORIGIN}",
        f"See it yourself: openssl s_client -connect {ORIGIN}:{bad} -servername {ORIGIN} -showcerts </dev/null",
        "Something is wrong: 2 critical.",
    ):
        assert shown in desk.text


def test_the_worst_comes_first_and_one_text_serves_all_names(desk: Desk, bad: int, good: int) -> None:
    many = here(bad, 2, behaviors=FORWARDING, aliases=(SHOP, "a.example.com", "b.example.com"))
    desk.aws.distributions_of[DEV] = [here(good, 1, enabled=False, aliases=("z.example.com",)), many]
    desk.aws.certificates_of[0] = acm(VIEWER, names=("*.example.org",), in_use_by=())
    assert desk.run() == 1
    heads = [line.split("  ")[0] for line in desk.text.splitlines() if line[:1].isupper() and "  (dev" in line]
    assert heads == ["CRITICAL", "ERROR", "WARNING"]
    assert desk.text.count("the certificate does not cover") == 1
    assert "Also for  b.example.com, shop.example.com" in desk.text
    assert "z.example.com, disabled" in desk.text


def test_warnings_alone_are_shown_and_are_status_0(desk: Desk) -> None:
    near = CA.leaf(ORIGIN, start=NOW - 70 * DAY, end=NOW + 20 * DAY)
    with serving(tls(context([near, CA.issued]))) as port:
        desk.aws.distributions_of[DEV] = [here(port)]
        assert desk.run() == 0
    assert "WARNING" in desk.text
    assert "Nothing is broken: 1 warning." in desk.text


def test_it_finds_exactly_what_the_sweep_finds(desk: Desk, good: int, bad: int) -> None:
    desk.aws.distributions_of[DEV] = [here(good), here(bad, 2, behaviors=FORWARDING)]
    desk.aws.certificates_of.append(BLOCKED)
    swept = InMemory(distributions_of=desk.aws.distributions_of, certificates_of=desk.aws.certificates_of)
    world = replace(swept.world(), handshakes=desk.handshakes())
    report = sweep_certificates(world)
    desk.run("--json")
    found = [
        f"{one['id']}: {one['kind']} ({one['severity']}, {one['basis']}): {one['what']}" for one in desk.findings()
    ]
    assert sorted(found) == sorted(report.reasons[1:])
    assert len(found) == 3


def test_json_has_the_same_findings_and_nothing_else_is_on_stdout(desk: Desk, bad: int) -> None:
    desk.aws.distributions_of[DEV] = [here(bad)]
    assert desk.run("--json") == 1
    answer = desk.json()
    assert (answer["schema"], answer["complete"], answer["exit_status"]) == ("netreflex.certificates/1", True, 1)
    assert answer["counts"] == {
        "distributions": 1,
        "origins": 1,
        "handshakes": 1,
        "certificates": 1,
        "critical": 2,
        "error": 0,
        "warning": 0,
        "info": 0,
    }
    assert [(one["kind"], one["name"], one["host"], one["port"]) for one in answer["findings"]] == [
        ("expired", "", ORIGIN, bad),
        ("name_mismatch", ORIGIN, ORIGIN, bad),
    ]
    assert all(one["what"] and one["remedy"] and one["evidence"] for one in answer["findings"])
    assert (answer["not_probed"], answer["not_read"], answer["not_found"], answer["told"]) == ([], [], [], None)


# ---- what could not be seen ----------------------------------------------------------------------------------------------


def test_an_account_that_cannot_be_read_is_status_2_and_the_rest_is_shown(desk: Desk, bad: int) -> None:
    desk.aws.distributions_of[DEV] = [here(bad)]
    desk.aws.refused = {Place(account=DATA, region=US)}
    assert desk.run() == 2
    assert "critical expired" in desk.text
    assert "NOT READ\n  - distributions was refused in account 444455556666 (AccessDenied): grant it" in desk.text
    assert "Not all could be seen: 3 reads failed. Found in the rest: 2 critical." in desk.text


def test_where_the_rest_is_well_it_still_is_not_all_well(desk: Desk, good: int) -> None:
    desk.aws.distributions_of[DEV] = [here(good)]
    desk.aws.refused = {Place(account=DATA, region=EU)}
    assert desk.run("--json") == 2
    assert (desk.json()["complete"], desk.json()["findings"], len(desk.json()["not_read"])) == (False, [], 2)
    desk.run()
    assert "All well" not in desk.text
    assert "In the rest nothing is wrong." in desk.text


def test_an_origin_that_cannot_be_probed_is_shown_with_why_and_is_status_2(desk: Desk, good: int) -> None:
    def ask(host: str, port: int) -> Resolution:
        if host == "dead.example.com":
            return Lookups(lambda *_: Resolution(contact=Contact.NO_ANSWER, detail="the resolver is gone"))(host, port)
        return Resolution(addresses=("127.0.0.1",), canonical=host)

    desk.resolve = ask
    desk.aws.distributions_of[DEV] = [here(good), distribution(2, origin("dead.example.com"), behaviors=FORWARDING)]
    assert desk.run() == 2
    assert "NOT PROBED  E0000000000002 -> dead.example.com:443" in desk.text
    assert f"Asked as  {SHOP}" in desk.text
    assert "the resolver is gone" in desk.text
    assert "Not all could be seen: 1 origin not probed. In the rest nothing is wrong." in desk.text
    desk.run("--json")
    assert [one["id"] for one in desk.json()["not_probed"]] == ["E0000000000002/web"]


def test_what_cannot_be_probed_and_is_accepted_does_not_spoil_the_status(desk: Desk) -> None:
    desk.resolve = lambda *_: Resolution(contact=Contact.NO_ANSWER, detail="only CloudFront may enter")
    assert desk.run(policy=f"{POLICY}certificates: {{accept: [{{kinds: [cannot_probe]}}]}}\n") == 0


# ---- some distributions only ---------------------------------------------------------------------------------------------


def test_only_the_distributions_that_are_asked_for_are_probed(desk: Desk, good: int, bad: int) -> None:
    desk.aws.distributions_of[DEV] = [here(bad), here(good, 2), here(good, 3)]
    desk.aws.certificates_of.append(BLOCKED)
    assert desk.run("--distribution", "E0000000000002", "--distribution", "E0000000000003") == 0
    assert "Looked at 2 distributions" in desk.text
    assert "acm_renewal_blocked" not in desk.text, "none of the two depends on it"


def test_a_certificate_that_an_asked_for_distribution_shows_is_judged(desk: Desk, good: int) -> None:
    desk.aws.distributions_of[DEV] = [here(good), here(good, 2, viewer=distribution().viewer)]
    desk.aws.certificates_of = [acm(VIEWER, 1, type="IMPORTED", eligible=False, in_use_by=())]
    assert desk.run("--distribution", "E0000000000002") == 1
    assert "imported_expiring" in desk.text
    assert "used by E0000000000002" in desk.text


def test_a_distribution_that_is_nowhere_is_status_2(desk: Desk, good: int) -> None:
    desk.aws.distributions_of[DEV] = [here(good)]
    assert desk.run("--distribution", "E9", "--json") == 2
    assert desk.json()["not_found"] == ["E9"]
    desk.run("--distribution", "E9")
    assert "distribution E9 is in no account of the policy" in desk.text


# ---- what is left alone --------------------------------------------------------------------------------------------------


def test_without_tell_the_road_is_not_used_and_nothing_is_repaired(desk: Desk, bad: int) -> None:
    desk.settings = ROAD
    desk.aws.distributions_of[DEV] = [here(bad)]
    desk.aws.certificates_of.append(BLOCKED)
    desk.aws.policy = CertificatePolicy(repair=True)
    assert desk.run(policy=f"{POLICY}certificates: {{repair: true}}\n") == 1
    assert desk.aws.road.news() == []
    assert not desk.aws.records
    assert desk.aws.bookmark.last == ""
    [_, composed] = desk.composed
    assert (composed.state_table, composed.alerts_topic_arn, composed.mode) == (None, None, Mode.OBSERVE)


def test_tell_tells_what_the_sweep_would_tell_and_its_end(desk: Desk, bad: int, good: int) -> None:
    desk.settings = ROAD
    desk.aws.distributions_of[DEV] = [here(bad)]
    assert desk.run("--tell") == 1
    assert desk.aws.road.news() == [("cloudfront-origin-cert", "firing", "critical")]
    assert "Nothing was changed. 1 alert told" in desk.text
    desk.run("--tell", "--json")
    assert desk.aws.road.news() == []
    assert len(desk.json()["told"]) == 1
    desk.aws.distributions_of[DEV] = [here(good)]
    assert desk.run("--tell") == 0
    assert desk.aws.road.news() == [("cloudfront-origin-cert", "resolved", "info")]


def test_tell_never_says_that_something_is_gone_or_unreadable(desk: Desk, bad: int, good: int) -> None:
    """Whoever looks by hand may see less than the deployed functions do."""
    desk.settings = ROAD
    desk.aws.distributions_of[DEV] = [here(bad), here(good, 2)]
    desk.run("--tell")
    desk.aws.road.news()
    desk.run("--tell", "--distribution", "E0000000000002")
    desk.aws.distributions_of[DEV] = []
    desk.aws.refused = {Place(account=DATA, region=EU)}
    desk.run("--tell")
    assert desk.aws.road.news() == []
    assert len(desk.aws.road.firing_now) == 1


def test_tell_without_a_road_is_refused_before_anything_is_read(desk: Desk) -> None:
    assert desk.run("--tell") == 2
    assert "set NETREFLEX_STATE_TABLE and NETREFLEX_ALERTS_TOPIC_ARN" in desk.said
    assert not desk.aws.reads


# ---- what keeps it from running ------------------------------------------------------------------------------------------


def test_a_policy_with_faults_is_told_with_all_of_them(desk: Desk) -> None:
    assert desk.run(policy='version: 2\naccounts: {"1": {name: dev}}\nregionen: []\n') == 2
    assert [word for word in ("version", "accounts", "regionen") if word not in desk.said] == []
    assert desk.text == ""


def test_a_policy_that_is_not_there_is_told(desk: Desk) -> None:
    assert desk.run("--policy", "no-such.yaml", policy=None) == 2
    assert desk.said == "netreflex: --policy names no-such.yaml, and there is no such file\n"


def test_the_bundled_policy_looks_nowhere_and_says_what_to_do(desk: Desk) -> None:
    assert desk.run(policy=None) == 2
    assert "names no account to look at (chalicelib/policy.yaml): give yours with --policy PATH" in desk.said


def test_the_policy_of_the_settings_is_taken_where_none_is_given(desk: Desk, good: int) -> None:
    file = desk.folder / "mine.yaml"
    file.write_text(POLICY)
    desk.settings = {"NETREFLEX_POLICY": str(file)}
    desk.aws.distributions_of[DEV] = [here(good)]
    assert desk.run(policy=None) == 0


def test_settings_with_faults_are_told_with_all_of_them(desk: Desk) -> None:
    desk.settings = {"NETREFLEX_MODE": "on", "NETREFLEX_STATE_TABLE": "?"}
    assert desk.run() == 2
    assert "NETREFLEX_MODE" in desk.said
    assert "NETREFLEX_STATE_TABLE" in desk.said


# ---- how it looks --------------------------------------------------------------------------------------------------------


def test_colours_are_for_terminals_that_want_them(desk: Desk, bad: int) -> None:
    desk.aws.distributions_of[DEV] = [here(bad)]
    desk.run()
    assert "\x1b" not in desk.text
    desk.terminal = True
    desk.run()
    assert "\x1b[1;31mCRITICAL\x1b[0m" in desk.text
    for quiet in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        desk.settings = quiet
        desk.run()
        assert "\x1b" not in desk.text


def test_foreign_text_cannot_write_on_the_terminal(desk: Desk, good: int) -> None:
    evil = here(good, 1, aliases=("\x1b[2Jgone.example.com",), behaviors=FORWARDING)
    desk.aws.distributions_of[DEV] = [evil]
    desk.run()
    assert "gone.example.com" in desk.text
    assert "\x1b" not in desk.text + desk.said


@pytest.mark.parametrize("columns", [20, 60, 100, 400])
def test_prose_fits_the_terminal_and_commands_stay_whole(desk: Desk, bad: int, columns: int) -> None:
    desk.aws.distributions_of[DEV] = [here(bad)]
    desk.columns = columns
    desk.run()
    prose = [line for line in desk.text.splitlines() if line.startswith("    ")]
    assert max(map(len, prose)) <= min(max(columns, 60), 120)
    assert sum("openssl s_client" in line and line.endswith("</dev/null") for line in desk.text.splitlines()) == 1
