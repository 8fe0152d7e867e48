"""The audit: chained, headed, and without a whole phone number."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, event, insert, update

from quoflow.core import chain
from quoflow.store import audit, identity, tables

table = tables.audit


def write(tx, make, count=3, **data):
    for minute in range(1, count + 1):
        audit.record(
            tx, at=make.at(minute), actor="ann", kind="paused", connection="main", subject=f"a{minute}", data=data
        )


def test_the_audit_lists_the_latest_first(tx, make):
    """Entries come back whole, newest first, from a time on."""
    write(tx, make, reason="flood")
    latest, middle = audit.list_audit(tx, 2)

    assert [entry.subject for entry in audit.list_audit(tx, None, since=make.at(2))] == ["a3", "a2"]
    assert latest == chain.Entry(
        4, make.at(3), "ann", "paused", "main", "a3", {"reason": "flood"}, previous=middle.hash, hash=latest.hash
    )


def test_entries_are_chained_from_the_making_of_the_schema_on(tx, make):
    """The first entry follows the beginning, and all of them hold to the head."""
    write(tx, make, text="Grüße \ud83d 5")
    first = next(audit.walk(tx))

    assert (first.kind, first.previous) == ("schema.migrated", chain.GENESIS)
    assert audit.verify(tx) == chain.Verified(4, audit.find_head(tx))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (update(table).where(table.c.id == 3).values(actor="bob"), "entry 3 (paused) is not as it was written"),
        (delete(table).where(table.c.id == 2), "entry 3 (paused) does not follow entry 1"),
        (delete(table).where(table.c.id == 4), "the log ends with entry 3, but entry 4"),
        (delete(table), "the log ends with entry 0, but entry 4"),
    ],
    ids=["changed", "removed", "cut", "emptied"],
)
def test_a_change_in_the_table_shows(tx, make, change, named):
    """What somebody changes in the database is named by the walk, also after more was written."""
    write(tx, make)
    tx.execute(change)

    assert named in audit.verify(tx).problem
    write(tx, make, 1)
    assert audit.verify(tx).problem


def test_an_added_entry_shows(tx, make):
    """An entry that was not written through the audit does not hold."""
    write(tx, make)
    stray = {"id": 5, "at": make.now, "actor": "eve", "kind": "resumed", "subject": "", "data": {}}
    tx.execute(insert(table), stray)

    assert audit.verify(tx).problem.startswith("entry 5 (resumed)")


def test_a_walk_takes_long_logs_in_parts(tx, make, monkeypatch):
    """Every entry is walked over once, also where the parts end exactly with the log."""
    monkeypatch.setattr(audit, "AT_A_TIME", 2)
    write(tx, make)

    assert [entry.id for entry in audit.walk(tx)] == [1, 2, 3, 4]


def test_no_whole_number_gets_in(tx, make):
    """A number in any field is replaced by its keyed hash and its last four digits before it is hashed and kept."""
    audit.record(
        tx,
        at=make.now,
        actor="+15555550123",
        kind="opt_out.added",
        connection="main",
        subject="text to +15555550123",
        data={"to": ["+15555550123"], "said": "call (555) 555-0123", "+15555550123": 1},
    )
    entry, *_ = audit.list_audit(tx, 1)

    assert "5550123" not in repr(entry)
    assert entry.actor.endswith(":0123")
    assert entry.data["to"] == [entry.actor]
    assert audit.verify(tx).problem == ""


def test_each_database_has_its_own_pseudonyms(database, tx):
    """The key is made with the database, and is no fixed one."""
    key = identity.find_hash_key(tx)

    assert key not in (None, bytes(32))


def test_an_entry_costs_three_statements(database, make):
    """The chain costs one read and one write beside the entry, both by primary key; a number costs one read more."""
    seen = []
    with database.write() as tx:
        event.listen(tx, "before_cursor_execute", lambda *call: seen.append(call[2].split()[0]))
        write(tx, make, 1)
        without = tuple(seen)
        write(tx, make, 1, to="+15555550123")

    assert without == ("SELECT", "INSERT", "UPDATE")
    assert tuple(seen[3:]) == ("SELECT", "SELECT", "INSERT", "UPDATE")
