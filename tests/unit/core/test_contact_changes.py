"""Changes of contacts: whom they are about, what is frozen of them, and what Quo would refuse."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quoflow.core import contexts, describing, preparing, steps, writes
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Line, Property
from quoflow.core.functions import Functions
from quoflow.core.rules import Rule

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MAIN = Line(id="PN1", number="+15555550100", name="Main Line")
ANNA = Contact("CT1", "Anna", phones=("+15555550111",), external_id="crm-1")
SYNCED = Contact("CT2", "Bill", phones=("+15555550112",), source="hubspot")
PROPERTIES = (
    Property("plan", "Plan", "string"),
    Property("seats", "Seats", "number"),
    Property("tags", "Tags", "multi-select"),
)


def find(who):
    return next((one for one in (ANNA, SYNCED) if who in (one.id, one.external_id, *one.phones)), None)


def make_pen(contact=ANNA, *, peer="+15555550111", variables=None, rule="r", event_id="call.missed:AC1", path="a[0]"):
    event = Event(event_id, "call.missed", "main", NOW, line_id="PN1", peer=peer, data={"call": {"id": "AC1"}})
    values = contexts.build_values(
        event, contact=contact, line=MAIN, rule=rule, variables=variables or {}, tags_field="tags"
    )
    made = Rule(name=rule, version="v1", document={}, triggers=(), steps=())
    workspace = writes.Workspace(properties=PROPERTIES, find_contact=find)
    scene = writes.Scene(made, "main", values, Functions(now=NOW), (MAIN,), "US", "tags", NOW, workspace)
    return writes.Pen(scene, {**values, "steps": {}}, path)


def prepare(kind, pen=None, **written):
    return preparing.prepare_write(kind, steps.STEPS[kind].model_validate(written), pen or make_pen())


def update(pen=None, **written):
    return prepare("update_contact", pen, **written)


def test_only_what_is_named_is_frozen():
    """Each kind of field stands under its own key, with its type's value; nothing else is there."""
    write = update(
        company="Berg {{ 'Bakery' }}",
        role="",
        emails=["a@example.com", ""],
        phones="(555) 555-0119",
        remove_phones="+15555550118",
        fields={"Seats": ("12",), "plan": ("gold",)},
        clear=["last_name", "Tags"],
    )

    assert write.payload == {
        "contact_id": "CT1",
        "set": {"company": "Berg Bakery", "last_name": None},
        "emails": ["a@example.com"],
        "phones": ["+15555550119"],
        "remove_phones": ["+15555550118"],
        "fields": [
            {"key": "seats", "name": "Seats", "type": "number", "value": 12},
            {"key": "plan", "name": "Plan", "type": "string", "value": "gold"},
            {"key": "tags", "name": "Tags", "type": "multi-select", "value": None},
        ],
    }
    assert (write.action, write.to, write.text, write.segments) == ("update_contact", "+15555550111", None, 0)


@pytest.mark.parametrize("kind", ["update_contact", "tag_contact"])
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("CT1", ("CT1", "+15555550111")),
        ("{{ 'crm-1' }}", ("CT1", "+15555550111")),
        ("(555) 555-0111", ("CT1", "+15555550111")),
        ("CT9", ("CT9", "CT9")),
    ],
)
def test_a_contact_is_named_by_id_or_number(kind, who, expected):
    """Quo's id, the external id or a number; an id that is not known here is left to Quo."""
    what = {"add": ("vip",)} if kind == "tag_contact" else {"role": "buyer"}
    write = prepare(kind, make_pen(None, peer="+15555550177"), contact=who, **what)

    assert (write.payload["contact_id"], write.to) == expected


@pytest.mark.parametrize(
    ("pen", "written", "words"),
    [
        (make_pen(None, peer="+15555550177"), {"role": "x"}, "+15555550177 is not among the contacts"),
        (make_pen(), {"role": "x", "contact": "+15555550199"}, "+15555550199 is not among the contacts"),
        (make_pen(), {"role": "x", "contact": "{{ contact.company or '' }}"}, "`contact` came out empty"),
        (make_pen(), {"role": "{{ contact.company or '' }}"}, "everything that it would change came out empty"),
    ],
)
def test_where_there_is_nobody_or_nothing_to_change_it_is_skipped(pen, written, words):
    """That is no failure: the step is skipped with its reason."""
    with pytest.raises(writes.NothingToDo) as caught:
        update(pen, **written)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"fields": {"seats": ("many",)}}, "`seats` takes a number, and `many` is none"),
        ({"fields": {"seets": ("1",)}}, "did you mean `seats`?"),
        ({"clear": ["middle_name"]}, "there is no contact property `middle_name`"),
        ({"phones": "12"}, "`12` is not a number"),
        ({"role": "x", "contact": "CT2"}, "the contact comes from `hubspot`"),
    ],
)
def test_what_quo_would_refuse_is_impossible(written, words):
    """Property keys and types, numbers, and contacts that an integration owns: refused when it is planned."""
    with pytest.raises(writes.Impossible) as caught:
        update(**written)

    assert words in str(caught.value)


