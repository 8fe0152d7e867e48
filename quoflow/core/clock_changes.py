"""What a change of clocks does to a cron expression: every firing near it, and what happens there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from quoflow.core import schedule, zones

NEAR = timedelta(hours=3)
"""How far from a change of clocks firings are listed; the last before and the first after always are."""

What = Literal["as usual", "left out", "together", "twice"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of clocks.

    Attributes:
        at: when it comes, UTC.
        before: the wall time at which the clocks are changed.
        after: the wall time that they show from then on; later than `before` in spring, earlier in autumn.
    """

    at: datetime
    before: datetime
    after: datetime

    @property
    def is_gap(self) -> bool:
        """Tell whether wall times are left out; otherwise some are shown twice."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Near:
    """A wall time that an expression names near a change of clocks.

    Attributes:
        wall: the wall time.
        at: when it fires, UTC; of one that is left out together with another before it, when that one fires.
        what: `as usual`; `left out` by the clocks, so that it fires at the first moment after; `together` with the one
            before it at that moment, which is one firing; or shown `twice`, so that it fires the first time.
    """

    wall: datetime
    at: datetime
    what: What


def list_changes(zone: ZoneInfo, year: int) -> Iterator[Change]:
    """List the changes of clocks in a year of a zone's local time, in order."""
    moment, end = (datetime(one, 1, 1, tzinfo=zone).astimezone(UTC) for one in (year, year + 1))
    while moment < end:
        later = zones.find_change(moment, zone)
        before, after = (_read_offset(one, zone) for one in (later - timedelta(seconds=1), later))
        if before != after and later < end:
            wall = later.replace(tzinfo=None)
            yield Change(later, wall + before, wall + after)
        moment = later


def _read_offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def list_near(expression: str, zone: ZoneInfo, change: Change) -> tuple[Near, ...]:
    """List what an expression names near a change: within three hours, and the last before and first after that."""
    early, late = sorted((change.before, change.after))
    start, end = early - NEAR, late + NEAR
    last_before = schedule.find_wall_before(expression, start)
    found: list[Near] = []
    for wall in schedule.list_walls(expression, start if last_before is None else last_before - timedelta(minutes=1)):
        at = schedule.find_instant(wall, zone)
        is_together = bool(found) and found[-1].at == at
        found.append(Near(wall, at, _judge(wall, change, is_together=is_together)))
        if wall >= end:
            break
    return tuple(found)


def _judge(wall: datetime, change: Change, *, is_together: bool) -> What:
    if is_together:
        return "together"
    if change.is_gap:
        return "left out" if change.before <= wall < change.after else "as usual"
    return "twice" if change.after <= wall < change.before else "as usual"
