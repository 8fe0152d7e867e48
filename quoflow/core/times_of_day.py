"""Times of day on the clocks of a zone. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from quoflow.core.schedule import find_instant


def find_next(clock: time, *, after: datetime, zone: ZoneInfo) -> datetime:
    """Give the next instant, UTC, at which the clocks of a zone show a time of day; `after` itself when they show it.

    On a day that skips the time it is the first instant behind the gap; one that shows it twice has it once, the first.
    """
    day = after.astimezone(zone).date()
    instants = (find_instant(datetime.combine(day + timedelta(days=number), clock), zone) for number in count())
    return next(instant for instant in instants if instant >= after)
