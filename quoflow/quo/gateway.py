"""Maton's own API: the connections through which the gateway reaches Quo accounts."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from quoflow.errors import UsageError
from quoflow.quo import errors, query, wire
from quoflow.quo.transport import Transport


class Connections:
    """List, create, show and delete Maton connections of the app `quo`.

    Raises:
        UsageError: when the transport goes to Quo directly, which knows no connections.
    """

    def __init__(self, transport: Transport) -> None:
        if transport.endpoint.gateway != "maton":
            raise UsageError(
                "Only the Maton gateway has connections", "With `gateway: direct` the API key alone names the workspace"
            )
        self._transport = transport

    def list_connections(self, status: str | None = "ACTIVE") -> tuple[wire.Connection, ...]:
        """Give the connections with a status (`ACTIVE`, `PENDING`, `FAILED`), or all with None."""
        answer = self._transport.get_json("/connections", {"app": "quo", "status": status})
        found = answer
        if isinstance(answer, dict):
            found = next((answer[key] for key in ("connections", "data") if isinstance(answer.get(key), list)), None)
        if not isinstance(found, list):
            raise errors.Unreadable("/connections: the answer holds no list of connections")
        return tuple(_parse(item) for item in found)

    def create_connection(self) -> wire.Connection:
        """Begin a new connection; its `url` is to be opened in a browser, to give access to the Quo account."""
        made = _parse(self._transport.send_json("POST", "/connections", {"app": "quo"}))
        # Some answers hold only the id; the page to open is what the person needs.
        return made if made.url else self.get_connection(made.connection_id)

    def get_connection(self, connection_id: str) -> wire.Connection:
        """Give one connection."""
        return _parse(self._transport.get_json(query.build_path("connections", connection_id)))

    def delete_connection(self, connection_id: str) -> None:
        """Delete a connection: the gateway forgets its access to the Quo account."""
        self._transport.send_json("DELETE", query.build_path("connections", connection_id))


def _parse(answer: Any) -> wire.Connection:
    inner = answer.get("connection", answer.get("data", answer)) if isinstance(answer, dict) else answer
    try:
        return wire.Connection.model_validate(inner)
    except ValidationError:
        raise errors.Unreadable("/connections: the answer holds no readable connection") from None
