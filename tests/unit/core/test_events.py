"""Events: their kinds, and a value that does not change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from quoflow.core import events


def test_kinds_are_known_once():
    """None is listed twice."""
    assert len(set(events.KINDS)) == len(events.KINDS)


def test_this_version_runs_the_triggers_it_promises():
    """The triggers of this version are there."""
    assert set(events.KINDS) == {
        "message.received", "message.sent", "message.delivered", "message.failed", "call.started", "call.completed",
        "call.answered", "call.missed", "call.forwarded", "voicemail.received", "recording.completed",
        "summary.completed", "transcript.completed", "conversation.started", "conversation.unanswered",
        "contact.created", "contact.updated", "contact.deleted", "schedule", "manual",
    }  # fmt: skip


def test_an_event_cannot_be_changed():
    """An event is a value; what it does not have is None or empty."""
    event = events.Event(
        id="manual:a:1", kind="manual", connection="main", occurred_at=datetime(2026, 1, 1, tzinfo=UTC)
    )

    assert (event.line_id, event.peer, event.direction, event.conversation_id, dict(event.data)) == (None,) * 4 + ({},)
    with pytest.raises(FrozenInstanceError):
        event.kind = "schedule"
