"""The kill switch: one row, over every connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert

from quoflow.store import rows, tables

_PAUSE = "pause"

_table = tables.controls


@dataclass(frozen=True, slots=True)
class Pause:
    """Who stopped all writes, when and why."""

    reason: str
    actor: str
    at: datetime


def pause(tx: Connection, *, reason: str, actor: str, now: datetime) -> None:
    """Stop all writes; a second pause replaces the first."""
    resume(tx)
    tx.execute(insert(_table), {"name": _PAUSE, "reason": reason, "actor": actor, "at": now})


def resume(tx: Connection) -> bool:
    """Let writes go on. Gives whether they were stopped. `runs.wake_held` makes what was held due at once."""
    return tx.execute(delete(_table).where(_table.c.name == _PAUSE)).rowcount == 1


def read_pause(tx: Connection) -> Pause | None:
    """Give the pause that is on, or None."""
    return rows.read_one(tx, Pause, rows.select_as(Pause, _table).where(_table.c.name == _PAUSE))
