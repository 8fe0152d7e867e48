"""Every time zone there is, for a year, against a clock that is read minute by minute; croniter against five sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, product, takewhile
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from quoflow.core import cron, schedule
from quoflow.core.rules import Schedule

YEAR = 2026
FIRST, LAST = date(YEAR, 1, 1), date(YEAR, 12, 31)
MINUTE, LOOK, DAY = timedelta(minutes=1), timedelta(hours=6), timedelta(days=1)
NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


# -- what is right, without croniter and without any of our code


def read_field(written, bounds):
    """Give the numbers that a field of cron stands for."""
    numbers = set()
    for part in written.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("-".join(map(str, bounds)) if span == "*" else span).partition("-")
        first, last = (NAMES.index(end) if end in NAMES else int(end) for end in (first, last or first))
        numbers |= set(range(first, last + 1, int(step or 1)))
    return numbers


def list_walls(expression, first=FIRST, last=LAST) -> Iterator[datetime]:
    """List the wall-clock times that an expression names, date by date."""
    fields = expression.split()
    minutes, hours, days, months, weekdays = map(read_field, fields, BOUNDS)
    clocks = sorted(product(hours, minutes))
    for number in range((last - first).days + 1):
        day = first + number * DAY
        by_month, by_week = day.day in days, bool({day.isoweekday() % 7, day.isoweekday()} & weekdays)
        is_either = "*" not in (fields[2], fields[4])
        if day.month in months and ((by_month or by_week) if is_either else (by_month and by_week)):
            yield from (datetime(day.year, day.month, day.day, *clock) for clock in clocks)  # noqa: DTZ001


def read_clock(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None)


def find_shown(wall, zone, offsets):
    """Find the first minute at which a clock shows a time, or, where it leaves it out, has passed it."""
    instants = [(wall - offset).replace(tzinfo=UTC) for offset in offsets]
    shown = [instant for instant in instants if read_clock(instant, zone) == wall]
    instant = min(shown or instants)
    while read_clock(instant, zone) < wall:
        instant += MINUTE
    return instant


@cache
def read_year(name):
    """Read how far a zone is from UTC all through the year: at first, and (minute, offset) of each change."""
    zone, instant = ZoneInfo(name), datetime(YEAR, 1, 1, tzinfo=UTC) - 2 * DAY
    offset = instant.astimezone(zone).utcoffset()
    changes = []
    while instant.year <= YEAR:
        later = (instant + LOOK).astimezone(zone).utcoffset()
        if later != offset:
            change = instant
            while change.astimezone(zone).utcoffset() == offset:
                change += MINUTE
            changes.append((change, later))
            offset = later
        instant += LOOK
    return ((datetime(YEAR, 1, 1, tzinfo=UTC) - 2 * DAY).astimezone(zone).utcoffset(), *changes)


def list_critical(name):
    """List wall-clock times of day that some change of a zone's clocks leaves out or shows twice, and their edges."""
    first, *changes = read_year(name)
    offset, clocks = first, set()
    for change, later in changes:
        before, after = (change.replace(tzinfo=None) + one for one in (offset, later))
        early, late = sorted((before, after))
        clocks |= {early - MINUTE, early, early + (late - early) / 2, late - MINUTE, late}
        offset = later
    return sorted({(clock.hour, clock.minute) for clock in clocks})


def list_zones():
    """List every zone by what its clocks do in the year: those that do the same stand together."""
    alike = {}
    for name in sorted(available_timezones()):
        alike.setdefault(read_year(name), []).append(name)
    return alike


# -- what we do


def fire(expression, name, first=FIRST, last=LAST):
    """List what fires on some local dates: (wall time, instant)."""
    zone = ZoneInfo(name)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - 2 * DAY
    spec = Schedule(cron=expression)
    found = schedule.list_firings(spec, after=begin, timezone=name, anchor=begin)
    walls = ((datetime.fromisoformat(firing.key.partition("@")[0]), firing.at) for firing in found)
    until = takewhile(lambda pair: pair[0].date() <= last, walls)
    return [(wall, instant) for wall, instant in until if wall.date() >= first], zone


