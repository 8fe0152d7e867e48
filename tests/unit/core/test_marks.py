"""Marks of conversations: which one is meant, and what Quo's API can do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from quoflow.core import contexts, describing, preparing, steps, writes
from quoflow.core.events import Event
from quoflow.core.functions import Functions
from quoflow.core.rules import Rule

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def prepare(conversation_id="CN1", **written):
    event = Event("e1", "message.received", "main", NOW, peer="+15555550111", conversation_id=conversation_id)
    values = contexts.build_values(event, rule="r")
    rule = Rule(name="r", version="v1", document={}, triggers=(), steps=())
    scene = writes.Scene(rule, "main", values, Functions(now=NOW), (), "US", None, NOW)
    model = steps.STEPS["mark_conversation"].model_validate(written)
    return preparing.prepare_write("mark_conversation", model, writes.Pen(scene, values))


@pytest.mark.parametrize(
    ("written", "payload", "to"),
    [
        ({"as": "done"}, {"conversation_id": "CN1", "as": "done"}, "+15555550111"),
        ({"as": "read", "conversation": "{{ 'CN' ~ 2 }}"}, {"conversation_id": "CN2", "as": "read"}, "CN2"),
    ],
)
def test_the_events_conversation_is_marked_unless_another_is_named(written, payload, to):
    """A person reads with whom it is, where that is known."""
    write = prepare(**written)

    assert (write.payload, write.to, write.text) == (payload, to, None)
    said = describing.describe_write(write.action, write.to, write.text, write.payload)
    assert said == f"mark the conversation with {to} as {payload['as']}"


def test_without_a_conversation_there_is_nothing_to_mark():
    """An event that Quo gave no conversation for cannot be marked."""
    with pytest.raises(writes.Impossible, match="say `conversation:`"):
        prepare(None, **{"as": "done"})


@pytest.mark.parametrize("word", ["unread", "snoozed", "muted", "assigned"])
def test_what_the_api_cannot_do_is_said_when_the_rule_is_read(word):
    """People can do it in the app; the message says what can be done instead."""
    with pytest.raises(ValidationError, match="it knows `done`, `open` and `read`"):
        steps.STEPS["mark_conversation"].model_validate({"as": word})
