"""What is made after a call and is still awaited: voicemails, recordings, summaries, transcripts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.store import rows, tables

OPEN = "open"

_table = tables.watches


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing awaited: looked for at `next_at`, given up at `deadline`, `tries` looks taken so far."""

    connection: str
    call_id: str
    kind: str
    tries: int
    next_at: datetime
    deadline: datetime
    started_at: datetime


def add_watch(tx: Connection, watch: Watch) -> bool:
    """Begin to await something. Gives False when it is awaited, or was, already."""
    if tx.scalar(select(_table.c.state).where(*_is(watch))) is not None:
        return False
    tx.execute(insert(_table), rows.to_row(_table, watch, state=OPEN))
    return True


def due_watches(tx: Connection, *, connection: str, now: datetime) -> tuple[Watch, ...]:
    """List what is to be looked for now, the longest due first."""
    here = (_table.c.connection == connection, _table.c.state == OPEN, _table.c.next_at <= now)
    question = rows.select_as(Watch, _table).where(*here)
    return rows.read_all(tx, Watch, question.order_by(_table.c.next_at, _table.c.call_id, _table.c.kind))


def reschedule(tx: Connection, watch: Watch, *, next_at: datetime) -> Watch:
    """Count a look in vain, and say when the next one is due."""
    tx.execute(update(_table).where(*_is(watch)).values(next_at=next_at, tries=watch.tries + 1))
    return replace(watch, next_at=next_at, tries=watch.tries + 1)


def finish(tx: Connection, watch: Watch, *, state: str, now: datetime) -> None:
    """Stop looking: `state` says how it ended, such as `completed`, `failed` or `expired`."""
    tx.execute(update(_table).where(*_is(watch)).values(state=state, finished_at=now))


def _is(watch: Watch) -> tuple[ColumnElement[bool], ...]:
    return (
        _table.c.connection == watch.connection,
        _table.c.call_id == watch.call_id,
        _table.c.kind == watch.kind,
    )
