"""Batches: what was decided together about an audience, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from quoflow.store import rows, tables

_table = tables.batches


@dataclass(frozen=True, slots=True)
class Batch:
    """One firing of a rule with an audience.

    Attributes:
        event_id: the firing's event; each member has an event of its own, whose id begins with this one.
        source: `contacts`, `conversations` or `list`.
        looked_at: how many there were to choose from, `members`, how many are in, and `left_out`, how many would be
            but for a reason of their own.
        reason: why nothing was begun, where a limit was exceeded.
    """

    connection: str
    id: str
    rule: str
    rule_version: str
    event_id: str
    source: str
    looked_at: int
    members: int
    left_out: int
    reason: str
    at: datetime


def add_batch(tx: Connection, batch: Batch) -> None:
    """Keep a batch; in the transaction that takes its members' events in."""
    tx.execute(insert(_table), rows.to_row(_table, batch))


def find_batch(tx: Connection, batch_id: str) -> Batch | None:
    """Find a batch by its id."""
    return rows.read_one(tx, Batch, rows.select_as(Batch, _table).where(_table.c.id == batch_id))


def list_batches(tx: Connection, *, since: datetime) -> tuple[Batch, ...]:
    """List the batches of a time or later, the oldest first."""
    question = rows.select_as(Batch, _table).where(_table.c.at >= since)
    return rows.read_all(tx, Batch, question.order_by(_table.c.at, _table.c.id))
