"""Who waits for an answer: a row with a due time for each, until a person of ours answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.store import rows, tables

OPEN, FIRED = "open", "fired"

_table = tables.unanswered


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits.

    Attributes:
        quo_id: the text or call that began it.
        wait: how long a rule lets them, in seconds; `calendar` names whose open time counts, or is empty.
        began_at: since when they wait; `due_at`: when it is too long.
        state: `open`, or `fired` once it was too long: then they wait on, and it is told no more.
    """

    connection: str
    quo_id: str
    wait: int
    calendar: str
    line_id: str
    peer: str
    conversation_id: str | None
    began_at: datetime
    due_at: datetime
    state: str = OPEN


def list_waiting(tx: Connection, *, connection: str, line_id: str, peer: str) -> tuple[Waiting, ...]:
    """List how somebody waits for an answer on a line."""
    here = (_table.c.connection == connection, _table.c.line_id == line_id, _table.c.peer == peer)
    return rows.read_all(tx, Waiting, rows.select_as(Waiting, _table).where(*here).order_by(_table.c.began_at))


def list_open(tx: Connection, *, connection: str, due_by: datetime | None = None) -> tuple[Waiting, ...]:
    """List who waits and was not told of yet, the longest due first; only those due by a time, if one is given."""
    question = rows.select_as(Waiting, _table).where(_table.c.connection == connection, _table.c.state == OPEN)
    if due_by is not None:
        question = question.where(_table.c.due_at <= due_by)
    return rows.read_all(tx, Waiting, question.order_by(_table.c.due_at, _table.c.quo_id))


def list_patiences(tx: Connection, *, connection: str) -> frozenset[tuple[int, str]]:
    """List the waits, in seconds, and calendars that open rows have."""
    here = (_table.c.connection == connection, _table.c.state == OPEN)
    found = tx.execute(select(_table.c.wait, _table.c.calendar).where(*here).distinct())
    return frozenset((wait, calendar) for wait, calendar in found)


def add(tx: Connection, waiting: Waiting) -> None:
    """Let somebody wait; nothing where that very row is there."""
    if tx.scalar(select(_table.c.state).where(*_is(waiting))) is None:
        tx.execute(insert(_table), rows.to_row(_table, waiting))


def mark_fired(tx: Connection, waiting: Waiting) -> None:
    """Say that it was told; in the transaction that takes the event in."""
    tx.execute(update(_table).where(*_is(waiting)).values(state=FIRED))


def remove(tx: Connection, several: Iterable[Waiting]) -> None:
    """Forget them: they were answered, or nobody asks any more."""
    for waiting in several:
        tx.execute(delete(_table).where(*_is(waiting)))


def _is(waiting: Waiting) -> tuple[ColumnElement[bool], ...]:
    return (
        _table.c.connection == waiting.connection,
        _table.c.quo_id == waiting.quo_id,
        _table.c.wait == waiting.wait,
        _table.c.calendar == waiting.calendar,
    )
