"""The two ways in: who may pass the gateway or the front door, and the gateway's own connections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic_core import from_json

from quoflow.sandbox.exchange import Refused, Reply, Request, answer, answer_html
from quoflow.sandbox.queries import Params
from quoflow.sandbox.world import Connection, World

Way = Literal["gateway", "direct", "connections"]
APPS = ("quo",)
STATUSES = ("ACTIVE", "PENDING", "FAILED")


class Blocked(Exception):
    """The gateway's shield turned a request away with a page of HTML, before anything read it."""

    reply = answer_html(403, "Access denied: this request was blocked (1010).")


@dataclass(frozen=True, slots=True)
class Route:
    """A request's way in and what is left of its path: the words after `/v1`."""

    way: Way
    words: tuple[str, ...]

    @property
    def family(self) -> str:
        """Give the first word, such as `messages`; empty for a path that is none of the API's."""
        return self.words[0] if self.words else ""


def find_route(path: str) -> Route | None:
    """Tell the two ways in apart by the path: `/quo/v1/…` or `/connections…` and `/v1/…`. None for another app's."""
    words = tuple(path.strip("/").split("/"))
    match words:
        case ("connections", *rest):
            return Route("connections", tuple(rest))
        case ("quo", "v1", *rest):
            return Route("gateway", tuple(rest))
        case ("v1", *rest):
            return Route("direct", tuple(rest))
        case _:
            return None


def read_key(way: Way, request: Request) -> str:
    """Give the API key of a request: a bearer token at the gateway, the raw key at the front door.

    Raises:
        Blocked: when the gateway sees no User-Agent.
        Refused: 401 when the header is missing or has the other way's form.
    """
    if way != "direct" and not request.headers.get("user-agent"):
        raise Blocked
    header = request.headers.get("authorization", "").strip()
    scheme, _, token = header.partition(" ")
    is_bearer = scheme.lower() == "bearer"
    if way == "direct":
        if not header or is_bearer:
            raise Refused(401, "Unauthorized: the API key is missing or invalid")
        return header
    if not is_bearer or not token.strip():
        raise Refused(401, "Invalid or missing Maton API key", title="Invalid API key")
    return token.strip()


def check_key(key: str, accepted: Iterable[str]) -> None:
    """Check a key against the accepted ones; none means that any will do.

    Raises:
        Refused: 401 when it is another.
    """
    known = tuple(accepted)
    if known and key not in known:
        raise Refused(401, "Unauthorized: the API key is missing or invalid")


def check_connection(world: World, request: Request) -> None:
    """Check that it is clear which connection a request through the gateway is for, and that it works.

    Raises:
        Refused: 400 when several are there and none is named, 404 when the named one is not,
            500 when its OAuth token has expired.
    """
    active = [each for each in world.connections.values() if each.status == "ACTIVE" and each.app == "quo"]
    named = request.headers.get("maton-connection", "")
    if named:
        active = [each for each in active if each.id == named]
    if not active:
        what = f"Connection {named} is not an active connection" if named else "There is no active connection"
        raise Refused(404, f"{what} for app quo")
    if len(active) > 1:
        raise Refused(400, "There are several connections for app quo: name one in the Maton-Connection header")
    if active[0].token == "expired":
        raise Refused(500, "Internal server error", title="Internal Error")


def manage_connections(world: World, route: Route, request: Request, now: datetime) -> Reply:
    """Answer `/connections`: list, create, show, delete.

    Raises:
        Refused: 400 for an app or a status that is none, 404 for an unknown connection, 405 for another method.
    """
    match request.method, route.words:
        case "GET", ():
            return _list(world, request)
        case "POST", ():
            return _create(world, request, now)
        case "GET", (connection_id,):
            return answer(200, {"connection": write_connection(_find(world, connection_id), request)})
        case "DELETE", (connection_id,):
            del world.connections[_find(world, connection_id).id]
            return answer(200, {})
        case _, (() | (_,)):
            raise Refused(405, "Method not allowed")
        case _:
            raise Refused(404, "Not found")


def write_connection(connection: Connection, request: Request) -> dict[str, Any]:  # JSON
    """Write a connection as the gateway shows it; opening its `url` here makes it active, as OAuth would."""
    host = request.headers.get("host", "connect.maton.ai")
    return {
        "connection_id": connection.id,
        "status": connection.status,
        "creation_time": connection.created_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "last_updated_time": connection.updated_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "url": f"http://{host}/_sandbox/connect?session_token={connection.session}",
        "app": connection.app,
        "metadata": {},
    }


def _list(world: World, request: Request) -> Reply:
    params = Params(request.query)
    app, status = params.text("app"), params.text("status")
    if status is not None and status not in STATUSES:
        raise Refused(400, f"Unknown status {status}")
    rows = [
        write_connection(each, request)
        for each in world.connections.values()
        if app in {None, each.app} and status in {None, each.status}
    ]
    return answer(200, {"connections": rows})


def _create(world: World, request: Request, now: datetime) -> Reply:
    try:
        body = from_json(request.body)
    except ValueError:
        body = None
    app = body.get("app") if isinstance(body, dict) else None
    if app not in APPS:
        raise Refused(400, f"Unsupported app {app}")
    made = Connection(world.new_id("conn-"), str(app), "PENDING", "valid", world.new_id("st"), now, now)
    world.connections[made.id] = made
    return answer(200, {"connection": write_connection(made, request)})


def _find(world: World, connection_id: str) -> Connection:
    connection = world.connections.get(connection_id)
    if connection is None:
        raise Refused(404, f"Connection {connection_id} not found")
    return connection
