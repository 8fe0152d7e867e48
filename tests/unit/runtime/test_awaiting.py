"""Waiting for an answer: noted, answered, told once, and kept when the rules change."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core.facts import Call, Line, Message
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules
from quoflow.runtime import awaiting
from quoflow.runtime.engine import Engine
from quoflow.settings import Settings
from quoflow.store import mirror
from quoflow.store.database import Database

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ANNA, OWNER = "+15555550111", "+15555550190"


def at(minute):
    return NOW + timedelta(minutes=minute)


class Place:
    """A database with a line and rules, and a clock; what is read goes in as polling would put it."""

    def __init__(self, engine, database):
        self.engine, self.database = engine, database

    def read(self, *messages, calls=(), ours=()):
        with self.database.write() as tx:
            fresh = mirror.save_messages(tx, "main", messages, ours=set(ours))
            given = mirror.save_calls(tx, "main", calls)
            awaiting.take_note(tx, self.engine, "main", messages=fresh, calls=given, earliest=at(-60))

    def fire(self, minute):
        engine = replace(self.engine, clock=lambda: at(minute))
        return [event.id.partition(":")[2] for event in awaiting.fire_due(engine, "main")]

    def ask_for(self, *waits):
        triggers = ", ".join(f"{{conversation.unanswered: {wait}}}" for wait in waits)
        document = f"name: r\ntrigger: [{triggers or 'message.received'}]\nactions: [stop]\n"
        rules, problems = build_rules(read_documents(document.encode(), "f"), "f", Known())
        assert problems == ()
        self.engine = make_engine(self.database, rules)


class Book:
    def __init__(self, rules):
        self.present = self
        self.rules = rules


def make_engine(database, rules):
    settings = Settings.model_validate(
        {
            "connections": {"main": {"base_url": "http://127.0.0.1:1", "api_key_env": "X"}},
            "approvals": {"sms": {"line": "Main", "owners": {"maria": OWNER}}},
        }
    )
    parts = {"database": database, "settings": settings, "clock": lambda: NOW, "rulebook": Book(rules)}
    needed = [field.name for field in fields(Engine) if field.default is field.default_factory is MISSING]
    return Engine(**{**dict.fromkeys(needed), **parts})


@pytest.fixture
def place(tmp_path):
    database = Database.open(tmp_path / "quoflow.db", clock=lambda: NOW)
    with database.write() as tx:
        mirror.save_lines(tx, "main", [Line("PN1", "+15555550100", "Main"), Line("PN2", "+15555550102", "Sales")])
    made = Place(make_engine(database, ()), database)
    made.ask_for("{for: 30m}")
    yield made
    database.close()


def text(name, minute, *, direction="incoming", peer=ANNA, line="PN1", words="Hello"):
    return Message(name, line, peer, direction, words, "received", at(minute), peer, (peer,))


def call(name, minute, *, line="PN1", **more):
    return Call(name, line, ANNA, "incoming", "completed", at(minute), completed_at=at(minute), **more)


def test_who_is_not_answered_is_told_once(place):
    """Thirty minutes after the first text, not before, and not again for the second, nor while nobody answers."""
    place.read(text("AC1", 0.5))
    place.read(text("AC2", 20))

    assert place.fire(30) == []
    assert place.fire(31) == ["AC1:30m"]
    place.read(text("AC3", 40))
    assert place.fire(500) == []


@pytest.mark.parametrize(
    ("answer", "is_answered"),
    [
        ({"messages": [text("AC2", 5, direction="outgoing")]}, True),
        ({"messages": [text("AC2", 0.6, direction="outgoing")]}, False),
        ({"messages": [text("AC2", 5, direction="outgoing")], "ours": ["AC2"]}, False),
        ({"messages": [text("AC2", 5, direction="outgoing", line="PN2")]}, False),
        ({"messages": [text("AC2", 5, direction="outgoing", peer="+15555550112")]}, False),
        ({"calls": [call("AC2", 5, answered_at=at(5))]}, True),
        ({"calls": [call("AC2", 5, answered_at=at(5), ai_handled=True)]}, False),
        ({"calls": [call("AC2", 5)]}, False),
        ({"calls": [replace(call("AC2", 5), direction="outgoing", answered_at=at(5))]}, True),
    ],
)
def test_only_a_person_answers(place, answer, is_answered):
    """A teammate's text or a call that connects, on that line; not ours, Quo's within seconds, or the AI agent's."""
    place.read(text("AC1", 0.5))
    place.read(*answer.get("messages", ()), calls=answer.get("calls", ()), ours=answer.get("ours", ()))

    assert place.fire(31) == ([] if is_answered else ["AC1:30m"])


def test_after_an_answer_it_begins_anew(place):
    """The next text after an answer waits for itself, whether the answer came before or after it was told."""
    place.read(text("AC1", 0))
    assert place.fire(30) == ["AC1:30m"]
    place.read(text("AC2", 40, direction="outgoing"), text("AC3", 50))

    assert place.fire(79) == []
    assert place.fire(80) == ["AC3:30m"]


def test_what_is_read_late_or_is_history_waits_for_nothing(place):
    """A text that was answered before it was read, one from before the first look, and an owner's answer to us."""
    place.read(text("AC2", 10, direction="outgoing"))
    place.read(text("AC1", 5))
    place.read(text("AC3", -90, peer="+15555550112"), text("AC4", 1, peer=OWNER, words="YES K7"))

    assert place.fire(500) == []


def test_a_lost_call_waits_too(place):
    """A call that nobody took, once it is over."""
    place.read(calls=[replace(call("AC1", 1), status="ringing", completed_at=None)])
    place.read(calls=[call("AC1", 2)])

    assert place.fire(31) == []
    assert place.fire(32) == ["AC1:30m"]


def test_an_edit_of_the_wait_takes_those_over_who_wait(place):
    """They wait as the rule has it now, from when they began; where no rule asks any more, nobody is told."""
    place.read(text("AC1", 0))
    place.ask_for("{for: 10m}", "{for: 2h}")
    assert place.fire(11) == ["AC1:10m"]
    place.ask_for()
    assert place.fire(500) == []


def test_each_wait_is_told_for_itself(place):
    """Two rules that wait differently are told at their own times."""
    place.ask_for("{for: 10m}", "{for: 20m}")
    place.read(text("AC1", 0))

    assert place.fire(15) == ["AC1:10m"]
    assert place.fire(25) == ["AC1:20m"]
