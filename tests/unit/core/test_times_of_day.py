"""Times of day: the next one, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import times_of_day

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NEW_YORK = "America/New_York"
RESTLESS = (NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Beirut", "UTC")


@pytest.mark.parametrize(
    ("clock", "zone", "after", "expected"),
    [
        ("08:30", NEW_YORK, "2026-11-23T08:00-05:00", "2026-11-23T08:30-05:00"),
        ("08:30", NEW_YORK, "2026-11-23T08:30-05:00", "2026-11-23T08:30-05:00"),
        ("08:30", NEW_YORK, "2026-11-23T08:30:01-05:00", "2026-11-24T08:30-05:00"),
        ("02:30", NEW_YORK, "2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00"),  # the clocks skip it
        ("01:30", NEW_YORK, "2026-11-01T00:00-04:00", "2026-11-01T01:30-04:00"),  # they show it twice
        ("01:30", NEW_YORK, "2026-11-01T01:45-04:00", "2026-11-02T01:30-05:00"),  # between the two
        ("00:00", "Asia/Beirut", "2026-03-28T23:30+02:00", "2026-03-29T01:00+03:00"),  # midnight is skipped
    ],
)
def test_the_next_time_of_day_is_found_on_any_clock(clock, zone, after, expected):
    """A time of day is the next one that the clocks show; skipped, it is behind the gap, and shown twice, the first."""
    found = times_of_day.find_next(time.fromisoformat(clock), after=datetime.fromisoformat(after), zone=ZoneInfo(zone))

    assert found == datetime.fromisoformat(expected)


@given(
    st.integers(min_value=0, max_value=2 * 366 * 86_400),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.sampled_from(RESTLESS),
)
def test_the_next_time_of_day_is_never_far(seconds, clock, name):
    """Whatever the clocks do, it is not in the past and hardly more than a day away; and asked there, it is there."""
    after = BEGIN + timedelta(seconds=seconds)
    found = times_of_day.find_next(clock, after=after, zone=ZoneInfo(name))

    assert after <= found <= after + timedelta(hours=26)
    assert times_of_day.find_next(clock, after=found, zone=ZoneInfo(name)) == found
