"""Maton's connections: root paths, lenient shapes, and only where there is a gateway."""

from __future__ import annotations

import json

import httpx
import pytest

from quoflow.errors import UsageError
from quoflow.quo import errors
from quoflow.quo.gateway import Connections

ONE = {"connection_id": "c1", "status": "ACTIVE", "url": "https://connect.maton.ai/?session_token=x", "app": "quo"}


@pytest.mark.parametrize("body", [{"connections": [ONE]}, {"data": [ONE]}, [ONE]])
def test_connections_are_listed(make_transport, body):
    """The list is asked for at the gateway's root, for the app quo, and read in each likely shape."""
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(200, json=body)

    (found,) = Connections(make_transport(answer)).list_connections()

    assert (found.connection_id, found.status) == ("c1", "ACTIVE")
    assert asked == ["https://api.maton.ai/connections?app=quo&status=ACTIVE"]


@pytest.mark.parametrize("body", [{"connection": ONE}, ONE, {"data": ONE}])
def test_a_connection_is_created_shown_and_deleted(make_transport, body):
    """Each call has its method and path; creating gives the page to open."""
    asked = []

    def answer(request):
        asked.append((request.method, request.url.path, json.loads(request.content) if request.content else None))
        return httpx.Response(200, json=body)

    connections = Connections(make_transport(answer))

    assert connections.create_connection().url == ONE["url"]
    assert connections.get_connection("c1").connection_id == "c1"
    connections.delete_connection("c1")
    assert asked == [
        ("POST", "/connections", {"app": "quo"}),
        ("GET", "/connections/c1", None),
        ("DELETE", "/connections/c1", None),
    ]


def test_a_created_connection_without_url_is_looked_up(make_transport):
    """Where the answer holds only the id, the page to open is read after it."""

    def answer(request):
        return httpx.Response(200, json={"connection_id": "c1"} if request.method == "POST" else {"connection": ONE})

    assert Connections(make_transport(answer)).create_connection().url == ONE["url"]


@pytest.mark.parametrize("body", [{}, {"connections": 3}, "x", {"connections": [{}]}])
def test_what_is_no_list_of_connections_is_unreadable(make_transport, body):
    """Nonsense is an error, not an empty list."""
    with pytest.raises(errors.Unreadable):
        Connections(make_transport(lambda request: httpx.Response(200, json=body))).list_connections()


def test_direct_has_no_connections(make_transport):
    """Quo itself knows none: said before any request."""
    with pytest.raises(UsageError, match="Maton"):
        Connections(make_transport(lambda request: httpx.Response(500), gateway="direct"))
