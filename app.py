"""The Lambda handlers: one decorator and one call each.

Every handler lives here: one in a blueprint would be deployed past this module, and so past its middleware.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import Chalice, CloudWatchEvent, ConvertToMiddleware, Rate

from chalicelib import logs, wiring
from chalicelib.flows.peering import react_to_peering
from chalicelib.flows.sweep import sweep_peerings
from chalicelib.intake.parse import parse_peering_event
from chalicelib.intake.patterns import PEERING_CALLS, SWEEP_EVERY_MINUTES
from chalicelib.model.report import Report

logger = logs.make_logger()
metrics = Metrics(namespace="netreflex", service="netreflex")

app = Chalice(app_name="netreflex", configure_logs=False)
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context(clear_state=True, correlation_id_path="id")))
app.register_middleware(ConvertToMiddleware(functools.partial(metrics.log_metrics, raise_on_empty_metrics=False)))


def told(report: Report) -> dict[str, Any]:
    """Count what was decided and done, log it, and return it as the handler's answer."""
    metrics.add_metric(name=f"decision_{report.decision}", unit=MetricUnit.Count, value=1)
    for name, things in (("performed", report.performed), ("refused", report.refused), ("failed", report.failed)):
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=len(things))
    answer = report.as_json()
    logger.info("report", extra={"report": answer})
    return answer


def seconds_left(event: CloudWatchEvent) -> Callable[[], float]:
    """How long this invocation may still run."""
    context: Any = event.context  # Lambda's context object, which chalice types as a dict
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


@app.on_cw_event(PEERING_CALLS, name="peering")
def peering(event: CloudWatchEvent) -> dict[str, Any]:
    """A call about a VPC peering was made somewhere."""
    return told(react_to_peering(parse_peering_event(event.to_dict()), wiring.runtime().world()))


@app.schedule(Rate(SWEEP_EVERY_MINUTES, unit=Rate.MINUTES), name="sweep")
def sweep(event: CloudWatchEvent) -> dict[str, Any]:
    """Look at everything, whatever events came or did not come."""
    return told(sweep_peerings(wiring.runtime().world(), seconds_left(event)))
