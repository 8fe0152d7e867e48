"""Changes of a contact: read it, put the change in, have both kept, write the complete set, read it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quoflow.actions.results import Done, Keep
from quoflow.quo import contacts, images, merging, wire
from quoflow.quo.client import Quo

Payload = Mapping[str, Any]  # JSON, frozen at plan time


def update_contact(payload: Payload, quo: Quo, keep: Keep) -> Done:
    """Change a contact. Doing it twice is doing it once: what is as it should be is not written again."""
    change = contacts.change_contact(
        quo,
        payload["contact_id"],
        lambda contact: merging.merge_change(contact, payload),
        keep=keep_images(keep),
    )
    return describe_done(change.after, changed=change.changed, conflict=change.conflict)


def find_update(payload: Payload, quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the outcome if the contact already is as it should be; nothing otherwise."""
    del since
    contact = quo.get_contact(payload["contact_id"])
    if merging.merge_change(contact, payload) == contact:
        yield describe_done(contact, changed=True)


def keep_images(keep: Keep) -> contacts.Keep:
    """Let what is kept of a contact be its image as JSON."""

    def keep_both(before: wire.Contact, wanted: wire.Contact) -> None:
        keep(images.write_image(before), images.write_image(wanted))

    return keep_both


def describe_done(contact: wire.Contact, *, changed: bool, conflict: tuple[str, ...] = ()) -> Done:
    """Give what became of a contact as the step's outcome."""
    return Done(
        outcome={"id": contact.id, "changed": changed, "conflict": list(conflict)},
        after=images.write_image(contact),
        conflict=conflict,
    )
