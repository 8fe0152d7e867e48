"""When a schedule fires: cron expressions on local wall clocks, intervals by elapsed time, given moments. Pure.

`croniter` is imported inside functions: what has no `cron` pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count, takewhile
from zoneinfo import ZoneInfo

from quoflow.core import zones
from quoflow.core.cron import check_cron
from quoflow.core.durations import format_duration
from quoflow.core.rules import DEFAULT_MAX_AGE, Schedule

GRACE = timedelta(minutes=15)
"""How late a firing may be and still count as on time."""

SHORTEST = timedelta(minutes=1)

LONGEST_LOOK = timedelta(days=31)
"""How far back missed firings are looked for, unless a rule's `max_age` is longer."""

MOST_AT_ONCE = 1_000
"""How many missed firings are caught up at most, the newest: a year of minutes would bury everything else."""


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


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a schedule.

    Attributes:
        key: always the same for the same firing, and another for any other of a rule, whichever of its schedules it
            comes from: the local wall time with its zone (`2026-03-08T02:30@America/New_York`, whether or not the
            clocks showed it), or the UTC instant of an interval or of a moment that says its distance from UTC.
        at: when it is due, UTC.
    """

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What a schedule owes now: firings to carry out, oldest first, and how many were missed and are not."""

    fire: tuple[Firing, ...] = ()
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One schedule whose firings are remembered by themselves: a cron expression, an interval, or one moment.

    Attributes:
        name: what makes it the same schedule after a restart or an edit of anything else: what it says, and its zone.
        spec: the schedule; of several moments only this one.
    """

    name: str
    spec: Schedule


@lru_cache(maxsize=1_024)
def list_parts(spec: Schedule, *, timezone: str) -> tuple[Part, ...]:
    """List the schedules that one trigger is made of; `timezone` counts where it names none."""
    zone = spec.timezone or timezone
    if spec.cron is not None:
        return (Part(f"cron {' '.join(spec.cron.split())} {zone}", spec),)
    if spec.every is not None:
        return (Part(f"every {format_duration(spec.every)}", spec),)
    single = (spec.model_copy(update={"at": (moment,)}) for moment in dict.fromkeys(spec.at))
    return tuple(Part(f"at {_fire_moment(one.at[0], zone).key}", one) for one in single)


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


@lru_cache(maxsize=4_096)
def next_firing(spec: Schedule, *, after: datetime, timezone: str, anchor: datetime) -> Firing | None:
    """Give the first firing strictly after an instant, or None if there is none.

    Args:
        spec: the schedule; its own time zone goes before `timezone`.
        after: an aware instant.
        timezone: the IANA name that holds unless the schedule has one.
        anchor: from where an interval is counted: it fires one interval later for the first time.
    """
    return next(list_firings(spec, after=after, timezone=timezone, anchor=anchor), None)


def due_firings(
    spec: Schedule,
    *,
    last: datetime,
    now: datetime,
    timezone: str,
    anchor: datetime,
    max_age: timedelta = DEFAULT_MAX_AGE,
) -> Due:
    """Give what is due after `last` (the instant up to which firings were dealt with), `now` included.

    A firing that is late by more than `GRACE` was missed, for instance because nothing ran. With catchup `skip` the
    missed are only counted; with `latest` the newest of them fires unless a later firing is on time; with `all` every
    one does, the newest thousand at most. None that is older than `max_age` fires. Missed ones are looked for up to
    `LONGEST_LOOK` or `max_age` back, whichever is longer.
    """
    first = next_firing(spec, after=last, timezone=timezone, anchor=anchor)
    if first is None or first.at > now:
        return Due()
    since = max(last, now - max(max_age, LONGEST_LOOK))
    found = list_firings(spec, after=since, timezone=timezone, anchor=anchor)
    due = [*takewhile(lambda firing: firing.at <= now, found)]
    on_time = [firing for firing in due if now - firing.at <= GRACE]
    missed = due[: len(due) - len(on_time)]
    young = [firing for firing in missed if now - firing.at <= max_age]
    caught = _choose_caught_up(spec, young, is_on_time=bool(on_time))
    return Due(fire=(*caught, *on_time), missed=len(missed) - len(caught))


def _choose_caught_up(spec: Schedule, missed: list[Firing], *, is_on_time: bool) -> list[Firing]:
    if spec.catchup == "all":
        return missed[-MOST_AT_ONCE:]
    return missed[-1:] if spec.catchup == "latest" and not is_on_time else []


def list_firings(spec: Schedule, *, after: datetime, timezone: str, anchor: datetime) -> Iterator[Firing]:
    """List every firing strictly after an instant, in order, without end where there is none; see `next_firing`."""
    zone = spec.timezone or timezone
    if spec.cron is not None:
        return _list_of_cron(spec.cron, after=after, zone=ZoneInfo(zone))
    if spec.every is not None:
        return _list_of_interval(spec.every, after=after, anchor=anchor)
    firings = sorted((_fire_moment(moment, zone) for moment in spec.at), key=lambda firing: firing.at)
    return (firing for firing in firings if firing.at > after)


def _list_of_cron(expression: str, *, after: datetime, zone: ZoneInfo) -> Iterator[Firing]:
    """Walk the wall clock: its order is the instants' order, and times that meet in one instant fire once."""
    start = after.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    reached = after.astimezone(UTC)
    for wall in list_walls(expression, start):
        firing = _fire_wall(wall, zone)
        if firing.at > reached:
            reached = firing.at
            yield firing


def list_walls(expression: str, start: datetime) -> Iterator[datetime]:
    """List the wall-clock times after `start` that a cron expression names, whether or not a clock shows them."""
    from croniter import CroniterBadDateError, croniter

    walls = croniter(expression, start)
    while True:
        try:
            yield walls.get_next(datetime)
        except CroniterBadDateError:
            return


def find_wall_before(expression: str, end: datetime) -> datetime | None:
    """Find the last wall-clock time before `end` that a cron expression names; None when there is none."""
    from croniter import CroniterBadDateError, croniter

    try:
        return croniter(expression, end).get_prev(datetime)
    except CroniterBadDateError:
        return None


def _list_of_interval(interval: timedelta, *, after: datetime, anchor: datetime) -> Iterator[Firing]:
    if interval <= timedelta(0):
        return
    for number in count(max(1, (after - anchor) // interval + 1)):
        yield _fire_instant(anchor + number * interval)


def _fire_moment(moment: datetime, zone: str) -> Firing:
    return _fire_instant(moment) if moment.tzinfo else _fire_wall(moment, ZoneInfo(zone))


def _fire_wall(wall: datetime, zone: ZoneInfo) -> Firing:
    precision = "seconds" if wall.second else "minutes"
    return Firing(key=f"{wall.isoformat(timespec=precision)}@{zone.key}", at=find_instant(wall, zone))


def _fire_instant(instant: datetime) -> Firing:
    at = instant.astimezone(UTC)
    return Firing(key=at.isoformat(timespec="seconds").replace("+00:00", "Z"), at=at)
