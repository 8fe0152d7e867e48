"""Changing a contact without losing what a PATCH leaves out: read, merge, write the complete set, read back.

Quo's PATCH deletes every e-mail address, phone number and custom field that the body does not name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from quoflow.quo import errors, images, wire
from quoflow.quo.client import Quo

MOST_TRIES = 3  # a 409 is proof that nothing was written, so reading and merging again is safe

Change = Callable[[wire.Contact], wire.Contact]
"""What is wanted, as a pure function from the contact as it is to the contact as it should be."""

Keep = Callable[[wire.Contact, wire.Contact], None]
"""Takes the contact as it is and as it is about to be written; the write leaves only after this has returned."""


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What became of a contact.

    Attributes:
        before: the contact as it was, complete: what undoing needs.
        after: as it was read back.
        changed: whether anything was written.
        conflict: what differs from what was written, in words: lost, or edited by someone else meanwhile.
    """

    before: wire.Contact
    after: wire.Contact
    changed: bool
    conflict: tuple[str, ...] = ()


def change_contact(quo: Quo, contact_id: str, change: Change, *, keep: Keep) -> ContactChange:
    """Read a contact, change it, write its complete set, read it back and compare. Writes nothing if nothing changes.

    What was read and what is wanted go to `keep` before the write leaves: once for each write, with the contact as
    that write found it.

    Doing it again after an ambiguous error is safe: it begins by reading. Quo knows no If-Match, so an edit that a
    person makes between our read and our write can be overwritten; one made after it shows in `conflict`.

    Raises:
        errors.ContactReadOnly: when an integration owns the contact.
        errors.QuoError: when reading or writing fails; after a write that succeeded, reading back does not raise.
    """
    tries = 0
    while True:
        tries += 1
        before = quo.get_contact(contact_id)
        wanted = change(before)
        if wanted == before:
            return ContactChange(before, before, changed=False)
        body = build_patch(before, wanted)
        keep(before, wanted)
        try:
            answer = quo.patch_contact(contact_id, body)
        except errors.Conflict:
            if tries == MOST_TRIES:
                raise
        except (errors.Forbidden, errors.Refused) as error:
            raise _explain_refusal(error, before) from error
        else:
            return _read_back(quo, before, wanted, answer)


