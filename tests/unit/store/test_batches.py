"""Batches: their figures are kept, and found by id and time."""

from __future__ import annotations

from dataclasses import replace

from quoflow.store import batches, inbox


def test_a_batch_is_kept_and_found(database, make):
    """What was decided about an audience is there afterwards, by its id, and among those of a time."""
    event = make.event("manual:offer:1", kind="manual", peer=None)
    batch = batches.Batch("main", "b1", "offer", "v1", event.id, "contacts", 7, 3, 2, "", make.now)
    later = replace(batch, id="b2", reason="too many", at=make.at(5))
    with database.write() as tx:
        inbox.add_events(tx, [event], now=make.now)
        batches.add_batch(tx, later)
        batches.add_batch(tx, batch)
    with database.read() as tx:
        found = [batches.find_batch(tx, name) for name in ("b1", "b2", "b3")]
        listed = [batches.list_batches(tx, since=make.at(minutes)) for minutes in (0, 1)]

    assert found == [batch, later, None]
    assert listed == [(batch, later), (later,)]
