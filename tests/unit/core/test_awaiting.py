"""Awaiting: which events a run waits for in the middle of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import awaiting, fitting, steps
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.parameters.flow import If, WaitFor
from quoflow.core.rules import Rule

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MAIN = Line(id="PN1", number="+15555550100", name="Main Line")
BEGAN = Event("call.missed:AC1", "call.missed", "main", NOW, line_id="PN1", peer="+15555550111", direction="incoming")
ANSWER = replace(
    BEGAN,
    id="message.received:AC2",
    kind="message.received",
    occurred_at=NOW + timedelta(minutes=1),
    data={"message": {"id": "AC2", "text": "Yes please"}},
)


def is_awaited(happened, **written):
    subject = fitting.Subject(happened, MAIN, "US")
    return awaiting.is_awaited(WaitFor.model_validate({"event": "message.received", **written}), subject, BEGAN)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, True),
        ({"event": ["call.missed", "message.received"]}, True),
        ({"event": "message.sent"}, False),
        ({"text": {"contains": "YES"}}, True),
        ({"text": {"contains": "no"}}, False),
        ({"text": {"matches": "^Yes"}}, True),
        ({"line": "main line"}, True),
        ({"line": "Sales"}, False),
        ({"direction": "incoming"}, True),
        ({"direction": "outgoing"}, False),
    ],
)
def test_an_event_counts_that_fits(written, expected):
    """Its kind must be named, and every filter must fit."""
    assert is_awaited(ANSWER, **written) is expected


def test_what_began_the_run_does_not_count():
    """A run that waits for such an event as began it waits for another one."""
    assert not is_awaited(BEGAN, event="call.missed")
    assert is_awaited(replace(BEGAN, id="call.missed:AC3"), event="call.missed")


def test_what_happened_before_does_not_count():
    """An event that Quo showed late, but happened before the run's own, is no answer to anything."""
    assert not is_awaited(replace(ANSWER, occurred_at=NOW - timedelta(seconds=1)))
    assert is_awaited(replace(ANSWER, occurred_at=NOW))


def test_the_outcome_says_what_came():
    """Later steps read what came: its words, its kind and its time."""
    assert awaiting.describe(fitting.Subject(ANSWER, MAIN, "US")) == {
        "found": True,
        "kind": "message.received",
        "id": "message.received:AC2",
        "text": "Yes please",
        "time": "2026-11-23T17:01:00+00:00",
    }


def test_what_means_something_to_a_run_is_listed_from_every_branch():
    """What Quo makes after a call is only looked for where somebody waits for it, wherever the step stands."""
    inner = steps.Step("actions[0].then[0]", "wait_for", WaitFor(event="voicemail.received"))
    made = Rule("r", "1", {}, (), (steps.Step("actions[0]", "if", If(), then=(inner,)),), cancel_on=("call.answered",))

    assert awaiting.list_within(made) == {"voicemail.received", "call.answered"}
