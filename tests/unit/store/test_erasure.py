"""Erasing a person: nothing of theirs is left in any table, others keep everything, and ids go on to be known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from quoflow.core.facts import Call, Contact, Conversation, Message
from quoflow.core.lifecycle import RunState, StepState
from quoflow.store import (
    approvals,
    entries,
    erasure,
    inbox,
    journal,
    mirror,
    outbox,
    rows,
    runs,
    tables,
    throttles,
    verdicts,
    watches,
)

OTHER = "+15555550199"
SECRETS = ("Mango", "+15555550123", "mango@fruit.example")


def message(make, message_id="AC1", *, peer=None, text="Mango"):
    peer = peer or make.peer
    return Message(message_id, "PN1", peer, "incoming", text, "received", make.now, peer, ("+15555550100",))


def call(make, call_id="AC9", **fields):
    known = {"line_id": "PN1", "peer": make.peer, "direction": "incoming", "status": "ringing", "created_at": make.now}
    return Call(call_id, **(known | fields))


def fill(tx, make, peer, suffix):
    """Put a person into every table that can hold one."""
    name, mail = ("Mango", "mango@fruit.example") if peer == make.peer else ("Kiwi", "kiwi@fruit.example")
    mirror.save_messages(tx, "main", [message(make, f"AC1{suffix}", peer=peer, text=name)])
    mirror.save_calls(tx, "main", [call(make, f"AC9{suffix}", peer=peer)])
    contact = Contact(f"CT{suffix}", name, name, name, name, emails=(mail,), phones=(peer,), fields={"note": name})
    mirror.save_contacts(tx, "main", [contact], complete=False, now=make.now)
    talk = Conversation(f"CN{suffix}", "PN1", (peer,), name=name)
    mirror.save_conversation(tx, "main", talk, synced_until=make.now)
    inbox.add_events(tx, [make.event(f"event of r{suffix}", peer=peer, data={"message": {"text": name}})], now=make.now)
    sent = make.step(f"s{suffix}", state=StepState.SUCCEEDED, to=peer, text=name, payload={"content": name},
                     outcome={"text": name}, reason=f"to {peer}", due_at=None)  # fmt: skip
    waiting = replace(sent, id=f"w{suffix}", position=1, path="later", state=StepState.NEEDS_APPROVAL)
    run = make.run(tx, f"r{suffix}", sent, waiting, peer=peer, reason=f"about {peer}")
    approvals.request_approval(tx, make.approval(run.steps[1], f"appr{suffix}", to=peer, text=name))
    attempt = make.attempt(
        sent, f"a{suffix}", state="sent", run_id=run.id, normal_text=name, message_id=f"ACours{suffix}", reason=name
    )
    tx.execute(tables.attempts.insert(), rows.to_row(tables.attempts, attempt))
    said = verdicts.Verdict(
        "main", f"event of r{suffix}", "greet", "v1", matched=True, reason=name, at=make.now, conditions=[[name, name]]
    )
    verdicts.add_verdict(tx, said)
    throttles.save_fired(tx, connection="main", rule="greet", key=f"k {peer}", at=make.now)
    entries.add_entry(tx, entries.Entry("main", run.id, "greet", entries.THROTTLE, f"k {peer}"))
    inbox.add_events(tx, [make.event(f"more of r{suffix}", peer=peer, data={"message": {"text": name}})], now=make.now)
    entries.gather(tx, connection="main", run_id=run.id, event_id=f"more of r{suffix}")
    image = {"name": name}
    journal.save_entry(tx, journal.Entry(f"j{suffix}", "main", run.id, sent.id, f"CT{suffix}", image, image, make.now))
    return run


def dump(tx):
    return {table.name: str(tx.execute(select(table)).all()) for table in tables.metadata.sorted_tables}


def test_nothing_of_the_person_is_left_and_all_of_the_others(tx, make):
    """Every table is searched for their words, their number and their address; another person's are all there."""
    fill(tx, make, make.peer, "1")
    fill(tx, make, OTHER, "2")
    before = dump(tx)
    erased = erasure.erase_person(tx, make.peer, now=make.at(1))
    after = dump(tx)

    assert erased == erasure.Erased(messages=1, calls=1, contacts=1, events=2, runs=1)
    left = [(table, secret) for secret in SECRETS for table, text in after.items() if secret in text]
    assert left == []
    assert {table: text.count("Kiwi") for table, text in after.items()} == {
        table: text.count("Kiwi") for table, text in before.items()
    }


