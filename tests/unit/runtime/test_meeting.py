"""Who is met for the first time: one event for each number, by the earliest text or call, never for one of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import happenings
from quoflow.core.facts import Call, Message
from quoflow.runtime import meeting
from quoflow.store.database import Database

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ANNA, BILL = "+15555550111", "+15555550112"


@pytest.fixture
def tx(tmp_path):
    database = Database.open(tmp_path / "quoflow.db", clock=lambda: NOW)
    with database.write() as transaction:
        yield transaction
    database.close()


def text(name, minute, *, peer=ANNA, direction="incoming"):
    return Message(name, "PN1", peer, direction, "hi", "received", NOW + timedelta(minutes=minute), peer, (peer,))


def tell(*messages):
    return [event for one in messages for event in happenings.derive_message_events("main", one)]


def call(name, minute, **fields):
    at = NOW + timedelta(minutes=minute)
    made = Call(name, "PN1", ANNA, "incoming", "completed", at, completed_at=at, answered_at=at, **fields)
    return list(happenings.derive_call_events("main", made, line_number="+15555550100"))


def test_the_earliest_begins_the_conversation(tx):
    """Of several that are read at once it is the first by time, with its data; each number has one of its own."""
    began = meeting.meet(tx, "main", tell(text("AC3", 3), text("AC1", 1), text("AC2", 2, peer=BILL)), [])

    assert [(event.id, event.peer) for event in began] == [
        ("conversation.started:AC1", ANNA), ("conversation.started:AC2", BILL),
    ]  # fmt: skip
    assert began[0].data["message"]["id"] == "AC1"
    assert (began[0].kind, began[0].direction) == ("conversation.started", "incoming")
    assert meeting.meet(tx, "main", tell(text("AC4", 4)), []) == []


def test_a_call_begins_one_with_one_event(tx):
    """A call is three events at most, and begins one conversation."""
    (began,) = meeting.meet(tx, "main", call("AC1", 0), [])

    assert began.id == "conversation.started:AC1"
    assert began.data["call"]["id"] == "AC1"


def test_what_quoflow_sent_first_is_no_event(tx):
    """Their answer to our text begins nothing; their text before ours does, though both are read at once."""
    ours = [text("AC1", 1, direction="outgoing"), text("AC4", 4, peer=BILL, direction="outgoing")]

    began = meeting.meet(tx, "main", tell(text("AC2", 2), text("AC3", 3, peer=BILL)), ours)

    assert [event.id for event in began] == ["conversation.started:AC3"]
    assert meeting.meet(tx, "main", tell(text("AC5", 5), text("AC6", 6, peer=BILL)), []) == []


def test_of_one_second_ours_came_first(tx):
    """Quo cuts some times to the second: an answer that seems to stand before our text was written after it."""
    ours = replace(text("AC2", 1, direction="outgoing"), created_at=NOW + timedelta(seconds=60.8))

    assert meeting.meet(tx, "main", tell(text("AC1", 1)), [ours]) == []


def test_who_is_known_begins_nothing(tx):
    """A number that was there before is never met, and a hidden caller is nobody to meet."""
    meeting.note_known(tx, "main", [ANNA, "anonymous", ""], at=NOW)

    assert meeting.meet(tx, "main", tell(text("AC1", 1), text("AC2", 2, peer="anonymous")), []) == []
    assert len(meeting.meet(tx, "main", tell(text("AC3", 3, peer="24365")), [])) == 1
