"""A person of ours at work: whose texts and calls count as one, and whose do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core.facts import Call, Message
from quoflow.core.talks import Talk, find_talk

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ANNA = "+15555550111"


def ago(minutes=0.0, *, seconds=0.0):
    return NOW - timedelta(minutes=minutes, seconds=seconds)


def text(at, direction="outgoing"):
    return Message(f"AC{at}", "PN1", ANNA, direction, "hello", "delivered", at)


def call(at, *, direction="incoming", status="completed", **more):
    return Call(f"AC{at}", "PN1", ANNA, direction, status, at, **more)


def test_a_text_of_a_teammate_counts():
    """The latest one does."""
    assert find_talk([text(ago(9)), text(ago(4))], [], now=NOW) == Talk(ago(4), "text")


def test_what_the_customer_says_does_not():
    """Their texts and lost calls are no talk of ours."""
    lost = call(ago(2), status="missed", completed_at=ago(1))

    assert find_talk([text(ago(3), "incoming")], [lost], now=NOW) is None


@pytest.mark.parametrize(
    ("seconds", "counts"), [(14.9, False), (15, True), (0, False), (-0.3, False), (-1, True), (60, True)]
)
def test_an_answer_within_15_seconds_is_an_automatic_reply(seconds, counts):
    """Nobody writes that fast; and a time that Quo has cut to the second can stand before what it answers."""
    asked = ago(5, seconds=-0.3 if seconds < 0 else 0)
    found = find_talk([text(asked, "incoming"), text(asked + timedelta(seconds=seconds))], [], now=NOW)

    assert (found is not None) == counts


def test_a_text_a_moment_before_theirs_is_a_persons():
    """Where its time has a fraction it was not cut, and so came before what it would answer."""
    at = ago(5) + timedelta(milliseconds=1)

    assert find_talk([text(at), text(at + timedelta(milliseconds=5), "incoming")], [], now=NOW) == Talk(at, "text")


@pytest.mark.parametrize(
    "lost", [{"status": "missed"}, {"status": "completed", "ai_handled": True, "answered_at": ago(6)}]
)
def test_a_reply_to_a_lost_call_is_automatic_too(lost):
    """Counted from its end; a text long after it is a person's."""
    calls = [call(ago(7), completed_at=ago(5), **lost)]

    assert find_talk([text(ago(5, seconds=-9))], calls, now=NOW) is None
    assert find_talk([text(ago(4))], calls, now=NOW) == Talk(ago(4), "text")


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_connected_call_counts_until_its_end(direction):
    """Whoever called: from its end on it is so long ago."""
    spoken = call(ago(30), direction=direction, answered_at=ago(29), completed_at=ago(10))

    assert find_talk([text(ago(12))], [spoken], now=NOW) == Talk(ago(10), "call")


def test_a_call_that_goes_on_counts_as_of_now():
    """Until six hours: then its end was lost."""
    going_on = call(ago(30), status="in-progress", answered_at=ago(29))
    lost = call(ago(60 * 9), status="in-progress", answered_at=ago(60 * 8))

    assert find_talk([], [going_on], now=NOW) == Talk(NOW, "call")
    assert find_talk([], [lost], now=NOW) == Talk(ago(60 * 2), "call")


@pytest.mark.parametrize(
    "nobody",
    [
        call(ago(5), answered_at=ago(5), completed_at=ago(1), ai_handled=True),
        call(ago(5), direction="outgoing", status="no-answer", completed_at=ago(4)),
        call(ago(1), status="ringing"),
    ],
    ids=["the AI agent", "they did not answer", "ringing"],
)
def test_a_call_that_nobody_of_ours_had_does_not_count(nobody):
    """The AI agent is no person, and a call that nobody took up is no talk."""
    assert find_talk([], [nobody], now=NOW) is None
