"""Quiet hours: whether a number may be disturbed now, and if not, when it may. Pure.

A number's zones are all those that it may be in: the window counts as open where it is open in every one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from quoflow.core import schedule
from quoflow.core.guard_settings import QuietHours

SPREAD = timedelta(minutes=5)
"""Over how long what waited for an opening is spread, so that a morning does not begin with a burst."""

_DAYS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Closed:
    """A window that is closed: the first zone that closes it, and until when; None when it never is open in all."""

    zone: ZoneInfo
    until: datetime | None


def read_zones(value: object) -> tuple[ZoneInfo, ...]:
    """Read the time zone that a contact's field holds, or the several; none when one of them is no IANA name."""
    names = value if isinstance(value, list | tuple) else [value]
    zones = [_find_zone(name) for name in names]
    return tuple(zone for zone in zones if zone is not None) if None not in zones else ()


def find_closed(window: QuietHours, now: datetime, zones: Sequence[ZoneInfo], *, jitter: float) -> Closed | None:
    """Tell whether a window is closed, and until when; None when it is open in every zone.

    Args:
        window: the hours at which texts may go out.
        now: the time, aware.
        zones: every zone that the number may be in, at least one.
        jitter: from 0 to 1: how far into `SPREAD` behind the opening this one waits, but never past a closing.
    """
    closing = next((zone for zone in zones if not _is_open(window, now, zone)), None)
    if closing is None:
        return None
    opening = _find_opening(window, now, zones)
    if opening is None:
        return Closed(closing, None)
    later = opening + SPREAD * jitter
    return Closed(closing, later if _is_open_in_all(window, later, zones) else opening)


def _is_open(window: QuietHours, instant: datetime, zone: ZoneInfo) -> bool:
    return window.from_ <= instant.astimezone(zone).time() < window.to


def _is_open_in_all(window: QuietHours, instant: datetime, zones: Iterable[ZoneInfo]) -> bool:
    return all(_is_open(window, instant, zone) for zone in zones)


def _find_opening(window: QuietHours, now: datetime, zones: Sequence[ZoneInfo]) -> datetime | None:
    """Find the next instant at which the window is open in every zone: it is an opening of one of them."""
    openings = set()
    for zone in zones:
        today = now.astimezone(zone).date()
        walls = (datetime.combine(today + timedelta(days=day), window.from_) for day in range(_DAYS_AHEAD))
        openings |= {schedule.find_instant(wall, zone) for wall in walls}
    later = sorted(opening for opening in openings if opening > now)
    return next((opening for opening in later if _is_open_in_all(window, opening, zones)), None)


def _find_zone(name: object) -> ZoneInfo | None:
    if not isinstance(name, str) or not name.strip():
        return None
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        return None
