"""Why a rule acted on an event, or kept quiet though it matched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from quoflow.store import rows, tables

_table = tables.verdicts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one version of a rule said of one event, and why."""

    connection: str
    event_id: str
    rule: str
    rule_version: str
    matched: bool
    reason: str
    at: datetime


def add_verdict(
    tx: Connection,
    *,
    connection: str,
    event_id: str,
    rule: str,
    rule_version: str,
    matched: bool,
    reason: str,
    now: datetime,
) -> None:
    """Add a verdict on an event that is in the inbox."""
    verdict = Verdict(connection, event_id, rule, rule_version, matched=matched, reason=reason, at=now)
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
