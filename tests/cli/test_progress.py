"""How far it came: one line that is rewritten on a terminal, a few plain lines elsewhere, a last sentence after Ctrl-C."""

from __future__ import annotations

import io
import re

import pytest

from chalicelib.model.certificates import Target
from chalicelib.model.network import Place
from chalicelib.observe.tls import Resolution
from netreflex_cli.around import Around
from netreflex_cli.progress import Progress
from tests.cli.screen import Desk, Tty
from tests.flows.certificate_world import DEV, distribution, origin

NOW_AT = Target(host="origin.example.com", port=443, name="shop.example.com")


def told(err: io.StringIO, columns: int = 100, of: int = 48) -> str:
    """What is on stderr after a whole run."""
    progress = Progress(Around(environment={}, out=io.StringIO(), err=err, columns=columns))
    for done in range(5):
        progress.read(done, 4)
    progress.listed(30, 1)
    for done in range(of + 1):
        progress.probed(done, of, NOW_AT if done < of else None)
    progress.end()
    return err.getvalue()


def test_a_terminal_has_one_line_that_is_rewritten_and_is_gone_at_the_end() -> None:
    said = told(Tty())
    assert "\n" not in said
    shown = said.split("\r\x1b[K")
    assert "2 of 4 places read" in shown
    assert "30 distributions and 1 certificate found" in shown
    assert "12 of 48 origins probed, now origin.example.com:443 (shop.example.com)" in shown
    assert shown[-1] == ""


def test_a_line_never_runs_over_the_terminals_edge() -> None:
    assert max(map(len, told(Tty(), columns=40).split("\r\x1b[K"))) < 40


def test_elsewhere_a_long_run_has_a_line_for_each_tenth() -> None:
    lines = told(io.StringIO()).splitlines()
    assert lines[:3] == ["0 of 4 places read", "4 of 4 places read", "30 distributions and 1 certificate found"]
    assert lines[3] == "0 of 48 origins probed, now origin.example.com:443 (shop.example.com)"
    assert lines[-1] == "48 of 48 origins probed"
    assert len(lines) == 3 + 11


def test_elsewhere_a_short_run_has_its_begin_and_its_end() -> None:
    assert [line.partition(",")[0] for line in told(io.StringIO(), of=3).splitlines()[3:]] == [
        "0 of 3 origins probed",
        "3 of 3 origins probed",
    ]


def test_nothing_to_do_is_no_step() -> None:
    assert "origins probed" not in told(io.StringIO(), of=0)


def test_a_terminal_sees_every_stage_of_a_real_look(desk: Desk) -> None:
    desk.terminal = True
    desk.resolve = lambda *_: Resolution()
    desk.run("--json")
    assert "places read" in desk.said
    assert "1 distribution and 1 certificate found" in desk.said
    assert "0 of 1 origins probed, now origin.example.com:443" in desk.said
    assert "\n" not in desk.said
    assert desk.json()["schema"]


# ---- Ctrl-C --------------------------------------------------------------------------------------------------------------


def interrupts(_host: str, _port: int) -> Resolution:
    raise KeyboardInterrupt


@pytest.mark.parametrize("terminal", [False, True])
def test_ctrl_c_says_how_far_it_came_and_shows_no_half_answer(desk: Desk, *, terminal: bool) -> None:
    desk.terminal, desk.resolve = terminal, interrupts
    desk.aws.distributions_of[DEV] = [distribution(n, origin(f"o{n}.example.com")) for n in range(3)]
    assert desk.run() == 130
    last = desk.said.split("\r\x1b[K")[-1].splitlines()[-1]
    assert re.fullmatch(
        r"netreflex: interrupted. [0-2] of 3 origins probed; nothing was changed, nothing was told.", last
    )
    assert desk.text == ""


def test_ctrl_c_in_the_middle_of_reading_says_so(desk: Desk) -> None:
    desk.aws.interrupted = {Place(account=DEV, region="us-east-1")}
    assert desk.run() == 130
    assert re.search(r"interrupted. [0-4] of 4 places read; nothing was changed", desk.said)


def test_ctrl_c_after_telling_began_does_not_claim_that_nobody_was_told(desk: Desk) -> None:
    desk.settings = {
        "NETREFLEX_STATE_TABLE": "netreflex-test-state",
        "NETREFLEX_ALERTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:netreflex-test-alerts",
    }
    desk.resolve = interrupts
    assert desk.run("--tell") == 130
    assert "alerts that were told by then stay told" in desk.said
