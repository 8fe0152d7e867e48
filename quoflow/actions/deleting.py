"""Contacts that are deleted: kept whole before, so that they can be made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quoflow.actions.results import Done, Keep
from quoflow.quo import errors, images
from quoflow.quo.client import Quo

Payload = Mapping[str, Any]  # JSON, frozen at plan time


def delete_contact(payload: Payload, quo: Quo, keep: Keep) -> Done:
    """Read a contact, have it kept, and delete it; one that is gone already is left at that. Raises QuoError."""
    contact_id = payload["contact_id"]
    try:
        before = quo.get_contact(contact_id)
    except errors.NotFound:
        return _describe(contact_id, deleted=False)
    keep(images.write_image(before), {})
    quo.delete_contact(contact_id)
    return _describe(contact_id, deleted=True)


def find_deletion(payload: Payload, quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the outcome if the contact is gone; nothing otherwise."""
    del since
    try:
        quo.get_contact(payload["contact_id"])
    except errors.NotFound:
        yield _describe(payload["contact_id"], deleted=True)


def _describe(contact_id: str, *, deleted: bool) -> Done:
    return Done(outcome={"id": contact_id, "deleted": deleted}, gone=contact_id)
