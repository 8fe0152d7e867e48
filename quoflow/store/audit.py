"""Who did what, and when: a list that only grows, and shows when somebody has changed it.

Each entry is chained to the one before by `core.chain`; the last one's number and hash are noted beside the list, so
that a cut end shows too. No phone number gets in: a keyed hash and the last four digits stand for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from quoflow.core import chain, pseudonyms
from quoflow.store import identity, rows, tables

PROGRAM = "quoflow"
"""The actor of what no person did."""

AT_A_TIME = 500

_HEAD = "audit_head"
_table = tables.audit


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
    """Add an entry, in the caller's write transaction. `subject` is the id of what it was done to."""
    last = find_head(tx)
    entry = chain.Entry(last.id + 1, at, actor, kind, connection, subject, data, previous=last.hash)
    entry = _seal(tx, entry)
    tx.execute(insert(_table), rows.to_row(_table, entry))
    _note_head(tx, entry)


def find_head(tx: Connection) -> chain.Head:
    """Give the last entry that was written, as it is noted beside the list."""
    noted = identity.find_value(tx, _HEAD)
    if noted is None:
        return chain.EMPTY
    number, _, digest = noted.partition(":")
    return chain.Head(int(number), digest)


def chain_older(tx: Connection) -> None:
    """Chain the entries of a schema that had no chain, as they stand; once, in the migration's transaction."""
    last = chain.EMPTY
    for entry in tuple(walk(tx)):
        sealed = _seal(tx, replace(entry, previous=last.hash))
        tx.execute(update(_table).where(_table.c.id == entry.id).values(rows.to_row(_table, sealed)))
        _note_head(tx, sealed)
        last = chain.Head(sealed.id, sealed.hash or "")


def list_audit(tx: Connection, limit: int | None = 100, *, since: datetime | None = None) -> tuple[chain.Entry, ...]:
    """List the latest entries, newest first; those of a time or later, if named."""
    question = rows.select_as(chain.Entry, _table).order_by(_table.c.id.desc()).limit(limit)
    return rows.read_all(tx, chain.Entry, question if since is None else question.where(_table.c.at >= since))


def walk(tx: Connection) -> Iterator[chain.Entry]:
    """Give every entry in its order, a part at a time: a log outgrows memory."""
    last = 0
    while True:
        question = rows.select_as(chain.Entry, _table).where(_table.c.id > last).order_by(_table.c.id)
        some = rows.read_all(tx, chain.Entry, question.limit(AT_A_TIME))
        yield from some
        if len(some) < AT_A_TIME:
            return
        last = some[-1].id


def verify(tx: Connection, *, known: str = "") -> chain.Verified:
    """Walk along the chain; see `chain.verify`."""
    return chain.verify(walk(tx), find_head(tx), known=known)


def _seal(tx: Connection, entry: chain.Entry) -> chain.Entry:
    """Conceal what may not stand in the list, and give the entry with its hash."""

    def find_key() -> bytes:
        key = identity.find_hash_key(tx)
        assert key is not None  # noqa: S101 - opening the database makes it
        return key

    actor, subject = (pseudonyms.conceal(text, find_key) for text in (entry.actor, entry.subject))
    concealed = replace(entry, actor=actor, subject=subject, data=pseudonyms.conceal(entry.data, find_key))
    return replace(concealed, hash=chain.hash_entry(concealed))


def _note_head(tx: Connection, entry: chain.Entry) -> None:
    noted = {"value": f"{entry.id}:{entry.hash}", "at": entry.at}
    here = tables.identity.c.name == _HEAD
    if not tx.execute(update(tables.identity).where(here).values(noted)).rowcount:
        tx.execute(insert(tables.identity), {"name": _HEAD, **noted})
