"""An address outside for the real command to reach: a small HTTP server on loopback that keeps what it got."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener:
    """Answers with `status` and keeps each request as (method, path, headers, body).

    A status of 0 hangs up without a word; while `answers` is cleared, no answer comes at all.
    """

    def __init__(self) -> None:
        self.status, self.body = 200, b"{}"
        self.headers: dict[str, str] = {}
        self.got: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers = threading.Event()
        self.answers.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                head = {name.lower(): value for name, value in self.headers.items()}
                outer.got.append((self.command, self.path, head, self.rfile.read(length)))
                outer.answers.wait(30)
                if not outer.status:
                    return
                self.send_response(outer.status)
                for name, value in {**outer.headers, "Content-Length": str(len(outer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(outer.body)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def bodies(self) -> list[Any]:
        """Give the JSON of every request that had some."""
        return [json.loads(body) for *_, body in self.got if body]

    def close(self) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()
