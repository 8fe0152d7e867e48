"""Who waits for an answer: what asks for one, when it is too long, and which rules want to know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import unanswered
from quoflow.core.facts import Call, Message
from quoflow.core.hours import OfficeHours
from quoflow.core.unanswered import Patience
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules

FRIDAY = datetime(2026, 11, 20, 21, 50, tzinfo=UTC)  # ten to five in New York
OFFICE = {"office": OfficeHours.model_validate({"open": {"mon-fri": "09:00-17:00"}})}
ANNA = "+15555550111"


def text(name, minute, *, direction="incoming", words="Hello"):
    at = FRIDAY + timedelta(minutes=minute)
    return Message(name, "PN1", ANNA, direction, words, "received", at, ANNA, (ANNA,))


def call(name, minute, **fields):
    at = FRIDAY + timedelta(minutes=minute)
    return Call(name, "PN1", ANNA, "incoming", "missed", at, completed_at=at, **fields)


@pytest.mark.parametrize(
    ("wait", "calendar", "hours"),
    [
        ("30m", "", 0.5),
        ("10m", "office", 1 / 6),
        ("30m", "office", 10 / 60 + 64 + 20 / 60),
        ("9h", "office", 3 * 24 + 17),
    ],
)
def test_only_open_time_counts(wait, calendar, hours):
    """What came ten minutes before the weekend is due on Monday; without a calendar all time counts."""
    patience = Patience(timedelta(minutes=int(wait[:-1]) * (60 if wait.endswith("h") else 1)), calendar)

    due = unanswered.find_due(FRIDAY, patience, OFFICE, timezone="America/New_York")

    assert due == FRIDAY + timedelta(hours=hours)
    assert unanswered.find_due(FRIDAY, Patience(timedelta(hours=1), "gone"), OFFICE, timezone="UTC") is None


def test_the_first_question_since_the_last_answer_waits():
    """Texts and lost calls ask; our own, answered calls and STOP do not, nor what stands before the answer."""
    texts = [text("AC3", 3), text("AC1", 1, words="STOP"), text("AC2", 2, direction="outgoing"), text("AC5", 5)]
    rung = [call("AC4", 4), call("AC0", 0, answered_at=FRIDAY)]

    def find(after):
        found = unanswered.find_question(texts, rung, after=after)
        return found and (found.quo_id, sorted(found.data))

    assert find(None) == ("AC3", ["message"])
    assert find(FRIDAY + timedelta(minutes=3)) == ("AC4", ["call"])
    assert find(FRIDAY + timedelta(minutes=4)) == ("AC5", ["message"])
    assert find(FRIDAY + timedelta(minutes=5)) is None


def test_the_event_is_of_the_question_and_its_wait():
    """It happens when it is due, with what waits; two rules that wait as long share it, others have their own."""
    question = unanswered.find_question([text("AC1", 0)], [], after=None)
    due = FRIDAY + timedelta(hours=1)
    event = unanswered.derive_unanswered_event(question, Patience(timedelta(minutes=90), "office"), due_at=due)
    plain = unanswered.derive_unanswered_event(question, Patience(timedelta(minutes=90)), due_at=due)

    assert (event.id, event.kind, event.occurred_at) == (
        "conversation.unanswered:AC1:1h30m:office", "conversation.unanswered", due,
    )  # fmt: skip
    assert plain.id == "conversation.unanswered:AC1:1h30m"
    assert event.data["wait"] == {"for": "1h30m", "within": "office"}
    assert (event.data["message"]["id"], event.peer, event.line_id) == ("AC1", ANNA, "PN1")


def test_patiences_are_those_of_enabled_rules_of_the_connection():
    """Each wait is listed once, whichever rule has it; rules that are off or elsewhere ask for nothing."""
    text_ = """
name: a
trigger:
  - conversation.unanswered: {for: 30m, within: office}
  - conversation.unanswered: {for: 2h}
  - message.received
actions: [stop]
---
name: b
trigger: {conversation.unanswered: {for: 120m, line: Sales}}
actions: [stop]
---
name: c
enabled: false
trigger: {conversation.unanswered: {for: 3h}}
actions: [stop]
---
name: d
connection: second
trigger: {conversation.unanswered: {for: 4h}}
actions: [stop]
"""
    rules, problems = build_rules(read_documents(text_.encode(), "f"), "f", Known())
    assert problems == ()

    assert unanswered.list_patiences(rules, "main") == (
        Patience(timedelta(minutes=30), "office"), Patience(timedelta(hours=2)),
    )  # fmt: skip
    assert unanswered.list_patiences([replace(one, enabled=False) for one in rules], "main") == ()
