"""What runs wait for before their first step, by key and in the order of their coming, and what they gather."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core.events import Event
from quoflow.core.lifecycle import FINISHED_RUNS
from quoflow.store import rows, tables

THROTTLE, CONCURRENCY = "throttle", "concurrency"

_entries, _runs, _gathered, _events = tables.entries, tables.runs, tables.gathered, tables.events


@dataclass(frozen=True, slots=True)
class Entry:
    """A run that stands before its first step, or stood there: `kind` says what it waits for."""

    connection: str
    run_id: str
    rule: str
    kind: str
    key: str
    is_waiting: bool = True


def add_entry(tx: Connection, entry: Entry) -> None:
    """Write an entry of a run that is there; it stands behind those that were written before.

    Those of its key whose runs have ended go: a lane is as long as there are runs in it, however many there were.
    """
    tx.execute(delete(_entries).where(*_is_like(entry), ~_is_open()))
    tx.execute(insert(_entries), rows.to_row(_entries, entry))


def find_waiting(tx: Connection, *, connection: str, rule: str, kind: str, key: str) -> Entry | None:
    """Find the entry that still waits for a key, and whose run is not at its end; of several the last one."""
    here = (_entries.c.connection == connection, _entries.c.rule == rule, _entries.c.kind == kind)
    question = rows.select_as(Entry, _entries).where(*here, _entries.c.key == key, _entries.c.is_waiting, _is_open())
    return rows.read_one(tx, Entry, question.order_by(_entries.c.id.desc()).limit(1))


def list_lane(tx: Connection, entry: Entry) -> tuple[Entry, ...]:
    """List the entries like this one (connection, rule, kind, key) whose runs are not at their end, the first first."""
    question = rows.select_as(Entry, _entries).where(*_is_like(entry), _is_open())
    return rows.read_all(tx, Entry, question.order_by(_entries.c.id))


def list_heads(tx: Connection, *, kind: str) -> tuple[Entry, ...]:
    """List, of each connection, rule and key, the first entry that waits and whose run is not at its end."""
    group = (_entries.c.connection, _entries.c.rule, _entries.c.key)
    waits = (_entries.c.kind == kind, _entries.c.is_waiting, _is_open())
    first = select(func.min(_entries.c.id)).where(*waits).group_by(*group)
    question = rows.select_as(Entry, _entries).where(_entries.c.id.in_(first))
    return rows.read_all(tx, Entry, question.order_by(_entries.c.id))


def _is_like(entry: Entry) -> tuple[ColumnElement[bool], ...]:
    of_rule = (_entries.c.connection == entry.connection, _entries.c.rule == entry.rule)
    return (*of_rule, _entries.c.kind == entry.kind, _entries.c.key == entry.key)


def _is_open() -> ColumnElement[bool]:
    return exists().where(_runs.c.id == _entries.c.run_id, _runs.c.state.not_in(sorted(FINISHED_RUNS)))


def leave(tx: Connection, *, run_id: str, kind: str) -> None:
    """Let a run wait no more."""
    here = (_entries.c.run_id == run_id, _entries.c.kind == kind)
    tx.execute(update(_entries).where(*here).values(is_waiting=False))


# -- what is gathered


def gather(tx: Connection, *, connection: str, run_id: str, event_id: str) -> None:
    """Keep that an event of the inbox belongs to a run that waits."""
    tx.execute(insert(_gathered), {"connection": connection, "run_id": run_id, "event_id": event_id})


def count_gathered(tx: Connection, run_id: str) -> int:
    """Count the events that a run has gathered beside its own."""
    return tx.scalar(select(func.count()).select_from(_gathered).where(_gathered.c.run_id == run_id)) or 0


def list_gathered(tx: Connection, run_id: str) -> tuple[Event, ...]:
    """List the events that a run has gathered beside its own, oldest first."""
    is_one = (_gathered.c.connection == _events.c.connection) & (_gathered.c.event_id == _events.c.id)
    question = rows.select_as(Event, _events).join(_gathered, is_one).where(_gathered.c.run_id == run_id)
    return rows.read_all(tx, Event, question.order_by(_events.c.occurred_at, _events.c.id))
