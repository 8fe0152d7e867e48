"""Reads the days and hours of a calendar as people write them: `mon-fri`, `2026-12-24`, `09:00-17:00`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
EXAMPLE = "write it as 09:00-17:00"

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


class Span(NamedTuple):
    """Opening hours of one day, in minutes after local midnight; `end` is beyond 1440 when it runs past midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of each day of the week, Monday first, and of single dates, which go before."""

    days: tuple[tuple[Span, ...], ...] = ((),) * len(DAYS)
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)


def read_week(opening: Mapping[str, Sequence[str]]) -> Week:
    """Read the hours of days and dates.

    Raises:
        ValueError: when a key or a span cannot be read, or a day has hours twice, saying what to write.
    """
    days: list[tuple[Span, ...] | None] = [None] * len(DAYS)
    dates: dict[date, tuple[Span, ...]] = {}
    for key, texts in opening.items():
        spans = tuple(read_span(text) for text in texts)
        named = read_days(key)
        if isinstance(named, date):
            dates[named] = spans
            continue
        for day in named:
            if days[day] is not None:
                raise ValueError(f"{DAYS[day]} is named twice; give each day once, with a list of its hours")
            days[day] = spans
    return Week(tuple(spans or () for spans in days), dates)


def read_days(key: str) -> tuple[int, ...] | date:
    """Read a date, or the days of `mon` or `mon-fri` (which may run over Sunday, as fri-mon), Monday being 0.

    Raises:
        ValueError: when it is neither, saying what to write.
    """
    if _DATE.fullmatch(key.strip()):
        return _read_date(key.strip())
    names = [part.strip() for part in key.lower().split("-")]
    for name in names:
        if name not in DAYS or len(names) > 2:
            raise ValueError(
                f"`{key}` is not a day; write one of {', '.join(DAYS)}, a range such as mon-fri, "
                "or a date such as 2026-12-24"
            )
    start = DAYS.index(names[0])
    length = (DAYS.index(names[-1]) - start) % len(DAYS) + 1
    return tuple((start + offset) % len(DAYS) for offset in range(length))


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is not a date; write one such as 2026-12-24") from None


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
