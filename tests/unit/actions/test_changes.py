"""Changes: read, merged, kept, written whole, and read back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quoflow.actions import changes
from quoflow.quo import errors

SINCE = datetime(2026, 11, 23, tzinfo=UTC)
NOTE = {"key": "note", "name": "Note", "type": "string", "value": "front door"}
CHANGE = {"contact_id": "CT1", "set": {"company": "Berg"}, "phones": ["+15555550119"], "fields": [NOTE]}


def ignore(_before, _wanted):
    pass


def test_a_change_keeps_all_that_it_does_not_name(office):
    """The lists are written whole, so that Quo deletes nothing; what was read back is the outcome."""
    kept = []
    done = changes.update_contact(CHANGE, office.quo, lambda *both: kept.append(both))
    contact = office.quo.get_contact("CT1")

    assert [one.value for one in contact.default_fields.phone_numbers] == [
        "+15555550111", "+15555550112", "+15555550119",
    ]  # fmt: skip
    assert [one.value for one in contact.default_fields.emails] == ["anna@example.com", "a@example.com"]
    assert {one.key: one.value for one in contact.custom_fields} == {"tags": ["customer"], "note": "front door"}
    assert done.outcome == {"id": "CT1", "changed": True, "conflict": []}
    ((before, wanted),) = kept
    assert (before["defaultFields"]["company"], wanted["defaultFields"]["company"]) == (None, "Berg")


def test_a_change_that_is_made_already_writes_nothing(office):
    """Doing it twice is doing it once, and an uncertain one is found by reading."""
    assert list(changes.find_update(CHANGE, office.quo, since=SINCE)) == []
    changes.update_contact(CHANGE, office.quo, ignore)
    written = len(office.posts)
    again = changes.update_contact(CHANGE, office.quo, ignore)

    assert (again.outcome["changed"], len(office.posts)) == (False, written)
    (found,) = changes.find_update(CHANGE, office.quo, since=SINCE)
    assert found.outcome["changed"] is True


def test_a_contact_that_is_gone_is_an_error(office):
    """It is not made anew."""
    with pytest.raises(errors.NotFound):
        changes.update_contact({**CHANGE, "contact_id": "CT9"}, office.quo, ignore)
