"""The alarms on VPN tunnels that netreflex makes and removes: CloudWatch then tells EventBridge when a tunnel changes.

PutMetricAlarm replaces whatever alarm has the name, so the name is looked up right before; an alarm that does not carry our
mark is somebody else's and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from chalicelib.clients import Clients
from chalicelib.decide.tunnel_alarms import MARK, alarm_settings, fits, is_ours
from chalicelib.model.actions import DeleteTunnelAlarm, PutTunnelAlarm, TunnelAlarmAction
from chalicelib.model.errors import AwsFailure
from chalicelib.model.network import Place
from chalicelib.sessions import translated


class TunnelAlarms:
    """Puts and deletes these alarms."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def perform(self, action: TunnelAlarmAction) -> bool:
        """True where it changed AWS, False where it was so already."""
        match action:
            case PutTunnelAlarm():
                return self._put(action)
            case DeleteTunnelAlarm():
                return self._delete(action)
            case _:
                assert_never(action)

    def _put(self, action: PutTunnelAlarm) -> bool:
        client = self._clients.client("cloudwatch", action.place)
        held = _held(client, action.place, action.name)
        if held is not None and not is_ours(held):
            raise _foreign(action.place, action.name)
        if held is not None and fits(held):
            return False
        with translated(action.place.account, "cloudwatch:PutMetricAlarm"):
            client.put_metric_alarm(
                AlarmName=action.name,
                AlarmDescription=f"{MARK}: tells it when this tunnel changes; removed with the tunnel.",
                **alarm_settings(action.connection_id, action.address),
            )
        return True

    def _delete(self, action: DeleteTunnelAlarm) -> bool:
        client = self._clients.client("cloudwatch", action.place)
        held = _held(client, action.place, action.name)
        if held is None:
            return False
        if not is_ours(held):
            raise _foreign(action.place, action.name)
        with translated(action.place.account, "cloudwatch:DeleteAlarms"):
            client.delete_alarms(AlarmNames=[action.name])
        return True


def _held(client: Any, place: Place, name: str) -> Mapping[str, Any] | None:  # noqa: ANN401
    """The alarm of that name, of whatever kind."""
    with translated(place.account, "cloudwatch:DescribeAlarms"):
        answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return found[0] if found else None


def _foreign(place: Place, name: str) -> AwsFailure:
    return AwsFailure(
        account=place.account,
        operation="cloudwatch:PutMetricAlarm",
        code="AlarmConflict",
        message=f"an alarm {name} is there that netreflex did not make; it was left alone",
    )
