"""Differences of contacts: what has changed by name, without what quoflow did, and the events of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import contexts, differences
from quoflow.core.differences import Difference, Rewrite
from quoflow.core.facts import Contact

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ANNA = Contact(
    "CT1",
    first_name="Anna",
    company="Berg Bakery",
    emails=("a@berg.example", "b@berg.example"),
    phones=("+15555550111", "+15555550119"),
    fields={"tags": ["customer", "vip"], "Tags": ["customer", "vip"], "plan": "gold"},
    created_at=NOW - timedelta(days=9),
    updated_at=NOW - timedelta(days=3),
)


def change(**fields):
    return replace(ANNA, **fields)


@pytest.mark.parametrize(
    ("after", "names"),
    [
        (change(), ()),
        (change(updated_at=NOW, source="csv"), ()),
        (change(emails=ANNA.emails[::-1], phones=ANNA.phones[::-1]), ()),
        (change(last_name="", role=None, first_name="Anna "), ()),
        (change(fields={**ANNA.fields, "tags": ["vip", "customer"], "note": None, "list": []}), ()),
        (change(first_name="Ann", role="owner"), ("first_name", "role")),
        (change(company=None), ("company",)),
        (change(emails=("a@berg.example",)), ("emails",)),
        (change(phones=("+15555550111",)), ("phones",)),
        (change(fields={**ANNA.fields, "tags": ["vip"], "Tags": ["vip"]}), ("tags",)),
        (change(fields={"plan": "gold"}), ("tags",)),
        (change(fields={**ANNA.fields, "plan": "silver", "visits": 3}), ("fields.plan", "fields.visits")),
        (change(fields={**ANNA.fields, "plan": ["gold"]}), ("fields.plan",)),
        (change(fields={key: one for key, one in ANNA.fields.items() if key != "plan"}), ("fields.plan",)),
    ],
)
def test_changes_are_named(after, names):
    """Order, blanks and the ways of writing nothing are no change; what Quo says of itself is none either."""
    assert differences.list_changes(ANNA, after, "tags") == names
    assert differences.list_changes(after, ANNA, "tags") == names


def test_without_a_field_for_tags_they_are_custom_fields():
    """Where the configuration names no property for tags, it is one like the others."""
    after = change(fields={**ANNA.fields, "tags": []})

    assert differences.list_changes(ANNA, after, None) == ("fields.tags",)


def test_what_quoflow_changed_is_left_out():
    """A field that is as our write wanted it is ours; what somebody else did to it after or beside that is theirs."""
    wanted = change(fields={**ANNA.fields, "tags": ["customer", "vip", "new"], "Tags": ["customer", "vip", "new"]})
    rewrite = Rewrite(ANNA, wanted)
    beside = replace(wanted, company="Berg & Co")
    over = change(fields={**ANNA.fields, "tags": ["new"], "Tags": ["new"]})

    def ask(after, rewrites):
        changed = differences.list_changes(ANNA, after, "tags")
        return differences.leave_out_own(changed, after, rewrites, "tags")

    assert ask(wanted, [rewrite]) == ()
    assert ask(beside, [rewrite]) == ("company",)
    assert ask(over, [rewrite]) == ("tags",)
    assert ask(wanted, []) == ("tags",)
    assert ask(change(company="X"), [Rewrite(change(company="X"), change(company="X"))]) == ("company",)


def derive(before, after, changed=()):
    found = Difference(before, after, changed)
    return differences.derive_contact_event("main", found, tags_field="tags", seen_at=NOW)


def test_events_happen_when_quo_says_so_and_not_later_than_seen():
    """A contact is made, changed and deleted at its own times; a clock that is ahead moves nothing into the future."""
    created = derive(None, ANNA)
    ahead = derive(None, change(created_at=NOW + timedelta(hours=1)))
    updated = derive(ANNA, change(company="X", updated_at=NOW - timedelta(minutes=2)), ("company",))
    untold = derive(ANNA, change(company="X"), ("company",))
    deleted = derive(ANNA, None)

    assert (created.id, created.occurred_at) == ("contact.created:CT1", NOW - timedelta(days=9))
    assert ahead.occurred_at == NOW
    assert (updated.id, updated.occurred_at) == (
        "contact.updated:CT1:20261123T145800000000", NOW - timedelta(minutes=2),
    )  # fmt: skip
    assert (untold.id, untold.occurred_at) == ("contact.updated:CT1:20261123T150000000000", NOW)
    assert (deleted.id, deleted.occurred_at) == ("contact.deleted:CT1", NOW)
    assert {one.peer for one in (created, updated, deleted)} == {"+15555550111"}
    assert derive(ANNA, change(updated_at=NOW)) is None


def test_an_update_tells_what_it_was(fits):
    """The context has the names, the contact before and after, and which tags came and went."""
    after = change(company=None, fields={**ANNA.fields, "tags": ["vip", "gold"]})
    event = derive(ANNA, after, ("company", "tags"))

    values = contexts.build_values(event, contact=after, tags_field="tags")

    assert values["change"]["names"] == ["company", "tags"]
    assert (values["change"]["before"]["company"], values["change"]["after"]["company"]) == ("Berg Bakery", None)
    assert (values["change"]["tags_added"], values["change"]["tags_removed"]) == (["gold"], ["customer"])
    assert values["change"]["after"]["tags"] == ["vip", "gold"]
    assert fits(contexts.TABLE["change"].shape, values["change"])
    assert values["line"] is values["conversation"] is values["message"] is None


def test_a_contact_is_read_back_from_its_event():
    """What the event keeps is enough to see a contact that is gone; other events are of no contact in this way."""
    gone = derive(ANNA, None)

    assert differences.read_contact(gone) == replace(ANNA, created_at=None, updated_at=None)
    assert differences.read_contact(replace(gone, kind="message.received")) is None
    assert differences.read_contact(replace(gone, data={})) is None


def test_the_number_is_the_first_whole_one():
    """A number without its country stands back; a contact without any has none."""
    assert differences.find_number(change(phones=("555-0100", "+15555550111"))) == "+15555550111"
    assert differences.find_number(change(phones=("555-0100",))) == "555-0100"
    assert differences.find_number(change(phones=())) is None
