"""What went before with a contact: counted and found as the triggers would say it, on all numbers, up to a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quoflow.core import happenings
from quoflow.core.facts import Call, Message
from quoflow.core.history import Happened
from quoflow.store import inbox, mirror, outbox, past

OTHER = "+15555550199"


def call(make, name, minute, *, peer=None, **fields):
    known = {"direction": "incoming", "status": "completed", "completed_at": make.at(minute)}
    return Call(name, "PN1", peer or make.peer, created_at=make.at(minute - 1), **(known | fields))


def text(make, name, minute, *, direction="incoming", peer=None):
    who = peer or make.peer
    return Message(name, "PN1", who, direction, f"text {name}", "received", make.at(minute), who, (who,))


@pytest.fixture
def about(make):
    return past.About("main", (make.peer, "+15555550124"), until=make.at(0))


def test_counts_are_those_of_the_triggers(tx, make, about):
    """A call counts under exactly the kinds that it fires, whatever its status; none before it is over."""
    calls = [
        call(make, "missed", -1),
        call(make, "busy", -2, status="busy"),
        call(make, "answered", -3, answered_at=make.at(-4)),
        call(make, "forwarded", -4, status="forwarded"),
        call(make, "passed on", -5, forwarded_to=OTHER),
        call(make, "machine", -6, ai_handled=True),
        call(make, "ours", -7, direction="outgoing", status="no-answer"),
        call(make, "ringing", -8, status="ringing", completed_at=None),
    ]
    mirror.save_calls(tx, "main", calls)
    fired = [
        event.kind for one in calls for event in happenings.derive_call_events("main", one, line_number="+15555550100")
    ]

    kinds = ("call.completed", "call.answered", "call.missed")
    counted = {kind: past.count_events(tx, about, kind, since=make.at(-60)) for kind in kinds}

    assert counted == {kind: fired.count(kind) for kind in kinds} == {
        "call.completed": 7, "call.answered": 1, "call.missed": 2,
    }  # fmt: skip


def test_texts_of_quoflow_are_not_sent_by_people(tx, make, about):
    """`message.sent` leaves out what quoflow sent, whether the mirror knows that or only the outbox does."""
    step = make.step()
    make.run(tx, "r1", step)
    outbox.take_intent(tx, make.attempt(step), now=make.now)
    outbox.settle(tx, "a1", state="sent", reason="", now=make.now, message_id="AC2")
    sent = [text(make, f"AC{number}", -number, direction="outgoing") for number in (1, 2, 3)]
    mirror.save_messages(tx, "main", [*sent, text(make, "AC4", -4)], ours={"AC1"})

    assert past.count_events(tx, about, "message.sent", since=make.at(-60)) == 1
    assert past.find_latest(tx, about, "message.sent", but="") == Happened(make.at(-3), "outgoing", "text AC3")
    assert past.count_events(tx, about, "message.received", since=make.at(-60)) == 1


def test_window_and_numbers_bound_the_count(tx, make, about):
    """It counts after the window's beginning, up to the time asked about, and on any of the contact's numbers."""
    at = [-61, -60, -59, 0, 1]
    mirror.save_messages(tx, "main", [text(make, f"AC{minute}", minute) for minute in at])
    mirror.save_messages(tx, "main", [text(make, "second", -5, peer="+15555550124"), text(make, "x", -5, peer=OTHER)])

    assert past.count_events(tx, about, "message.received", since=make.at(-60)) == 3
    assert past.count_events(tx, replace(about, connection="second"), "message.received", since=make.at(-60)) == 0
    assert past.count_events(tx, replace(about, peers=()), "message.received", since=make.at(-60)) == 0


def test_latest_leaves_the_event_itself_out(tx, make, about):
    """The text or call that the event is of is not the one before it."""
    mirror.save_messages(tx, "main", [text(make, "AC1", -1), text(make, "AC2", -2), text(make, "AC3", 1)])
    mirror.save_calls(tx, "main", [call(make, "AC4", -4)])

    assert past.find_latest(tx, about, "message.received", but="AC1") == Happened(make.at(-2), "incoming", "text AC2")
    assert past.find_latest(tx, about, "call.missed", but="AC9") == Happened(make.at(-4), "incoming", None)
    assert past.find_latest(tx, about, "call.missed", but="AC4") is None


def test_other_kinds_are_found_in_the_inbox(tx, make, about):
    """A voicemail has what was said; one that never came is none."""
    for minute, words, status in ((-1, "latest", "completed"), (-5, "older", "completed"), (-0.5, "", "failed")):
        event = make.event(
            f"voicemail.received:AC{abs(minute)}",
            kind="voicemail.received",
            occurred_at=make.at(minute),
            direction="incoming",
            data={"call": {"id": "AC1"}, "voicemail": {"text": words, "status": status}},
        )
        inbox.add_events(tx, [event], now=make.now)

    assert past.count_events(tx, about, "voicemail.received", since=make.now - timedelta(hours=1)) == 2
    assert past.find_latest(tx, about, "voicemail.received", but="") == Happened(make.at(-1), "incoming", "latest")
    assert past.find_latest(tx, about, "voicemail.received", but="AC1") == Happened(make.at(-5), "incoming", "older")
