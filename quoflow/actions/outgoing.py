"""The one way out to hosts that are not Quo: addresses checked and pinned, time and size limited, nothing followed.

A name is looked up once; every address it has must be allowed, and the connection goes to one of exactly these, so
that a second answer of the name server changes nothing. TLS is verified for the name, and `Host` says the name. No
proxy, cookie or redirect has a part in it. Errors say whether something may have happened:

Unreached       provably nothing was sent
└── Forbidden   and nothing ever will be: its address is not allowed
Broken          it may have been received
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import httpcore
import httpx

from quoflow import __version__
from quoflow.actions import addresses
from quoflow.quo.lease import Lease
from quoflow.quo.transport import silence_loggers

WITHIN = 5.0
"""Seconds from the first byte to the last, unless said."""

MOST = 1_000_000
"""Bytes of an answer that are read, unless said."""

PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")

MOST_REDIRECTS = 3
MOVED = frozenset({301, 302, 303, 307, 308})

Sink = Callable[[bytes], object]
Resolver = Callable[[str, int], Sequence[str]]
"""Gives the network addresses of a host; raises OSError where it has none."""


class Unreached(Exception):
    """Provably nothing was sent; the message says why, for a person."""


class Forbidden(Unreached):
    """Its address is not one that may be reached."""


class Broken(Exception):
    """It may have been received; the message says what went wrong, for a person."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: `url` without a user or a password in it.

    Attributes:
        private: whether it may go to this machine and to private networks; then plain http will do as well.
        lease: when it is too late to be sent.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    private: bool = False
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: names of headers in small letters, and whether the body is all that was to come."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True


@dataclass(frozen=True)
class Way:
    """The way out: how names are looked up, a clock (seconds that never go back), and what connects to an address."""

    resolve: Resolver
    clock: Callable[[], float]
    network: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        silence_loggers()
        return httpx.create_ssl_context()

    def exchange(
        self, request: Request, *, within: float = WITHIN, most: int = MOST, sink: Sink | None = None
    ) -> Answer:
        """Send a request once and give its answer, whatever its status.

        Args:
            request: what is sent.
            within: seconds that the whole of it may take.
            most: bytes of the body that are read; a longer one is cut, and the answer says so.
            sink: takes the body piece by piece; the answer's own is empty then.

        Raises:
            Unreached: the address is not allowed, or there is no way to it, or its lease is over.
            Broken: it may have been received.
        """
        url = read_url(request.url)
        limit = _Limit(self.clock, self.clock() + within)
        network = _Pinned(self.network, self._pin(url, private=request.private), limit)
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=_find_port(url), target=url.raw_path)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._context, network_backend=network) as pool,
                pool.stream(
                    request.method,
                    target,
                    headers=_write_headers(request, url),
                    content=request.body,
                    extensions={"trace": _hold_to(request.lease)},
                ) as response,
            ):
                return _read(response, most, sink)
        except (*_NOT_SENT, UnicodeError) as error:
            raise Unreached(f"{url.host} could not be reached ({describe(error)})") from error
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Broken(f"{url.host} did not answer properly ({describe(error)})") from error

    def probe(self, url: str, *, private: bool) -> str:
        """Connect without asking for anything, and give the address that was reached. Raises Unreached."""
        parsed = read_url(url)
        limit = _Limit(self.clock, self.clock() + WITHIN)
        pinned = self._pin(parsed, private=private)
        try:
            stream = _Pinned(self.network, pinned, limit).connect_tcp(
                _read_host(parsed), parsed.port or PORTS[parsed.scheme]
            )
            try:
                if parsed.scheme == "https":
                    stream = stream.start_tls(self._context, server_hostname=_read_host(parsed))
            finally:
                stream.close()
        except _NOT_SENT as error:
            raise Unreached(f"{parsed.host} could not be reached ({describe(error)})") from error
        return pinned[0]

    def _pin(self, url: httpx.URL, *, private: bool) -> tuple[str, ...]:
        """Look a host up, once, and give its addresses. Raises Unreached unless every one of them is allowed."""
        try:
            found = tuple(dict.fromkeys(self.resolve(_read_host(url), _find_port(url))))
        except (OSError, UnicodeError) as error:
            raise Unreached(f"{url.host} is not known to the name server ({describe(error)})") from error
        if not found:
            raise Unreached(f"{url.host} has no address")
        for address in found:
            objection = addresses.object_to(address, private_too=private)
            if objection is not None:
                raise Forbidden(f"{url.host} is not reached: {objection}")
            if url.scheme != "https" and not addresses.is_own(address):
                raise Forbidden(f"{url.host} is not reached: only https goes over the internet")
        return found


