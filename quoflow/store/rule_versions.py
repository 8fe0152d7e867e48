"""The versions of rules that runs began with, so that an edit changes no run on its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from quoflow.store import tables

_table = tables.rule_versions


def save_version(
    tx: Connection,
    *,
    rule: str,
    version: str,
    document: Mapping[str, Any],  # JSON
    file: str,
    now: datetime,
) -> None:
    """Keep a version of a rule, unless it is kept already."""
    if find_document(tx, version) is None:
        row = {"version": version, "rule": rule, "document": document, "file": file, "saved_at": now}
        tx.execute(insert(_table), row)


def find_document(tx: Connection, version: str) -> Mapping[str, Any] | None:  # JSON
    """Find the plain data that a version was read from."""
    return tx.scalar(select(_table.c.document).where(_table.c.version == version))
