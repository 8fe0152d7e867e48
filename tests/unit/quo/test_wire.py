"""The wire models: lenient about what decides nothing, item by item, silent about customers' values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.quo import wire

MODELS = [
    wire.PhoneNumber,
    wire.User,
    wire.Message,
    wire.Call,
    wire.Contact,
    wire.Conversation,
    wire.Recording,
    wire.Summary,
    wire.Transcript,
    wire.Voicemail,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("model", MODELS)
def test_only_the_id_is_needed(model):
    """Every other field may be missing, and every other field may be null."""
    fields = [field.alias or name for name, field in model.model_fields.items() if name != "id"]

    assert wire.parse_item(model, {"id": "X1"}) == wire.parse_item(model, {"id": "X1", **dict.fromkeys(fields)})


@pytest.mark.parametrize("model", MODELS)
def test_unknown_keys_and_statuses_are_fine(model):
    """Responses grow fields, and statuses grow values, without notice."""
    assert wire.parse_item(model, {"id": "X1", "newKey": {"a": 1}, "status": "teleported"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2022-01-01T00:00:00Z", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2022-01-01T00:00:00.123Z", datetime(2022, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)),
        ("2022-01-01T02:00:00+02:00", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2022-01-01T00:00:00", datetime(2022, 1, 1, tzinfo=UTC)),
        ("", None),
    ],
)
def test_times_are_utc(written, expected):
    """With and without milliseconds, with an offset, without a zone: aware UTC."""
    assert wire.parse_item(wire.Call, {"id": "AC1", "createdAt": written}).created_at == expected


@pytest.mark.parametrize("written", ["not a time", "0001-01-01T00:00:00+14:00", [], {}])
def test_a_time_that_is_none_is_no_null(written):
    """An unreadable answeredAt makes the call unreadable: as None it would make an answered call a missed one."""
    with pytest.raises(ValueError, match="answeredAt"):
        wire.parse_item(wire.Call, {"id": "AC1", "answeredAt": written})


def test_one_bad_item_loses_none_of_the_others():
    """A page gives its good items in order, and says of a bad one which it is and why, not its values."""
    body = {"data": [{"id": "AC1"}, {"id": "AC2", "to": 7, "text": ["secret"]}, "x", None, {"id": "AC3"}]}
    page = wire.parse_page(wire.Message, body)

    assert [item.id for item in page.items] == ["AC1", "AC3"]
    assert [(skipped.kind, skipped.id) for skipped in page.skipped] == [
        ("Message", "AC2"),
        ("Message", None),
        ("Message", None),
    ]
    assert "secret" not in str(page.skipped)


@pytest.mark.parametrize(
    ("token", "expected"),
    [({}, None), ({"nextPageToken": None}, None), ({"nextPageToken": ""}, None), ({"nextPageToken": "t"}, "t")],
)
def test_the_next_token(token, expected):
    """Null, absent and empty end a list; totalItems says nothing."""
    assert wire.parse_page(wire.User, {"data": [], "totalItems": 99, **token}).next_token == expected


@pytest.mark.parametrize("body", [None, [], "x", {}, {"data": None}, {"data": {}}])
def test_a_page_without_a_list_is_unreadable(body):
    """What is no list is not an empty list: that would look like `nothing there`."""
    with pytest.raises(ValueError, match="no list"):
        wire.parse_page(wire.User, body)


def test_wrapped_and_flat_objects_are_the_same():
    """The service wraps in `data`, the gateway's documentation does not."""
    flat = {"id": "AC1", "from": "+15555550100", "to": ["+15551234567"], "status": "queued"}

    assert wire.parse_item(wire.Message, {"data": flat}) == wire.parse_item(wire.Message, flat)
    assert wire.parse_item(wire.Message, flat).from_ == "+15555550100"


@given(st.sampled_from(MODELS), JSON)
def test_no_json_crashes_a_page(model, item):
    """Whatever stands in a list, it is read or skipped."""
    page = wire.parse_page(model, {"data": [item]})

    assert len(page.items) + len(page.skipped) == 1


def test_messaging_restrictions_are_read_leniently():
    """Restrictions of any shape give a map of text to text."""
    number = {"id": "PN1", "restrictions": {"messaging": {"US": "unrestricted", "CA": None, "Intl": "restricted"}}}

    assert wire.parse_item(wire.PhoneNumber, number).messaging == {"US": "unrestricted", "Intl": "restricted"}
    assert wire.parse_item(wire.PhoneNumber, {"id": "PN1", "restrictions": ["x"]}).messaging == {}
