"""Quiet hours: open in every candidate zone or closed, through clock changes; openings, spread and own zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import phones, quiet_hours
from quoflow.core.guard_settings import QuietHours

OPEN = QuietHours()
NUMBERS = [
    "+12125550123",  # New York
    "+18085550123",  # Hawaii
    "+19075551234",  # Alaska: two zones, and the islands
    "+12085551234",  # Idaho: two zones
    "+17095551234",  # Newfoundland and Labrador, half an hour off
    "+18005550199",  # toll-free
    "+15555550123",  # no area code
    "+16025550123",  # Arizona, without summer time
]
ANY_TIME = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants them so


def zones_of(number):
    return tuple(ZoneInfo(name) for name in phones.zones(number))


def hours_in(number, now):
    return [now.astimezone(zone).hour for zone in zones_of(number)]


@given(ANY_TIME, st.sampled_from(NUMBERS), st.floats(0, 1))
def test_it_is_never_open_outside_the_hours_of_any_zone_that_a_number_may_be_in(now, number, jitter):
    """Open exactly where it is from 8 to 20 in every zone, and what is held is held until it is so."""
    closed = quiet_hours.find_closed(OPEN, now, zones_of(number), jitter=jitter)

    assert (closed is None) == all(8 <= hour < 20 for hour in hours_in(number, now))
    if closed is not None:
        assert closed.until > now
        assert all(8 <= hour < 20 for hour in hours_in(number, closed.until))


@given(ANY_TIME, st.sampled_from(NUMBERS), st.floats(0, 1))
def test_what_waits_is_spread_over_five_minutes_behind_the_opening(now, number, jitter):
    """The jitter puts off by its share of five minutes, and never before the opening."""
    zones = zones_of(number)
    closed = quiet_hours.find_closed(OPEN, now, zones, jitter=jitter)
    if closed is None:
        return

    opening = quiet_hours.find_closed(OPEN, now, zones, jitter=0).until

    assert closed.until - opening == timedelta(minutes=5) * jitter


def test_no_jitter_leads_past_the_closing():
    """Where the window is open for one minute only, the text goes at the opening and not five minutes later."""
    short = QuietHours.model_validate({"from": "08:00", "to": "08:01"})
    night = datetime(2026, 11, 23, 7, tzinfo=UTC)

    closed = quiet_hours.find_closed(short, night, zones_of("+12125550123"), jitter=1)

    assert closed.until == datetime(2026, 11, 23, 13, tzinfo=UTC)


@pytest.mark.parametrize("number", ["+18005550199", "+18885550199", "+15555550123", "+19995550123"])
@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-01-15T17:59Z", False),  # 12:59 in New York, 7:59 in Honolulu
        ("2026-01-15T18:00Z", True),
        ("2026-01-16T00:59Z", True),
        ("2026-01-16T01:00Z", False),  # 20:00 in New York
        ("2026-07-15T17:59Z", False),  # 13:59 in New York, 7:59 in Honolulu
        ("2026-07-15T18:00Z", True),
        ("2026-07-16T00:00Z", False),  # 20:00 in New York
    ],
)
def test_toll_free_and_unknown_numbers_wait_until_all_of_the_country_is_open(number, moment, is_open):
    """Such a number may be in any of the fifty states: 13 to 20 in New York in winter, 14 to 20 in summer."""
    closed = quiet_hours.find_closed(OPEN, datetime.fromisoformat(moment), zones_of(number), jitter=0)

    assert (closed is None) == is_open


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("America/Denver", ["America/Denver"]),
        (" America/Denver ", ["America/Denver"]),
        (["America/Denver", "America/New_York"], ["America/Denver", "America/New_York"]),
        (["America/Denver", "Mars"], []),
        ("Mars/Olympus", []),
        ("America", []),
        ("../../etc/passwd", []),
        ("", []),
        (None, []),
        (7, []),
    ],
)
def test_a_contact_s_zone_counts_where_it_is_one(written, names):
    """An IANA name, or several; what has anything else in it is no zone at all."""
    zones = quiet_hours.read_zones(written)

    assert [zone.key for zone in zones] == names
