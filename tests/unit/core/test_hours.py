"""Opening hours: what calendars accept, and when they are open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quoflow.core.hours import OfficeHours, add_open_time, find_opening
from quoflow.core.week import DAYS

NEW_YORK = "America/New_York"
OFFICE = OfficeHours.model_validate(
    {"open": {"mon-fri": "09:00-17:00", "sat": ["10:00-12:00", "13:00-15:00"]}, "closed": ["2026-12-25"]}
)
CLUB = OfficeHours.model_validate({"timezone": "UTC", "open": {"fri-sat": "22:00-02:00"}, "closed": ["2026-12-25"]})

SHOP = OfficeHours.model_validate(
    {
        "timezone": "UTC",
        "open": {"mon-fri": "09:00-17:00", "2026-12-24": "09:00-12:00", "2026-12-25": "10:00-11:00", "2026-12-28": []},
        "closed": ["2026-12-30"],
        "holidays": {"country": "US", "except": "Columbus Day"},
    }
)


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
        ({"timezone": "New York", "open": {"mon": "09:00-17:00"}}, "`New York` is not an IANA time zone"),
        ({"timezone": "../etc/passwd", "open": {"mon": "09:00-17:00"}}, "is not an IANA time zone"),
        ({"timezone": "America", "open": {"mon": "09:00-17:00"}}, "is not an IANA time zone"),
        ({"open": {"mon": "09:00-17:00"}, "closed": ["Christmas"]}, "date"),
        ({"open": {"mon": "09:00-17:00"}, "holiday": []}, "Extra inputs"),
        ({"open": {"2026-02-30": "09:00-17:00"}}, "`2026-02-30` is not a date"),
        ({"open": {"2026-12-24": "09:00-12:00"}, "closed": ["2026-12-24"]}, "keep one of the two"),
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


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-12-23T12:30Z", True),
        ("2026-12-24T11:30Z", True),
        ("2026-12-24T12:30Z", False),
        ("2026-12-25T10:30Z", True),
        ("2026-12-25T12:30Z", False),
        ("2026-12-28T12:30Z", False),
        ("2026-12-30T12:30Z", False),
        ("2027-01-01T12:30Z", False),
        ("2026-10-12T12:30Z", True),
        ("2026-11-26T12:30Z", False),
    ],
)
def test_a_dates_own_hours_go_before_holidays_and_both_before_the_week(moment, expected):
    """A short day before Christmas, an open holiday, a date without hours, closed dates, holidays but the excepted."""
    assert SHOP.is_open(at(moment), timezone=NEW_YORK) is expected


NIGHTS = {"mon-sun": ["22:30-02:30", "01:15-03:10", "12:00-12:01"]}
RESTLESS = (NEW_YORK, "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "Asia/Kathmandu")
CHANGES = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((2, 15), (3, 7), (4, 4), (10, 3), (10, 31))]
TIMES = st.integers(0, 1440).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
SPANS = st.tuples(TIMES.filter("24:00".__ne__), TIMES).filter(lambda pair: pair[0] != pair[1]).map("-".join)
WEEKS = st.dictionaries(st.sampled_from(DAYS), st.lists(SPANS, max_size=3), min_size=1)


@pytest.mark.parametrize(
    ("calendar", "from_", "expected"),
    [
        (OFFICE, "2026-11-23T08:59-05:00", "2026-11-23T09:00-05:00"),
        (OFFICE, "2026-11-23T09:00-05:00", "2026-11-23T09:00-05:00"),
        (OFFICE, "2026-11-23T10:00:01.5-05:00", "2026-11-23T10:00:01.5-05:00"),
        (OFFICE, "2026-11-23T17:00-05:00", "2026-11-24T09:00-05:00"),
        (OFFICE, "2026-12-24T18:00-05:00", "2026-12-26T10:00-05:00"),  # the 25th is closed, the 26th a Saturday
        (OFFICE, "2026-03-07T16:00-05:00", "2026-03-09T09:00-04:00"),  # over the change of clocks
        (CLUB, "2026-12-25T21:00Z", "2026-12-26T22:00Z"),
        (SHOP, "2026-12-25T11:00Z", "2026-12-29T09:00Z"),
        (OfficeHours(timezone=NEW_YORK, open={"sun": ("02:15-03:30",)}), "2026-03-08T06:00Z", "2026-03-08T07:00Z"),
        (OfficeHours(open={"mon": ()}), "2026-11-23T08:59-05:00", None),
    ],
)
def test_the_next_opening_is_found(calendar, from_, expected):
    """At once when it is open, after closed dates, with the clocks, at the end of the hour that they skip, or never."""
    actual = find_opening(calendar, at(from_), timezone=NEW_YORK)

    assert (expected and at(expected)) == actual


@pytest.mark.parametrize(
    ("calendar", "from_", "duration", "expected"),
    [
        (OFFICE, "2026-11-23T10:00-05:00", timedelta(minutes=30), "2026-11-23T10:30-05:00"),
        (OFFICE, "2026-11-23T16:45-05:00", timedelta(minutes=30), "2026-11-24T09:15-05:00"),
        (OFFICE, "2026-11-23T16:45-05:00", timedelta(minutes=15), "2026-11-23T17:00-05:00"),
        (OFFICE, "2026-11-23T03:00-05:00", timedelta(0), "2026-11-23T03:00-05:00"),
        (OFFICE, "2026-11-28T11:30-05:00", timedelta(hours=1), "2026-11-28T13:30-05:00"),  # over the lunch break
        (OFFICE, "2026-11-23T09:00-05:00", timedelta(hours=44), "2026-11-28T15:00-05:00"),  # a whole week
        (CLUB, "2026-11-27T23:00Z", timedelta(hours=2), "2026-11-28T01:00Z"),
        (OfficeHours(open={"sun": ("00:00-04:00",)}), "2026-03-08T05:00Z", timedelta(hours=3), "2026-03-08T08:00Z"),
        (OfficeHours(open={"sun": ("00:00-04:00",)}), "2026-11-01T04:00Z", timedelta(hours=5), "2026-11-01T09:00Z"),
        (OfficeHours(open={"mon": ()}), "2026-11-23T10:00-05:00", timedelta(minutes=1), None),
        (OfficeHours(open={"mon": ("09:00-09:01",)}), "2026-11-23T10:00-05:00", timedelta(days=1), None),
    ],
)
def test_open_time_is_added_up(calendar, from_, duration, expected):
    """Only what is open counts, by elapsed time: the night of the change of clocks has an hour less or more."""
    actual = add_open_time(calendar, at(from_), duration, timezone=NEW_YORK)

    assert (expected and at(expected)) == actual


@settings(deadline=None, max_examples=30)
@given(
    week=WEEKS | st.just(NIGHTS),
    zone=st.sampled_from(RESTLESS),
    near=st.sampled_from(CHANGES),
    offset=st.integers(0, 2 * 1440),
    closed=st.sets(st.integers(0, 2), max_size=2),
    minutes=st.integers(1, 900),
)
def test_opening_and_open_time_agree_with_the_clock_minute_by_minute(week, zone, near, offset, closed, minutes):
    """What `is_open` says of each minute of three days is what is found and added up, across both changes of clocks."""
    start = near + timedelta(minutes=offset)
    dates = [(near + timedelta(days=day)).date() for day in closed]
    calendar = OfficeHours.model_validate({"timezone": zone, "open": week, "closed": dates})

    ticks = [start + timedelta(minutes=minute) for minute in range(3 * 1440)]
    shown = [tick for tick in ticks if calendar.is_open(tick, timezone="UTC")]
    opening = find_opening(calendar, start, timezone="UTC")
    reached = add_open_time(calendar, start, timedelta(minutes=minutes), timezone="UTC")

    if shown:
        assert opening == shown[0]
    else:
        assert opening is None or opening > ticks[-1]
    if len(shown) >= minutes:
        assert reached == shown[minutes - 1] + timedelta(minutes=1)
    else:
        assert reached is None or reached > ticks[-1]


@given(week=WEEKS, zone=st.sampled_from(RESTLESS), near=st.sampled_from(CHANGES), seconds=st.integers(0, 10**5))
def test_stretches_are_in_order_and_lie_within_what_was_asked(week, zone, near, seconds):
    """They never overlap, never are empty, and begin and end inside the two moments."""
    calendar = OfficeHours.model_validate({"open": week})
    until = near + timedelta(seconds=seconds)

    listed = [*calendar.list_open(near, until, timezone=zone)]

    assert all(near <= stretch.start < stretch.end <= until for stretch in listed)
    assert all(early.end <= late.start for early, late in pairwise(listed))
