"""Query strings and paths: what the server reads is what was meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.errors import UsageError
from quoflow.quo import errors, query

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.dictionaries(st.text("abcXYZ", min_size=1).filter(lambda n: n != "since"), st.lists(TEXT, max_size=4)))
def test_a_query_survives_the_way_to_the_server(params):
    """Any text in any array comes out as it went in, after httpx's own URL handling too, never with a bare plus."""
    encoded = query.encode_query(params)
    sent = httpx.URL(f"http://x/?{encoded}").query.decode()

    assert parse_qsl(sent, keep_blank_values=True) == [(n, v) for n, values in params.items() for v in values]
    assert "+" not in sent


def test_arrays_are_repeated_keys_and_plus_is_encoded():
    """Arrays repeat their key, without brackets; a number's plus is %2B."""
    encoded = query.encode_query({"participants": ("+15551234567", "+15557654321"), "maxResults": 100})

    assert encoded == "participants=%2B15551234567&participants=%2B15557654321&maxResults=100"


def test_values_are_spelled_as_quo_reads_them():
    """Times become UTC with milliseconds, booleans lower case, and what is None is left out."""
    local = datetime(2026, 3, 1, 7, 30, tzinfo=timezone(timedelta(hours=-5)))
    encoded = query.encode_query({"createdAfter": local, "excludeInactive": True, "userId": None, "sources": ()})

    assert unquote(encoded) == "createdAfter=2026-03-01T12:30:00.000Z&excludeInactive=true"


def test_since_is_never_sent():
    """`since`, which Quo reads as its opposite, is refused."""
    with pytest.raises(UsageError, match="createdAfter"):
        query.encode_query({"since": datetime(2026, 1, 1, tzinfo=UTC)})


@pytest.mark.parametrize("part", ["", " ", ".", ".."])
def test_an_id_cannot_name_another_resource(part):
    """An empty or dotted id would turn `DELETE /v1/contacts/<id>` into something else: refused."""
    with pytest.raises(errors.Refused):
        query.build_path("v1", "contacts", part)


@given(TEXT.filter(lambda t: t.strip() and t.strip(".")))
def test_an_id_stays_one_part_of_the_path(part):
    """Whatever stands in an id, it stays one segment, and httpx does not change it."""
    path = httpx.URL("http://x" + query.build_path("v1", "contacts", part)).raw_path.decode()

    assert path.count("/") == 3
    assert unquote(path.rpartition("/")[2]) == part


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/v1/phone-numbers", ("/v1/phone-numbers", {})),
        ("v1/calls/", ("/v1/calls", {})),
        ("/quo/v1/calls", ("/v1/calls", {})),
        (
            "/v1/messages?participants[]=+15551234567&participants=%2B15557654321&userId=",
            ("/v1/messages", {"participants": ["+15551234567", "+15557654321"], "userId": [""]}),
        ),
    ],
)
def test_what_a_person_types_is_understood(typed, expected):
    """Paths as people copy them: with the gateway's prefix, without a slash, a bare plus, brackets."""
    assert query.split_target(typed) == expected


@pytest.mark.parametrize("typed", ["", "/", "https://api.openphone.com/v1/calls", "?a=b"])
def test_what_is_no_path_is_refused(typed):
    """A whole URL would take the key elsewhere: refused with what to write."""
    with pytest.raises(UsageError, match="host is configured"):
        query.split_target(typed)
