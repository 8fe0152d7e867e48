"""Who is among the contacts, and who was: what a new look at them is compared with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from quoflow.core.facts import Contact
from quoflow.store import rows, tables

_table = tables.contacts


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as it is known here, and whether it is gone at Quo."""

    contact: Contact
    is_gone: bool


def list_present(tx: Connection, connection: str) -> frozenset[str]:
    """List the ids of the contacts that are not gone."""
    here = (_table.c.connection == connection, _table.c.gone_at.is_(None))
    return frozenset(tx.scalars(select(_table.c.id).where(*here)))


def find_contacts(tx: Connection, connection: str, ids: Collection[str]) -> dict[str, Known]:
    """Find what is known of these contacts, those that are gone included."""
    present = list_present(tx, connection)
    found = rows.find_by_id(tx, Contact, _table, connection=connection, ids=ids)
    return {contact_id: Known(contact, contact_id not in present) for contact_id, contact in found.items()}
