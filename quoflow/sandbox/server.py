"""The simulated Quo behind real HTTP: a small ASGI application and uvicorn, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import math
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from threading import Thread
from types import FrameType
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from quoflow.errors import QuoflowError
from quoflow.sandbox.control import PREFIX, control
from quoflow.sandbox.exchange import Refused, Reply, Request, refuse_flat
from quoflow.sandbox.model import Sandbox

_Message = MutableMapping[str, Any]  # ASGI's own shape
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

_TRANSPORT = "quoflow.transport"
_BODY_LIMIT = 1_000_000
_READY_WITHIN = 10.0


class Application:
    """Hands HTTP requests to a sandbox. The sandbox is quick and has one lock, so it answers on the event loop."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request, late or never if its reply says so."""
        body = await _read_body(receive)
        if body is None:
            return
        reply = self._answer(scope, body)
        transport = scope["state"][_TRANSPORT]
        if reply.drop:
            _cut(transport)
        if (reply.drop or reply.delay) and await _is_gone(receive, reply.delay):
            return
        await send({"type": "http.response.start", "status": reply.status, "headers": self._write_headers(reply)})
        await send({"type": "http.response.body", "body": reply.body})

    def _write_headers(self, reply: Reply) -> list[tuple[bytes, bytes]]:
        """Write the headers, and by the sandbox's own clock when it was: who compares clocks compares with this one."""
        date = format_datetime(self._sandbox.now(), usegmt=True)
        return [(b"date", date.encode()), *_write_headers(reply)]

    def _answer(self, scope: _Message, body: bytes) -> Reply:
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )
        if len(body) > _BODY_LIMIT:
            return refuse_flat(Refused(413, "The body is too large"), family="", trace="sandbox")
        if request.path != PREFIX and not request.path.startswith(f"{PREFIX}/"):
            return self._sandbox.handle(request)
        if not _is_loopback(scope["client"]):
            return refuse_flat(Refused(404, "Not found"), family="", trace="sandbox")
        return control(self._sandbox, request)


async def _read_body(receive: _Receive) -> bytes | None:
    """Read a whole body, but keep no more than just over the limit; None when the client is gone."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= _BODY_LIMIT:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


async def _is_gone(receive: _Receive, delay: float) -> bool:
    """Wait for `delay` seconds; tell whether the client went away in the meantime."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None if math.isinf(delay) or not delay else delay):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


def _cut(transport: asyncio.Transport) -> None:
    """Cut a connection hard: no lingering, so that the other side sees a reset."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _write_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    return headers if reply.status == 204 else [*headers, (b"content-length", str(len(reply.body)).encode())]


def _is_loopback(client: tuple[str, int] | None) -> bool:
    return client is not None and ipaddress.ip_address(client[0]).is_loopback


class _Protocol(H11Protocol):
    """Shows the application its connection, and does not wait for answers that never come when it shuts down."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        # asyncio spares this where the listening socket was made elsewhere; without it each answer waits 40 ms
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, _TRANSPORT: transport}

    def shutdown(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class _Server(uvicorn.Server):
    """Stops at the first signal, and leaves the process to go on: what called it decides what comes next."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self.should_exit = True


def _build_server(sandbox: Sandbox) -> _Server:
    config = uvicorn.Config(
        Application(sandbox),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
    )
    return _Server(config)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise QuoflowError(
            f"The sandbox cannot listen on {host}:{port}: {error.strerror}", "Choose another port, or 0 for any"
        ) from None
    listener.setblocking(False)
    return listener


def _write_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(sandbox: Sandbox, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM. `ready` is called with the base URL once it listens.

    Raises:
        QuoflowError: when the address cannot be had.
    """
    listener = _bind(host, port)
    ready(_write_url(listener))
    _build_server(sandbox).run(sockets=[listener])


class SandboxServer:
    """Serves a sandbox from a thread of its own; a context manager. Port 0 is any free one."""

    def __init__(self, sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sandbox = sandbox
        self._host, self._port = host, port
        self._server = _build_server(sandbox)
        self._thread = Thread(target=self._run, name="quoflow-sandbox", daemon=True)
        self._listener: socket.socket | None = None
        self.base_url = ""

    def start(self) -> Self:
        """Listen, and answer from now on; `base_url` says where.

        Raises:
            QuoflowError: when the address cannot be had.
        """
        self._listener = _bind(self._host, self._port)
        self.base_url = _write_url(self._listener)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop: connections that wait for an answer are cut."""
        self._server.should_exit = True
        self._thread.join(_READY_WITHIN)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener] if self._listener else None)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
