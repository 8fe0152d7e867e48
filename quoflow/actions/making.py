"""Contacts that are made, once: looked for by their external id before, after a conflict, and when nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quoflow.actions import changes
from quoflow.actions.results import Done, Keep
from quoflow.quo import contacts, errors, images, merging, wire
from quoflow.quo.client import Quo

Payload = Mapping[str, Any]  # JSON, frozen at plan time


def create_contact(payload: Payload, quo: Quo, keep: Keep) -> Done:
    """Make a contact unless one with its external id is there, which is then left as it is. Raises QuoError.

    Doing it again after an ambiguous error is safe once Quo shows what the first try has made: it begins by looking.
    """
    found = _find_by_key(payload, quo)
    if found is not None:
        return _describe(found, created=False, changed=False)
    return _make(payload, quo, keep)


def find_creation(payload: Payload, quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the outcome if the contact is there; nothing otherwise."""
    del since
    found = _find_by_key(payload, quo)
    if found is not None:
        yield _describe(found, created=True, changed=True)


def upsert_contact(payload: Payload, quo: Quo, keep: Keep) -> Done:
    """Change the contact that is meant, or make it where it is not there. Raises QuoError."""
    contact_id = _find_id(payload, quo)
    if contact_id is None:
        return _make(payload, quo, keep)
    done = changes.update_contact({**payload, "contact_id": contact_id}, quo, keep)
    return Done(outcome={**done.outcome, "created": False}, after=done.after, conflict=done.conflict)


def find_upsert(payload: Payload, quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the outcome if the contact is there as it should be; nothing otherwise."""
    del since
    contact_id = _find_id(payload, quo)
    contact = quo.get_contact(contact_id) if contact_id is not None else None
    if contact is not None and merging.merge_change(contact, payload) == contact:
        created = payload["contact_id"] is None and contact.external_id == payload["external_id"]
        yield _describe(contact, created=created, changed=True)


def _find_id(payload: Payload, quo: Quo) -> str | None:
    if payload["contact_id"] is not None:
        return str(payload["contact_id"])
    found = _find_by_key(payload, quo)
    return found.id if found is not None else None


def _find_by_key(payload: Payload, quo: Quo) -> wire.Contact | None:
    """Find the contact with the external id; of several, which should not be, the first that was made."""
    key = payload["external_id"]
    found = [one for one in quo.list_contacts(external_ids=[key]) if one.external_id == key]
    return min(found, key=lambda one: (one.created_at is None, str(one.created_at), one.id), default=None)


def _make(payload: Payload, quo: Quo, keep: Keep) -> Done:
    wanted = images.imagine(payload["body"])
    keep({}, images.write_image(wanted))
    try:
        answer = quo.create_contact(payload["body"])
    except errors.Conflict:  # Somebody else's try, or a late one of ours, came first.
        found = _find_by_key(payload, quo)
        if found is None:
            raise
        return _describe(found, created=True, changed=True)
    try:
        after = quo.get_contact(answer.id)
    except errors.QuoError as error:
        return _describe(answer, created=True, changed=True, conflict=(f"could not be read back: {error.message}",))
    conflict = contacts.compare_contacts(wanted, after)
    return _describe(after, created=True, changed=True, conflict=conflict)


def _describe(contact: wire.Contact, *, created: bool, changed: bool, conflict: tuple[str, ...] = ()) -> Done:
    done = changes.describe_done(contact, changed=changed, conflict=conflict)
    return Done(outcome={**done.outcome, "created": created}, after=done.after, conflict=conflict)
