"""How far the polling of each connection has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from quoflow.store import rows, tables


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """Where polling stands; a time is None until it has happened.

    Attributes:
        baseline_at: when the first start began: what is older never triggers.
        baseline_done_at: when the history before it had been read.
        cursor: up to when changes have been taken in.
        contacts_synced_at: when all contacts were last read.
        swept_at: when late items were last looked for.
    """

    connection: str
    baseline_at: datetime | None = None
    baseline_done_at: datetime | None = None
    cursor: datetime | None = None
    contacts_synced_at: datetime | None = None
    swept_at: datetime | None = None


def read_state(tx: Connection, connection: str) -> ConnectionState:
    """Read a connection's state; an empty one before the first poll."""
    question = rows.select_as(ConnectionState, tables.cursors).where(tables.cursors.c.connection == connection)
    return rows.read_one(tx, ConnectionState, question) or ConnectionState(connection)


def last_synced_at(tx: Connection) -> datetime | None:
    """Give when the contacts of any connection were last read: a sign of work in a database that keeps no other."""
    last: datetime | None = tx.scalar(select(func.max(tables.cursors.c.contacts_synced_at)))
    return last


def save_state(tx: Connection, state: ConnectionState) -> None:
    """Write a connection's state; in the transaction that takes in what was read up to it."""
    table = tables.cursors
    row = rows.to_row(table, state)
    if not tx.execute(update(table).where(table.c.connection == state.connection).values(row)).rowcount:
        tx.execute(insert(table), row)