def test_nothing_of_theirs_is_awaited_any_more(tx, make):
    """Quo is not asked about their calls and texts; it is about other people's."""
    fill(tx, make, make.peer, "1")
    fill(tx, make, OTHER, "2")
    for name, kind in (("AC11", "delivery"), ("AC91", "voicemail"), ("AC12", "delivery"), ("AC92", "voicemail")):
        watches.add_watch(tx, watches.Watch("main", name, kind, 0, make.now, make.at(60), make.now))
    erasure.erase_person(tx, make.peer, now=make.at(1))

    due = watches.due_watches(tx, connection="main", kinds=["delivery", "voicemail"], now=make.at(1), limit=9)
    assert [watch.call_id for watch in due] == ["AC12", "AC92"]


def test_a_number_to_which_somebody_else_was_forwarded_is_gone(tx, make):
    """Their number stands in the event of another person's call: it is taken out, and the rest stays."""
    data = {"call": {"from": OTHER, "forwarded_to": make.peer, "status": "forwarded"}}
    event = replace(make.event("call.forwarded:AC7", peer=OTHER, data=data), kind="call.forwarded")
    inbox.add_events(tx, [event], now=make.now)
    erasure.erase_person(tx, make.peer, now=make.at(1))

    found = inbox.find_event(tx, connection="main", event_id="call.forwarded:AC7")
    assert (found.peer, found.data["call"]) == (OTHER, {**data["call"], "forwarded_to": "erased"})


def test_what_waits_for_them_ends(tx, make):
    """Their run is cancelled with its steps and questions; a write that was made stays counted as made."""
    fill(tx, make, make.peer, "1")
    erasure.erase_person(tx, make.peer, now=make.at(1))
    run = runs.find_run(tx, "r1")

    assert (run.state, run.reason) == (RunState.CANCELLED, "erased")
    assert [step.state for step in run.steps] == [StepState.SUCCEEDED, StepState.CANCELLED]
    assert approvals.list_pending(tx) == ()
    assert [row.state for row in outbox.list_outbox(tx)] == ["cancelled", "sent"]
    assert inbox.list_new_events(tx, limit=9) == ()


def test_a_text_to_them_in_another_run_ends(tx, make):
    """A run about nobody that would text them loses that step, and keeps the others."""
    to_them = make.step("s1", to=make.peer)
    to_other = make.step("s2", position=1, to=OTHER)
    make.run(tx, "r1", to_them, to_other, peer=None)
    tx.execute(tables.events.update().values(peer=OTHER))
    erasure.erase_person(tx, make.peer, now=make.at(1))

    assert [(step.state, step.text) for step in runs.list_steps(tx, "r1")] == [
        (StepState.CANCELLED, None),
        (StepState.QUEUED, "Hi"),
    ]


def test_what_was_erased_is_not_taken_in_again(tx, make):
    """Quo still shows it: message, call and our own text that was not read back yet stay erased, and are not new."""
    fill(tx, make, make.peer, "1")
    erasure.erase_person(tx, make.peer, now=make.at(1))
    before = dump(tx)
    again = [message(make, "AC11"), message(make, "ACours1")]

    assert mirror.save_messages(tx, "main", again) == ()
    assert mirror.save_calls(tx, "main", [call(make, "AC91", status="completed", completed_at=make.at(2))]) == ()
    assert mirror.list_open_calls(tx, "main", since=make.at(-99)) == ()
    assert inbox.add_events(tx, [make.event("event of r1")], now=make.at(2)) == ()
    assert dump(tx) == before


@pytest.mark.parametrize(
    ("state", "is_open"), [("sending", True), ("unknown", True), ("sent", False), ("failed", False)]
)
def test_a_write_that_may_have_happened_is_told(tx, make, state, is_open):
    """Its bytes are needed to find out what became of it."""
    step = make.step("s1", state=StepState.SENDING)
    make.run(tx, "r1", step)
    attempt = make.attempt(step, state="sending")
    tx.execute(
        tables.attempts.insert(), {c.name: getattr(attempt, c.name) for c in tables.attempts.c} | {"state": state}
    )

    assert erasure.has_open_write(tx, make.peer) is is_open
    assert erasure.has_open_write(tx, OTHER) is False
