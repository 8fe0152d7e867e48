"""When a schedule fires: cron expressions on local wall clocks, and intervals by elapsed time. Pure.

`croniter` is imported inside functions: `quoflow check` pays for it only where a rule has a `cron`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile
from zoneinfo import ZoneInfo

from quoflow.core import zones
from quoflow.core.rules import Schedule

GRACE = timedelta(minutes=15)
"""How late a firing may be and still count as on time."""

SHORTEST = timedelta(minutes=1)

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_EXAMPLE = "such as `0 9 * * MON-FRI` for 9:00 on weekdays"
_STRANGE = re.compile(r"[^0-9A-Z*,/#?-]|R|H")
_NAMES = re.compile(r"JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT")


def check_schedule(spec: Schedule) -> str | None:
    """Say in words what is wrong with a schedule's cron expression, interval or time zone, or None."""
    if spec.timezone is not None:
        try:
            zones.check_zone(spec.timezone)
        except ValueError as error:
            return str(error)
    if spec.every is not None and spec.every < SHORTEST:
        return "`every` is shorter than a minute; write at least 1m"
    return None if spec.cron is None else check_cron(spec.cron)


def check_cron(expression: str) -> str | None:
    """Say in words what is wrong with a cron expression, or None when it can fire.

    Five fields: minute, hour, day of month, month, day of week. Aliases such as `@daily`, a field for seconds,
    random or hashed fields, and dates that never come (`0 0 31 2 *`) are refused.
    """
    fields = expression.upper().split()
    if expression.strip().startswith("@"):
        return f"`{expression}` is an alias; write five fields, {_EXAMPLE}"
    if len(fields) in (6, 7):
        return (
            f"`{expression}` has {len(fields)} fields, but seconds and years are not supported; write five, {_EXAMPLE}"
        )
    if len(fields) != 5:
        return (
            f"`{expression}` has {len(fields)} of five fields: minute hour day-of-month month day-of-week, {_EXAMPLE}"
        )
    for place, written in enumerate(fields):
        if fault := _check_field(place, written):
            return fault
    return _check_whole(expression)


def _check_field(place: int, written: str) -> str | None:
    from croniter import CroniterError, croniter

    name, lowest, highest = FIELDS[place]
    fault = f"`{written}` does not fit the {name}: use {lowest} to {highest}, `*`, `1,2`, `1-5` or `*/15`"
    if _STRANGE.search(_NAMES.sub("", written)):
        return fault
    for step in re.findall(r"/(\d+)", written):
        if int(step) > highest:
            return f"`{written}` steps over every {name} ({lowest} to {highest}); for an interval write `every:`"
    try:
        croniter(" ".join(written if place == at else "*" for at in range(5)))
    except CroniterError:
        return fault
    return None


def _check_whole(expression: str) -> str | None:
    from croniter import CroniterBadDateError, CroniterError, croniter

    try:
        croniter(expression, datetime(2000, 1, 1)).get_next(datetime)  # noqa: DTZ001  a wall clock has no zone
    except CroniterBadDateError:
        return f"`{expression}` never comes: there is no such date"
    except CroniterError as error:
        return f"`{expression}` is not a cron expression ({error}); write five fields, {_EXAMPLE}"
    return None


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a schedule.

    Attributes:
        key: unique among the schedule's firings and always the same: the local wall time that the cron expression
            names (`2026-03-08T02:30`, whether or not the clocks showed it), or the UTC instant of an interval.
        at: when it is due, UTC.
    """

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What a schedule owes now: firings to carry out, oldest first, and how many were missed and are not."""

    fire: tuple[Firing, ...] = ()
    missed: int = 0


def find_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the UTC instant of a wall-clock time without a zone.

    A time that the clocks skip is the first instant after the gap; one that they show twice is the first of the two.
    """
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    if early >= late:
        return late
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):  # the clocks change between the two, on a whole second
        middle = early + (late - early) // 2
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
    return late.replace(microsecond=0)


def next_firing(spec: Schedule, *, after: datetime, timezone: str, anchor: datetime) -> Firing | None:
    """Give the first firing strictly after an instant, or None if there is none.

    Args:
        spec: the schedule; its own time zone goes before `timezone`.
        after: an aware instant.
        timezone: the IANA name that holds unless the schedule has one.
        anchor: from where an interval is counted: it fires one interval later for the first time.
    """
    return next(_iterate(spec, after=after, timezone=timezone, anchor=anchor), None)


def due_firings(
    spec: Schedule, *, last: datetime, now: datetime, timezone: str, anchor: datetime, grace: timedelta = GRACE
) -> Due:
    """Give what is due after `last` (the instant up to which firings were dealt with), `now` included.

    A firing that is late by more than `grace` was missed, for instance because nothing ran. With catchup `skip` the
    missed are only counted; with `latest` the newest of them fires unless a later firing is on time.
    """
    due = [*takewhile(lambda firing: firing.at <= now, _iterate(spec, after=last, timezone=timezone, anchor=anchor))]
    missed = [firing for firing in due if now - firing.at > grace]
    fire = due[len(missed) :]
    if spec.catchup == "latest" and missed and not fire:
        fire = [missed.pop()]
    return Due(fire=tuple(fire), missed=len(missed))


def _iterate(spec: Schedule, *, after: datetime, timezone: str, anchor: datetime) -> Iterator[Firing]:
    if spec.cron is not None:
        return _iterate_cron(spec.cron, after=after, zone=ZoneInfo(spec.timezone or timezone))
    return _iterate_every(spec.every or timedelta(0), after=after, anchor=anchor)


def _iterate_cron(expression: str, *, after: datetime, zone: ZoneInfo) -> Iterator[Firing]:
    """Walk the wall clock: its order is the instants' order, and times that meet in one instant fire once."""
    from croniter import CroniterBadDateError, croniter

    start = after.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    walls = croniter(expression, start)
    reached = after.astimezone(UTC)
    while True:
        try:
            wall = walls.get_next(datetime)
        except CroniterBadDateError:
            return
        instant = find_instant(wall, zone)
        if instant > reached:
            reached = instant
            yield Firing(key=wall.isoformat(timespec="minutes"), at=instant)


def _iterate_every(interval: timedelta, *, after: datetime, anchor: datetime) -> Iterator[Firing]:
    if interval <= timedelta(0):
        return
    for number in count(max(1, (after - anchor) // interval + 1)):
        instant = (anchor + number * interval).astimezone(UTC)
        yield Firing(key=instant.isoformat(timespec="seconds").replace("+00:00", "Z"), at=instant)
