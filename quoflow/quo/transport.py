"""The one seam to Quo's network: headers, pace, time-outs, retries of reads, and errors that say what was done."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import httpx

from quoflow.errors import QuoflowError
from quoflow.quo import errors, failures, query, retry
from quoflow.quo.bucket import TokenBucket
from quoflow.quo.endpoint import Endpoint, Gateway
from quoflow.quo.lease import Lease

__all__ = ["Endpoint", "Exchange", "Gateway", "Lease", "TokenBucket", "Transport", "build_client", "silence_loggers"]

TIMEOUT: Final = httpx.Timeout(connect=5.0, read=20.0, write=10.0, pool=5.0)
LONGEST_ANSWER = 30.0  # seconds from the first byte to the last: a dripping server never trips the read time-out
WRITES_WAIT = 5.0  # seconds that a write waits for its turn: what the guards said must not grow old in a queue
LARGEST_ANSWER = 32 * 1024 * 1024  # bytes, unpacked


@dataclass(frozen=True, slots=True)
class Exchange:
    """One try at the network, for counters: the path has no query; `status` is None when no answer came."""

    method: str
    path: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Reply:
    value: Any  # JSON, or None for an empty body


@dataclass(eq=False, kw_only=True)
class Transport:
    """Send requests to one endpoint. Safe to share between threads.

    GETs are tried again as `patience` says; a POST, PATCH or DELETE is sent once, and its error says whether it may
    have happened.

    Attributes:
        endpoint: where, and with which key.
        bucket: the pace, shared by everything that uses the key.
        clock: monotonic seconds, which go on while the machine is suspended: leases are measured by it.
        sleep: waits that many seconds.
        random: gives a random number from 0 to 1.
        wall_clock: the wall clock, aware UTC; only to measure the server's clock and to read dates in headers.
        client: the HTTP client; built when not given.
        read_only: refuse everything but GET before any byte: the dry run.
        on_request: told of every try, with or without an answer.
        patience: how long a GET is tried.
        clock_skew: the server's clock minus ours at the last answer, to about a second; None before the first.
    """

    endpoint: Endpoint = field(kw_only=False)
    bucket: TokenBucket
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    wall_clock: Callable[[], datetime]
    client: httpx.Client | None = None
    read_only: bool = False
    on_request: Callable[[Exchange], None] | None = None
    patience: retry.Patience = field(default_factory=retry.Patience)
    clock_skew: timedelta | None = field(default=None, init=False)
    _heard: tuple[datetime, float] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        silence_loggers()
        self._client = self.client if self.client is not None else build_client(self.endpoint)

    def close(self) -> None:
        """Close the connections, unless the client was given."""
        if self.client is None:
            self._client.close()

    def read_server_time(self) -> datetime | None:
        """Give what the server's clock says now, to about a second, UTC; None before its first answer.

        It goes on by `clock`, so that a step of our own wall clock does not reach it.
        """
        heard = self._heard
        return heard[0] + timedelta(seconds=self.clock() - heard[1]) if heard else None

    def get_json(self, path: str, params: query.Params | None = None) -> Any:
        """GET a path such as `/v1/calls` and give its JSON, trying again while that makes sense.

        Raises:
            errors.QuoError: what the last try ended with.
        """
        encoded = query.encode_query(params or {})
        asked = failures.Asked(self.endpoint, "GET", path)
        started = self.clock()
        tries = 1
        while True:
            outcome = self._try_once(asked, encoded, None, within=self.patience.deadline - (self.clock() - started))
            if isinstance(outcome, _Reply):
                if outcome.value is None:
                    raise failures.explain_unreadable(asked, 200, "sent nothing")
                return outcome.value
            pause = retry.decide_pause(
                outcome, tries=tries, elapsed=self.clock() - started, jitter=self.random, patience=self.patience
            )
            if pause is None:
                raise outcome
            self.sleep(pause)
            tries += 1

    def send_json(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, lease: Lease | None = None
    ) -> Any:
        """Send a POST, PATCH or DELETE exactly once; give the answer's JSON, or None when it is empty.

        Raises:
            errors.WriteRefused: in a dry run, before any byte.
            errors.LeaseOver: when the lease has ended before the last part of the request left.
            errors.NotSentError: when provably nothing happened.
            errors.Ambiguous: when it may have happened.
        """
        asked = failures.Asked(self.endpoint, method, path)
        if self.read_only:
            raise errors.WriteRefused(f"{asked}: not sent, this is a dry run")
        content = None if body is None else json.dumps(body).encode()
        outcome = self._try_once(asked, "", content, within=WRITES_WAIT, lease=lease)
        if isinstance(outcome, errors.QuoError):
            raise outcome
        return outcome.value

    def _try_once(
        self,
        asked: failures.Asked,
        encoded: str,
        content: bytes | None,
        *,
        within: float,
        lease: Lease | None = None,
    ) -> _Reply | errors.QuoError:
        missing = self.bucket.take(within=within, is_urgent=asked.method != "GET")
        if missing:
            return errors.RateLimited(
                f"{asked}: not sent, the next free place is {missing:.0f} s away", retry_after=missing
            )
        began = self.clock()
        status: int | None = None
        outcome: _Reply | errors.QuoError
        try:
            request = self._build(asked, encoded, content)
            if lease is not None:
                _hold_to(lease, request, asked)
            response = self._client.send(request, stream=True, follow_redirects=False)
            status = response.status_code
            outcome = self._settle(asked, response)
        except (httpx.HTTPError, httpx.InvalidURL) as cause:
            outcome = failures.explain_break(asked, cause)
        except errors.LeaseOver as late:
            outcome = late
        if isinstance(outcome, errors.RateLimited):
            # The limit belongs to the key: everyone who shares it waits, not only the one who heard.
            self.bucket.cool_down(max(outcome.retry_after or 0.0, self.random() * self.patience.base))
        if self.on_request is not None:
            self.on_request(Exchange(asked.method, asked.path, status, self.clock() - began))
        return outcome

    def _build(self, asked: failures.Asked, encoded: str, content: bytes | None) -> httpx.Request:
        url = self.endpoint.locate(asked.path) + (f"?{encoded}" if encoded else "")
        headers = self.endpoint.build_headers()
        if content is not None:
            headers["Content-Type"] = "application/json"
        return self._client.build_request(asked.method, url, headers=headers, content=content, timeout=TIMEOUT)

    def _settle(self, asked: failures.Asked, response: httpx.Response) -> _Reply | errors.QuoError:
        now = self.wall_clock()
        if server := failures.read_date(response.headers.get("date", "")):
            self.clock_skew = server - now
            self._heard = (server, self.clock())
        try:
            body = self._read(response)
        except httpx.HTTPError:
            if response.is_success:
                raise
            body = b""  # the status alone says what happened
        finally:
            response.close()
        if not response.is_success:
            return failures.explain_answer(asked, response.status_code, response.headers, body, now=now)
        if not body.strip():
            return _Reply(None)
        try:
            return _Reply(_parse_json(body))
        except (ValueError, RecursionError):
            page = body[:200].lstrip().startswith(b"<")
            why = "sent an HTML page instead of JSON" if page else "sent something that is not JSON"
            return failures.explain_unreadable(asked, response.status_code, why)

    def _read(self, response: httpx.Response) -> bytes:
        until = self.clock() + LONGEST_ANSWER
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise httpx.DecodingError("it is larger than 32 MB")
            if self.clock() > until:
                raise httpx.ReadTimeout(f"it was not complete after {LONGEST_ANSWER:.0f} seconds")
        return bytes(body)


def _hold_to(lease: Lease, request: httpx.Request, asked: failures.Asked) -> None:
    """Refuse a request whose lease is over, now and again before each part of it is written.

    Between now and the first byte lie DNS, connect and TLS. A body that never came makes no request either: what
    has a Content-Length and ends before it is incomplete (RFC 9112, section 8).
    """

    def look(step: str, _: object) -> None:
        if step.endswith((".send_request_headers.started", ".send_request_body.started")):
            check()

    def check() -> None:
        delay = lease.measure_delay()
        if delay is not None:
            raise failures.explain_delay(asked, delay)

    request.extensions["trace"] = look  # httpcore tells it of every step of the exchange
    check()


def build_client(endpoint: Endpoint) -> httpx.Client:
    """Build the HTTP client of an endpoint: no redirects, no retries, no cookies.

    Raises:
        QuoflowError: when the environment names a proxy that cannot be used.
    """
    # Proxies from the environment are honoured, for many offices have no other way out; but never for loopback:
    # no proxy can reach this machine's sandbox, and an HTTP_PROXY without NO_PROXY would break every test.
    try:
        client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=not endpoint.is_loopback)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise QuoflowError(
            "The proxy that the environment names cannot be used", "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"
        ) from error
    # A gateway's session cookie could tie one connection's requests to another account.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


def silence_loggers() -> None:
    """Keep httpx and httpcore out of every log: they log whole URLs, and those hold customers' numbers."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _parse_json(body: bytes) -> Any:
    value = json.loads(body)
    if b"\\ud" in body or b"\\uD" in body:
        # A lone half of a surrogate pair is legal JSON that no file or database takes; such halves become `?`.
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value
