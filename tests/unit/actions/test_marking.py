"""Marks of conversations: done, open, read, and what is said where there is no marking."""

from __future__ import annotations

import pytest

from quoflow.actions import marking
from quoflow.quo import errors


def talk(office):
    office.happen("messages", peer="+15555550111", text="Thanks")
    (conversation,) = office.sandbox.world.conversations.values()
    return conversation


def mark(office, conversation_id, how):
    payload = {"conversation_id": conversation_id, "as": how}
    return marking.mark_conversation(payload, office.quo, lambda *_: None)


@pytest.mark.parametrize(
    ("how", "is_done", "is_read"), [("done", True, False), ("open", False, False), ("read", False, True)]
)
def test_a_conversation_is_marked(office, how, is_done, is_read):
    """Each mark says one thing; marking twice is marking once."""
    conversation = talk(office)
    for _ in range(2):
        assert mark(office, conversation.id, how).outcome == {"as": how}

    assert (conversation.is_done, conversation.is_read) == (is_done, is_read)


def test_where_there_is_no_marking_it_is_said(office):
    """A gateway that lacks the endpoint answers like one that lacks the conversation: 404; the reason names both."""
    with pytest.raises(errors.NotFound, match="marking is not there yet in this workspace or gateway"):
        mark(office, "CN404", "done")
