"""The Lambda handlers: one decorator and one call each.

Every handler lives here: one in a blueprint would be deployed past this module, and so past its middleware. Each imports
its flow when it is first called, because Lambda loads this module for every function and most need little of the rest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import Chalice, CloudWatchEvent, ConvertToMiddleware, Rate, SQSEvent

from chalicelib import logs, wiring
from chalicelib.intake.patterns import (
    CERTIFICATE_NEWS,
    LOAD_BALANCER_CALLS,
    LOOK_AT_DEAD_LETTERS_EVERY_MINUTES,
    ORIGIN_CALLS,
    PEERING_CALLS,
    SWEEP_CERTIFICATES_EVERY_MINUTES,
    SWEEP_EVERY_MINUTES,
    VPN_NEWS,
)
from chalicelib.invocation import in_whole_context, whole
from chalicelib.model.report import Report

logger = logs.make_logger()
metrics = Metrics(namespace="netreflex", service="netreflex")

app = Chalice(app_name="netreflex", configure_logs=False)
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context(clear_state=True, correlation_id_path="id")))
app.register_middleware(ConvertToMiddleware(functools.partial(metrics.log_metrics, raise_on_empty_metrics=False)))


def count_errors(event: Any, get_response: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - whatever chalice hands on
    """Count an invocation that raises: Lambda tries it again, and what it decided is then counted."""
    try:
        return get_response(event)
    except Exception:
        metrics.add_metric(name="raised", unit=MetricUnit.Count, value=1)
        raise


app.register_middleware(count_errors)


def told(report: Report) -> dict[str, Any]:
    """Count what was decided and done, log it with the policy it went by, and return it as the handler's answer."""
    metrics.add_metric(name=f"decision_{report.decision}", unit=MetricUnit.Count, value=1)
    for name, things in (("performed", report.performed), ("refused", report.refused), ("failed", report.failed)):
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=len(things))
    answer = {**report.as_json(), **wiring.runtime().policy_in_report()}
    logger.info("report", extra={"report": answer})
    return answer


def shown(outcomes: Iterable[str]) -> dict[str, Any]:
    """Count deliveries and what became of them, and return it as the handler's answer."""
    answer = {"outcomes": [str(outcome) for outcome in outcomes]}
    metrics.add_metric(name="notified", unit=MetricUnit.Count, value=len(answer["outcomes"]))
    for outcome in answer["outcomes"]:
        metrics.add_metric(name=f"alert_{outcome}", unit=MetricUnit.Count, value=1)
    return answer


def seconds_left(event: CloudWatchEvent) -> Callable[[], float]:
    """How long this invocation may still run."""
    context: Any = event.context  # Lambda's context object, which chalice types as a dict
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


@whole
@app.on_cw_event(PEERING_CALLS, name="peering")
def peering(event: CloudWatchEvent) -> dict[str, Any]:
    """A call about a VPC peering was made somewhere."""
    from chalicelib.flows.peering import react_to_peering
    from chalicelib.intake.parse import parse_peering_event

    return told(react_to_peering(parse_peering_event(event.to_dict()), wiring.runtime().world()))


@whole
@app.on_cw_event(LOAD_BALANCER_CALLS, name="load_balancers")
def load_balancers(event: CloudWatchEvent) -> dict[str, Any]:
    """A load balancer, to which a name of the policy may lead, was created or deleted."""
    from chalicelib.flows.names import react_to_load_balancer
    from chalicelib.intake.parse_load_balancers import parse_load_balancer_event

    return told(react_to_load_balancer(parse_load_balancer_event(event.to_dict()), wiring.runtime().world()))


@whole
@app.on_cw_event(VPN_NEWS, name="vpn")
def vpn(event: CloudWatchEvent) -> dict[str, Any]:
    """An alarm, AWS Health, Network Manager or a call told something of a VPN connection."""
    from chalicelib.flows.vpn import react_to_vpn
    from chalicelib.intake.parse_vpn import parse_vpn_event

    return told(react_to_vpn(parse_vpn_event(event.to_dict()), wiring.runtime().world()))


@whole
@app.on_cw_event(CERTIFICATE_NEWS, name="certificates")
def certificates(event: CloudWatchEvent) -> dict[str, Any]:
    """ACM, or AWS Health for it, told something of a certificate."""
    from chalicelib.flows.certificates import react_to_certificate
    from chalicelib.intake.parse_certificates import parse_certificate_event

    trigger = parse_certificate_event(event.to_dict())
    return told(react_to_certificate(trigger, wiring.runtime().certificates(), seconds_left(event)))


@whole
@app.on_cw_event(ORIGIN_CALLS, name="origins")
def origins(event: CloudWatchEvent) -> dict[str, Any]:
    """A distribution, or a listener that may be the origin of one, was changed."""
    from chalicelib.flows.origins import react_to_origin
    from chalicelib.intake.parse_certificates import parse_origin_event

    trigger = parse_origin_event(event.to_dict())
    return told(react_to_origin(trigger, wiring.runtime().certificates(), seconds_left(event)))


@whole
@app.schedule(Rate(SWEEP_CERTIFICATES_EVERY_MINUTES, unit=Rate.MINUTES), name="sweep_certificates")
def sweep_certificates(event: CloudWatchEvent) -> dict[str, Any]:
    """Look at every certificate and every origin: ACM's events are best effort."""
    from chalicelib.flows import sweep_certificates as sweeping

    return told(sweeping.sweep_certificates(wiring.runtime().certificates(), seconds_left(event)))


@whole
@app.schedule(Rate(SWEEP_EVERY_MINUTES, unit=Rate.MINUTES), name="sweep")
def sweep(event: CloudWatchEvent) -> dict[str, Any]:
    """Look at everything, whatever events came or did not come."""
    from chalicelib.flows.sweep_all import sweep_everything

    try:
        return told(sweep_everything(wiring.runtime().world(), seconds_left(event)))
    finally:  # whatever a sweep met, alerts that were left on the road are carried on
        wiring.runtime().alert_sweep().run()


@in_whole_context
@app.on_sqs_message(queue=wiring.queue_name("notify"), batch_size=1, name="notify", maximum_concurrency=2)
def notify(event: SQSEvent) -> dict[str, Any]:
    """An alert moved: show people its newest state. What this raises brings the message back, and in the end the sweep."""
    from chalicelib.alerts.announced import bodies

    context: Any = event.context
    delivery = wiring.runtime().delivery(context.aws_request_id)
    outcomes = delivery.notify_all(bodies(event.to_dict()))
    return {**shown(outcomes), **wiring.runtime().policy_in_report()}


@whole
@app.schedule(Rate(LOOK_AT_DEAD_LETTERS_EVERY_MINUTES, unit=Rate.MINUTES), name="dead_letters")
def dead_letters(event: CloudWatchEvent) -> dict[str, Any]:  # noqa: ARG001 - it is time, and that is all it says
    """Look into the dead-letter queues: what lies there was given up, and somebody must know."""
    from chalicelib.flows.dead_letters import look_at_dead_letters

    runtime = wiring.runtime()
    return told(look_at_dead_letters(runtime.queues(), runtime.road(), wiring.utc_now()))
