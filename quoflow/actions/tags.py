"""Tags of a contact: options of one multi-select custom field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quoflow.actions import changes
from quoflow.actions.results import Done, Keep
from quoflow.quo import contacts, images, wire
from quoflow.quo.client import Quo


def tag_contact(payload: Mapping[str, Any], quo: Quo, keep: Keep) -> Done:
    """Read the contact, merge the tags, have both kept, write the complete set, read it back.

    Doing it twice is doing it once: adding a tag that is there, or removing one that is not, changes nothing.
    """
    change = contacts.tag_contact(
        quo,
        payload["contact_id"],
        field_key=payload["field"],
        add=payload["add"],
        remove=payload["remove"],
        keep=changes.keep_images(keep),
    )
    return _describe(change.after, payload, changed=change.changed, conflict=change.conflict)


def find_tags(payload: Mapping[str, Any], quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the outcome if the contact already is as it should be; nothing otherwise."""
    del since
    contact = quo.get_contact(payload["contact_id"])
    tags = contacts.read_tags(contact, payload["field"])
    if set(payload["add"]) <= set(tags) and not set(payload["remove"]) & set(tags):
        yield _describe(contact, payload, changed=True)


def _describe(
    contact: wire.Contact, payload: Mapping[str, Any], *, changed: bool, conflict: tuple[str, ...] = ()
) -> Done:
    tags = list(contacts.read_tags(contact, payload["field"]))
    return Done(
        outcome={"changed": changed, "tags": tags, "conflict": list(conflict)},
        after=images.write_image(contact),
        conflict=conflict,
    )
