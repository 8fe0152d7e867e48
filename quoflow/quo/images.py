"""Images of a contact: the whole of it as JSON for the journal, and as single entries to compare and put back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from quoflow.core.undoing import Fields, Key
from quoflow.quo import wire

PLAIN = ("first_name", "last_name", "company", "role")
LISTS = {"emails": "e-mail address", "phone_numbers": "phone number"}
"""The lists of a contact, and what one of their items is called."""

CUSTOM = "custom field "

STAND_IN = "external:"
"""How the id of a contact begins that is about to be made: its external id follows."""


def write_image(contact: wire.Contact) -> dict[str, Any]:  # JSON
    """Give a contact as JSON that `read_image` reads back without loss."""
    return contact.model_dump(mode="json", by_alias=True)


def read_image(image: Mapping[str, Any]) -> wire.Contact:  # JSON
    """Give the contact that was written as JSON."""
    return wire.Contact.model_validate(dict(image))


def imagine(body: Mapping[str, Any]) -> wire.Contact:  # JSON, of `POST /v1/contacts`
    """Give the contact that a body makes. Quo's id is not known yet; until then its external id stands for it."""
    custom = [{"name": field["key"], **field} for field in body.get("customFields", ())]
    return wire.Contact.model_validate({**body, "id": f"{STAND_IN}{body['externalId']}", "customFields": custom})


def write_body(contact: wire.Contact, external_id: str) -> dict[str, Any]:  # JSON, of `POST /v1/contacts`
    """Give the body that makes a contact again; ids are new, and where it came from is not kept."""
    fields = contact.default_fields
    items = {
        key: [{"name": item.name or "", "value": item.value} for item in listed if item.value]
        for key, listed in (("emails", fields.emails), ("phoneNumbers", fields.phone_numbers))
    }
    plain = {
        "firstName": fields.first_name,
        "lastName": fields.last_name,
        "company": fields.company,
        "role": fields.role,
    }
    custom = [
        {"key": field.key, "value": field.value}
        for field in contact.custom_fields
        if field.key and field.value is not None
    ]
    return {"defaultFields": {**plain, **items}, "customFields": custom, "externalId": external_id}


def list_entries(contact: wire.Contact) -> Fields:
    """Give every entry of a contact. Ids, order and the way a number is written do not count."""
    fields = contact.default_fields
    entries: dict[Key, Any] = {(name.replace("_", " "), ""): getattr(fields, name) or None for name in PLAIN}
    for name, what in LISTS.items():
        items = [item for item in getattr(fields, name) if item.value]
        entries |= {(what, fold_item(what, item.value)): _describe_item(item) for item in items}
    for field in contact.custom_fields:
        name = f"{CUSTOM}{name_field(field)}"
        if isinstance(field.value, list):
            entries |= {(name, str(option)): str(option) for option in field.value if option is not None}
        else:
            entries[name, ""] = field.value
    return {key: value for key, value in entries.items() if value is not None}


def restore_entries(contact: wire.Contact, wanted: Fields, *, known: wire.Contact) -> wire.Contact:
    """Give a contact with some entries put back; None takes an entry away.

    Args:
        contact: as it is now; everything that is not named stays.
        wanted: the entries to set, by key.
        known: the contact as it was: what a custom field that is gone was (its key, name and type).
    """
    fields = contact.default_fields
    changes: dict[str, Any] = {}  # the model's own fields
    for name in PLAIN:
        key = (name.replace("_", " "), "")
        if key in wanted:
            changes[name] = wanted[key]
    for name, what in LISTS.items():
        changes[name] = _restore_items(what, getattr(fields, name), wanted)
    default = fields.model_copy(update=changes)
    return contact.model_copy(
        update={"default_fields": default, "custom_fields": _restore_customs(contact, wanted, known)}
    )


def fold_item(what: str, value: str) -> str:
    """Give what an item is known by: Quo may write a number otherwise than it was given."""
    if what != LISTS["phone_numbers"]:
        return value.casefold()
    digits = re.sub(r"[^0-9]", "", value)
    return digits[-10:] if digits else value


def name_field(field: wire.CustomField) -> str:
    """Give what a custom field is known by: its key, or else its id or name."""
    return field.key or field.id or field.name or ""


def _describe_item(item: wire.ContactField) -> dict[str, Any]:
    return {"name": item.name or "", "value": item.value}


def _restore_items(what: str, items: tuple[wire.ContactField, ...], wanted: Fields) -> tuple[wire.ContactField, ...]:
    restored = {key[1]: value for key, value in wanted.items() if key[0] == what}
    kept = []
    for item in items:
        key = fold_item(what, item.value or "")
        if key not in restored:
            kept.append(item)
        elif (value := restored.pop(key)) is not None:
            kept.append(item.model_copy(update=value))
    added = (wire.ContactField(**value) for value in restored.values() if value is not None)
    return (*kept, *added)


def _restore_customs(contact: wire.Contact, wanted: Fields, known: wire.Contact) -> tuple[wire.CustomField, ...]:
    fields = {name_field(field): field for field in contact.custom_fields}
    definitions = {name_field(field): field for field in known.custom_fields} | fields
    for (name, option), value in wanted.items():
        if not name.startswith(CUSTOM):
            continue
        key = name.removeprefix(CUSTOM)
        if key not in definitions:
            continue
        field = fields.get(key) or definitions[key].model_copy(update={"value": None, "id": None})
        fields[key] = field.model_copy(update={"value": _restore_value(field, option, value)})
    return tuple(fields.values())


def _restore_value(field: wire.CustomField, option: str, value: Any) -> Any:  # JSON
    if not option:
        return value
    options = field.value if isinstance(field.value, list) else []
    kept = [one for one in options if str(one) != option]
    return kept if value is None else [*kept, value]
