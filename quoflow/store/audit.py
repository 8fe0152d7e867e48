"""Who did what, and when: a list that only grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from quoflow.store import rows, tables


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One deed. `actor` is a person's or program's name, `kind` a slug such as `approval.decided`."""

    id: int
    at: datetime
    actor: str
    kind: str
    connection: str | None
    subject: str
    data: Mapping[str, Any]  # JSON


def record(
    tx: Connection,
    *,
    at: datetime,
    actor: str,
    kind: str,
    connection: str | None,
    subject: str,
    data: Mapping[str, Any],  # JSON
) -> None:
    """Add an entry. `subject` is the id of what it was done to."""
    entry = {"at": at, "actor": actor, "kind": kind, "connection": connection, "subject": subject, "data": data}
    tx.execute(insert(tables.audit), entry)


def list_audit(tx: Connection, limit: int = 100) -> tuple[AuditEntry, ...]:
    """List the latest entries, newest first."""
    table = tables.audit
    return rows.read_all(tx, AuditEntry, rows.select_as(AuditEntry, table).order_by(table.c.id.desc()).limit(limit))