def tag_contact(
    quo: Quo, contact_id: str, *, field_key: str, keep: Keep, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> ContactChange:
    """Add and remove tags: options of the multi-select property whose key or name is `field_key`.

    Raises:
        errors.TagFieldMissing: when the workspace has no such property; the message says how to make it.
        errors.QuoError: as `change_contact`.
    """
    adding, removing = tuple(add), frozenset(remove)
    known: list[wire.CustomFieldDefinition] = []

    def merge(contact: wire.Contact) -> wire.Contact:
        held = _find_field(contact, field_key)
        if held is not None and held.type in (None, "multi-select"):
            return _set_tags(contact, held, merge_tags(_read_options(held), adding, removing))
        if not known:
            known.append(find_tag_field(quo.list_custom_fields(), field_key))
        blank = wire.CustomField(key=known[0].key, name=known[0].name, type=known[0].type)
        return _set_tags(contact, blank, merge_tags((), adding, removing))

    return change_contact(quo, contact_id, merge, keep=keep)


def find_tag_field(definitions: Iterable[wire.CustomFieldDefinition], field_key: str) -> wire.CustomFieldDefinition:
    """Find the multi-select property that holds tags, by its key or else its name.

    Raises:
        errors.TagFieldMissing: when there is none, or it is of another type.
    """
    known = tuple(definitions)
    found = [field for field in known if field.key == field_key] or [f for f in known if f.name == field_key]
    if found and found[0].type == "multi-select":
        return found[0]
    what = f"is of type {found[0].type}, not multi-select" if found else "does not exist"
    raise errors.TagFieldMissing(
        f"The contact property `{field_key}` that should hold tags {what}",
        "Make a multi-select property in the Quo app (Settings > Contact properties) "
        "and name it in `tags: {field: ...}` of quoflow.yaml",
    )


def read_tags(contact: wire.Contact, field_key: str) -> tuple[str, ...]:
    """Give a contact's tags: what its multi-select property of that key or name holds."""
    held = _find_field(contact, field_key)
    return _read_options(held) if held is not None else ()


def merge_tags(current: Iterable[str], add: Iterable[str], remove: Iterable[str]) -> tuple[str, ...]:
    """Take tags out and put tags in, each once; a tag in both is put in. The others keep their order."""
    wanted = dict.fromkeys(add)
    gone = frozenset(remove).difference(wanted)
    kept = [tag for tag in current if tag not in gone]
    return (*kept, *(tag for tag in wanted if tag not in kept))


def build_patch(before: wire.Contact, wanted: wire.Contact) -> dict[str, Any]:
    """Build the body that turns one into the other: every list complete, with the items' ids.

    Plain fields (names, company, role) are named only where they change, for Quo keeps those that are left out, and
    naming them would undo an edit that someone makes at the same moment.

    Raises:
        errors.Refused: when a custom field has neither key nor id: it could not be kept.
    """
    old, new = before.default_fields, wanted.default_fields
    plain = {"firstName": "first_name", "lastName": "last_name", "company": "company", "role": "role"}
    default_fields: dict[str, Any] = {
        key: getattr(new, name) for key, name in plain.items() if getattr(old, name) != getattr(new, name)
    }
    default_fields["emails"] = [_write_item(item) for item in new.emails if item.value is not None]
    default_fields["phoneNumbers"] = [_write_item(item) for item in new.phone_numbers if item.value is not None]
    # A null value means "remove", to Quo; what holds none is left out, which comes to the same.
    custom_fields = [_write_field(field) for field in wanted.custom_fields if field.value is not None]
    return {"defaultFields": default_fields, "customFields": custom_fields}


def compare_contacts(wanted: wire.Contact, found: wire.Contact) -> tuple[str, ...]:
    """Say in words what a contact lacks, has too much or has otherwise than wanted. Ids and order do not count."""
    old, new = wanted.default_fields, found.default_fields
    changed = [name for name in images.PLAIN if (getattr(old, name) or "") != (getattr(new, name) or "")]
    told = [f"{name.replace('_', ' ')} is different" for name in changed]
    for name, what in images.LISTS.items():
        told += _compare_items(what, getattr(old, name), getattr(new, name))
    left, right = (_map_fields(contact) for contact in (wanted, found))
    for key in dict.fromkeys((*left, *right)):
        if left.get(key) != right.get(key):
            state = "is gone" if key not in right else "was added" if key not in left else "is different"
            told.append(f"custom field `{key}` {state}")
    return tuple(told)


def _read_back(quo: Quo, before: wire.Contact, wanted: wire.Contact, answer: wire.Contact) -> ContactChange:
    try:
        after = quo.get_contact(before.id)
    except errors.QuoError as error:
        # The write is done: an error here would pass for a write that failed, and be tried again.
        return ContactChange(before, answer, changed=True, conflict=(f"could not be read back: {error.message}",))
    return ContactChange(before, after, changed=True, conflict=compare_contacts(wanted, after))


def _explain_refusal(error: errors.QuoError, contact: wire.Contact) -> errors.QuoError:
    if contact.source in (None, "", "public-api", "openphone", "device", "csv", "zapier", "other"):
        return error
    return errors.ContactReadOnly(
        f"The contact comes from `{contact.source}`, and Quo lets nobody else change it: {error.message}",
        "Change it there, or leave such contacts out of the rule",
        status=error.status,
        code=error.code,
        trace=error.trace,
        errors=error.errors,
    )


def _find_field(contact: wire.Contact, field_key: str) -> wire.CustomField | None:
    by_key = (field for field in contact.custom_fields if field.key == field_key)
    by_name = (field for field in contact.custom_fields if field.name == field_key)
    return next(by_key, None) or next(by_name, None)


def _read_options(field: wire.CustomField) -> tuple[str, ...]:
    value = field.value if isinstance(field.value, list) else [field.value]
    return tuple(str(item) for item in value if item is not None)


def _set_tags(contact: wire.Contact, field: wire.CustomField, tags: tuple[str, ...]) -> wire.Contact:
    if _read_options(field) == tags:
        return contact
    changed = field.model_copy(update={"value": list(tags)})
    if not any(one is field for one in contact.custom_fields):
        return contact.model_copy(update={"custom_fields": (*contact.custom_fields, changed)})
    fields = tuple(changed if one is field else one for one in contact.custom_fields)
    return contact.model_copy(update={"custom_fields": fields})


def _write_item(item: wire.ContactField) -> dict[str, Any]:
    named = {"name": item.name or "", "value": item.value}
    return {**named, "id": item.id} if item.id else named


def _write_field(field: wire.CustomField) -> dict[str, Any]:
    if not field.key and not field.id:
        raise errors.Refused(
            f"The contact's custom field `{field.name}` has neither key nor id, so a change would delete it",
            "Change this contact in the Quo app",
        )
    names = {"key": field.key, "id": field.id}
    return {**{name: value for name, value in names.items() if value}, "value": field.value}


def _compare_items(what: str, wanted: tuple[wire.ContactField, ...], found: tuple[wire.ContactField, ...]) -> list[str]:
    left, right = (
        Counter(images.fold_item(what, one.value) for one in items if one.value) for items in (wanted, found)
    )
    gone = [f"{what} {_mask_value(value)} is gone" for value in (left - right).elements()]
    return gone + [f"{what} {_mask_value(value)} was added" for value in (right - left).elements()]


def _mask_value(value: str) -> str:
    return f"…{value[-4:]}" if value.isdigit() else f"{value[:1]}…@{value.rpartition('@')[2]}"


def _map_fields(contact: wire.Contact) -> dict[str, object]:
    fields = ((images.name_field(field), field.value) for field in contact.custom_fields)
    return {
        key: sorted(map(str, value)) if isinstance(value, list) else value
        for key, value in fields
        if value not in (None, [])
    }
