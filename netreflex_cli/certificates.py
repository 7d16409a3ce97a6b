"""Look at every origin and certificate behind CloudFront now, and say what is wrong.

It reads the policy's accounts, makes the handshakes that CloudFront would make, and judges as the hourly sweep does. It
changes nothing and tells nobody, unless --tell sends the alerts on their way as well.

exit status:
  0    all well; there may be warnings
  1    something is wrong: at least one finding of severity error or critical
  2    it could not run, or could not read or probe all that there is; whatever was found is shown all the same
  130  interrupted
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.alerts.unsent import NoRoad
from chalicelib.model.errors import ConfigurationError
from chalicelib.settings import Mode, Settings, read_settings
from netreflex_cli.around import INTERRUPTED, Around
from netreflex_cli.progress import Progress

if TYPE_CHECKING:  # what judges certificates is loaded when it is needed: --help is there at once
    from chalicelib.flows.certificate_ports import CertificateWorld

NAME = "certificates"
SUMMARY = "look at every origin and certificate behind CloudFront now"
_ELSEWHERE = ("ssm:", "s3:", "appconfig:")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the flags."""
    parser.add_argument("--policy", metavar="PATH", help="the policy to look by, instead of NETREFLEX_POLICY's")
    parser.add_argument(
        "--distribution", metavar="ID", action="append", default=[], help="look at this one only (may be repeated)"
    )
    parser.add_argument("--json", action="store_true", help="the answer as JSON on stdout")
    parser.add_argument("--tell", action="store_true", help="tell alerts too, on the road that the functions use")


def run(chosen: argparse.Namespace, around: Around) -> int:
    """Look, show, and say by the exit status how it stands."""
    progress = Progress(around)
    try:
        return _look(chosen, around, progress)
    except KeyboardInterrupt:
        progress.end()
        told = "alerts that were told by then stay told" if chosen.tell else "nothing was told"
        around.say(f"netreflex: interrupted. {progress.how_far}; nothing was changed, {told}.")
        return INTERRUPTED


def _look(chosen: argparse.Namespace, around: Around, progress: Progress) -> int:
    settings = _settings(chosen, around)
    world = _world(settings, chosen, around, progress)
    from chalicelib.flows.look_certificates import look_at_certificates
    from netreflex_cli.certificates_json import as_json
    from netreflex_cli.certificates_seen import seen
    from netreflex_cli.certificates_text import lines

    what = seen(look_at_certificates(world, chosen.distribution), world, told=chosen.tell)
    progress.end()
    if chosen.json:
        around.out.write(json.dumps(as_json(what), indent=2) + "\n")
    else:
        around.out.writelines(f"{line}\n" for line in lines(what, around))
    around.out.flush()
    return what.exit_status


def _settings(chosen: argparse.Namespace, around: Around) -> Settings:
    """The functions' own settings, with the policy that was given by hand."""
    settings = read_settings(around.environment)
    if chosen.tell and not (settings.state_table and settings.alerts_topic_arn):
        raise ConfigurationError(
            "--tell needs the road of the deployed functions: set NETREFLEX_STATE_TABLE and NETREFLEX_ALERTS_TOPIC_ARN as they "
            "are set there, or leave --tell out"
        )
    if chosen.policy is None or chosen.policy.startswith(_ELSEWHERE):
        return replace(settings, policy=chosen.policy or settings.policy)
    path = Path(chosen.policy).resolve()
    if not path.is_file():
        raise ConfigurationError(f"--policy names {chosen.policy}, and there is no such file")
    return replace(settings, policy=str(path))


def _world(settings: Settings, chosen: argparse.Namespace, around: Around, progress: Progress) -> CertificateWorld:
    """What the functions compose, without table, topic and leave to enforce: what has none of them can write nothing.

    With --tell the road alone is the functions' own.
    """
    deployed = around.runtime(settings)
    runtime = around.runtime(replace(settings, state_table=None, alerts_topic_arn=None, mode=Mode.OBSERVE))
    try:
        policy = runtime.policy()
    except ConfigurationError as error:
        raise ConfigurationError(f"the policy cannot be used ({settings.policy}):\n{error}") from None
    if not policy.accounts:
        raise ConfigurationError(
            f"the policy names no account to look at ({settings.policy}): give yours with --policy PATH, or set NETREFLEX_POLICY"
        )
    if not runtime.sessions.home_region:
        raise ConfigurationError("no AWS Region is chosen: set AWS_DEFAULT_REGION to the one in which netreflex runs")
    runtime.owner()  # credentials that are not there are one sentence, and not one for each place
    road = deployed.road() if chosen.tell else NoRoad()
    return replace(runtime.certificates(progress), road=road, owner=deployed.owner)
