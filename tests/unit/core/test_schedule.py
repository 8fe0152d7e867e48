"""Schedules: words for what is wrong, and exactly one firing per local time, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

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


HOURS_OF_EIGHT = ["2026-06-01T16:00", "2026-06-02T00:00", "2026-06-02T08:00"]


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

    assert gap == schedule.Firing(key="2026-03-08T02:30@America/New_York", at=at("2026-03-08T07:00Z"))
    assert overlap == [schedule.Firing(key="2026-11-01T01:30@America/New_York", at=at("2026-11-01T05:30Z"))]


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
    assert [firing.key for firing in due.fire] == [
        "2026-03-08T01:50@America/New_York",
        "2026-03-08T02:00@America/New_York",
    ]


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

    assert before.key == "2026-06-01T09:00@UTC"
    assert after.key == "2026-06-02T09:00@UTC"
    assert exact.key == "2026-06-02T09:00@UTC"


def test_the_schedules_own_zone_goes_first():
    """`timezone` of the schedule holds over the configuration's."""
    spec = Schedule(cron="0 9 * * *", timezone="Europe/Berlin")

    firing = schedule.next_firing(spec, after=at("2026-06-01T00:00Z"), timezone=NEW_YORK, anchor=ANCHOR)

    assert firing == schedule.Firing(key="2026-06-01T09:00@Europe/Berlin", at=at("2026-06-01T07:00Z"))


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
        ("0 9 * * *", "all", "2026-06-01T08:00Z", "2026-06-02T08:59Z", ["2026-06-01T09:00"], 0),
        ("0 9 * * *", "all", "2026-06-01T08:00Z", "2026-06-02T09:01Z", ["2026-06-02T09:00"], 1),
        ("0 */8 * * *", "all", "2026-06-01T08:00Z", "2026-06-02T08:00Z", HOURS_OF_EIGHT, 0),
        ("0 9 * * *", "latest", "2026-06-01T08:00Z", "2026-06-02T08:59Z", ["2026-06-01T09:00"], 0),
        ("0 */8 * * *", "latest", "2026-06-01T08:00Z", "2026-06-02T00:05Z", ["2026-06-02T00:00"], 1),
        ("0 9 1 * *", "latest", "2026-06-01T08:00Z", "2026-06-02T09:01Z", [], 1),
        ("*/5 * * * *", "skip", "2026-06-01T08:00Z", "2026-06-01T08:10Z", ["2026-06-01T08:05", "2026-06-01T08:10"], 0),
    ],
)
def test_missed_firings_are_skipped_or_the_latest_is_caught_up(cron, catchup, last, now, fired, missed):
    """Up to 15 minutes late is on time; beyond, `skip` counts, `latest` fires one, `all` each, none over a day old."""
    due = schedule.due_firings(
        Schedule(cron=cron, catchup=catchup), last=at(last), now=at(now), timezone="UTC", anchor=ANCHOR
    )

    assert [firing.key.removesuffix("@UTC") for firing in due.fire] == fired
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


def test_no_more_than_a_thousand_are_caught_up_at_once():
    """A month of minutes with `all` fires the newest thousand and counts the others."""
    spec = Schedule(every="1m", catchup="all")
    due = schedule.due_firings(
        spec,
        last=ANCHOR,
        now=ANCHOR + timedelta(days=20),
        timezone="UTC",
        anchor=ANCHOR,
        max_age=timedelta(days=30),
    )

    assert len(due.fire) == schedule.MOST_AT_ONCE + 16
    assert due.fire[-1].at == ANCHOR + timedelta(days=20)
    assert due.missed == 20 * 1440 - len(due.fire)


@pytest.mark.parametrize(
    ("written", "key", "instant"),
    [
        ("2026-12-24T09:00", "2026-12-24T09:00@America/New_York", "2026-12-24T14:00Z"),
        ("2026-12-24 09:00:30", "2026-12-24T09:00:30@America/New_York", "2026-12-24T14:00:30Z"),
        ("2026-12-24T09:00-08:00", "2026-12-24T17:00:00Z", "2026-12-24T17:00Z"),
        ("2026-12-24T09:00Z", "2026-12-24T09:00:00Z", "2026-12-24T09:00Z"),
        ("2026-03-08T02:30", "2026-03-08T02:30@America/New_York", "2026-03-08T07:00Z"),  # skipped by the clocks
        ("2026-11-01T01:30", "2026-11-01T01:30@America/New_York", "2026-11-01T05:30Z"),  # shown twice
    ],
)
def test_a_moment_fires_once(written, key, instant):
    """On the clock of the zone, or at its own distance from UTC; after it there is nothing more."""
    spec = Schedule(at=written)
    firing = schedule.next_firing(spec, after=ANCHOR, timezone=NEW_YORK, anchor=ANCHOR)

    assert firing == schedule.Firing(key=key, at=at(instant))
    assert schedule.next_firing(spec, after=firing.at, timezone=NEW_YORK, anchor=ANCHOR) is None


def test_several_moments_fire_in_order_whatever_the_list():
    """The order of the list does not matter, and what stands twice fires once."""
    spec = Schedule(at=["2026-12-24T09:00", "2026-06-01T09:00", "2026-12-24T09:00"])

    fired = fire_all(spec, after=ANCHOR, until=at("2027-01-01T00:00Z"), timezone="UTC")

    assert [firing.key for firing in fired] == ["2026-06-01T09:00@UTC", "2026-12-24T09:00@UTC"]


def test_a_schedule_is_known_by_what_it_says():
    """Blanks, catchup and the order in the rule change nothing; the expression and the zone do; moments stand alone."""

    def name(zone="UTC", **written):
        return [part.name for part in schedule.list_parts(Schedule(**written), timezone=zone)]

    assert name(cron="0 9 * * *") == name(cron="0  9 * * * ", catchup="all") == ["cron 0 9 * * * UTC"]
    assert (
        name(cron="0 9 * * *", timezone=NEW_YORK) == name(NEW_YORK, cron="0 9 * * *") == [f"cron 0 9 * * * {NEW_YORK}"]
    )
    assert name(every="90m") == name(NEW_YORK, every="1h30m") == ["every 1h30m"]
    assert name(at=["2026-12-24T09:00", "2026-12-24 09:00", "2026-12-24T10:00Z"]) == [
        "at 2026-12-24T09:00@UTC",
        "at 2026-12-24T10:00:00Z",
    ]


def test_each_part_of_a_list_fires_only_its_own_moment():
    """What is listed together is remembered apart, so that an edit of one forgets no other."""
    parts = schedule.list_parts(Schedule(at=["2026-12-24T09:00", "2026-12-25T09:00"]), timezone="UTC")

    fired = [fire_all(part.spec, after=ANCHOR, until=at("2027-01-01T00:00Z"), timezone="UTC") for part in parts]

    assert [[firing.key for firing in one] for one in fired] == [["2026-12-24T09:00@UTC"], ["2026-12-25T09:00@UTC"]]
