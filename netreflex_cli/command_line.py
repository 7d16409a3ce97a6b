"""From the arguments to a command, and from what it meets to an exit status and a sentence."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from botocore.exceptions import BotoCoreError

from chalicelib.model.errors import NetreflexError
from netreflex_cli import certificates
from netreflex_cli.around import Around

COULD_NOT = 2  # argparse ends with 2 as well


class Command(Protocol):
    """A module that is a command."""

    NAME: str
    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Describe what it takes."""

    def run(self, chosen: argparse.Namespace, around: Around) -> int:
        """Do it; the exit status."""


COMMANDS: tuple[Command, ...] = (certificates,)


def run(arguments: Sequence[str], around: Around) -> int:
    """Run one command and return the exit status. What goes wrong in a known way is a sentence, not a traceback."""
    parser, commands = _parser(), {command.NAME: command for command in COMMANDS}
    chosen = parser.parse_args(arguments)
    try:
        return commands[chosen.command].run(chosen, around)
    except NetreflexError as error:
        around.say(f"netreflex: {error}")
    except BotoCoreError as error:  # before any call: no such profile, no Region
        around.say(f"netreflex: AWS cannot be asked: {error}")
    return COULD_NOT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m netreflex_cli",
        description="Ask netreflex by hand. It takes the same settings (NETREFLEX_...) and AWS credentials as the functions.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        own = commands.add_parser(
            command.NAME,
            help=command.SUMMARY,
            description=command.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(own)
    return parser
