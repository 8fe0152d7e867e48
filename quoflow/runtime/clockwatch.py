"""The wall clock: schedules stand still while it shows an earlier time than one that was seen before.

A clock that goes back would let a new schedule fire in hours that have been, and one that then catches up would let
them come twice. Time-outs, the pace of requests and leases are measured by the monotonic clock, which never goes back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from quoflow.core.durations import format_duration
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import firings, identity
from quoflow.store.database import Connection

STEP = timedelta(seconds=60)
"""How far the clock may go back before it matters: time servers mend a second here and there."""

MARK_EVERY = timedelta(seconds=30)
"""How often the time is written down: each is a write to the disk."""

LATEST, SAID = "clock_latest", "clock_back"


def is_behind(engine: Engine) -> bool:
    """Whether the clock shows a time that has been: said once when it begins, and once when it is over."""
    now = engine.clock()
    with engine.database.read() as tx:
        latest, said = _read(tx, LATEST), _read(tx, SAID)
    if latest is None or now >= latest + MARK_EVERY:
        with engine.database.write() as tx:
            identity.save_value(tx, LATEST, now.isoformat(), now=now)
    is_back = latest is not None and now < latest - STEP
    if latest is not None and is_back and said is None:
        with engine.database.write() as tx:
            identity.save_value(tx, SAID, now.isoformat(), now=now)
        engine.tell(Notice("clock.back", _explain(now, latest)))
    if not is_back and said is not None:
        with engine.database.write() as tx:
            identity.forget_value(tx, SAID)
        engine.tell(Notice("clock.caught_up", "this machine's clock has caught up: schedules go on"))
    return is_back


def accept(tx: Connection, now: datetime) -> None:
    """Take the clock as it is now for the right one, because a person says so: schedules go on from here."""
    identity.forget_value(tx, LATEST)
    identity.forget_value(tx, SAID)
    firings.pull_back(tx, now=now)


def _read(tx: Connection, name: str) -> datetime | None:
    kept = identity.find_value(tx, name)
    return None if kept is None else datetime.fromisoformat(kept)


def _explain(now: datetime, latest: datetime) -> str:
    return (
        f"this machine's clock shows {now:%Y-%m-%d %H:%M} UTC, {format_duration(latest - now)} before a time that was "
        "seen: schedules stand still until it has caught up. If it is right now, `quoflow resume` lets them go on"
    )
