"""Calendars of opening hours, as the configuration names them: whether, when and how long they are open. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, field_validator

from quoflow.core.lists import as_tuple

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
EXAMPLE = "write it as 09:00-17:00"

LONGEST_CLOSED = timedelta(days=366)
"""How far ahead an opening is looked for."""

LONGEST_SUM = timedelta(days=3_660)
"""How far ahead open time is added up."""

_LOOK = timedelta(hours=12)
"""How far the walk over the clock goes at once: no zone changes its clocks twice in that time."""


class Span(NamedTuple):
    """Opening hours of one day, in minutes after local midnight; `end` is beyond 1440 when it runs past midnight."""

    start: int
    end: int


class Stretch(NamedTuple):
    """A stretch of time from its start until before its end."""

    start: datetime
    end: datetime


def _as_text(value: object) -> object:
    """Let YAML readers that already made dates of text pass."""
    return value.isoformat() if isinstance(value, date) else value


SpanTexts = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])]
DateText = Annotated[date, BeforeValidator(_as_text, json_schema_input_type=date)]


class OfficeHours(BaseModel):
    """When an office is open, week by week, in its own time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str | None = Field(
        None, description="An IANA name such as America/New_York; the configuration's unless said."
    )
    open: Mapping[str, SpanTexts] = Field(
        description="Days (mon, tue … sun, or mon-fri) and their hours: 09:00-17:00, or a list of such.",
        min_length=1,
        examples=[{"mon-fri": "09:00-17:00", "sat": ["10:00-12:00", "13:00-15:00"]}],
    )
    closed: tuple[DateText, ...] = Field((), description="Dates on which it does not open, such as 2026-12-25.")

    _week: tuple[tuple[Span, ...], ...] = PrivateAttr(default=())
    _closed: frozenset[date] = PrivateAttr(default=frozenset())

    @field_validator("timezone")
    @classmethod
    def _is_known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            _zone(value)
        return value

    @field_validator("open")
    @classmethod
    def _is_readable(cls, value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        _read_week(value)
        return value

    def model_post_init(self, _context: object, /) -> None:
        """Keep the week as numbers, so that asking costs no parsing."""
        self._week = _read_week(self.open)
        self._closed = frozenset(self.closed)

    def is_open(self, now: datetime, *, timezone: str) -> bool:
        """Tell whether it is open at an aware time; `timezone` counts where the calendar names none.

        A span that runs past midnight belongs to the day on which it begins. The start is open, the end closed.
        """
        local = now.astimezone(_zone(self.timezone or timezone))
        minute = local.hour * 60 + local.minute
        today = local.date()
        return self._covers(today, minute) or self._covers(today - timedelta(days=1), minute + MINUTES_A_DAY)

    def _covers(self, day: date, minute: int) -> bool:
        if day in self._closed:
            return False
        return any(span.start <= minute < span.end for span in self._week[day.weekday()])

    def list_open(self, from_: datetime, until: datetime, *, timezone: str) -> Iterator[Stretch]:
        """List the stretches of time between two aware moments in which it is open, in order, none over another.

        They cover exactly the moments at which `is_open` says so: an hour that the clocks show twice counts twice,
        one that they skip not at all. Open time without a break may come as several stretches that touch.
        """
        zone = _zone(self.timezone or timezone)
        start, until = from_.astimezone(UTC), until.astimezone(UTC)
        while start < until:
            end = min(_find_change(start, zone), until)
            yield from self._list_steady(start, end, start.astimezone(zone).utcoffset() or timedelta(0))
            start = end

    def _list_steady(self, start: datetime, end: datetime, offset: timedelta) -> Iterator[Stretch]:
        """List what is open while the clocks keep their distance from UTC."""
        first, last = ((moment + offset).date() for moment in (start, end))
        reached = start
        for opening, closing in sorted(self._list_spans(first - timedelta(days=1), last)):
            begun, over = max(opening - offset, reached), min(closing - offset, end)
            if begun < over:
                yield Stretch(begun, over)
                reached = over

    def _list_spans(self, first: date, last: date) -> Iterator[Stretch]:
        """List the spans of some days on the wall clock, written as if it were UTC."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            midnight = datetime.combine(day, time(), UTC)
            for span in () if day in self._closed else self._week[day.weekday()]:
                yield Stretch(midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end))


def find_opening(calendar: OfficeHours, from_: datetime, *, timezone: str) -> datetime | None:
    """Find the first moment at which a calendar is open, UTC: `from_` itself when it is; None within a year.

    Args:
        calendar: the hours.
        from_: from when on, aware.
        timezone: the IANA name that holds where the calendar names none.
    """
    stretches = calendar.list_open(from_, from_ + LONGEST_CLOSED, timezone=timezone)
    return next((stretch.start for stretch in stretches), None)


def add_open_time(calendar: OfficeHours, from_: datetime, duration: timedelta, *, timezone: str) -> datetime | None:
    """Find the first moment, UTC, by which a calendar has been open for so long since `from_`.

    No time at all has passed at `from_` itself, and all of a day's at its closing. None when ten years have not so
    much. Arguments as for `find_opening`.
    """
    left, start = duration, from_.astimezone(UTC)
    if left <= timedelta(0):
        return start
    for stretch in calendar.list_open(start, start + LONGEST_SUM, timezone=timezone):
        length = stretch.end - stretch.start
        if length >= left:
            return stretch.start + left
        left -= length
    return None


def _find_change(start: datetime, zone: ZoneInfo) -> datetime:
    """Find when the clocks change next, to the second; half a day later when they do not before."""
    offset = start.astimezone(zone).utcoffset()
    late = start + _LOOK
    if late.astimezone(zone).utcoffset() == offset:
        return late
    early, late = (moment.replace(microsecond=0) for moment in (start, late))
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
    return late


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{name}` is not a time zone; write an IANA name such as America/New_York") from None


def _read_week(opening: Mapping[str, tuple[str, ...]]) -> tuple[tuple[Span, ...], ...]:
    week: list[tuple[Span, ...] | None] = [None] * len(DAYS)
    for key, texts in opening.items():
        spans = tuple(read_span(text) for text in texts)
        for day in _read_days(key):
            if week[day] is not None:
                raise ValueError(f"{DAYS[day]} is named twice; give each day once, with a list of its hours")
            week[day] = spans
    return tuple(spans or () for spans in week)


def _read_days(key: str) -> Iterator[int]:
    """Give the days of `mon`, or of `mon-fri` (which may run over Sunday, as fri-mon), Monday being 0."""
    names = [part.strip() for part in key.lower().split("-")]
    for name in names:
        if name not in DAYS or len(names) > 2:
            raise ValueError(f"`{key}` is not a day; write one of {', '.join(DAYS)}, or a range such as mon-fri")
    first, last = names[0], names[-1]
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % len(DAYS) + 1
    return ((start + offset) % len(DAYS) for offset in range(length))


def read_span(text: str) -> Span:
    """Read `09:00-17:00`; an end at or before the start is on the next day, and 24:00 is midnight.

    Raises:
        ValueError: when it is not two times of day with a hyphen (or dash) between, saying what to write.
    """
    match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})\s*", text, re.ASCII)
    if match is None:
        raise ValueError(f"`{text}` is not a span of hours; {EXAMPLE}")
    start_hour, start_minute, end_hour, end_minute = (int(number) for number in match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if max(start_minute, end_minute) > 59 or start >= MINUTES_A_DAY or end > MINUTES_A_DAY:
        raise ValueError(f"`{text}` names a time that no day has; {EXAMPLE}")
    if end == start:
        raise ValueError(f"`{text}` is empty; for the whole day write 00:00-24:00")
    return Span(start, end if end > start else end + MINUTES_A_DAY)
