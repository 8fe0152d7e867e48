"""What is on record of an event, found by whatever name a person has for it: for `quoflow explain`. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core.events import CONTACT_KINDS, KINDS, Event
from quoflow.core.lifecycle import RunRecord
from quoflow.store import inbox, rows, runs, tables
from quoflow.store.approvals import Approval
from quoflow.store.outbox import Attempt

_events, _LAST = tables.events, "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Handled:
    """An event, how far it has come, and when."""

    event: Event
    state: str
    tries: int
    reason: str
    received_at: datetime
    handled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's yes to an approval, and the way on which it came."""

    approval_id: str
    actor: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A message or call of the mirror; `is_ours` where quoflow itself has sent it, in a run if that is known."""

    kind: Literal["message", "call"]
    connection: str
    id: str
    peer: str
    at: datetime
    is_ours: bool = False
    is_over: bool = True
    run_id: str | None = None


def list_connections(tx: Connection) -> tuple[str, ...]:
    """List every connection that was ever polled."""
    return tuple(tx.scalars(select(tables.cursors.c.connection).order_by(tables.cursors.c.connection)))


def find_event(tx: Connection, connection: str, event_id: str) -> Handled | None:
    """Find one event."""
    return next(iter(_read_events(tx, _events.c.connection == connection, _events.c.id == event_id)), None)


def find_events(tx: Connection, name: str, *, connections: Collection[str], limit: int) -> tuple[Handled, ...]:
    """Find events by their id, by Quo's own id (AC…), or by the beginning of their id, in this order; oldest first."""
    # A contact's own id means the contact, and all that happened with them.
    ids = [name, *(f"{kind}:{name}" for kind in KINDS if kind not in CONTACT_KINDS)]
    here = _events.c.connection.in_(sorted(connections))
    exact = _read_events(tx, here, _events.c.id.in_(ids))
    if exact:
        return exact
    # A range, and not LIKE, so that the key's index is used however many events there are.
    return _read_events(tx, here, _events.c.id >= name, _events.c.id < name + _LAST, limit=limit)


def list_events_since(tx: Connection, since: datetime) -> tuple[Event, ...]:
    """List the events that came in from a time on, the oldest first."""
    question = select(_events).where(_events.c.received_at >= since)
    ordered = question.order_by(_events.c.occurred_at, inbox.RANK, _events.c.id)
    return tuple(_read_handled(row).event for row in tx.execute(ordered).mappings())


def list_events_of(
    tx: Connection, peers: Iterable[str], *, connections: Collection[str], limit: int
) -> tuple[Handled, ...]:
    """List the latest events of some numbers, newest first."""
    here = (_events.c.connection.in_(sorted(connections)), _events.c.peer.in_(sorted(peers)))
    newest_first = (_events.c.occurred_at.desc(), inbox.RANK.desc(), _events.c.id.desc())
    question = select(_events).where(*here).order_by(*newest_first).limit(limit)
    return tuple(_read_handled(row) for row in tx.execute(question).mappings())


def list_runs(tx: Connection, event: Event, rules: Iterable[str]) -> tuple[RunRecord, ...]:
    """List the runs of these rules for an event, with their steps."""
    table = tables.runs
    here = (table.c.connection == event.connection, table.c.event_id == event.id, table.c.rule.in_(sorted(rules)))
    ids = tx.scalars(select(table.c.id).where(*here).order_by(table.c.started_at, table.c.id)).all()
    found = (runs.find_run(tx, run_id) for run_id in ids)
    return tuple(run for run in found if run is not None)


def list_approvals(tx: Connection, run_id: str) -> tuple[Approval, ...]:
    """List what people were asked about a run, the oldest first."""
    table = tables.approvals
    question = rows.select_as(Approval, table).where(table.c.run_id == run_id)
    return rows.read_all(tx, Approval, question.order_by(table.c.requested_at, table.c.id))


def list_votes(tx: Connection, approval_ids: Iterable[str]) -> tuple[Vote, ...]:
    """List who said yes to these approvals, the first one at the head."""
    table = tables.approval_votes
    question = rows.select_as(Vote, table).where(table.c.approval_id.in_(sorted(approval_ids)))
    return rows.read_all(tx, Vote, question.order_by(table.c.at, table.c.actor))


def list_attempts(tx: Connection, step_ids: Iterable[str]) -> tuple[Attempt, ...]:
    """List the attempts at these steps, the oldest first."""
    table = tables.attempts
    question = rows.select_as(Attempt, table).where(table.c.step_id.in_(sorted(step_ids)))
    return rows.read_all(tx, Attempt, question.order_by(table.c.started_at, table.c.id))


def find_seen(tx: Connection, quo_id: str, *, connections: Collection[str]) -> Seen | None:
    """Find a message or call of the mirror by Quo's id; a text of ours also before it was read back."""
    wanted = sorted(connections)
    sent = tables.attempts
    question = select(sent).where(sent.c.connection.in_(wanted), sent.c.message_id == quo_id)
    attempt = tx.execute(question).mappings().first()
    if attempt is not None:
        return Seen(
            "message", attempt["connection"], quo_id, attempt["to"] or "", attempt["started_at"], True, True,
            attempt["run_id"],
        )  # fmt: skip
    messages, calls = tables.messages, tables.calls
    row = tx.execute(
        select(messages).where(messages.c.connection.in_(wanted), messages.c.id == quo_id)
    ).mappings().first()  # fmt: skip
    if row is not None:
        return Seen("message", row["connection"], quo_id, row["peer"], row["created_at"], row["is_ours"])
    row = tx.execute(select(calls).where(calls.c.connection.in_(wanted), calls.c.id == quo_id)).mappings().first()
    if row is None:
        return None
    is_over = row["completed_at"] is not None
    return Seen("call", row["connection"], quo_id, row["peer"], row["created_at"], is_over=is_over)


def _read_events(tx: Connection, *conditions: ColumnElement[bool], limit: int | None = None) -> tuple[Handled, ...]:
    question = select(_events).where(*conditions).order_by(_events.c.occurred_at, inbox.RANK, _events.c.id).limit(limit)
    return tuple(_read_handled(row) for row in tx.execute(question).mappings())


def _read_handled(row: RowMapping) -> Handled:
    event = Event(**{column.name: row[column.name] for column in rows.columns(_events, Event)})
    names = ("state", "tries", "reason", "received_at", "handled_at")
    return Handled(event, *(row[name] for name in names))
