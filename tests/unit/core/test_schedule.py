"""Schedules: words for what is wrong, and exactly one firing per local time, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoflow.core import schedule
from quoflow.core.rules import Schedule

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
NEW_YORK = "America/New_York"
RESTLESS = (
    NEW_YORK,
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Beirut",
    "America/Havana",
    "UTC",
)


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def fire_all(spec, *, after, until, timezone):
    """Walk a schedule the way the service does: always from the last firing on."""
    found = []
    while (firing := schedule.next_firing(spec, after=after, timezone=timezone, anchor=ANCHOR)) and firing.at <= until:
        found.append(firing)
        after = firing.at
    return found


@pytest.mark.parametrize(
    "expression",
    ["* * * * *", "0 9 * * MON-FRI", "*/15 8-18 * * 1,3,5", "0 0 29 2 *", "0 0 1 jan *", "0 9 L * *", "0 9 * * 1#1"],
)
def test_good_cron_expressions_pass(expression):
    """Five fields with names, lists, ranges, steps, the last day and the nth weekday are fine."""
    assert schedule.check_cron(expression) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "0 of five fields"),
        ("0 9 * *", "4 of five fields"),
        ("0 0 9 * * *", "seconds"),
        ("0 0 9 * * * 2026", "seconds and years"),
        ("@daily", "alias"),
        ("@reboot", "alias"),
        ("61 * * * *", "`61` does not fit the minute"),
        ("0 24 * * *", "`24` does not fit the hour"),
        ("0 0 0 * *", "`0` does not fit the day of month"),
        ("0 0 * 13 *", "`13` does not fit the month"),
        ("0 0 * * 8", "`8` does not fit the day of week"),
        ("*/0 * * * *", "does not fit the minute"),
        ("*/90 * * * *", "write `every:`"),
        ("R * * * *", "`R` does not fit the minute"),
        ("H H * * *", "`H` does not fit the minute"),
        ("-5 * * * *", "`-5` does not fit the minute"),
        ("0 9 * * 1,", "does not fit the day of week"),
        ("0 9 * * FUNDAY", "`FUNDAY` does not fit the day of week"),
        ("0 0 31 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
    ],
)
def test_bad_cron_expressions_are_explained(expression, words):
    """What cannot fire is refused in words that name the field and the way out."""
    assert words in (schedule.check_cron(expression) or "")


@given(st.text(alphabet="0123456789*/,-#LRHWJANMON@? ", max_size=24))
def test_checking_never_crashes_and_what_passes_fires(expression):
    """Any text is answered in words, and an expression that passes has a next firing."""
    if schedule.check_cron(expression) is None:
        spec = Schedule(cron=expression)

        assert schedule.next_firing(spec, after=ANCHOR, timezone="UTC", anchor=ANCHOR) is not None


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Schedule(every="30s"), "at least 1m"),
        (Schedule(cron="0 9 * * *", timezone="America/New_Yrok"), "did you mean `America/New_York`"),
        (Schedule(cron="0 9 * * *", timezone="America"), "is not an IANA time zone"),
        (Schedule(cron="0 9 * * *", timezone="../etc/passwd"), "is not an IANA time zone"),
        (Schedule(cron="61 9 * * *"), "does not fit the minute"),
    ],
)
def test_bad_schedules_are_explained(spec, words):
    """An interval too short and an unknown zone are refused like a bad expression."""
    assert words in (schedule.check_schedule(spec) or "")


def test_good_schedules_pass():
    """A daily time in a zone and an interval are fine."""
    assert schedule.check_schedule(Schedule(cron="0 9 * * *", timezone=NEW_YORK)) is None
    assert schedule.check_schedule(Schedule(every="4h")) is None


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        ("2026-07-01T09:00", NEW_YORK, "2026-07-01T13:00Z"),
        ("2026-03-08T02:30", NEW_YORK, "2026-03-08T07:00Z"),  # skipped: 2:00 becomes 3:00
        ("2026-03-08T02:00", NEW_YORK, "2026-03-08T07:00Z"),
        ("2026-03-08T03:00", NEW_YORK, "2026-03-08T07:00Z"),
        ("2026-11-01T01:30", NEW_YORK, "2026-11-01T05:30Z"),  # shown twice: the first
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30Z"),  # half an hour is skipped
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00Z"),  # a whole day is skipped
        ("1969-07-20T20:17", "UTC", "1969-07-20T20:17Z"),
    ],
)
def test_wall_times_become_instants(wall, zone, expected):
    """A time in a gap is the first instant after it, a time shown twice is the first of the two."""
    found = schedule.find_instant(datetime.fromisoformat(wall), ZoneInfo(zone))

    assert found == at(expected)


def test_a_daily_job_fires_on_the_day_of_the_gap_and_of_the_overlap():
    """2:30 in New York fires once on 2026-03-08 (at 3:00) and once on 2026-11-01 for 1:30 (the first one)."""
    gap = schedule.next_firing(
        Schedule(cron="30 2 * * *"), after=at("2026-03-08T05:00Z"), timezone=NEW_YORK, anchor=ANCHOR
    )
    overlap = fire_all(
        Schedule(cron="30 1 * * *"), after=at("2026-11-01T04:00Z"), until=at("2026-11-02T04:00Z"), timezone=NEW_YORK
    )

    assert gap == schedule.Firing(key="2026-03-08T02:30", at=at("2026-03-08T07:00Z"))
    assert overlap == [schedule.Firing(key="2026-11-01T01:30", at=at("2026-11-01T05:30Z"))]


def test_a_frequent_job_does_not_pile_up_after_the_gap():
    """Six wall times that the clocks skip and the first after them are one instant: one firing."""
    fired = fire_all(
        Schedule(cron="*/10 * * * *"), after=at("2026-03-08T06:45Z"), until=at("2026-03-08T07:10Z"), timezone=NEW_YORK
    )

    due = schedule.due_firings(
        Schedule(cron="*/10 * * * *"),
        last=at("2026-03-08T06:45Z"),
        now=at("2026-03-08T07:00Z"),
        timezone=NEW_YORK,
        anchor=ANCHOR,
    )

    assert [firing.at for firing in fired] == [at(f"2026-03-08T{clock}Z") for clock in ("06:50", "07:00", "07:10")]
    assert [firing.key for firing in due.fire] == ["2026-03-08T01:50", "2026-03-08T02:00"]


@pytest.mark.slow
def test_a_daily_job_fires_once_per_local_date_in_every_zone():
    """In each IANA zone a job at 2:30 fires 365 times in 2026, once on each local date, in order."""
    spec = Schedule(cron="30 2 * * *")
    dates = [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(365)]
    wrong = []

    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        new_year = schedule.find_instant(datetime(2026, 1, 1), zone)  # noqa: DTZ001  a wall clock
        year = [*islice(schedule._iterate(spec, after=new_year, timezone=name, anchor=ANCHOR), 365)]
        keys = [firing.key for firing in year]
        days = [firing.at.astimezone(zone).date().isoformat() for firing in year]
        if keys != [f"{day}T02:30" for day in dates] or days != dates:
            wrong.append(name)

    assert wrong == []


@settings(deadline=None)
@given(
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    hours=st.sets(st.integers(0, 4), min_size=1, max_size=3),
    zone=st.sampled_from(RESTLESS),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 25)),  # noqa: DTZ001  hypothesis wants them so
    steps=st.lists(st.integers(1, 60 * 60 * 30), max_size=6),
)
def test_firings_do_not_depend_on_when_one_looks(minutes, hours, zone, start, steps):
    """From any instant the next firing is the first of one fixed list, whose keys and instants only grow."""
    spec = Schedule(cron=f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *")
    start = start.replace(tzinfo=UTC)
    everything = fire_all(spec, after=start, until=start + timedelta(days=10), timezone=zone)
    moment = start

    assert sorted({firing.key for firing in everything}) == [firing.key for firing in everything]
    assert all(early.at < late.at for early, late in pairwise(everything))
    for seconds in steps:
        moment += timedelta(seconds=seconds)
        expected = next(firing for firing in everything if firing.at > moment)

        assert schedule.next_firing(spec, after=moment, timezone=zone, anchor=ANCHOR) == expected


def test_seconds_do_not_hide_a_firing():
    """A look half a second before or after the minute gives this firing, or the next."""
    spec = Schedule(cron="0 9 * * *")
    before = schedule.next_firing(spec, after=at("2026-06-01T08:59:59.500Z"), timezone="UTC", anchor=ANCHOR)
    after = schedule.next_firing(spec, after=at("2026-06-01T09:00:00.500Z"), timezone="UTC", anchor=ANCHOR)
    exact = schedule.next_firing(spec, after=at("2026-06-01T09:00Z"), timezone="UTC", anchor=ANCHOR)

    assert before.key == "2026-06-01T09:00"
    assert after.key == "2026-06-02T09:00"
    assert exact.key == "2026-06-02T09:00"


def test_the_schedules_own_zone_goes_first():
    """`timezone` of the schedule holds over the configuration's."""
    spec = Schedule(cron="0 9 * * *", timezone="Europe/Berlin")

    firing = schedule.next_firing(spec, after=at("2026-06-01T00:00Z"), timezone=NEW_YORK, anchor=ANCHOR)

    assert firing == schedule.Firing(key="2026-06-01T09:00", at=at("2026-06-01T07:00Z"))


