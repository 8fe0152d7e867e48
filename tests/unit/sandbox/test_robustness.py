"""Whatever comes in, the sandbox answers: it never crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoflow.sandbox.control import control
from quoflow.sandbox.exchange import Request

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "content",
    "from",
    "to",
    "defaultFields",
    "customFields",
    "externalId",
    "source",
    "events",
    "url",
    "peer",
    "kind",
]
BODIES = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5) | JSON
PATHS = [
    "/v1/messages",
    "/v1/contacts",
    "/v1/contacts/CT1",
    "/v1/webhooks/calls",
    "/quo/v1/conversations",
    "/connections",
    "/_sandbox/messages",
    "/_sandbox/calls",
    "/_sandbox/contacts",
    "/_sandbox/faults",
    "/_sandbox/clock",
    "/",
    "",
]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", b'{"content": "\\ud800", "from": "PN1", "to": ["+15555550111"]}'),
        ("/connections", b'{"app": "\\ud800"}'),
        ("/_sandbox/faults", b'{"kind": "500", "code": "\\ud800"}'),
        ("/_sandbox/messages", b'{"peer": "\\ud800"}'),
    ],
)
def test_half_a_character_is_refused(desk, path, body):
    """A lone surrogate is no text: it is refused where it comes in, not met again where it goes out."""
    key = "Bearer key" if path == "/connections" else "key"

    assert desk.ask("POST", path, body=body, headers={"authorization": key, "user-agent": "t"}).status == 400


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    st.sampled_from(PATHS) | st.text(max_size=12),
    st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=3),
    BODIES.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=12),
    st.sampled_from(["key", "Bearer key", ""]),
)
def test_any_request_is_answered(make_desk_once, method, path, query, body, key):
    """Any method, path, query and body gets a status, and a server error only from a fault that was queued."""
    request = Request(method, path, tuple(query), {"authorization": key, "user-agent": "t"}, body)
    desk = make_desk_once
    desk.sandbox.faults.clear()
    reply = control(desk.sandbox, request) if path.startswith("/_sandbox") else desk.sandbox.handle(request)

    assert 200 <= reply.status < 500
