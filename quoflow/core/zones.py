"""Time zones by their IANA names, with words for what is none. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

LOOK = timedelta(hours=12)
"""How far a walk over a zone's clock goes at once: no zone changes its clocks twice in that time."""


@lru_cache(maxsize=64)
def find_zone(name: str) -> ZoneInfo:
    """Find a time zone.

    Raises:
        ValueError: when there is none of that name, saying what to write.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a path below the zones, a folder such as `America`
        raise ValueError(f"`{name}` is not an IANA time zone; {_suggest(name)}") from None


def find_change(start: datetime, zone: ZoneInfo) -> datetime:
    """Find when a zone's clocks change next after a UTC instant, to the second; `LOOK` later when not before that."""
    offset = start.astimezone(zone).utcoffset()
    late = start + LOOK
    if late.astimezone(zone).utcoffset() == offset:
        return late
    early, late = (moment.replace(microsecond=0) for moment in (start, late))
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) // 2).replace(microsecond=0)
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
    return late


def _suggest(name: str) -> str:
    """Suggest what was meant: a city alone, blanks for underscores, a slip of the pen."""
    known = sorted(available_timezones())
    city = name.strip().casefold().replace(" ", "_")
    close = [one for one in known if one.casefold() == city or one.casefold().endswith(f"/{city}")]
    close = close or get_close_matches(name, known, n=1, cutoff=0.8)
    return f"did you mean `{close[0]}`?" if close and city else "write one such as America/New_York"


def check_zone(name: str) -> str:
    """Give a name back when it is a time zone's. Raises ValueError as `find_zone` does."""
    find_zone(name)
    return name
