"""The inbox: each event once, oldest first, until it is handled or set aside."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quoflow.core.events import Event
from quoflow.store import inbox


def test_an_event_comes_back_whole(tx, make):
    """Every field of an event is kept."""
    event = Event(
        id="call.missed:AC1",
        kind="call.missed",
        connection="main",
        occurred_at=make.now,
        line_id="PN1",
        peer=make.peer,
        direction="incoming",
        conversation_id="CN1",
        data={"call": {"id": "AC1", "duration": 0, "tags": [None, True, 1.5, "é"]}},
    )

    assert inbox.add_events(tx, [event], now=make.now) == (event,)
    assert inbox.find_event(tx, connection="main", event_id=event.id) == event
    assert inbox.find_event(tx, connection="second", event_id=event.id) is None


def test_an_event_is_taken_in_once(tx, make):
    """A known event is dropped silently, handled or not; another connection's is another event."""
    event = make.event()
    theirs = make.event(connection="second")
    inbox.add_events(tx, [event], now=make.now)
    inbox.mark_handled(tx, event, now=make.now)

    assert inbox.add_events(tx, [event, theirs, theirs], now=make.now) == (theirs,)
    assert inbox.list_new_events(tx, limit=10) == (theirs,)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.tuples(st.sampled_from(["main", "second"]), st.integers(0, 5)), max_size=6)))
def test_every_event_is_new_exactly_once(database, make, batches):
    """Whatever is read how often, each event is given as new once, in the order read."""
    with database.write() as tx:
        new = [
            (event.connection, event.id)
            for batch in batches
            for event in inbox.add_events(
                tx, [make.event(str(number), connection=name) for name, number in batch], now=make.now
            )
        ]
        tx.rollback()

    assert sorted(new) == sorted({(name, str(number)) for batch in batches for name, number in batch})


def test_a_call_starts_before_it_ends(tx, make):
    """Where Quo gives one time for both, its start still comes first: it would cancel what its end begins."""
    kinds = ["call.missed", "call.completed", "call.started"]
    events = [replace(make.event(f"{kind}:AC1"), kind=kind) for kind in kinds]
    inbox.add_events(tx, events, now=make.now)

    assert [event.kind for event in inbox.list_new_events(tx, limit=9)] == [
        "call.started",
        "call.completed",
        "call.missed",
    ]


def test_the_oldest_event_is_at_the_head(tx, make):
    """New events are listed by when they happened, and only as many as asked for."""
    events = [make.event(f"e{minute}", occurred_at=make.at(minute)) for minute in (3, 1, 2)]
    inbox.add_events(tx, events, now=make.now)

    assert [event.id for event in inbox.list_new_events(tx, limit=2)] == ["e1", "e2"]
    assert inbox.count_new(tx) == 3
    inbox.mark_handled(tx, events[1], now=make.now)
    assert [event.id for event in inbox.list_new_events(tx, limit=2)] == ["e2", "e3"]
    assert inbox.count_new(tx) == 2


def test_a_poison_event_is_set_aside(tx, make):
    """After three failures an event is quarantined with its last reason, and the others go on."""
    poison, good = make.event("poison"), make.event("good", occurred_at=make.at(1))
    inbox.add_events(tx, [poison, good], now=make.now)
    given_up = [inbox.mark_failed(tx, poison, now=make.now, reason=f"boom {number}") for number in (1, 2, 3)]

    assert given_up == [False, False, True]
    assert inbox.list_new_events(tx, limit=10) == (good,)
    assert inbox.list_quarantined(tx) == (inbox.Quarantined(poison, tries=3, reason="boom 3"),)
    assert inbox.add_events(tx, [poison], now=make.now) == ()


def test_a_failure_before_the_last_keeps_the_event(tx, make):
    """An event that failed is tried again, and can still be handled."""
    event = make.event()
    inbox.add_events(tx, [event], now=make.now)
    inbox.mark_failed(tx, event, now=make.now, reason="boom")

    assert inbox.list_new_events(tx, limit=10) == (event,)
    inbox.mark_handled(tx, event, now=make.now, reason="fine")
    assert inbox.list_quarantined(tx) == ()
    assert inbox.mark_failed(tx, event, now=make.now, reason="late", give_up_after=1) is False
