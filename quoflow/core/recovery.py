"""Whether a database is where it was left and as it was left, or a copy, a backup, or long out of work. Pure.

What was sent after a backup was made is not in it: to go on from it as if nothing were missing would text people
twice. So whatever does not fit is told, and a person says whether it may go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from quoflow.core.durations import format_duration

GAP = timedelta(minutes=15)
"""An absence that is longer is looked into: was anything sent from our lines meanwhile that we know nothing of?"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is. `machine` is the machine's own id, empty where it has none, as in most containers."""

    host: str
    machine: str
    path: str
    inode: int


@dataclass(frozen=True, slots=True)
class Past:
    """What a database knows of its own past, each None where it knows nothing.

    Attributes:
        place: where it was at work last.
        last_active: when, UTC.
        copied_at: when it was made as a backup, if it is one.
        entries: how many entries its audit has.
        noted: how many the note beside the file says it had already.
    """

    place: Place | None = None
    last_active: datetime | None = None
    copied_at: datetime | None = None
    entries: int = 0
    noted: int | None = None


def suspect(past: Past, place: Place, *, now: datetime, idle: timedelta | None, watch_place: bool) -> str | None:
    """Say why a person should look before anything is written, or None.

    Args:
        past: what the database knows.
        place: where it is.
        now: the time, UTC.
        idle: how long it may have been out of work; None for any time.
        watch_place: whether it counts where it is.
    """
    if past.copied_at is not None:
        return f"this is a backup made on {_format(past.copied_at)}; what happened after it is not in it"
    if past.noted is not None and past.noted > past.entries:
        missing = past.noted - past.entries
        return f"the file is older than what was at work here: the last {missing} entries of its audit are missing"
    if watch_place and past.place is not None and (moved := _compare(past.place, place)):
        return moved
    if idle is not None and past.last_active is not None and now - past.last_active > idle:
        return f"it was last at work on {_format(past.last_active)}, {format_duration(now - past.last_active)} ago"
    return None


def is_gap(past: Past, now: datetime) -> bool:
    """Whether it was out of work long enough for something to have been sent without its knowledge."""
    return past.last_active is not None and now - past.last_active > GAP


def _compare(before: Place, here: Place) -> str | None:
    """Say how a place differs: a file keeps its inode when it or its folder is renamed, and a copy has another."""
    if before.machine and here.machine and before.machine != here.machine:
        return f"it was last at work on another machine ({before.host}), and is now on {here.host}"
    if before.inode != here.inode:
        return f"the file is not the one that was last at work ({before.path}): it was copied or restored"
    return None


def _format(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
