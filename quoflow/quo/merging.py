"""A change of a contact put into the contact as it is: only what is named changes, ids and all the rest stay. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quoflow.quo import images, wire

LABELS = {"emails": "email", "phone_numbers": "phone"}
"""What a new item of a contact's list is called in the Quo app."""


def merge_change(contact: wire.Contact, change: Mapping[str, Any]) -> wire.Contact:  # JSON, as it was frozen
    """Give a contact with a change put into it; the same contact where nothing of it is new.

    Args:
        contact: as it is now.
        change: `set` (plain fields, None empties one), `emails` and `phones` to add, `remove_emails` and
            `remove_phones` to take out, `fields` (contact properties with `key`, `name`, `type`, `value`).
    """
    fields = contact.default_fields
    changed: dict[str, Any] = {  # the model's own fields
        name: value for name, value in change.get("set", {}).items() if (getattr(fields, name) or None) != value
    }
    for name, add, remove in (
        ("emails", "emails", "remove_emails"),
        ("phone_numbers", "phones", "remove_phones"),
    ):
        changed[name] = _merge_items(name, getattr(fields, name), change.get(add, ()), change.get(remove, ()))
    customs = _merge_customs(contact.custom_fields, change.get("fields", ()))
    return contact.model_copy(update={"default_fields": fields.model_copy(update=changed), "custom_fields": customs})


def _merge_items(
    name: str, items: tuple[wire.ContactField, ...], add: Sequence[str], remove: Sequence[str]
) -> tuple[wire.ContactField, ...]:
    what = images.LISTS[name]
    gone = {images.fold_item(what, value) for value in remove}
    kept = tuple(item for item in items if images.fold_item(what, item.value or "") not in gone)
    there = {images.fold_item(what, item.value or "") for item in kept}
    new = (value for value in add if images.fold_item(what, value) not in there)
    return (*kept, *(wire.ContactField(name=LABELS[name], value=value) for value in new))


def _merge_customs(
    held: tuple[wire.CustomField, ...], fields: Iterable[Mapping[str, Any]]
) -> tuple[wire.CustomField, ...]:
    merged = list(held)
    for field in fields:
        at = next((place for place, one in enumerate(merged) if one.key == field["key"]), None)
        if at is not None:
            if merged[at].value != field["value"]:
                merged[at] = merged[at].model_copy(update={"value": field["value"]})
        elif field["value"] is not None:
            merged.append(wire.CustomField(**field))
    return tuple(merged)
