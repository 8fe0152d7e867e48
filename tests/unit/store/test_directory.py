"""Everybody of a workspace, read page by page: each once, by id, and nobody who is gone."""

from __future__ import annotations

from quoflow.core.facts import Contact, Conversation
from quoflow.store import directory, mirror


def test_contacts_are_walked_over_any_number_of_pages(database, make, monkeypatch):
    """Nobody is left out where a page ends, and those who are gone or of another workspace are not there."""
    monkeypatch.setattr(directory, "PAGE", 3)
    people = [Contact(f"CT{at}", first_name=f"P{at}", phones=(f"+1555555{at:04}",)) for at in range(7)]
    with database.write() as tx:
        mirror.save_contacts(tx, "main", [*people, Contact("CTgone")], complete=True, now=make.now)
        mirror.save_contacts(tx, "main", people, complete=True, now=make.now)
        mirror.save_contacts(tx, "other", [Contact("CTother")], complete=True, now=make.now)
    with database.read() as tx:
        walked = [list(directory.walk_contacts(tx, name)) for name in ("main", "other", "none")]

    assert walked == [people, [Contact("CTother")], []]


def test_a_full_last_page_ends_the_walk(database, make, monkeypatch):
    """As many as fill the pages exactly are given once each."""
    monkeypatch.setattr(directory, "PAGE", 2)
    talks = [Conversation(f"CN{at}", "PN1", (make.peer,), last_activity_at=make.now) for at in range(4)]
    with database.write() as tx:
        for one in talks:
            mirror.save_conversation(tx, "main", one, synced_until=make.now)
    with database.read() as tx:
        walked = list(directory.walk_conversations(tx, "main"))

    assert walked == talks
