"""A virtual clock, transports over a function, and a raw loopback server for what only sockets can do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from quoflow.quo.client import Quo
from quoflow.quo.transport import Endpoint, TokenBucket, Transport

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "canary-key-7f3a"


class VirtualClock:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.sleeps: list[float] = []

    def read(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1000.0)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def make_transport(clock: VirtualClock) -> Callable[..., Transport]:
    """Build a transport over a handler (a function from request to response), or over the network without one."""

    def build(handler=None, *, gateway="maton", base_url="https://api.maton.ai", connection_id=None, **options):
        endpoint = Endpoint(gateway, base_url, KEY, connection_id, key_source="environment variable MATON_API_KEY")
        client = httpx.Client(transport=httpx.MockTransport(handler)) if handler else None
        bucket = options.pop("bucket", None) or TokenBucket(8, clock=clock.read, sleep=clock.sleep)
        return Transport(
            endpoint,
            bucket=bucket,
            clock=clock.read,
            sleep=clock.sleep,
            random=lambda: 1.0,
            wall_clock=clock.wall,
            client=client,
            **options,
        )

    return build


@pytest.fixture
def make_quo(make_transport) -> Callable[..., Quo]:
    return lambda handler, **options: Quo(make_transport(handler), **options)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve raw bytes on loopback: `serve(behave)` calls `behave(connection, request)` per connection."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def loop(listener: socket.socket, behave: Callable[[socket.socket, bytes], None]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                behave(connection, read_request(connection))

    def start(behave: Callable[[socket.socket, bytes], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        thread = threading.Thread(target=loop, args=(listener, behave), daemon=True)
        threads.append(thread)
        thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    """Read a request's head and, where it says how long it is, its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while len(body) < int(sizes[0] if sizes else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
