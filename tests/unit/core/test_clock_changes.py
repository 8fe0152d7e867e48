"""What changes of clocks do to what a cron expression names near them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest

from quoflow.core import clock_changes, schedule
from quoflow.core.rules import Schedule

NEW_YORK = ZoneInfo("America/New_York")
DAILY = ("30 2 * * *", "0 9 * * *", "30 1 * * *", "0 0 * * *", "*/20 * * * *", "0 9 1 1 *")


def list_wall_changes(name, year=2026):
    return [
        (change.before.isoformat(timespec="minutes"), change.after.isoformat(timespec="minutes"))
        for change in clock_changes.list_changes(ZoneInfo(name), year)
    ]


def list_near(expression, number):
    """List (wall time, instant, what) near the first or second change in New York in 2026."""
    change = [*clock_changes.list_changes(NEW_YORK, 2026)][number]
    return [
        (f"{near.wall:%d %H:%M}", f"{near.at:%d %H:%M}", near.what)
        for near in clock_changes.list_near(expression, NEW_YORK, change)
    ]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("America/New_York", [("2026-03-08T02:00", "2026-03-08T03:00"), ("2026-11-01T02:00", "2026-11-01T01:00")]),
        ("Australia/Lord_Howe", [("2026-04-05T02:00", "2026-04-05T01:30"), ("2026-10-04T02:00", "2026-10-04T02:30")]),
        ("America/Havana", [("2026-03-08T00:00", "2026-03-08T01:00"), ("2026-11-01T01:00", "2026-11-01T00:00")]),
        ("UTC", []),
        ("Asia/Kolkata", []),
    ],
)
def test_the_changes_of_a_year(name, changes):
    """Each with what the clocks show before and after, half hours and midnights too; none where there is none."""
    assert list_wall_changes(name) == changes


def test_a_day_that_is_left_out_is_one_change():
    """Samoa went from the 29th to the 31st of December 2011."""
    assert ("2011-12-30T00:00", "2011-12-31T00:00") in list_wall_changes("Pacific/Apia", 2011)


def test_a_time_that_is_left_out_fires_at_the_first_moment_after():
    """With the one before it and the one after it, as usual, to compare."""
    assert list_near("30 2 * * *", 0) == [
        ("07 02:30", "07 07:30", "as usual"),
        ("08 02:30", "08 07:00", "left out"),
        ("09 02:30", "09 06:30", "as usual"),
    ]


def test_times_that_meet_after_the_gap_are_one_firing():
    """Every half hour: 2:00 fires at 3:00, and 2:30 and 3:00 with it."""
    found = list_near("*/30 * * * *", 0)
    first = next(number for number, (_, _, what) in enumerate(found) if what == "left out")

    assert found[first - 1 : first + 4] == [
        ("08 01:30", "08 06:30", "as usual"),
        ("08 02:00", "08 07:00", "left out"),
        ("08 02:30", "08 07:00", "together"),
        ("08 03:00", "08 07:00", "together"),
        ("08 03:30", "08 07:30", "as usual"),
    ]


def test_a_time_that_is_shown_twice_fires_the_first_time():
    """1:30 in autumn; 2:00, which the clocks reach once only, is as usual."""
    assert list_near("30 1 * * *", 1)[1] == ("01 01:30", "01 05:30", "twice")
    assert list_near("0 2 * * *", 1)[1] == ("01 02:00", "01 07:00", "as usual")


@pytest.mark.parametrize("expression", DAILY)
def test_what_is_listed_is_what_fires(expression):
    """In each zone whose clocks change: all that fires in those hours is listed, and nothing else as a firing."""
    wrong = []
    for name in sorted(available_timezones())[::6]:
        zone = ZoneInfo(name)
        for change in clock_changes.list_changes(zone, 2026):
            listed = [near for near in clock_changes.list_near(expression, zone, change) if near.what != "together"]
            begin = listed[0].at - timedelta(seconds=1)
            fired = schedule.list_firings(Schedule(cron=expression), after=begin, timezone=name, anchor=begin)
            until = [*takewhile(lambda firing, last=listed[-1].at: firing.at <= last, fired)]
            if [firing.at for firing in until] != [near.at for near in listed]:
                wrong.append((name, change))

    assert wrong == []


def test_a_rare_date_lists_the_last_before_and_the_first_after():
    """However far away they are, so that there is always something to compare with."""
    change = clock_changes.Change(datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 8, 2), datetime(2026, 3, 8, 3))  # noqa: DTZ001

    assert [near.wall.year for near in clock_changes.list_near("0 0 29 2 *", NEW_YORK, change)] == [2024, 2028]
