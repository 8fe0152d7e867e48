"""Entries: who waits for a key, the last one first; and what a run gathers."""

from __future__ import annotations

from sqlalchemy import func, select

from quoflow.core.lifecycle import RunState
from quoflow.store import entries, inbox, pruning, runs, tables
from quoflow.store.entries import Entry


def enter(tx, make, name, *, key="k", kind=entries.THROTTLE, **fields):
    run = make.run(tx, name, **fields)
    entry = Entry(run.connection, run.id, run.rule, kind, key)
    entries.add_entry(tx, entry)
    return entry


def find(tx, *, key="k", connection="main", rule="greet", kind=entries.THROTTLE):
    return entries.find_waiting(tx, connection=connection, rule=rule, kind=kind, key=key)


def test_the_last_one_that_waits_for_a_key_is_found(tx, make):
    """Of a connection, a rule, a kind and a key; none of another."""
    enter(tx, make, "r1")
    last = enter(tx, make, "r2")
    enter(tx, make, "r3", key="other")

    assert find(tx) == last
    assert [find(tx, **{name: "x"}) for name in ("key", "connection", "rule", "kind")] == [None] * 4


def test_what_has_left_or_ended_waits_no_more(tx, make):
    """A run that began, and one that was cancelled before."""
    first = enter(tx, make, "r1")
    enter(tx, make, "r2")
    enter(tx, make, "r3")
    entries.leave(tx, run_id="r3", kind=entries.THROTTLE)
    runs.cancel_run(tx, "r2", reason="x", now=make.now, state=RunState.SKIPPED)

    assert find(tx) == first
    assert runs.find_run(tx, "r2").state is RunState.SKIPPED


def test_what_is_gathered_is_listed_oldest_first(tx, make):
    """Of one run, and counted."""
    for name in ("r1", "r2"):
        make.run(tx, name)
    late, early = make.event("e1", occurred_at=make.at(2)), make.event("e2", occurred_at=make.at(1))
    inbox.add_events(tx, [late, early], now=make.now)
    for event in (late, early):
        entries.gather(tx, connection="main", run_id="r1", event_id=event.id)

    assert [event.id for event in entries.list_gathered(tx, "r1")] == ["e2", "e1"]
    assert (entries.count_gathered(tx, "r1"), entries.count_gathered(tx, "r2")) == (2, 0)


def test_what_is_gathered_keeps_its_words_until_the_run_has_ended(tx, make):
    """Retention takes the words of an old event only when no run that gathered it goes on."""
    make.run(tx, "r1")
    event = make.event("e1", data={"message": {"text": "hello"}})
    inbox.add_events(tx, [event], now=make.now)
    inbox.mark_handled(tx, event, now=make.now)
    entries.gather(tx, connection="main", run_id="r1", event_id="e1")
    while_it_waits = pruning.count_old(tx, before=make.at(1))
    runs.cancel_run(tx, "r1", reason="x", now=make.now)

    assert (while_it_waits["events"], pruning.count_old(tx, before=make.at(1))["events"]) == (0, 1)


def test_a_lane_is_in_the_order_of_its_coming(tx, make):
    """Those of one key whose runs go on; its head is the first that waits."""
    lane = [enter(tx, make, name, kind=entries.CONCURRENCY) for name in ("r3", "r1", "r2")]
    other = enter(tx, make, "r4", key="other", kind=entries.CONCURRENCY)
    enter(tx, make, "r5")
    entries.leave(tx, run_id="r3", kind=entries.CONCURRENCY)

    assert [(one.run_id, one.is_waiting) for one in entries.list_lane(tx, lane[0])] == [
        ("r3", False),
        ("r1", True),
        ("r2", True),
    ]
    assert entries.list_heads(tx, kind=entries.CONCURRENCY) == (lane[1], other)

    runs.cancel_run(tx, "r1", reason="x", now=make.now)
    assert [one.run_id for one in entries.list_heads(tx, kind=entries.CONCURRENCY)] == ["r2", "r4"]


def test_a_lane_is_as_long_as_there_are_runs_in_it(tx, make):
    """Entries of runs that have ended go when the next one comes."""
    for number in range(3):
        enter(tx, make, f"r{number}")
        runs.cancel_run(tx, f"r{number}", reason="x", now=make.now)
    enter(tx, make, "r9")

    assert tx.scalar(select(func.count()).select_from(tables.entries)) == 1
