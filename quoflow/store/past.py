"""What went before with a contact: texts and calls from the mirror, every other event from the inbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, exists, func, select
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core.events import Event
from quoflow.core.facts import ERASED, OVER
from quoflow.core.history import Happened
from quoflow.store import rows, tables
from quoflow.store.columns import UtcDateTime

_messages, _calls, _events, _attempts = tables.messages, tables.calls, tables.events, tables.attempts

_sent = exists().where(_attempts.c.connection == _messages.c.connection, _attempts.c.message_id == _messages.c.id)
_is_over = (_calls.c.completed_at.is_not(None) | _calls.c.status.in_(sorted(OVER))) & (_calls.c.status != ERASED)
_is_taken = _calls.c.answered_at.is_not(None) | _calls.c.ai_handled | _calls.c.forwarded_to.is_not(None)
_MIRRORED: Mapping[str, tuple[Table, ColumnElement[bool]]] = {
    "message.received": (_messages, (_messages.c.direction == "incoming") & (_messages.c.status != ERASED)),
    "message.sent": (_messages, (_messages.c.direction == "outgoing") & ~_messages.c.is_ours & ~_sent),
    "call.completed": (_calls, _is_over),
    "call.answered": (_calls, _is_over & _calls.c.answered_at.is_not(None)),
    "call.missed": (
        _calls,
        _is_over & (_calls.c.direction == "incoming") & ~_is_taken & (_calls.c.status != "forwarded"),
    ),
}
"""Where the mirror tells what happened, before the first start too, and which of its rows; as `happenings` says it."""

_ended: ColumnElement[datetime] = func.coalesce(
    _calls.c.completed_at, _calls.c.answered_at, _calls.c.created_at, type_=UtcDateTime
)


@dataclass(frozen=True, slots=True)
class About:
    """Whom a question is about, and up to when: what is later was not known then."""

    connection: str
    peers: Collection[str]
    until: datetime


def count_events(tx: Connection, about: About, kind: str, *, since: datetime) -> int:
    """Count the events of a kind with any of these numbers after a time."""
    table, here, at = _find_source(kind)
    in_time = (here, *_is_about(table, about), at > since, at <= about.until)
    if table is _events:
        found = rows.read_all(tx, Event, rows.select_as(Event, _events).where(*in_time))
        return sum(not event.has_failed for event in found)
    return tx.scalar(select(func.count()).select_from(table).where(*in_time)) or 0


def find_latest(tx: Connection, about: About, kind: str, *, but: str) -> Happened | None:
    """Find the newest event of a kind with any of these numbers; the text or call with the id `but` is left out."""
    table, here, at = _find_source(kind)
    is_other = table.c.id != (f"{kind}:{but}" if table is _events else but)
    in_time = (here, is_other, *_is_about(table, about), at <= about.until)
    newest_first = (at.desc(), table.c.id.desc())
    if table is _events:
        found = rows.read_all(tx, Event, rows.select_as(Event, _events).where(*in_time).order_by(*newest_first))
        event = next((one for one in found if not one.has_failed), None)
        return None if event is None else Happened(event.occurred_at, event.direction, _read_text(event))
    row = tx.execute(select(table, at.label("at")).where(*in_time).order_by(*newest_first).limit(1)).mappings().first()
    return None if row is None else Happened(row["at"], row["direction"], row.get("text"))


def _find_source(kind: str) -> tuple[Table, ColumnElement[bool], ColumnElement[datetime]]:
    if kind not in _MIRRORED:
        return _events, _events.c.kind == kind, _events.c.occurred_at
    table, here = _MIRRORED[kind]
    return table, here, _ended if table is _calls else table.c.created_at


def _is_about(table: Table, about: About) -> tuple[ColumnElement[bool], ...]:
    return table.c.connection == about.connection, table.c.peer.in_(sorted(about.peers))


def _read_text(event: Event) -> str | None:
    """Give what was said into a voicemail or on the phone, or made of it."""
    parts = (part for part in event.data.values() if isinstance(part, Mapping))
    return next((str(part["text"]) for part in parts if part.get("text")), None)
