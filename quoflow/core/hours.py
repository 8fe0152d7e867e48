"""Calendars of opening hours, as the configuration names them: whether, when and how long they are open. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from quoflow.core import week, zones
from quoflow.core.lists import as_tuple
from quoflow.core.public_holidays import PublicHolidays
from quoflow.core.week import MINUTES_A_DAY, Span, Week

LONGEST_CLOSED = timedelta(days=366)
"""How far ahead an opening is looked for."""

LONGEST_SUM = timedelta(days=3_660)
"""How far ahead open time is added up."""


class Stretch(NamedTuple):
    """A stretch of time from its start until before its end."""

    start: datetime
    end: datetime


def _as_text(value: object) -> object:
    """Let YAML readers that already made dates of text pass."""
    return value.isoformat() if isinstance(value, date) else value


def _check_days(key: str) -> str:
    week.read_days(key)
    return key


def _check_span(text: str) -> str:
    week.read_span(text)
    return text


SpanText = Annotated[str, AfterValidator(_check_span)]
SpanTexts = Annotated[tuple[SpanText, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])]
DaysText = Annotated[str, AfterValidator(_check_days)]
DateText = Annotated[date, BeforeValidator(_as_text, json_schema_input_type=date)]


class OfficeHours(BaseModel):
    """When an office is open, week by week, on its own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str | None = Field(
        None,
        description="An IANA name such as America/New_York; unless said, the one of the line that it is asked for, "
        "or the configuration's.",
    )
    open: Mapping[DaysText, SpanTexts] = Field(
        description="Days (mon, tue … sun, or mon-fri) and single dates, and their hours: 09:00-17:00, past midnight "
        "too, or a list of such. A date's hours go before its weekday's and before holidays.",
        min_length=1,
        examples=[{"mon-fri": "09:00-17:00", "sat": ["10:00-12:00", "13:00-15:00"], "2026-12-24": "09:00-12:00"}],
    )
    closed: tuple[DateText, ...] = Field((), description="Dates on which it does not open, such as 2026-12-25.")
    holidays: PublicHolidays | None = Field(
        None,
        description="A country whose public holidays it keeps: `{country: US, subdivision: NY}`; single dates go "
        "under `closed`.",
    )

    _week: Week = PrivateAttr(default=Week())
    _closed: frozenset[date] = PrivateAttr(default=frozenset())

    @field_validator("timezone")
    @classmethod
    def _is_known_zone(cls, value: str | None) -> str | None:
        return value and zones.check_zone(value)

    @field_validator("open")
    @classmethod
    def _names_each_day_once(cls, value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        week.read_week(value)
        return value

    @field_validator("closed")
    @classmethod
    def _is_not_open(cls, value: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        if "open" in info.data:
            both = sorted(week.read_week(info.data["open"]).dates.keys() & set(value))
            if both:
                raise ValueError(f"{both[0]} has hours under `open` and is closed; keep one of the two")
        return value

    def model_post_init(self, _context: object, /) -> None:
        """Keep the week as numbers, so that asking costs no parsing."""
        self._week = week.read_week(self.open)
        self._closed = frozenset(self.closed)

    def is_open(self, now: datetime, *, timezone: str) -> bool:
        """Tell whether it is open at an aware time; `timezone` counts where the calendar names none.

        A span that runs past midnight belongs to the day on which it begins. The start is open, the end closed.
        """
        local = now.astimezone(zones.find_zone(self.timezone or timezone))
        minute = local.hour * 60 + local.minute
        today = local.date()
        return self._covers(today, minute) or self._covers(today - timedelta(days=1), minute + MINUTES_A_DAY)

    def _covers(self, day: date, minute: int) -> bool:
        return any(span.start <= minute < span.end for span in self._find_spans(day))

    def _find_spans(self, day: date) -> tuple[Span, ...]:
        """Find the hours that begin on a date: its own, or its weekday's unless it is closed or a holiday."""
        if day in self._week.dates:
            return self._week.dates[day]
        if day in self._closed or (self.holidays is not None and self.holidays.covers(day)):
            return ()
        return self._week.days[day.weekday()]

    def list_open(self, from_: datetime, until: datetime, *, timezone: str) -> Iterator[Stretch]:
        """List the stretches of time between two aware moments in which it is open, in order, none over another.

        They cover exactly the moments at which `is_open` says so: an hour that the clocks show twice counts twice,
        one that they skip not at all. Open time without a break may come as several stretches that touch.
        """
        zone = zones.find_zone(self.timezone or timezone)
        start, until = from_.astimezone(UTC), until.astimezone(UTC)
        while start < until:
            end = min(zones.find_change(start, zone), until)
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
            for span in self._find_spans(day):
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
