"""Events that were taken in, each once, until every rule has had its say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core.events import Event
from quoflow.store import rows, tables

NEW, HANDLED, QUARANTINED = "new", "handled", "quarantined"

_table = tables.events

RANK = case((_table.c.kind == "call.started", 0), else_=1)
"""Orders events of one moment: Quo may give one time for a call's start and its end, and it starts first."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An event that could not be handled and was set aside, so that the others go on."""

    event: Event
    tries: int
    reason: str


def add_events(tx: Connection, events: Iterable[Event], *, now: datetime) -> tuple[Event, ...]:
    """Take in events and give those that are new; one whose (connection, id) is known is dropped."""
    by_connection: dict[str, dict[str, Event]] = {}
    for event in events:
        by_connection.setdefault(event.connection, {}).setdefault(event.id, event)
    new: list[Event] = []
    for connection, read in by_connection.items():
        known = _find_known(tx, connection, read)
        new += [event for event in read.values() if event.id not in known]
    defaults = {"state": NEW, "tries": 0, "reason": "", "received_at": now, "handled_at": None}
    if new:
        tx.execute(insert(_table), [rows.to_row(_table, event, **defaults) for event in new])
    return tuple(new)


def _find_known(tx: Connection, connection: str, ids: Iterable[str]) -> set[str]:
    known: set[str] = set()
    for some in rows.chunks(ids):
        known.update(tx.scalars(select(_table.c.id).where(_table.c.connection == connection, _table.c.id.in_(some))))
    return known


def list_new_events(tx: Connection, *, limit: int) -> tuple[Event, ...]:
    """List events that no rule has seen yet, the one that happened first at the head; a call starts before it ends."""
    question = rows.select_as(Event, _table).where(_table.c.state == NEW)
    return rows.read_all(tx, Event, question.order_by(_table.c.occurred_at, RANK, _table.c.id).limit(limit))


def count_new(tx: Connection) -> int:
    """Count the events that no rule has seen yet."""
    return tx.scalar(select(func.count()).select_from(_table).where(_table.c.state == NEW)) or 0


def count_all(tx: Connection) -> int:
    """Count every event that was ever taken in."""
    return tx.scalar(select(func.count()).select_from(_table)) or 0


def find_event(tx: Connection, *, connection: str, event_id: str) -> Event | None:
    """Find an event by its id."""
    return rows.read_one(tx, Event, rows.select_as(Event, _table).where(*_is(connection, event_id)))


def mark_handled(tx: Connection, event: Event, *, now: datetime, reason: str = "") -> None:
    """Say that every rule has had its say; in the transaction that records what came of it."""
    tx.execute(
        update(_table)
        .where(*_is(event.connection, event.id))
        .values(state=HANDLED, tries=_table.c.tries + 1, handled_at=now, reason=reason)
    )


def mark_failed(tx: Connection, event: Event, *, now: datetime, reason: str, give_up_after: int = 3) -> bool:
    """Count a try that failed, and set the event aside when it was the last. Gives whether it was."""
    tries = _table.c.tries + 1
    tx.execute(
        update(_table)
        .where(*_is(event.connection, event.id), _table.c.state == NEW)
        .values(
            tries=tries,
            reason=reason,
            state=case((tries >= give_up_after, QUARANTINED), else_=_table.c.state),
            handled_at=case((tries >= give_up_after, now), else_=None),
        )
    )
    return tx.scalar(select(_table.c.state).where(*_is(event.connection, event.id))) == QUARANTINED


def list_quarantined(tx: Connection) -> tuple[Quarantined, ...]:
    """List the events that were set aside, oldest first."""
    names = [column.name for column in rows.columns(_table, Event)]
    question = select(_table).where(_table.c.state == QUARANTINED).order_by(_table.c.occurred_at, _table.c.id)
    return tuple(
        Quarantined(Event(**{name: row[name] for name in names}), row["tries"], row["reason"])
        for row in tx.execute(question).mappings()
    )


def _is(connection: str, event_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _table.c.connection == connection, _table.c.id == event_id
