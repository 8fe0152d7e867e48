"""Says in words when a cron expression fires. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise, product

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", "l": "last"}
MOST_TIMES = 6
"""How many times of day are listed one by one."""

EVERY = ["*"]
Numbers = Sequence[int | str]
Places = Mapping[int, Collection[int | str]]
"""Which weekdays of a month are meant: the first, the last."""


def describe_cron(expression: str) -> str:
    """Say when a valid expression fires: `at 09:00, Monday to Friday`."""
    from croniter import croniter

    read = croniter(expression)
    minutes, hours, days, months, weekdays = read.expanded
    parts = [_tell_times(minutes, hours), _tell_days(days, weekdays, read.nth_weekday_of_month)]
    if months != EVERY:
        named = _shorten(months, lambda month: MONTHS[month - 1])
        parts.append(f"{'from' if ' to ' in named[0] else 'in'} {_join(named)}")
    return ", ".join(parts)


def _tell_times(minutes: Numbers, hours: Numbers) -> str:
    if EVERY not in (minutes, hours) and len(minutes) * len(hours) <= MOST_TIMES:
        return f"at {_join(f'{hour:02}:{minute:02}' for hour, minute in product(hours, minutes))}"
    when = "every hour" if hours == EVERY else f"the hour{'s'[: len(hours) > 1]} {_join(_shorten(hours))}"
    if minutes == EVERY:
        return "every minute" if hours == EVERY else f"every minute of {when}"
    pause = _find_pause(minutes)
    if pause is not None:
        return f"every {pause} minutes" + ("" if hours == EVERY else f" in {when}")
    return f"at minute{'s'[: len(minutes) > 1]} {_join(_shorten(minutes))} of {when}"


def _find_pause(minutes: Numbers) -> int | None:
    """Find the pause between minutes that go on evenly from hour to hour, beginning at the full hour."""
    numbers = [int(minute) for minute in minutes]
    pauses = {late - early for early, late in pairwise([*numbers, 60])}
    return pauses.pop() if numbers[0] == 0 and len(numbers) > 1 and len(pauses) == 1 else None


def _tell_days(days: Numbers, weekdays: Numbers, nth: Places) -> str:
    of_month = "" if days == EVERY else _tell_days_of_month(days)
    of_week = "" if weekdays == EVERY else _tell_weekdays(weekdays, nth)
    if of_month and of_week:
        return f"{of_month} and also {of_week if of_week.startswith('on ') else f'on {of_week}'}"
    return of_month or of_week or "every day"


def _tell_days_of_month(days: Numbers) -> str:
    numbers = [day for day in days if day != "l"]
    named = [f"day{'s'[: len(numbers) > 1]} {_join(_shorten(numbers))}"] if numbers else []
    named += ["the last day"] if "l" in days else []
    return f"on {_join(named)} of the month"


def _tell_weekdays(weekdays: Numbers, nth: Places) -> str:
    if nth:
        places = ((day, place) for day, listed in sorted(nth.items()) for place in listed)
        return f"on {_join(f'the {ORDINALS[place]} {DAYS[day % 7]}' for day, place in places)} of the month"
    numbers = sorted(int(day) % 7 or 7 for day in weekdays)  # the week begins on Monday, as people read it
    named = _shorten(numbers, lambda day: DAYS[day % 7])
    return named[0] if " to " in named[0] and len(named) == 1 else f"every {_join(named)}"


def _shorten(numbers: Iterable[int | str], show: Callable[[int], str] = str) -> list[str]:
    """Write runs of three and more as `1 to 5`."""
    runs: list[list[int]] = []
    for number in map(int, numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    written = []
    for run in runs:
        written += [f"{show(run[0])} to {show(run[-1])}"] if len(run) > 2 else [show(number) for number in run]
    return written


def _join(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