def follow(exchange: Callable[[Request], Answer], request: Request, check: Callable[[httpx.URL], None]) -> Answer:
    """Look at an address, and again where a redirect leads, three times at most; to another host no header goes along.

    Args:
        exchange: sends a request once.
        request: the first one.
        check: raises Forbidden for an address that may not be asked; the first one it has been asked about.

    Raises:
        Forbidden: a redirect leads where it may not, to what is no address, or on and on.
        Unreached, Broken: as `exchange` raises them.
    """
    for _ in range(MOST_REDIRECTS + 1):
        answer = exchange(request)
        place = answer.headers.get("location")
        if answer.status not in MOVED or place is None:
            return answer
        here = read_url(request.url)
        try:
            there = read_url(str(here.join(place)))
        except (httpx.InvalidURL, ValueError, Unreached):
            raise Forbidden(f"{here.host} redirects to what is no address") from None
        check(there)
        is_same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
        request = replace(request, url=str(there), headers=request.headers if is_same else {})
    raise Forbidden(f"{read_url(request.url).host} redirects more than {MOST_REDIRECTS} times")


def read_url(written: str) -> httpx.URL:
    """Read an address, `https://host[:port]/path`. Raises Forbidden when it is none, or holds a user."""
    try:
        url = httpx.URL(written)
    except (httpx.InvalidURL, UnicodeError):
        raise Forbidden("this is not an address") from None
    if url.host and not _HOST.fullmatch(_read_host(url)):
        raise Forbidden("this is not an address")
    if url.scheme not in PORTS or not url.host:
        raise Forbidden("an address begins with https:// and a host")
    if url.userinfo:
        raise Forbidden("an address must not hold a user or a password")
    return url


def _read_host(url: httpx.URL) -> str:
    """Give the host as name servers and certificates have it: in ASCII."""
    return url.raw_host.decode("ascii")


def _find_port(url: httpx.URL) -> int:
    return url.port or PORTS[url.scheme]


def _write_headers(request: Request, url: httpx.URL) -> list[tuple[bytes, bytes]]:
    headers = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": f"quoflow/{__version__}",
        "Accept-Encoding": "identity",
    }
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in (headers | dict(request.headers)).items()]


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Ask the system for a host's addresses. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(place[0]) for *_, place in found)


def describe(error: Exception) -> str:
    """Say what went wrong with the network, in a few words."""
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(error).strip()).splitlines()
    return text[0][:200] if text else type(error).__name__


_NOT_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.UnsupportedProtocol, httpcore.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class _Limit:
    """When an exchange must be over."""

    clock: Callable[[], float]
    until: float

    def give(self, error: type[httpcore.TimeoutException]) -> float:
        """Give the seconds that are left. Raises the error when there are none."""
        left = self.until - self.clock()
        if left <= 0:
            raise error("it took too long")
        return left


class _Timed(httpcore.NetworkStream):
    """A connection whose every read and write ends when the whole exchange must."""

    def __init__(self, inner: httpcore.NetworkStream, limit: _Limit) -> None:
        self._inner, self._limit = inner, limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._inner.read(max_bytes, self._limit.give(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._inner.write(buffer, self._limit.give(httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        left = self._limit.give(httpcore.ConnectTimeout)
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, left), self._limit)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever the host's name stands for by now."""

    def __init__(self, inner: httpcore.NetworkBackend, pinned: Sequence[str], limit: _Limit) -> None:
        self._inner, self._pinned, self._limit = inner, pinned, limit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        del host, timeout
        failed: Exception = httpcore.ConnectError("it has no address")
        for address in self._pinned:
            left = self._limit.give(httpcore.ConnectTimeout)
            try:
                return _Timed(self._inner.connect_tcp(address, port, left, local_address, socket_options), self._limit)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


def _hold_to(lease: Lease | None) -> Callable[[str, object], None]:
    """Refuse a request whose lease is over, before each part of it is written: before them lie DNS, connect and TLS."""

    def look(step: str, _: object) -> None:
        if lease is None or not step.endswith((".send_request_headers.started", ".send_request_body.started")):
            return
        delay = lease.measure_delay()
        if delay is not None:
            raise Unreached(f"not sent: {delay:.0f} s lie between the guards' yes and now")

    return look


def _read(response: httpcore.Response, most: int, sink: Sink | None) -> Answer:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    body, size, is_whole = bytearray(), 0, True
    take: Sink = body.extend if sink is None else sink
    try:
        for chunk in response.iter_stream():
            size += len(chunk)
            take(chunk)
            if size > most:
                is_whole = False
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        is_whole = False  # the status alone says what happened
    return Answer(response.status, headers, bytes(body[:most]), is_whole)
