"""The ledger of opt-outs: who wrote STOP, who wrote START, what people entered. Nothing in it is ever deleted.

What counts is when they wrote it and not when we read it; `core.opt_out_ledger` knows what the entries of a number come
to. A number that was erased stands here as its keyed hash, under which it is found when it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, update

from quoflow.core.opt_out_ledger import ERASED, Entry, Standing, fold, sort
from quoflow.core.pseudonyms import keyed_hash
from quoflow.store import identity, rows, tables

_table = tables.opt_outs


def enter(tx: Connection, entry: Entry) -> bool:
    """Add an entry. Gives False when the message has one already: reading it again changes nothing."""
    here = (_table.c.connection == entry.connection, _table.c.message_id == entry.message_id)
    if tx.scalar(select(_table.c.says).where(*here)) is not None:
        return False
    tx.execute(insert(_table), rows.to_row(_table, entry))
    return True


def find_opt_out(tx: Connection, *, connection: str, phone: str) -> Standing | None:
    """Give what stands against texting a number; None when it never opted out, or that was lifted since."""
    return fold(list_entries(tx, connection=connection, phone=phone))


def list_entries(tx: Connection, *, connection: str | None = None, phone: str | None = None) -> tuple[Entry, ...]:
    """List entries in the order in which they count; of one connection or one number, if named.

    A number's entries from before its erasure are among them. Without a number, a number that came back after its
    erasure has all its entries under the number.
    """
    key = identity.find_hash_key(tx)
    question = rows.select_as(Entry, _table)
    if connection is not None:
        question = question.where(_table.c.connection == connection)
    if phone is not None:
        question = question.where(_table.c.phone.in_([phone] if key is None else [phone, pseudonym(phone, key)]))
    return tuple(sort(rows.read_all(tx, Entry, question)))


def list_standing(tx: Connection) -> tuple[tuple[str, Standing], ...]:
    """List the numbers that may not be texted and why, by connection and number."""
    entries = list_entries(tx)
    names = _name_again(tx, entries)
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.connection, names.get(entry.phone, entry.phone)), []).append(entry)
    folded = ((phone, fold(group)) for (_, phone), group in sorted(groups.items()))
    return tuple((phone, standing) for phone, standing in folded if standing is not None)


def erase(tx: Connection, phone: str, *, key: bytes) -> int:
    """Put the keyed hash in a number's place and take their words out. Gives how many entries there were."""
    here = _table.c.phone == phone
    return tx.execute(update(_table).where(here).values(phone=pseudonym(phone, key), word="", evidence=None)).rowcount


def pseudonym(phone: str, key: bytes) -> str:
    """Give what stands for a number in the ledger after its erasure."""
    return f"{ERASED}{keyed_hash(phone, key)}"


def _name_again(tx: Connection, entries: Iterable[Entry]) -> dict[str, str]:
    """Give the number of each keyed hash whose number is in the ledger again."""
    phones = {entry.phone for entry in entries}
    key = identity.find_hash_key(tx)
    if key is None or not any(phone.startswith(ERASED) for phone in phones):
        return {}
    return {pseudonym(phone, key): phone for phone in phones if not phone.startswith(ERASED)}