def test_a_date_that_never_comes_has_no_firing():
    """An impossible date gives None and does not hang."""
    spec = Schedule(cron="0 0 30 2 *")

    assert schedule.next_firing(spec, after=ANCHOR, timezone="UTC", anchor=ANCHOR) is None


@given(st.integers(60, 10**6), st.integers(-(10**6), 10**7))
def test_an_interval_counts_elapsed_time_from_its_anchor(seconds, offset):
    """Every firing is the anchor and a whole number of intervals, at least one, strictly after the look."""
    spec = Schedule(every=timedelta(seconds=seconds))
    after = ANCHOR + timedelta(seconds=offset)

    firing = schedule.next_firing(spec, after=after, timezone=NEW_YORK, anchor=ANCHOR)

    assert (firing.at - ANCHOR) % spec.every == timedelta(0)
    assert firing.at > max(after, ANCHOR)
    assert firing.at - max(after, ANCHOR) <= spec.every
    assert datetime.fromisoformat(firing.key) == firing.at


def test_an_interval_of_nothing_never_fires():
    """`every: 0s` neither fires nor divides by zero."""
    spec = Schedule(every=timedelta(0))

    assert schedule.next_firing(spec, after=ANCHOR, timezone="UTC", anchor=ANCHOR) is None


@pytest.mark.parametrize(
    ("cron", "catchup", "last", "now", "fired", "missed"),
    [
        ("0 9 * * *", "skip", "2026-06-01T08:00Z", "2026-06-01T08:59Z", [], 0),
        ("0 9 * * *", "skip", "2026-06-01T08:00Z", "2026-06-01T09:00Z", ["2026-06-01T09:00"], 0),
        ("0 9 * * *", "skip", "2026-06-01T09:00Z", "2026-06-01T09:10Z", [], 0),
        ("0 9 * * *", "skip", "2026-06-01T08:00Z", "2026-06-01T09:15Z", ["2026-06-01T09:00"], 0),
        ("0 9 * * *", "skip", "2026-06-01T08:00Z", "2026-06-01T09:15:01Z", [], 1),
        ("0 9 * * *", "skip", "2026-06-01T08:00Z", "2026-06-04T14:00Z", [], 4),
        ("0 9 * * *", "latest", "2026-06-01T08:00Z", "2026-06-04T14:00Z", ["2026-06-04T09:00"], 3),
        ("0 9 * * *", "latest", "2026-06-01T08:00Z", "2026-06-04T09:05Z", ["2026-06-04T09:00"], 3),
        ("0 9 * * *", "latest", "2026-06-01T08:00Z", "2026-06-01T08:30Z", [], 0),
        ("*/5 * * * *", "skip", "2026-06-01T08:00Z", "2026-06-01T08:10Z", ["2026-06-01T08:05", "2026-06-01T08:10"], 0),
    ],
)
def test_missed_firings_are_skipped_or_the_latest_is_caught_up(cron, catchup, last, now, fired, missed):
    """Up to 15 minutes late is on time; beyond, `skip` counts and `latest` fires one."""
    due = schedule.due_firings(
        Schedule(cron=cron, catchup=catchup), last=at(last), now=at(now), timezone="UTC", anchor=ANCHOR
    )

    assert [firing.key for firing in due.fire] == fired
    assert due.missed == missed


@settings(deadline=None)
@given(st.lists(st.integers(1, 60 * 26), min_size=1, max_size=8), st.sampled_from(RESTLESS))
def test_every_firing_is_dealt_with_once(pauses, zone):
    """However long the service is away, each firing is carried out or counted as missed, never both or twice."""
    spec = Schedule(cron="0 */3 * * *")
    last = start = at("2026-03-07T00:00Z")
    fired, missed = [], 0

    for minutes in pauses:
        now = last + timedelta(minutes=minutes)
        due = schedule.due_firings(spec, last=last, now=now, timezone=zone, anchor=ANCHOR)
        fired += due.fire
        missed += due.missed
        last = now

    everything = fire_all(spec, after=start, until=last, timezone=zone)
    assert len(set(fired)) == len(fired)
    assert set(fired) <= set(everything)
    assert len(fired) + missed == len(everything)