def test_a_change_is_said_in_words():
    """A person who decides reads what would change, not the bytes."""
    write = update(company="Berg", remove_emails="a@example.com", phones="+15555550119",
                   fields={"tags": ("a", "b")}, clear=["plan"])  # fmt: skip

    assert describing.describe_write(write.action, write.to, write.text, write.payload) == (
        "change +15555550111 company → Berg, add +15555550119, take out a@example.com, Tags → a, b, Plan emptied"
    )


STRANGER = "+15555550177"


def create(pen=None, **written):
    return prepare("create_contact", pen or make_pen(None, peer=STRANGER), **written)


def upsert(pen=None, **written):
    return prepare("upsert_contact", pen or make_pen(None, peer=STRANGER), **written)


def test_the_body_of_a_new_contact_is_quos():
    """The number is the event's unless said; `firstName` is there even where it is nothing; properties go by key."""
    assert create(external_id="crm-9").payload == {
        "external_id": "crm-9",
        "body": {
            "defaultFields": {"firstName": None, "phoneNumbers": [{"name": "phone", "value": STRANGER}]},
            "externalId": "crm-9",
        },
    }
    body = create(first_name="Eve", emails="e@example.com", source="acme", fields={"Seats": ("2",)}).payload["body"]
    assert body["defaultFields"]["emails"] == [{"name": "email", "value": "e@example.com"}]
    assert (body["source"], body["customFields"]) == ("acme", [{"key": "seats", "value": 2}])


def test_the_external_id_is_the_same_at_every_try_and_another_for_every_other():
    """It is made from connection, rule, event and step, so that a crash never makes two and two events never one."""

    def key(**changes):
        return create(make_pen(None, peer=STRANGER, **changes)).payload["external_id"]

    keys = [key(), key(rule="other"), key(event_id="call.missed:AC2"), key(path="a[1]")]
    assert key() == keys[0]
    assert len(set(keys)) == len(keys)
    assert all(one.startswith("quoflow-") and len(one) <= 75 for one in keys)


@pytest.mark.parametrize("written", [{"phones": "+15555550111"}, {"external_id": "crm-1"}])
def test_who_is_there_already_is_not_made(written):
    """Neither a number nor an external id that a contact has is given to a second one."""
    with pytest.raises(writes.NothingToDo, match="Anna is among the contacts already"):
        create(**written)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"external_id": "x" * 76}, "has 76 characters; Quo takes 1 to 75"),
        ({"external_id": "{{ contact.company or '' }}"}, "has 0 characters"),
        ({"source": "csv-import"}, "Quo keeps the source `csv-import` for itself"),
        ({"source": "zapier"}, "Quo keeps the source `zapier` for itself"),
        ({"source": "x" * 73}, "has 73 characters; Quo takes 1 to 72"),
        ({"fields": {"seats": ("many",)}}, "`seats` takes a number"),
    ],
)
@pytest.mark.parametrize("kind", ["create_contact", "upsert_contact"])
def test_what_quo_would_refuse_of_a_new_contact_is_impossible(kind, written, words):
    """External ids, sources and values are held to what Quo takes before anything is asked."""
    with pytest.raises(writes.Impossible) as caught:
        prepare(kind, make_pen(None, peer=STRANGER), **written)

    assert words in str(caught.value)


def test_without_a_number_or_a_name_there_is_nothing_to_make():
    """A hidden caller is no contact."""
    with pytest.raises(writes.Impossible, match="nothing to make a contact of"):
        create(make_pen(None, peer=""))


@pytest.mark.parametrize(
    ("written", "contact_id"),
    [
        ({"external_id": "crm-1"}, "CT1"),
        ({"phones": "+15555550111"}, "CT1"),
        ({"external_id": "crm-9", "phones": "+15555550111"}, None),
        ({}, None),
    ],
)
def test_an_upsert_means_whom_its_key_or_else_its_number_names(written, contact_id):
    """A key of the rule's own says who is meant, whoever else has the number."""
    payload = upsert(company="Berg", **written).payload

    assert (payload["contact_id"], payload["set"]) == (contact_id, {"company": "Berg"})
    assert payload["body"]["externalId"] == payload["external_id"]


def test_an_upsert_leaves_what_an_integration_owns():
    """It would be refused, so it is not tried."""
    with pytest.raises(writes.Impossible, match="the contact comes from `hubspot`"):
        upsert(phones="+15555550112")


def test_a_new_contact_is_said_in_words():
    """A person who decides reads who is made, not the bytes."""
    write = create(first_name="Eve", last_name="Berg", company="Berg", fields={"tags": ("a", "b")})

    assert describing.describe_write(write.action, write.to, write.text, write.payload) == (
        f"make the contact {STRANGER} Eve Berg, Berg, {STRANGER}, tags a, b"
    )
