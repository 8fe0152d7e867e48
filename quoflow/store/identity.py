"""What this database knows of itself, such as its secret for keyed hashes: a value for each name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from quoflow.errors import StoreError
from quoflow.store import tables

HASH_KEY = "hash_key"
KEY_BYTES = 32

COPIED = "copied_at"
"""Stands in backups only: when they were made."""

_table = tables.identity


def find_value(tx: Connection, name: str) -> str | None:
    """Give what is kept under a name, or None."""
    found: str | None = tx.scalar(select(_table.c.value).where(_table.c.name == name))
    return found


def save_value(tx: Connection, name: str, value: str, *, now: datetime) -> None:
    """Keep a value under a name; it replaces what was there."""
    tx.execute(delete(_table).where(_table.c.name == name))
    tx.execute(insert(_table), {"name": name, "value": value, "at": now})


def forget_value(tx: Connection, name: str) -> None:
    """Forget what is kept under a name, if anything is."""
    tx.execute(delete(_table).where(_table.c.name == name))


def find_hash_key(tx: Connection) -> bytes | None:
    """Give the secret for keyed hashes, or None while nothing has been hashed yet.

    Raises:
        StoreError: when what is kept is no such key.
    """
    kept = find_value(tx, HASH_KEY)
    return None if kept is None else _decode(kept)


def read_hash_key(tx: Connection, *, now: datetime, make: Callable[[], bytes]) -> bytes:
    """Give the secret for keyed hashes, 32 bytes; the first time it is made and kept.

    Args:
        tx: a write transaction.
        now: the time under which a new key is kept, UTC.
        make: gives fresh random bytes, such as `secrets.token_bytes`.

    Raises:
        StoreError: when what is kept, or what `make` gives, is no such key.
    """
    known = find_hash_key(tx)
    if known is not None:
        return known
    fresh = _decode(make().hex())
    save_value(tx, HASH_KEY, fresh.hex(), now=now)
    return fresh


def _decode(kept: str) -> bytes:
    try:
        key = bytes.fromhex(kept)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        hint = "restore a backup: without this key, numbers that were erased are no longer known to have opted out"
        raise StoreError("the database's secret for keyed hashes is damaged", hint)
    return key
