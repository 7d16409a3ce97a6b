"""The workspace over HTTP, as slack_sdk and webhooks reach it: on 127.0.0.1, on a free port."""

# ruff: noqa: ANN401 - requests and answers are JSON

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.slack.workspace import Answer, LocalSlack


@contextmanager
def serve(slack: LocalSlack) -> Iterator[LocalSlack]:
    """The workspace on a free port of 127.0.0.1, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(slack))
    server.daemon_threads = True
    slack.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield slack
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(slack: LocalSlack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._reply(slack.answer(parts.path, dict(parse_qsl(parts.query)), self._token()))

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            as_json = "json" in (self.headers.get("Content-Type") or "")
            arguments = json.loads(body) if as_json else dict(parse_qsl(body))
            self._reply(slack.answer(parts.path, arguments, self._token()))

        def _token(self) -> str:
            return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

        def _reply(self, answer: Answer | None) -> None:
            self.close_connection = True
            if answer is None:
                return
            status, headers, content = answer
            body = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            kind = "text/plain" if isinstance(content, str) else "application/json"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            """Quiet: what was asked is in ``calls``."""

    return Handler
