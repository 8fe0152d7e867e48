"""Who wrote STOP and who wrote START: a ledger from which nothing is ever deleted.

What counts is when they wrote it and not when we read it: the latest word decides, and of two at the same
instant the one that stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from quoflow.store import rows, tables

STOP, START = "stop", "start"

_table = tables.opt_outs

_LAST_FIRST = (_table.c.at.desc(), _table.c.says.desc(), _table.c.message_id.desc())
"""The entry that decides comes first: `stop` sorts after `start`."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A number that must not be texted: their word, in which message, and when, UTC."""

    connection: str
    phone: str
    word: str
    message_id: str
    at: datetime


def save_opt_out(tx: Connection, *, connection: str, phone: str, word: str, message_id: str, at: datetime) -> None:
    """Enter that a number opted out. Reading the same message again changes nothing."""
    _enter(tx, OptOut(connection, phone, word, message_id, at), says=STOP)


def lift_opt_out(tx: Connection, *, connection: str, phone: str, word: str, message_id: str, at: datetime) -> None:
    """Enter that a number opted in again: it lifts every opt-out from before `at`."""
    _enter(tx, OptOut(connection, phone, word, message_id, at), says=START)


def find_opt_out(tx: Connection, *, connection: str, phone: str) -> OptOut | None:
    """Give the opt-out that stands for a number; None when it never opted out, or lifted it since."""
    question = select(_table).where(_table.c.connection == connection, _table.c.phone == phone).order_by(*_LAST_FIRST)
    last = tx.execute(question.limit(1)).mappings().first()
    if last is None or last["says"] != STOP:
        return None
    return OptOut(connection, phone, last["word"], last["message_id"], last["at"])


def list_opt_outs(tx: Connection) -> tuple[OptOut, ...]:
    """List the opt-outs that stand, by connection and number."""
    rank = func.row_number().over(partition_by=(_table.c.connection, _table.c.phone), order_by=_LAST_FIRST)
    last = select(_table, rank.label("rank")).subquery()
    names = [column.name for column in rows.columns(_table, OptOut)]
    question = select(*(last.c[name] for name in names)).where(last.c.rank == 1, last.c.says == STOP)
    return rows.read_all(tx, OptOut, question.order_by(last.c.connection, last.c.phone))


def _enter(tx: Connection, entry: OptOut, *, says: str) -> None:
    here = (_table.c.connection == entry.connection, _table.c.message_id == entry.message_id)
    if tx.scalar(select(_table.c.says).where(*here)) is None:
        tx.execute(insert(_table), rows.to_row(_table, entry, says=says))
