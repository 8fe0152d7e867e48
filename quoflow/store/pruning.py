"""Old words are blanked, and what keeps anything from happening twice stays: ids, hashes, numbers, opt-outs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, Table, cast, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core.lifecycle import FINISHED_RUNS, FINISHED_STEPS
from quoflow.store import inbox, tables

_EMPTY = "{}"


@dataclass(frozen=True, slots=True)
class _Words:
    """Where words are kept: what replaces them, and which rows are old, done with, and not blanked yet."""

    table: Table
    is_old: Callable[[datetime], ColumnElement[bool]]
    blank: dict[str, Any] = field(default_factory=dict)  # column → value; none: the row goes


def _messages(before: datetime) -> ColumnElement[bool]:
    table = tables.messages
    return (table.c.created_at < before) & (table.c.text != "")


def _events(before: datetime) -> ColumnElement[bool]:
    table, runs = tables.events, tables.runs
    gathered, is_open = tables.gathered, runs.c.state.not_in(sorted(FINISHED_RUNS))
    is_needed = exists().where(runs.c.connection == table.c.connection, runs.c.event_id == table.c.id, is_open)
    is_gathered = exists().where(
        gathered.c.connection == table.c.connection,
        gathered.c.event_id == table.c.id,
        gathered.c.run_id == runs.c.id,
        is_open,
    )
    is_done = table.c.state.in_([inbox.HANDLED, inbox.QUARANTINED]) & ~(is_needed | is_gathered)
    return (table.c.received_at < before) & is_done & (cast(table.c.data, String) != _EMPTY)


def _steps(before: datetime) -> ColumnElement[bool]:
    table, runs = tables.steps, tables.runs
    has_ended = exists().where(runs.c.id == table.c.run_id, runs.c.state.in_(sorted(FINISHED_RUNS)))
    has_words = or_(table.c.text.is_not(None), table.c.payload.is_not(None), table.c.outcome.is_not(None))
    return (table.c.updated_at < before) & table.c.state.in_(sorted(FINISHED_STEPS)) & has_words & has_ended


def _attempts(before: datetime) -> ColumnElement[bool]:
    table = tables.attempts
    return (table.c.finished_at < before) & table.c.state.in_(["sent", "failed"]) & table.c.text.is_not(None)


def _approvals(before: datetime) -> ColumnElement[bool]:
    table = tables.approvals
    has_words = or_(table.c.text.is_not(None), cast(table.c.payload, String) != _EMPTY)
    return (table.c.decided_at < before) & (table.c.state != "pending") & has_words


def _journal(before: datetime) -> ColumnElement[bool]:
    return tables.journal.c.at < before


_WORDS = {
    "messages": _Words(tables.messages, _messages, {"text": ""}),
    "events": _Words(tables.events, _events, {"data": {}}),
    "steps": _Words(tables.steps, _steps, {"text": None, "payload": None, "outcome": None}),
    "attempts": _Words(tables.attempts, _attempts, {"text": None, "normal_text": None}),
    "approvals": _Words(tables.approvals, _approvals, {"text": None, "payload": {}}),
    "journal": _Words(tables.journal, _journal),
}


def count_old(tx: Connection, *, before: datetime) -> dict[str, int]:
    """Count what `blank_some` would blank, by table."""
    return {
        name: tx.scalar(select(func.count()).select_from(one.table).where(one.is_old(before))) or 0
        for name, one in _WORDS.items()
    }


def blank_some(tx: Connection, *, before: datetime, limit: int) -> dict[str, int]:
    """Blank words from before a time, of each table so many rows at most. Gives how many it were, by table."""
    done: dict[str, int] = {}
    for name, one in _WORDS.items():
        key = tuple_(*one.table.primary_key.columns)
        some = select(*one.table.primary_key.columns).where(one.is_old(before)).limit(limit)
        change = update(one.table).values(one.blank) if one.blank else delete(one.table)
        done[name] = tx.execute(change.where(key.in_(some))).rowcount
    return done
