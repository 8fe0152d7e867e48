"""Why a rule acted on an event, or kept quiet though it matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from quoflow.store import rows, tables

_table = tables.verdicts

Conditions = Sequence[Sequence[Any]]  # JSON: pairs of an expression and its value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one version of a rule said of one event, and why.

    Attributes:
        conditions: each condition that was asked then, with what it came to; None in a verdict of an older quoflow.
    """

    connection: str
    event_id: str
    rule: str
    rule_version: str
    matched: bool
    reason: str
    at: datetime
    conditions: Conditions | None = None


def add_verdict(tx: Connection, verdict: Verdict) -> None:
    """Add a verdict on an event that is in the inbox."""
    tx.execute(insert(_table), rows.to_row(_table, verdict))


def list_verdicts(
    tx: Connection, *, event_id: str | None = None, since: datetime | None = None, limit: int | None = 100
) -> tuple[Verdict, ...]:
    """List verdicts, of one event or all, from a time on or ever, newest first. No limit lists them all."""
    question = rows.select_as(Verdict, _table).order_by(_table.c.id.desc()).limit(limit)
    if event_id is not None:
        question = question.where(_table.c.event_id == event_id)
    if since is not None:
        question = question.where(_table.c.at >= since)
    return rows.read_all(tx, Verdict, question)


def count_by_reason(tx: Connection, since: datetime) -> dict[str, int]:
    """Count the verdicts from a time on by their reason, the most frequent first."""
    number = func.count().label("number")
    question = select(_table.c.reason, number).where(_table.c.at >= since).group_by(_table.c.reason)
    return {row.reason: row.number for row in tx.execute(question.order_by(number.desc(), _table.c.reason))}