def expect(expression, name, first=FIRST, last=LAST):
    """List what ought to fire; of wall times that meet in one moment, because the clocks skip them, the first."""
    zone, offsets = ZoneInfo(name), {one if isinstance(one, timedelta) else one[1] for one in read_year(name)}
    found = {}
    for wall in list_walls(expression, first, last):
        found.setdefault(find_shown(wall, zone, offsets), wall)
    return [(wall, instant) for instant, wall in found.items()]


def test_a_daily_time_fires_once_per_local_date_in_every_zone():
    """All zones, each time of day that a change of clocks touches, all year: on each date once, when the clock says."""
    dates = [FIRST + number * DAY for number in range(365)]
    wrong = []
    for alike in list_zones().values():
        for hour, minute in [(9, 0), *list_critical(alike[0])]:
            expression = f"{minute} {hour} * * *"
            fired, _ = fire(expression, alike[0])
            if fired != expect(expression, alike[0]) or [wall.date() for wall, _ in fired] != dates:
                wrong.append((alike[0], expression))

    assert wrong == []


def test_zones_that_do_the_same_fire_the_same():
    """Each zone by its own name, in the days around each change of its clocks."""
    wrong, looked_at = [], 0
    for (_, *changes), alike in list_zones().items():
        for name, (change, _) in product(alike, changes):
            around = change.date() - DAY, min(change.date() + DAY, LAST)
            for hour, minute in list_critical(name)[:3]:
                looked_at += 1
                if fire(f"{minute} {hour} * * *", name, *around)[0] != expect(f"{minute} {hour} * * *", name, *around):
                    wrong.append((name, hour, minute))

    assert wrong == []
    assert looked_at > 1_000


def test_frequent_times_do_not_pile_up_in_any_zone():
    """Every twenty minutes through each change: what the clocks skip is one firing, what they show twice fires once."""
    wrong = []
    for (_, *changes), alike in list_zones().items():
        for change, _ in changes:
            around = change.date() - DAY, min(change.date() + DAY, LAST)
            if fire("*/20 * * * *", alike[0], *around)[0] != expect("*/20 * * * *", alike[0], *around):
                wrong.append((alike[0], change))

    assert wrong == []


def write_field(bounds, *, is_week=False):
    """Write a field of cron at random."""
    low, high = bounds
    number = st.integers(low, high)
    span = st.lists(number, min_size=2, max_size=2, unique=True).map(sorted).map(lambda pair: f"{pair[0]}-{pair[1]}")
    step = st.tuples(span, st.integers(1, 5)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    part = number.map(str) | span | step
    if is_week:
        part |= st.sampled_from([*NAMES, "MON-FRI", "TUE-SAT"])
    return st.just("*") | st.lists(part, min_size=1, max_size=3).map(",".join)


@settings(deadline=None, max_examples=200)
@given(
    fields=st.tuples(*(write_field(bounds, is_week=bounds[1] == 7) for bounds in BOUNDS)),
    month=st.integers(1, 12),
)
def test_croniter_reads_an_expression_as_five_sets_do(fields, month):
    """Any expression, from any month on: dates and times that the sets of its fields name, either day being enough."""
    first, begin = date(YEAR, month, 1), datetime(YEAR, month, 1, tzinfo=UTC) - MINUTE
    last = first + 9 * 366 * DAY
    expression = " ".join(fields)
    if cron.check_cron(expression) is not None:
        is_every_day = len({day % 7 for day in read_field(fields[4], BOUNDS[4])}) == 7
        assert is_every_day or next(list_walls(expression, FIRST, FIRST + 4 * 366 * DAY), None) is None
        return

    found = schedule.list_firings(Schedule(cron=expression), after=begin, timezone="UTC", anchor=begin)
    fired = [firing.at.replace(tzinfo=None) for firing in islice(found, 50) if firing.at.date() <= last]

    assert fired == [*islice(list_walls(expression, first, last), 50)]
