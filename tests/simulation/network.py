"""Quo behind httpx's transport: the sandbox's model in process, in virtual time, with faults and a fuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from urllib.parse import parse_qsl

import httpx

from quoflow.sandbox.exchange import NEVER, Reply, Request
from quoflow.sandbox.model import Sandbox

from .clock import Clock
from .fuse import Fuse

READ_TIMEOUT = 20.0

BREAKS = {
    "unreachable": httpx.ConnectError("connection refused"),
    "connect_timeout": httpx.ConnectTimeout("timed out"),
}
"""What happens to a request on its way there, and proves that it never came to Quo."""


@dataclass
class Network(httpx.BaseTransport):
    """Carries requests to the sandbox, and tells who wants to know what passed.

    Attributes:
        breaks: how many of the next requests never reach Quo, and how.
        on_arrival: told of each request just before Quo takes it.
        on_answer: told of each request and what Quo did with it, before the client hears.
        meanwhile: lets others act between a request and its answer.
    """

    sandbox: Sandbox
    clock: Clock
    fuse: Fuse
    seen: Counter[str]
    on_arrival: Callable[[Request], None] = lambda request: None
    on_answer: Callable[[Request, Reply, str | None], None] = lambda request, reply, fault: None
    meanwhile: Callable[[str], None] = lambda where: None
    breaks: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request as the sandbox does, or fail as a network does."""
        asked = _read(request)
        name = f"{asked.method} {asked.path.removeprefix('/quo/v1')}"
        self.fuse.reach("before", name)
        self.meanwhile(f"before {asked.method}")
        if self.breaks:
            kind = self.breaks.pop()
            self.seen[f"fault {kind}"] += 1
            self.clock.sleep(1.0)
            raise BREAKS[kind]
        self.on_arrival(asked)
        reply = self.sandbox.handle(asked)
        fault = self.sandbox.log[-1]["fault"]
        if fault is not None:
            self.seen[f"fault {fault}"] += 1
        self.on_answer(asked, reply, fault)
        self.fuse.reach("after", name)
        self.meanwhile(f"after {asked.method}")
        return self._give(reply, request)

    def _give(self, reply: Reply, request: httpx.Request) -> httpx.Response:
        self.clock.sleep(min(0.05 + reply.delay, READ_TIMEOUT))
        if reply.delay == NEVER or reply.delay > READ_TIMEOUT:
            raise httpx.ReadTimeout("timed out", request=request)
        if reply.drop:
            raise httpx.ReadError("connection reset by peer", request=request)
        headers = {**reply.headers, "date": format_datetime(self.clock.read_true(), usegmt=True)}
        return httpx.Response(reply.status, headers=headers, content=reply.body, request=request)


def _read(request: httpx.Request) -> Request:
    url = request.url
    return Request(
        method=request.method,
        path=url.path,
        query=tuple(parse_qsl(url.query.decode("ascii"), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
    )
