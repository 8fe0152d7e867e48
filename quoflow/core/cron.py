"""Cron expressions of five fields: what is wrong with them, and what is easily misread. Pure.

`croniter` is imported inside functions: `quoflow check` pays for it only where a rule has a `cron`.
"""

from __future__ import annotations

import re
from datetime import datetime

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_EXAMPLE = "such as `0 9 * * MON-FRI` for 9:00 on weekdays"
_STRANGE = re.compile(r"[^0-9A-Z*,/#?-]|R|H")
_NAMES = re.compile(r"JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT")


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
    for first, last in re.findall(r"(\w+)-(\w+)", written):
        if first == last:  # croniter takes it for the whole round: day 5-5 would be every day
            return f"`{first}-{last}` is a range of one; write `{first}`"
    try:
        read = croniter(" ".join(written if place == at else "*" for at in range(5))).expanded[place]
    except CroniterError:
        return fault
    if name == "day of week" and read == ["*"] and not written.startswith(("*", "?")):
        return f"`{written}` is every day of the week; write `*`"  # beside a day of the month the two are not the same
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


def warn_cron(expression: str) -> str | None:
    """Say in words what a valid expression does that is easily misread, or None.

    With both a day of the month and a day of the week, cron fires on either, not on the days that are both.
    """
    _, _, day_of_month, _, day_of_week = expression.split()
    if "*" in (day_of_month, day_of_week) or "?" in (day_of_month, day_of_week):
        return None
    return (
        f"`{expression}` fires on day {day_of_month} of the month and also on every {day_of_week}: cron takes either; "
        "write `*` for one of the two, and ask for the other in `when`, as in `now() | time('%a') == 'Fri'`"
    )
