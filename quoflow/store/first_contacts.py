"""With which numbers we have had to do, since when, and by which text or call it began."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from quoflow.store import rows, tables

_table = tables.first_contacts


@dataclass(frozen=True, slots=True)
class FirstContact:
    """A number's first contact with us; `quo_id` is that of the text or call, empty where it is not known."""

    phone: str
    at: datetime
    quo_id: str = ""


def note(tx: Connection, connection: str, contacts: Iterable[FirstContact]) -> frozenset[str]:
    """Note these, one for each number, where the number is new. Gives the new numbers."""
    first = {contact.phone: contact for contact in contacts}
    known: set[str] = set()
    for some in rows.chunks(first):
        here = (_table.c.connection == connection, _table.c.phone.in_(some))
        known.update(tx.scalars(select(_table.c.phone).where(*here)))
    new = [contact for phone, contact in first.items() if phone not in known]
    if new:
        tx.execute(insert(_table), [rows.to_row(_table, contact, connection=connection) for contact in new])
    return frozenset(contact.phone for contact in new)


def is_first(tx: Connection, connection: str, phones: Collection[str], *, quo_id: str) -> bool:
    """Tell whether a text or call is the first with any of these numbers, which are one person's."""
    here = (_table.c.connection == connection, _table.c.phone.in_(sorted(phones)))
    found = tx.scalars(select(_table.c.quo_id).where(*here)).all()
    return bool(found) and all(one == quo_id for one in found)
