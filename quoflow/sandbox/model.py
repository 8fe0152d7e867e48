"""The simulated Quo: every request in, every reply out. In process: no network, no clock, no threads of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from quoflow.sandbox import calls, contacts, conversations, directory, media, messages, webhooks
from quoflow.sandbox.exchange import Refused, Reply, Request, answer, refuse_flat, refuse_wrapped
from quoflow.sandbox.faults import Fault, Faults, spoil
from quoflow.sandbox.gateway import (
    Blocked,
    Route,
    check_connection,
    check_key,
    find_route,
    manage_connections,
    read_key,
)
from quoflow.sandbox.happenings import build_world
from quoflow.sandbox.queries import Pages
from quoflow.sandbox.scenario import Scenario
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.wire import Writer, to_milliseconds
from quoflow.sandbox.world import NewId, World

ROUTES: Routes = {
    **calls.ROUTES,
    **contacts.ROUTES,
    **conversations.ROUTES,
    **directory.ROUTES,
    **messages.ROUTES,
    **webhooks.ROUTES,
}
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOG_LENGTH = 100_000


@dataclass(slots=True)
class Window:
    """Counts requests of one key in fixed windows of one second."""

    second: int = 0
    count: int = 0

    def take(self, now: datetime, limit: int) -> bool:
        """Count one more request; tell whether it is within the limit."""
        second = int(now.timestamp())
        if second != self.second:
            self.second, self.count = second, 0
        self.count += 1
        return self.count <= limit


@dataclass(slots=True)
class _State:
    """All that a reset begins anew."""

    world: World
    pages: Pages
    faults: Faults = field(default_factory=Faults)
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_LOG_LENGTH))
    windows: dict[str, Window] = field(default_factory=dict)
    requests: int = 0


class Sandbox:
    """A workspace that answers as Quo does, through the gateway and directly.

    Args:
        scenario: what it starts with and what happens by and by.
        clock: gives the time, aware UTC. The sandbox runs ahead of it by what was advanced.
        new_id: makes an id from a prefix such as `AC`.
    """

    def __init__(self, scenario: Scenario, *, clock: Callable[[], datetime], new_id: NewId) -> None:
        self.scenario = scenario
        self.options = scenario.options
        self.writer = Writer(self.options.oddities)
        self._clock, self._new_id = clock, new_id
        self._ahead = timedelta(0)
        self._lock = RLock()
        self._state = self._begin()

    @property
    def world(self) -> World:
        """Give the rows as they are; changes that are due since the last request are not made yet."""
        return self._state.world

    @property
    def faults(self) -> Faults:
        """Give the faults in wait."""
        return self._state.faults

    @property
    def log(self) -> deque[dict[str, Any]]:
        """Give the log of requests, the oldest first."""
        return self._state.log

    def now(self) -> datetime:
        """Give the sandbox's own time: the clock's, and what it was advanced by."""
        return to_milliseconds(self._clock()) + self._ahead

    def advance(self, by: timedelta) -> datetime:
        """Move time on, so that what is late arrives; give the new time."""
        with self._lock:
            self._ahead += by
            now = self.now()
            self.world.advance(now)
            return now

    def reset(self) -> None:
        """Begin anew: the scenario from its start, no faults, an empty log."""
        with self._lock:
            self._ahead = timedelta(0)
            self._state = self._begin()

    def handle(self, request: Request) -> Reply:
        """Answer one request to the API, as Quo would; threads may call it, one at a time gets its turn."""
        with self._lock:
            now = self.now()
            self.world.advance(now)
            return self._serve(request, now)

    def run_locked(self, work: Callable[[datetime], Reply]) -> Reply:
        """Do something between two requests, with all that is due already done; `work` is told the time."""
        with self._lock:
            now = self.now()
            self.world.advance(now)
            return work(now)

    def _begin(self) -> _State:
        world = build_world(self.scenario, start=self.now(), new_id=self._new_id)
        return _State(world, Pages(self.options.page_token_life))

    def _serve(self, request: Request, now: datetime) -> Reply:
        state = self._state
        state.requests += 1
        fault = state.faults.strike(request)
        route = find_route(request.path)
        reply = self._answer(route, request, now) if fault is None else self._fail(fault, route, request, now)
        self._note(request, route, reply, fault, now)
        return reply

    def _fail(self, fault: Fault, route: Route | None, request: Request, now: datetime) -> Reply:
        truth = self._answer(route, request, now) if fault.takes_effect else None
        return spoil(fault, truth, family=route.family if route else "", trace=self._new_id("trace-"))

    def _answer(self, route: Route | None, request: Request, now: datetime) -> Reply:
        if request.path.startswith(media.PREFIX):
            return media.serve(request, self.world, now=now)
        if route is None:
            return refuse_wrapped(Refused(404, "Unknown app or path"), trace=self._new_id("trace-"))
        try:
            return self._let_in(route, request, now)
        except Blocked as blocked:
            return blocked.reply
        except Refused as refused:
            return refuse_flat(refused, family=route.family, trace=self._new_id("trace-"))

    def _let_in(self, route: Route, request: Request, now: datetime) -> Reply:
        try:
            key = read_key(route.way, request)
            check_key(key, self.options.keys)
            limit = self.options.rate_limit
            if limit is not None and not self._state.windows.setdefault(key, Window()).take(now, limit):
                return answer(429, {"message": "API rate limit exceeded"})
            if route.way == "connections":
                return manage_connections(self.world, route, request, now)
            if route.way == "gateway":
                check_connection(self.world, request)
        except Refused as refused:
            if route.way == "direct":
                raise
            return refuse_wrapped(refused, trace=self._new_id("trace-"))
        return self._call(route, request, now)

    def _call(self, route: Route, request: Request, now: datetime) -> Reply:
        words = route.words[1:]
        handler = ROUTES.get((request.method, route.family, len(words)))
        if handler is None:
            raise Refused(404, f"There is no {request.method} {request.path}")
        return handler(
            Session(
                request=request,
                family=route.family,
                words=words,
                by_gateway=route.way == "gateway",
                now=now,
                world=self.world,
                options=self.options,
                pages=self._state.pages,
                writer=self.writer,
            )
        )

    def _note(self, request: Request, route: Route | None, reply: Reply, fault: Fault | None, now: datetime) -> None:
        entry: dict[str, Any] = {  # JSON
            "number": self._state.requests,
            "at": now.isoformat(timespec="milliseconds"),
            "way": route.way if route else None,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "status": reply.status or None,
            "fault": fault.kind if fault else None,
            "key": redact(request.headers.get("authorization", "")),
            "connection": request.headers.get("maton-connection"),
            "user_agent": request.headers.get("user-agent"),
        }
        if request.method not in _READS:
            entry["body"] = request.body.decode("utf-8", "replace")
        self.log.append(entry)


def redact(header: str) -> str | None:
    """Give an Authorization header with the key hidden but for its last four characters; None for none."""
    if not header:
        return None
    scheme, space, key = header.rpartition(" ")
    return f"{scheme}{space}***{key[-4:] if len(key) >= 12 else ''}"
