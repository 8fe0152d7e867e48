"""Tags of a contact: options of one multi-select custom field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quoflow.actions.results import Done
from quoflow.quo import contacts
from quoflow.quo.client import Quo


def tag_contact(payload: Mapping[str, Any], quo: Quo) -> Done:
    """Read the contact, merge the tags, write the complete set, read it back.

    Doing it twice is doing it once: adding a tag that is there, or removing one that is not, changes nothing.
    """
    change = contacts.tag_contact(
        quo, payload["contact_id"], field_key=payload["field"], add=payload["add"], remove=payload["remove"]
    )
    return Done(outcome={"changed": change.changed, "tags": list(contacts.read_tags(change.after, payload["field"]))})


def find_tags(payload: Mapping[str, Any], quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the outcome if the contact already is as it should be; nothing otherwise."""
    del since
    tags = contacts.read_tags(quo.get_contact(payload["contact_id"]), payload["field"])
    if set(payload["add"]) <= set(tags) and not set(payload["remove"]) & set(tags):
        yield Done(outcome={"changed": True, "tags": list(tags)})
