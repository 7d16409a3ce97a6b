"""The strict moto server: ``python -m tests.aws.moto_server PORT_FILE [STS_FILE]``. It binds a free port of 127.0.0.1 only.

With STS_FILE another emulator gives out the sessions (``tests.aws.passports``). moto is not thread-safe, so requests go through one by one. The port is written to PORT_FILE once the server listens.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.aws import (
    passports,
    strict_moto,  # noqa: F401 - it patches moto
)


def _one_by_one(app: Callable[..., Any]) -> Callable[..., Any]:
    lock = threading.Lock()

    def serialized(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)  # type: ignore[no-any-return]

    return serialized


def main(port_file: Path, *sts_file: Path) -> None:
    for file in sts_file:
        passports.install(file)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _one_by_one(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    partial = port_file.with_suffix(".partial")
    partial.write_text(str(server.server_port))
    partial.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
