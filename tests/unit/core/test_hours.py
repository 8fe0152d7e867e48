"""Opening hours: what calendars accept, and when they are open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quoflow.core.hours import OfficeHours, Span, read_span

NEW_YORK = "America/New_York"
OFFICE = OfficeHours.model_validate(
    {"open": {"mon-fri": "09:00-17:00", "sat": ["10:00-12:00", "13:00-15:00"]}, "closed": ["2026-12-25"]}
)
CLUB = OfficeHours.model_validate({"timezone": "UTC", "open": {"fri-sat": "22:00-02:00"}, "closed": ["2026-12-25"]})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T08:59:59-05:00", False),
        ("2026-11-23T09:00:00-05:00", True),
        ("2026-11-23T16:59:59-05:00", True),
        ("2026-11-23T17:00:00-05:00", False),
        ("2026-11-28T12:30:00-05:00", False),
        ("2026-11-28T14:59:00-05:00", True),
        ("2026-11-29T12:00:00-05:00", False),
        ("2026-12-25T12:00:00-05:00", False),
        ("2026-12-24T12:00:00-05:00", True),
        ("2026-07-06T09:00:00-04:00", True),
        ("2026-07-06T08:30:00-04:00", False),
    ],
)
def test_open_from_the_start_until_before_the_end_in_local_time(moment, expected):
    """The start counts as open, the end as closed, on the local clock in winter and summer, never on closed dates."""
    actual = OFFICE.is_open(at(moment), timezone=NEW_YORK)

    assert expected == actual


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T22:00:00+00:00", True),
        ("2026-11-28T01:59:00+00:00", True),
        ("2026-11-28T02:00:00+00:00", False),
        ("2026-11-29T01:00:00+00:00", True),
        ("2026-11-27T01:00:00+00:00", False),
        ("2026-12-25T23:00:00+00:00", False),
        ("2026-12-26T01:00:00+00:00", False),
        ("2026-12-26T23:00:00+00:00", True),
    ],
)
def test_hours_past_midnight_belong_to_the_day_they_begin_on(moment, expected):
    """A night that begins on a closed date is closed to its end, and the calendar's own zone wins."""
    actual = CLUB.is_open(at(moment), timezone=NEW_YORK)

    assert expected == actual


def test_range_of_days_may_run_over_the_weekend():
    """`sat-mon` means Saturday, Sunday and Monday."""
    hours = OfficeHours.model_validate({"timezone": "UTC", "open": {"Sat - Mon": "00:00-24:00"}})
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC)

    actual = [hours.is_open(monday + timedelta(days=day), timezone="UTC") for day in range(7)]

    assert actual == [True, False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"open": {"monday": "09:00-17:00"}}, "`monday` is not a day"),
        ({"open": {"mon-": "09:00-17:00"}}, "`mon-` is not a day"),
        ({"open": {"mon-tue-wed": "09:00-17:00"}}, "is not a day"),
        ({"open": {"": "09:00-17:00"}}, "is not a day"),
        ({"open": {"mon-fri": "09:00-17:00", "fri": "10:00-11:00"}}, "fri is named twice"),
        ({"open": {"mon": "9-17"}}, "write it as 09:00-17:00"),
        ({"open": {"mon": "09:00-25:00"}}, "a time that no day has"),
        ({"open": {"mon": "24:00-25:00"}}, "a time that no day has"),
        ({"open": {"mon": "09:60-17:00"}}, "a time that no day has"),
        ({"open": {"mon": "09:00-09:00"}}, "write 00:00-24:00"),
        ({"open": {}}, "at least 1 item"),
        ({"timezone": "New York", "open": {"mon": "09:00-17:00"}}, "`New York` is not a time zone"),
        ({"timezone": "../etc/passwd", "open": {"mon": "09:00-17:00"}}, "is not a time zone"),
        ({"timezone": "America", "open": {"mon": "09:00-17:00"}}, "is not a time zone"),
        ({"open": {"mon": "09:00-17:00"}, "closed": ["Christmas"]}, "date"),
        ({"open": {"mon": "09:00-17:00"}, "holidays": []}, "Extra inputs"),
    ],
)
def test_what_cannot_be_hours_is_refused_in_words(document, said):
    """Every mistake says what is wrong and what to write."""
    with pytest.raises(ValidationError) as raised:
        OfficeHours.model_validate(document)

    assert said in str(raised.value)


def test_calendar_survives_a_round_trip_through_json():
    """What is written out reads back as the same calendar."""
    written = OFFICE.model_dump_json()

    assert OfficeHours.model_validate_json(written) == OFFICE
    assert OFFICE.closed == (date(2026, 12, 25),)


def test_schema_lets_editors_write_one_span_or_a_list():
    """A day's hours may be a text or a list in the JSON Schema too."""
    schema = OfficeHours.model_json_schema()

    actual = schema["properties"]["open"]["additionalProperties"]["anyOf"]

    assert actual == [{"type": "string"}, {"items": {"type": "string"}, "type": "array"}]


@given(start=st.integers(0, 1439), length=st.integers(1, 1440))
def test_span_keeps_its_start_and_length(start, length):
    """Any span up to a day reads back with the start and length it was written with."""
    end = start + length
    shown = end if end <= 1440 else end - 1440
    if shown == start:
        return

    actual = read_span(f"{start // 60:02}:{start % 60:02}-{shown // 60:02}:{shown % 60:02}")

    assert Span(start, end) == actual
