"""What stops every write, over every connection: the kill switch, and recovery mode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert

from quoflow.store import rows, tables

_PAUSE, _RECOVERY = "pause", "recovery"

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


def begin_recovery(tx: Connection, *, reason: str, actor: str, now: datetime) -> bool:
    """Stop all writes until a person confirms the database's state; a first reason is kept. Gives whether it began."""
    if read_recovery(tx) is not None:
        return False
    tx.execute(insert(_table), {"name": _RECOVERY, "reason": reason, "actor": actor, "at": now})
    return True


def end_recovery(tx: Connection) -> None:
    """Let writes go on: a person has confirmed."""
    tx.execute(delete(_table).where(_table.c.name == _RECOVERY))


def read_recovery(tx: Connection) -> Pause | None:
    """Give what was noticed of the database's state, or None while nothing stands."""
    return rows.read_one(tx, Pause, rows.select_as(Pause, _table).where(_table.c.name == _RECOVERY))


def read_pause(tx: Connection) -> Pause | None:
    """Give the pause that is on, or None."""
    return rows.read_one(tx, Pause, rows.select_as(Pause, _table).where(_table.c.name == _PAUSE))
