"""``python -m netreflex_cli COMMAND``."""

from __future__ import annotations

import logging
import os
import sys

from netreflex_cli.around import INTERRUPTED, Around
from netreflex_cli.command_line import COULD_NOT, run


def _columns() -> int:
    """The width of the terminal that is there, be it for the answer or for the progress alone."""
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            return os.get_terminal_size(stream.fileno()).columns
    return 100


def _main() -> int:
    logging.getLogger("chalicelib").addHandler(logging.NullHandler())  # what it logs, the commands say themselves
    around = Around(environment=os.environ, out=sys.stdout, err=sys.stderr, columns=_columns())
    try:
        return run(sys.argv[1:], around)
    except BrokenPipeError:  # whoever read the answer has gone, as `head` does; the interpreter must not try again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT


if __name__ == "__main__":
    status = _main()
    if status == INTERRUPTED:  # reads and handshakes may still be open; nothing of theirs is waited for
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
