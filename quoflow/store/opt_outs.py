"""Who wrote STOP and who wrote START: a ledger from which nothing is ever deleted.

What counts is when they wrote it and not when we read it: the latest word decides, and of two at the same
instant the one that stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from quoflow.store import rows, tables

STOP, START = "stop", "start"

_table = tables.opt_outs


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
    last = _select_last()
    question = _select_standing(last).where(last.c.connection == connection, last.c.phone == phone)
    return rows.read_one(tx, OptOut, question)


def list_opt_outs(tx: Connection) -> tuple[OptOut, ...]:
    """List the opt-outs that stand, by connection and number."""
    last = _select_last()
    return rows.read_all(tx, OptOut, _select_standing(last).order_by(last.c.connection, last.c.phone))


def _enter(tx: Connection, entry: OptOut, *, says: str) -> None:
    here = (_table.c.connection == entry.connection, _table.c.message_id == entry.message_id)
    if tx.scalar(select(_table.c.says).where(*here)) is None:
        tx.execute(insert(_table), rows.to_row(_table, entry, says=says))


def _select_last() -> Any:  # SQLAlchemy's subquery, whose columns are known at run time only
    """Number each number's entries, the one that decides first."""
    order = (_table.c.at.desc(), _table.c.says.desc(), _table.c.message_id.desc())  # "stop" sorts after "start"
    rank = func.row_number().over(partition_by=(_table.c.connection, _table.c.phone), order_by=order)
    return select(_table, rank.label("rank")).subquery()


def _select_standing(last: Any) -> Select[Any]:  # as above
    names = [column.name for column in rows.columns(_table, OptOut)]
    return select(*(last.c[name] for name in names)).where(last.c.rank == 1, last.c.says == STOP)
