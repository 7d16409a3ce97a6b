"""Whatever the pre-shared keys and the configuration are, nothing that netreflex makes of the answer holds them."""

from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.alerts.vpn_alerts import VpnTold, setup_notice, vpn_alert, vpn_resolved
from chalicelib.decide.tunnels import judge_tunnels
from chalicelib.decide.vpn_case import Case
from chalicelib.decide.vpn_sheet import lacks, setup_sheet
from tests.vpn_answers import FIRST, NOW, SAFE, SECOND, answer, down, policy, snapshot, up

SECRET = st.text(
    alphabet="ghjkmnpqrstvwxyzGHJKMNPQRSTVWXYZ._", min_size=8, max_size=64
)  # AWS's own alphabet, no digits
ROWS = st.sampled_from(
    [[up(FIRST), up(SECOND)], [down(FIRST), up(SECOND)], [down(FIRST), down(SECOND)], [up(FIRST)], []]
)


@given(key=SECRET, xml=SECRET, rows=ROWS)
def test_no_key_and_no_configuration_gets_out(key: str, xml: str, rows: list[dict[str, object]]) -> None:
    told = answer(
        VgwTelemetry=rows,
        tunnel={**SAFE, "PreSharedKey": f"{key}!"},
        CustomerGatewayConfiguration=f"<vpn_connection>{xml}!</vpn_connection>",
    )
    place = snapshot(told, alone=True)
    connection = place.connections[0]
    case = Case(snapshot=place, connection=connection, policy=policy(), now=NOW)
    verdict = judge_tunnels(place, connection, policy(), NOW)
    about = VpnTold(verdict=verdict, snapshot=place, policy=policy(), now=NOW)
    alerts = [vpn_alert(about, connection, verdict.findings), vpn_resolved(about)]
    alerts.append(setup_notice(connection, setup_sheet(case), lacks(case), policy(), NOW))
    made = [repr(place), repr(verdict), json.dumps(setup_sheet(case)), *(json.dumps(one.as_json()) for one in alerts)]
    made.append(json.dumps(asdict(connection), default=str))

    for text in made:
        assert f"{key}!" not in text
        assert f"{xml}!" not in text
        assert "<vpn_connection" not in text
