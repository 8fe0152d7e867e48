"""What is still awaited: what is made after a call (its voicemail, recording…), and what becomes of a text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.store import rows, tables

OPEN = "open"

_table = tables.watches


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing awaited: looked for at `next_at`, given up at `deadline`, `tries` looks taken so far.

    `call_id` is what it belongs to: Quo's id of the call, or of the text.
    """

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


def due_watches(
    tx: Connection, *, connection: str, kinds: Collection[str], now: datetime, limit: int
) -> tuple[Watch, ...]:
    """List what of these kinds is to be looked for now, the longest due first."""
    here = (_table.c.connection == connection, _table.c.state == OPEN, _table.c.next_at <= now)
    question = rows.select_as(Watch, _table).where(*here, _table.c.kind.in_(sorted(kinds)))
    return rows.read_all(tx, Watch, question.order_by(_table.c.next_at, _table.c.call_id, _table.c.kind).limit(limit))


def find_open(tx: Connection, *, connection: str, kind: str, ids: Iterable[str]) -> dict[str, Watch]:
    """Find what of one kind is still awaited, by what it belongs to."""
    found: dict[str, Watch] = {}
    for some in rows.chunks(ids):
        here = (_table.c.connection == connection, _table.c.kind == kind, _table.c.state == OPEN)
        question = rows.select_as(Watch, _table).where(*here, _table.c.call_id.in_(some))
        found.update((watch.call_id, watch) for watch in rows.read_all(tx, Watch, question))
    return found


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
