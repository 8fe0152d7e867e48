"""When each schedule last fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, update

from quoflow.store import rows, tables

_table = tables.firings


@dataclass(frozen=True, slots=True)
class LastFiring:
    """A schedule's last firing.

    Attributes:
        key: what makes the firing unique: the local wall time, or the instant of an interval.
        at: when it was due, UTC.
        anchor: from when the schedule's intervals are counted, UTC.
    """

    key: str
    at: datetime
    anchor: datetime


def last_firing(tx: Connection, *, connection: str, rule: str, trigger: int) -> LastFiring | None:
    """Give the last firing of a rule's trigger, counted from 0; None before the first."""
    here = (_table.c.connection == connection, _table.c.rule == rule, _table.c.trigger == trigger)
    return rows.read_one(tx, LastFiring, rows.select_as(LastFiring, _table).where(*here))


def save_firing(tx: Connection, *, connection: str, rule: str, trigger: int, firing: LastFiring) -> None:
    """Keep a firing; in the transaction that takes its event in."""
    here = (_table.c.connection == connection, _table.c.rule == rule, _table.c.trigger == trigger)
    row = rows.to_row(_table, firing, connection=connection, rule=rule, trigger=trigger)
    if not tx.execute(update(_table).where(*here).values(row)).rowcount:
        tx.execute(insert(_table), row)


def pull_back(tx: Connection, *, now: datetime) -> int:
    """Let no schedule have fired after now, because the clock that said so was wrong. Gives how many had."""
    return tx.execute(update(_table).where(_table.c.at > now).values(at=now)).rowcount
