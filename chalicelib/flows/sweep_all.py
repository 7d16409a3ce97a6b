"""Every sweep of five minutes, one after the other: what one of them meets does not keep the next from its work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from chalicelib.flows.ports import World
from chalicelib.flows.sweep import sweep_peerings
from chalicelib.flows.sweep_vpn import sweep_connections
from chalicelib.flows.vpn import joined
from chalicelib.model.report import Report
from chalicelib.model.triggers import SweepDue

LOG = logging.getLogger(__name__)
_SWEEPS = (sweep_connections, sweep_peerings)


def sweep_everything(world: World, seconds_left: Callable[[], float] = lambda: float("inf")) -> Report:
    """One report of all. A fault of ours, and whatever kept an alert from being told, is raised once the others are done."""
    road = world.road.at_a_glance()
    world = replace(world, road=road)
    reports: list[Report] = []
    broke: list[Exception] = []
    for sweep in _SWEEPS:
        try:
            reports.append(sweep(world, seconds_left))
        except Exception as error:
            LOG.exception("sweep.broke", extra={"sweep": sweep.__name__})
            broke.append(error)
    for fault in (*broke, *road.untold):
        raise fault
    return joined(SweepDue(), reports)
