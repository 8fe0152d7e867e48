"""When a rule last fired for a key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from quoflow.store import tables

_table = tables.throttles


def last_fired(tx: Connection, *, connection: str, rule: str, key: str) -> datetime | None:
    """Give when a rule last fired for a key; None when it never did."""
    here = (_table.c.connection == connection, _table.c.rule == rule, _table.c.key == key)
    return tx.scalar(select(_table.c.at).where(*here))


def save_fired(tx: Connection, *, connection: str, rule: str, key: str, at: datetime) -> None:
    """Keep that a rule fired for a key; of two times the later one stays."""
    last = last_fired(tx, connection=connection, rule=rule, key=key)
    if last is None:
        tx.execute(insert(_table), {"connection": connection, "rule": rule, "key": key, "at": at})
    elif last < at:
        here = (_table.c.connection == connection, _table.c.rule == rule, _table.c.key == key)
        tx.execute(update(_table).where(*here).values(at=at))
