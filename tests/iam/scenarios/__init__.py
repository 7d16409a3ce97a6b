"""What each function can meet, played on moto: each scenario runs the function's own flow under its own role.

Each is played twice where accounts matter: with everything in member accounts, reached through the member role, and with all of
it in netreflex's own account, where the function's own role does the work.
"""

from __future__ import annotations

from tests.iam.play import Scenario
from tests.iam.scenarios.alerts import DEAD_LETTERS, LEFT, NOTIFY
from tests.iam.scenarios.certificates import CERTIFICATES, ORIGINS
from tests.iam.scenarios.names import LOAD_BALANCERS, NAMES_OF_PEERINGS
from tests.iam.scenarios.peerings import PEERINGS
from tests.iam.scenarios.sources import SOURCES
from tests.iam.scenarios.tunnels import TUNNELS

SCENARIOS: dict[str, tuple[Scenario, ...]] = {
    "peering": (*PEERINGS, *NAMES_OF_PEERINGS, *SOURCES),
    "load_balancers": (*LOAD_BALANCERS, *SOURCES),
    "vpn": (*TUNNELS, *SOURCES),
    "certificates": (*CERTIFICATES, *SOURCES),
    "origins": (*ORIGINS, *SOURCES),
    "sweep": (*PEERINGS, *NAMES_OF_PEERINGS, *TUNNELS, *LEFT, *SOURCES),
    "sweep_certificates": (*CERTIFICATES, *SOURCES),
    "notify": (*NOTIFY, *SOURCES),
    "dead_letters": (*DEAD_LETTERS, *SOURCES),
}
