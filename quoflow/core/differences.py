"""What has become of a contact between two looks at it: which fields changed, and the events of that. Pure.

Empty is empty, however Quo writes it, and the order of tags, addresses and numbers means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quoflow.core import phones
from quoflow.core.events import CONTACT_KINDS, Event
from quoflow.core.facts import Contact

PLAIN = ("first_name", "last_name", "company", "role")
LISTS = ("emails", "phones")
NAMES = (*PLAIN, *LISTS, "tags")
"""The fields that every contact has, as rules name them; a custom field is `fields.KEY`."""

CUSTOM = "fields."
_LISTED = (*PLAIN, *LISTS, "fields", "source", "external_id")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A change that quoflow itself has made, or may have: the contact as it was, and as it was to be."""

    before: Contact
    wanted: Contact


@dataclass(frozen=True, slots=True)
class Difference:
    """What one look found of a contact: `before` is None where it is new, `after` where it is gone.

    Attributes:
        changed: the names of the fields that somebody else has changed, where it is neither.
    """

    before: Contact | None
    after: Contact | None
    changed: tuple[str, ...] = ()


def list_changes(before: Contact, after: Contact, tags_field: str | None) -> tuple[str, ...]:
    """List the fields that differ: `company`, `tags`, `fields.plan`; a custom field under its key and its name."""
    left, right = _flatten(before, tags_field), _flatten(after, tags_field)
    changed = [name for name in dict.fromkeys((*left, *right)) if left.get(name) != right.get(name)]
    tags = (left.get("tags"), right.get("tags"))
    if "tags" not in changed:
        return tuple(changed)
    # The property that holds the tags stands among the custom fields, too.
    return tuple(
        name for name in changed if not (name.startswith(CUSTOM) and (left.get(name), right.get(name)) == tags)
    )


def leave_out_own(
    changed: Iterable[str], after: Contact, rewrites: Iterable[Rewrite], tags_field: str | None
) -> tuple[str, ...]:
    """Leave out what quoflow has changed itself: fields that are now as one of its writes wanted them to be."""
    found = _flatten(after, tags_field)
    own: set[str] = set()
    for rewrite in rewrites:
        wanted = _flatten(rewrite.wanted, tags_field)
        written = list_changes(rewrite.before, rewrite.wanted, tags_field)
        own.update(name for name in written if wanted.get(name) == found.get(name))
    return tuple(name for name in changed if name not in own)


def _flatten(contact: Contact, tags_field: str | None) -> dict[str, object]:
    """Give every field that holds something, so that two contacts can be compared."""
    held: dict[str, object] = {name: getattr(contact, name) for name in (*PLAIN, *LISTS)}
    held["tags"] = contact.fields.get(tags_field) if tags_field else None
    held |= {f"{CUSTOM}{name}": value for name, value in contact.fields.items() if name != tags_field}
    plain = {name: _tidy(value) for name, value in held.items()}
    return {name: value for name, value in plain.items() if value not in (None, "", ())}


def _tidy(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(sorted({str(item) for item in value if item not in (None, "")}))
    return value.strip() if isinstance(value, str) else value


def derive_contact_event(
    connection: str, difference: Difference, *, tags_field: str | None, seen_at: datetime
) -> Event | None:
    """Give the event of a difference, or None where nothing changed that a rule can see.

    It happens when Quo says so, but never later than it was seen (UTC). The id of an update holds its time, so that
    the next one of the same contact is another event.
    """
    before, after = difference.before, difference.after
    contact = after or before
    if contact is None or (before and after and not difference.changed):
        return None
    if before is None:
        kind, at, suffix = "contact.created", contact.created_at or seen_at, ""
    elif after is None:
        kind, at, suffix = "contact.deleted", seen_at, ""
    else:
        is_new = after.updated_at is not None and after.updated_at != before.updated_at
        at = after.updated_at if is_new and after.updated_at else seen_at
        kind, suffix = "contact.updated", f":{at:%Y%m%dT%H%M%S%f}"
    data: dict[str, Any] = {"contact": describe_contact(contact)}
    if before is not None and after is not None:
        data["change"] = _describe_change(before, after, difference.changed, tags_field)
    return Event(
        id=f"{kind}:{contact.id}{suffix}",
        kind=kind,
        connection=connection,
        occurred_at=min(at, seen_at),
        peer=find_number(contact),
        data=data,
    )


def find_number(contact: Contact) -> str | None:
    """Give the number that stands for a contact: the first one that is whole, else the first."""
    return next(filter(phones.is_e164, contact.phones), next(iter(contact.phones), None))


def _describe_change(
    before: Contact, after: Contact, changed: tuple[str, ...], tags_field: str | None
) -> dict[str, Any]:  # JSON
    had, has = _list_tags(before, tags_field), _list_tags(after, tags_field)
    return {
        "names": list(changed),
        "before": {**describe_contact(before), "tags": had},
        "after": {**describe_contact(after), "tags": has},
        "tags_added": [tag for tag in has if tag not in had],
        "tags_removed": [tag for tag in had if tag not in has],
    }


def _list_tags(contact: Contact, tags_field: str | None) -> list[str]:
    held = contact.fields.get(tags_field) if tags_field else None
    return [str(tag) for tag in held] if isinstance(held, list | tuple) else []


def describe_contact(contact: Contact) -> dict[str, Any]:
    """Give a contact as plain data, which `read_contact` reads back."""
    held = {name: getattr(contact, name) for name in _LISTED}
    return {"id": contact.id} | {key: list(one) if isinstance(one, tuple) else one for key, one in held.items()}


def read_contact(event: Event) -> Contact | None:
    """Give the contact that an event is of, as it was then; None where it is of none, or its words are gone."""
    data = event.data.get("contact") if event.kind in CONTACT_KINDS else None
    if not isinstance(data, Mapping) or not data.get("id"):
        return None
    plain = {name: data.get(name) for name in (*PLAIN, "source", "external_id")}
    emails, numbers = (tuple(data.get(name) or ()) for name in LISTS)
    return Contact(str(data["id"]), emails=emails, phones=numbers, fields=dict(data.get("fields") or {}), **plain)
