"""Breakers that are open, by connection and scope: what may not be asked of Quo for the time being."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.store import rows, tables

_table = tables.breakers


@dataclass(frozen=True, slots=True)
class Breaker:
    """One thing that stands still.

    Attributes:
        scope: `key`, `writes`, or a line's id (PN…).
        reason: what Quo said, and what to do.
        probe_at: when it may be tried again, once.
        failures: how often in a row it failed.
    """

    connection: str
    scope: str
    reason: str
    opened_at: datetime
    probe_at: datetime
    failures: int


def find_breaker(tx: Connection, connection: str, scope: str) -> Breaker | None:
    """Find an open breaker."""
    return rows.read_one(tx, Breaker, rows.select_as(Breaker, _table).where(*_is(connection, scope)))


def list_breakers(tx: Connection, connection: str | None = None) -> tuple[Breaker, ...]:
    """List the open breakers, of one connection if named, the oldest first."""
    question = rows.select_as(Breaker, _table).order_by(_table.c.opened_at, _table.c.connection, _table.c.scope)
    return rows.read_all(tx, Breaker, question if connection is None else question.where(_is(connection)[0]))


def save_breaker(tx: Connection, breaker: Breaker) -> bool:
    """Open a breaker, or write its next failure. Gives whether it was closed before."""
    row = rows.to_row(_table, breaker)
    if tx.execute(update(_table).where(*_is(breaker.connection, breaker.scope)).values(row)).rowcount:
        return False
    tx.execute(insert(_table), row)
    return True


def claim_probe(tx: Connection, connection: str, scope: str, *, now: datetime, next_at: datetime) -> bool:
    """Take the turn to try again, and put the next one off; only one at a time gets it. Gives whether it did."""
    here = (*_is(connection, scope), _table.c.probe_at <= now)
    return tx.execute(update(_table).where(*here).values(probe_at=next_at)).rowcount == 1


def hurry_probes(tx: Connection, *, now: datetime) -> int:
    """Let every breaker be tried again at once. Gives how many there are."""
    return tx.execute(update(_table).values(probe_at=now)).rowcount


def close_breaker(tx: Connection, connection: str, scope: str) -> bool:
    """Close a breaker. Gives whether it was open."""
    return tx.execute(delete(_table).where(*_is(connection, scope))).rowcount == 1


def _is(connection: str, scope: str = "") -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _table.c.connection == connection, _table.c.scope == scope
