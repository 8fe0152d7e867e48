"""Merging: a change put into a contact as it is leaves all the rest of it alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.quo import merging, wire

PLAN = {"key": "plan", "name": "Plan", "type": "string"}
ANNA = wire.Contact.model_validate(
    {
        "id": "CT1",
        "defaultFields": {
            "firstName": "Anna",
            "company": "Berg",
            "emails": [{"name": "work", "value": "Anna@example.com", "id": "EM1"}],
            "phoneNumbers": [{"name": "mobile", "value": "(555) 555-0111", "id": "PH1"}],
        },
        "customFields": [{"id": "CF1", "value": "silver", **PLAN}, {"id": "CF2", "key": "note", "value": "back door"}],
    }
)


def merge(contact=ANNA, **change):
    return merging.merge_change(contact, change)


def test_only_what_is_named_changes():
    """Names, lists and properties that the change does not name keep their values and ids."""
    merged = merge(
        set={"role": "buyer", "company": None},
        emails=["b@example.com"],
        phones=["+15555550119"],
        fields=[{**PLAN, "value": "gold"}, {"key": "seats", "name": "Seats", "type": "number", "value": 3}],
    )
    fields = merged.default_fields

    assert (fields.first_name, fields.company, fields.role) == ("Anna", None, "buyer")
    assert [(one.id, one.name, one.value) for one in fields.emails] == [
        ("EM1", "work", "Anna@example.com"), (None, "email", "b@example.com"),
    ]  # fmt: skip
    assert [(one.id, one.value) for one in fields.phone_numbers] == [("PH1", "(555) 555-0111"), (None, "+15555550119")]
    assert [(one.id, one.key, one.value) for one in merged.custom_fields] == [
        ("CF1", "plan", "gold"), ("CF2", "note", "back door"), (None, "seats", 3),
    ]  # fmt: skip


def test_items_are_taken_out_however_they_are_written():
    """An address in any case, a number in any spelling; what is taken out and put in anew comes last."""
    gone = merge(remove_emails=["ANNA@EXAMPLE.COM"], remove_phones=["+15555550111"]).default_fields
    assert (gone.emails, gone.phone_numbers) == ((), ())

    anew = merge(remove_phones=["+15555550111"], phones=["+15555550111"]).default_fields
    assert [(one.id, one.value) for one in anew.phone_numbers] == [(None, "+15555550111")]


@pytest.mark.parametrize(
    "change",
    [
        {"set": {"first_name": "Anna", "role": None}},
        {"emails": ["anna@EXAMPLE.com"], "phones": ["+15555550111"]},
        {"fields": [{**PLAN, "value": "silver"}, {"key": "seats", "name": "Seats", "type": "number", "value": None}]},
        {},
    ],
)
def test_what_is_so_already_changes_nothing(change):
    """Then nothing is written at all, and an uncertain write is known to have happened."""
    assert merge(**change) == ANNA


TEXT = st.sampled_from(["Anna", "Berg", "a@example.com", "b@example.com"])
NUMBERS = st.lists(st.sampled_from(["+15555550111", "+15555550119", "+15555550118"]), unique=True)


@given(
    company=st.none() | TEXT,
    adds=NUMBERS,
    removes=NUMBERS,
    value=st.none() | TEXT,
)
def test_merging_twice_is_merging_once(company, adds, removes, value):
    """A change that may have happened is made again without harm, unless it takes out what it puts in."""
    change = {"set": {"company": company}, "phones": adds, "fields": [{**PLAN, "value": value}]}
    change["remove_phones"] = [one for one in removes if one not in adds]
    once = merge(**change)

    assert merge(once, **change) == once
