"""What CloudWatch knows of VPN tunnels: our alarms, and how their state went. Each answer covers many tunnels at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.decide.tunnel_alarms import fits, is_ours
from chalicelib.model.actions import TUNNEL_ALARM_PREFIX
from chalicelib.model.network import Place
from chalicelib.model.tunnel_details import TunnelKey
from chalicelib.model.vpn import TunnelAlarm
from chalicelib.sessions import translated

POINT = timedelta(minutes=5)
RETENTION = timedelta(
    days=455
)  # CloudWatch keeps points of an hour for so long (CloudWatch guide, "Metrics retention")
_QUERIES = 500  # of one GetMetricData (CloudWatch API reference)
_DAY = 86_400
_POINTS_A_CALL = 100_800
_UP = 1.0


def describe_tunnel_alarms(client: Any, place: Place) -> tuple[TunnelAlarm, ...]:  # noqa: ANN401
    """Every alarm under our prefix, ours or not."""
    with translated(place.account, "cloudwatch:DescribeAlarms"):
        pages = client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=TUNNEL_ALARM_PREFIX,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            PaginationConfig={"PageSize": 100},
        )
        found = [one for page in pages for key in ("MetricAlarms", "CompositeAlarms") for one in page.get(key, ())]
    return tuple(TunnelAlarm(name=one["AlarmName"], ours=is_ours(one), fits=fits(one)) for one in found)


def count_changes(
    client: Any,  # noqa: ANN401
    place: Place,
    keys: Sequence[TunnelKey],
    now: datetime,
    span: timedelta,
) -> dict[TunnelKey, int]:
    """How often each tunnel changed its state in the last ``span``, at least, as far as five-minute points tell."""
    changes: dict[TunnelKey, int] = {}
    for part in _parts(keys, _QUERIES // 2):
        queries = [(key, stat) for key in part for stat in ("Minimum", "Maximum")]
        series = _series(client, place, queries, (now - span, now), int(POINT.total_seconds()))
        for key in part:
            lowest, highest = series.get((key, "Minimum"), {}), series.get((key, "Maximum"), {})
            if lowest:
                changes[key] = _changes([(lowest[at], highest.get(at, lowest[at])) for at in sorted(lowest)])
    return changes


def _changes(points: Sequence[tuple[float, float]]) -> int:
    """A point that was both up and down holds one change at least; so do two neighbours that differ."""
    changes, before = 0, None
    for lowest, highest in points:
        if lowest < _UP <= highest:
            changes, before = changes + 1, None
            continue
        is_up = lowest >= _UP
        changes += before is not None and is_up is not before
        before = is_up
    return changes


def find_ever_up(
    client: Any,  # noqa: ANN401
    place: Place,
    keys: Sequence[TunnelKey],
    now: datetime,
) -> dict[TunnelKey, bool]:
    """Was each tunnel ever up in all that CloudWatch keeps? A tunnel without a single point is not answered."""
    found: dict[TunnelKey, bool] = {}
    span = (now - RETENTION, now)
    for part in _parts(keys, _POINTS_A_CALL // RETENTION.days):
        series = _series(client, place, [(key, "Maximum") for key in part], span, _DAY)
        found |= {key: max(points.values()) >= _UP for (key, _), points in series.items() if points}
    return found


def _series(
    client: Any,  # noqa: ANN401
    place: Place,
    queries: Sequence[tuple[TunnelKey, str]],
    span: tuple[datetime, datetime],
    period: int,
) -> dict[tuple[TunnelKey, str], dict[datetime, float]]:
    series: dict[tuple[TunnelKey, str], dict[datetime, float]] = {}
    asked = [{"Id": f"q{number}", "MetricStat": _metric(*query, period)} for number, query in enumerate(queries)]
    with translated(place.account, "cloudwatch:GetMetricData"):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=asked, StartTime=span[0], EndTime=span[1]
        )
        for result in (one for page in pages for one in page.get("MetricDataResults", ())):
            points = dict(zip(result.get("Timestamps", ()), result.get("Values", ()), strict=True))
            series.setdefault(queries[int(result["Id"][1:])], {}).update(points)
    return series


def _metric(key: TunnelKey, stat: str, period: int) -> Mapping[str, Any]:
    dimensions = [
        {"Name": "VpnId", "Value": key.connection_id},
        {"Name": "TunnelIpAddress", "Value": key.address},
    ]
    metric = {"Namespace": "AWS/VPN", "MetricName": "TunnelState", "Dimensions": dimensions}
    return {"Metric": metric, "Period": period, "Stat": stat}


def _parts(keys: Sequence[TunnelKey], size: int) -> Iterator[Sequence[TunnelKey]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
