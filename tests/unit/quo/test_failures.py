"""Answers and broken exchanges become errors that say what happened and what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.quo import errors, failures
from quoflow.quo.endpoint import Endpoint

KEY = "canary-key-7f3a"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MATON = Endpoint("maton", "https://api.maton.ai", KEY, key_source="environment variable MATON_API_KEY")
DIRECT = Endpoint("direct", "https://api.openphone.com", KEY)


def explain(status, body=b"", headers=None, endpoint=MATON):
    asked = failures.Asked(endpoint, "POST", "/v1/messages")
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failures.explain_answer(asked, status, httpx.Headers(headers or {}), content, now=NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Refused),
        (401, errors.Unauthorized),
        (402, errors.OutOfCredits),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (405, errors.Refused),
        (408, errors.Interrupted),
        (409, errors.Conflict),
        (418, errors.Refused),
        (421, errors.Unreachable),
        (425, errors.Unreachable),
        (422, errors.Refused),
        (429, errors.RateLimited),
        (500, errors.ServerFailed),
        (502, errors.ServerFailed),
        (503, errors.ServerFailed),
        (599, errors.ServerFailed),
        (302, errors.Unreadable),
        (303, errors.Unreadable),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Bad Gateway</body></html>",
        b'{"message": "no", "code": "0100", "status": 418, "trace": "t"}',
        b'{"error": {"message": "no", "key": "k", "trace": "t"}}',
        b'{"error": "no"}',
        b"[1]",
        b"\xff\xfe",
        b'{"errors": 3, "message": {"a": 1}, "error": null}',
        b"[" * 100_000,
    ],
)
def test_the_status_decides_whatever_the_body(status, kind, body):
    """The kind goes by the status alone; no body, however broken, changes it or crashes."""
    error = explain(status, body)

    assert type(error) is kind
    assert error.status == status


def test_a_flat_error_is_read():
    """Message, code, trace and field errors of Quo's own shape are all there, and in the line people see."""
    body = {
        "message": "Too many participants",
        "code": "0101400",
        "status": 400,
        "trace": "tr-1",
        "errors": [{"path": "/participants", "message": "Expected array length to be less or equal to 1"}],
    }
    error = explain(400, body)

    assert (error.code, error.trace) == ("0101400", "tr-1")
    assert error.errors == (errors.FieldError("/participants", "Expected array length to be less or equal to 1"),)
    assert str(error) == (
        "POST /v1/messages: Quo refused the request: Too many participants; /participants: Expected array length to be "
        "less or equal to 1 (400, code 0101400, trace tr-1). Ask for exactly one participant"
    )


def test_a_wrapped_error_is_read():
    """The gateway's wrapped shape gives message, key as code, and trace."""
    error = explain(403, {"error": {"message": "nope", "key": "forbidden", "trace": "tr-2"}})

    assert (error.code, error.trace) == ("forbidden", "tr-2")
    assert "nope" in str(error)


def test_a_401_says_which_key_and_where_to_get_one():
    """The key's source and the place to get one, of the right way in; never the key, even when the server echoes it."""
    error = explain(401, {"message": f"Bad key {KEY}"})

    assert "environment variable MATON_API_KEY" in str(error)
    assert "maton.ai/settings" in str(error)
    assert KEY not in str(error)
    assert "Quo app" in str(explain(401, endpoint=DIRECT))


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_nobody_is_told_to_try_a_write_again_that_may_have_been_done(method):
    """A broken exchange or a failed server advises to repeat reads only: a repeated text would be a second one."""
    asked = failures.Asked(DIRECT, method, "/v1/messages")
    told = [
        str(failures.explain_break(asked, httpx.ReadTimeout("slow"))),
        *(str(failures.explain_answer(asked, status, httpx.Headers(), b"", now=NOW)) for status in (500, 502, 503)),
    ]

    assert [("Try again" in one) for one in told] == [method == "GET"] * 4


def test_a_500_at_the_gateway_hints_at_the_connection():
    """At Maton a lasting 500 means an expired OAuth token: how to reconnect is said; directly it is not."""
    assert "quoflow connections create" in explain(500).hint
    assert "connections create" not in explain(500, endpoint=DIRECT).hint
    assert "connections create" not in explain(502).hint


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [(400, "0206400", "10DLC"), (403, "0204403", "tomorrow"), (402, "0201402", "subscription")],
)
def test_known_codes_have_their_own_advice(status, code, word):
    """The codes that need a particular step of a person say which."""
    assert word in explain(status, {"message": "x", "code": code}).hint


def test_customers_numbers_are_masked():
    """A number that the server repeats is masked in the message and in the field errors."""
    body = {"message": "Cannot text +15551234567", "errors": [{"path": "to", "message": "+15551234567 is bad"}]}
    error = explain(400, body)

    assert "+15551234567" not in str(error) + str(error.errors)
    assert "+1555***4567" in str(error)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "99999999"}, 3600.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:09 GMT"}, 9.0),
        ({"retry-after": "Sun, 01 Mar 2026 15:00:09 GMT", "date": "Sun, 01 Mar 2026 15:00:00 GMT"}, 9.0),
    ],
)
def test_retry_after_is_read(headers, expected):
    """Seconds or a date (against the server's own clock), within reason; nonsense is no wait."""
    assert failures.read_retry_after(httpx.Headers(headers), now=NOW) == expected


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (httpx.ConnectError("refused"), errors.Unreachable),
        (httpx.ConnectTimeout("slow"), errors.Unreachable),
        (httpx.PoolTimeout("full"), errors.Unreachable),
        (httpx.ProxyError("403"), errors.Unreachable),
        (httpx.ReadTimeout(""), errors.Interrupted),
        (httpx.WriteTimeout(""), errors.Interrupted),
        (httpx.WriteError(""), errors.Interrupted),
        (httpx.ReadError("reset"), errors.Interrupted),
        (httpx.RemoteProtocolError("cut"), errors.Interrupted),
        (httpx.LocalProtocolError("odd"), errors.Interrupted),
        (httpx.DecodingError("gzip"), errors.Unreadable),
    ],
)
def test_breaks_are_sorted_by_what_is_provable(cause, kind):
    """Only what happens before the first byte is proof; anything after it is ambiguous."""
    error = failures.explain_break(failures.Asked(MATON, "POST", "/v1/messages"), cause)

    assert type(error) is kind
    assert "api.maton.ai" in str(error)
    assert error.__cause__ is cause


@given(
    st.sampled_from([400, 401, 403, 500]),
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "errors", "message", "code", "key", "trace", "path"]), inner, max_size=4
            )
        ),
        max_leaves=10,
    ),
)
def test_no_json_body_crashes(status, body):
    """Any JSON at all gives an error with a printable line."""
    assert explain(status, body).status == status
    assert str(explain(status, body)).isprintable()
