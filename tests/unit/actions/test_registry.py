"""The registry: every write kind has its doing, and its finding again."""

from __future__ import annotations

from quoflow.actions import registry
from quoflow.actions.results import Done
from quoflow.core import steps


def test_every_write_kind_has_an_action():
    """A write step kind touches three places; the one that was forgotten shows here."""
    assert registry.WRITE_ACTIONS.keys() == steps.WRITES
    assert steps.STEPS.keys() >= steps.WRITES


def test_only_what_may_be_done_twice_is_repeatable():
    """A text is never sent again by itself; a change of a contact may be made again."""
    repeatable = {kind for kind, action in registry.WRITE_ACTIONS.items() if action.is_repeatable}

    assert repeatable == {
        "tag_contact",
        "update_contact",
        "create_contact",
        "upsert_contact",
        "mark_conversation",
        "delete_contact",
    }


def test_performing_and_finding_agree(office):
    """What an action did is what its look finds."""
    payload = {"content": "Hello", "from": "PN1", "to": ["+15555550111"]}
    action = registry.WRITE_ACTIONS["send_message"]
    done = action.perform(payload, office.quo, lambda *_: None)

    (found,) = action.find(payload, office.quo, office.time)
    assert isinstance(found, Done)
    assert found.message_id == done.message_id
