"""Images of contacts: nothing is lost on the way through the journal, and single entries can be put back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import undoing
from quoflow.quo import images, wire

TAGS = {"id": "F1", "key": "tags", "name": "Tags", "type": "multi-select"}


def make(*, first="Anna", phones=("+15555550111",), emails=("a@example.com",), tags=("customer",), note="back door"):
    items = {
        "phoneNumbers": [{"id": f"P{value}", "name": "mobile", "value": value} for value in phones],
        "emails": [{"id": f"E{value}", "name": "work", "value": value} for value in emails],
    }
    fields = [
        *([{**TAGS, "value": list(tags)}] if tags is not None else []),
        *([{"id": "F2", "key": "note", "name": "Note", "type": "string", "value": note}] if note else []),
    ]
    return wire.Contact.model_validate(
        {"id": "C1", "defaultFields": {"firstName": first, **items}, "customFields": fields, "createdAt": "2026-01-02"}
    )


TEXTS = st.lists(st.text(min_size=1, max_size=5), max_size=3, unique_by=str.casefold)
NUMBERS = st.lists(st.from_regex(r"\A\+1555555[0-9]{4}\Z"), max_size=3, unique=True)
CONTACTS = st.builds(
    make,
    first=st.text(max_size=4) | st.none(),
    phones=NUMBERS,
    emails=TEXTS,
    tags=TEXTS | st.none(),
    note=st.text(max_size=4),
)


@given(CONTACTS)
def test_an_image_holds_the_whole_contact(contact):
    """Written as JSON and read again it is the same contact, ids and times included."""
    image = json.loads(json.dumps(images.write_image(contact)))

    assert images.read_image(image) == contact


@given(before=CONTACTS, wanted=CONTACTS)
def test_putting_every_changed_entry_back_gives_the_contact_that_was(before, wanted):
    """Whatever a write changed, of names, numbers, addresses, tags and fields, can be put back from the image."""
    old, new = images.list_entries(before), images.list_entries(wanted)
    back = {change.key: change.before for change in undoing.list_changes(old, new)}

    assert images.list_entries(images.restore_entries(wanted, back, known=before)) == old


def test_what_is_not_named_stays_as_it_is():
    """Taking our tag away leaves the others' tag, the numbers with their ids, and every other field."""
    now = make(tags=("customer", "missed", "theirs"), phones=("+15555550111", "+15555550112"))
    restored = images.restore_entries(now, {("custom field tags", "missed"): None}, known=make())

    assert restored == make(tags=("customer", "theirs"), phones=("+15555550111", "+15555550112"))


def test_a_number_written_otherwise_is_the_same_entry():
    """Quo may write a number otherwise than it was given; that is no change."""
    left, right = make(phones=("+15555550111",)), make(phones=("(555) 555-0111",))

    assert images.list_entries(left).keys() == images.list_entries(right).keys()
