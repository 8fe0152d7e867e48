"""What a contact was before we changed it, what we wrote, and what was read back: enough to take it back.

A row for each attempt, on the disk before the write leaves. A later attempt at the same step has a row of its own, so
that it never covers the first image of what was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from quoflow.store import rows, tables

_table = tables.journal

Image = Mapping[str, Any]  # JSON


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a contact.

    Attributes:
        attempt_id: the attempt's, or an id of its own where it is an undo.
        contact_id: Quo's; of one that is being made, a stand-in until it is read back.
        before: the contact as the write found it, empty where it makes one; `wanted` as it was written.
        after: as it was read back; None where that is not known.
        conflict: what differs between wanted and after, in words.
        undone_at: when a person took it back; they are `undone_by`.
    """

    attempt_id: str
    connection: str
    run_id: str
    step_id: str
    contact_id: str
    before: Image
    wanted: Image
    at: datetime
    is_undo: bool = False
    after: Image | None = None
    conflict: tuple[str, ...] = ()
    undone_at: datetime | None = None
    undone_by: str | None = None


def save_entry(tx: Connection, entry: Entry) -> None:
    """Keep a change before it leaves. Send only when the transaction is committed.

    An entry of the same attempt is replaced: Quo has refused its write with a 409, which is proof that nothing was
    changed, and the contact was read and merged again.
    """
    forget_entry(tx, entry.attempt_id)
    tx.execute(insert(_table), rows.to_row(_table, entry))


def complete_entry(tx: Connection, attempt_id: str, *, after: Image, conflict: Iterable[str]) -> None:
    """Add what was read back; nothing where the attempt changed nothing, and so has no entry."""
    read_back = {"after": dict(after), "conflict": tuple(conflict), "contact_id": str(after["id"])}
    tx.execute(update(_table).where(_table.c.attempt_id == attempt_id).values(read_back))


def forget_entry(tx: Connection, attempt_id: str) -> None:
    """Drop the entry of a write that provably never happened: there is nothing to take back."""
    tx.execute(delete(_table).where(_table.c.attempt_id == attempt_id))


def list_entries(tx: Connection, run_id: str) -> tuple[Entry, ...]:
    """List the changes that a run made, or may have made, without the undoing of them; the oldest first."""
    question = rows.select_as(Entry, _table).where(_table.c.run_id == run_id, ~_table.c.is_undo)
    return rows.read_all(tx, Entry, question.order_by(_table.c.at, _table.c.attempt_id))


def list_unfinished(tx: Connection, connection: str, contact_id: str) -> tuple[Entry, ...]:
    """List the changes of a contact of which it was never seen what came of them; the oldest first."""
    here = (_table.c.connection == connection, _table.c.contact_id == contact_id, _table.c.after.is_(None))
    return rows.read_all(tx, Entry, rows.select_as(Entry, _table).where(*here).order_by(_table.c.at))


def is_made(tx: Connection, connection: str, contact_id: str, *, stand_in: str) -> bool:
    """Whether quoflow made a contact, or may have: by Quo's id of it, or by the one that stands for it until then."""
    here = (_table.c.connection == connection, _table.c.contact_id.in_((contact_id, stand_in)))
    return any(not before for before in tx.scalars(select(_table.c.before).where(*here)))


def mark_undone(tx: Connection, attempt_ids: Iterable[str], *, actor: str, now: datetime) -> None:
    """Say that these changes were taken back; they never are again."""
    for some in rows.chunks(attempt_ids):
        here = (_table.c.attempt_id.in_(some), _table.c.undone_at.is_(None))
        tx.execute(update(_table).where(*here).values(undone_at=now, undone_by=actor))
