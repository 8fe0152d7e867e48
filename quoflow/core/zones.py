"""Time zones by their IANA names, with words for what is none. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


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
