"""When each schedule last fired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.store import rows, tables

_table = tables.firings

Key = tuple[str, str, str]
"""What a schedule is known by: its connection, its rule, and the name of the part of the trigger that it is."""


@dataclass(frozen=True, slots=True)
class LastFiring:
    """A schedule's last firing.

    Attributes:
        key: what makes the firing unique: the local wall time, or the instant of an interval; empty before the first.
        at: up to when firings were dealt with, UTC.
        anchor: from when the schedule's intervals are counted, UTC.
    """

    key: str
    at: datetime
    anchor: datetime


def list_last_firings(tx: Connection) -> dict[Key, LastFiring]:
    """Give the last firing of each schedule that was ever looked at."""
    columns = (_table.c.connection, _table.c.rule, _table.c.trigger, _table.c.key, _table.c.at, _table.c.anchor)
    return {tuple(row[:3]): LastFiring(*row[3:]) for row in tx.execute(select(*columns))}


def save_firing(tx: Connection, schedule: Key, firing: LastFiring) -> None:
    """Keep a firing; in the transaction that takes its event in."""
    connection, rule, trigger = schedule
    row = rows.to_row(_table, firing, connection=connection, rule=rule, trigger=trigger)
    if not tx.execute(update(_table).where(_is(schedule)).values(row)).rowcount:
        tx.execute(insert(_table), row)


def forget_firings(tx: Connection, schedules: Iterable[Key]) -> None:
    """Forget schedules that are no more: should they come back, they begin anew and owe nothing."""
    for schedule in schedules:
        tx.execute(delete(_table).where(_is(schedule)))


def pull_back(tx: Connection, *, now: datetime) -> int:
    """Let no schedule have fired after now, because the clock that said so was wrong. Gives how many had."""
    return tx.execute(update(_table).where(_table.c.at > now).values(at=now)).rowcount


def _is(schedule: Key) -> ColumnElement[bool]:
    connection, rule, trigger = schedule
    return and_(_table.c.connection == connection, _table.c.rule == rule, _table.c.trigger == trigger)
