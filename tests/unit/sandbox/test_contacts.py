"""Contacts: what may be created, and that a change replaces."""

from __future__ import annotations

import pytest

ANNA = "+15555550111"
FULL = {
    "defaultFields": {
        "firstName": "Anna",
        "lastName": "Berg",
        "company": "Bakery",
        "role": None,
        "emails": [{"name": "work", "value": "anna@example.com"}],
        "phoneNumbers": [{"name": "mobile", "value": ANNA}, {"name": "home", "value": "+15555550112"}],
    },
    "customFields": [{"key": "tags", "value": ["vip"]}, {"key": "age", "value": 41}],
    "externalId": "crm-1",
    "sourceUrl": "https://crm.example.com/1",
}


def test_a_contact_is_created_and_read_back(desk):
    """POST answers 201 with ids for the contact and its items; GET and the list show the same."""
    made = desk.post("/v1/contacts", FULL)
    row = made.data

    assert made.status == 201
    assert row["source"] == "public-api"
    assert row["createdByUserId"] == "US1"
    assert [item["value"] for item in row["defaultFields"]["phoneNumbers"]] == [ANNA, "+15555550112"]
    assert all(item["id"] for item in row["defaultFields"]["phoneNumbers"] + row["defaultFields"]["emails"])
    assert [(field["name"], field["type"], field["value"]) for field in row["customFields"]] == [
        ("Tags", "multi-select", ["vip"]),
        ("Age", "number", 41),
    ]
    assert desk.get(f"/v1/contacts/{row['id']}").data == row
    assert desk.get("/v1/contacts").data == [row]


def test_the_first_name_may_be_null_but_not_missing(desk):
    """`defaultFields.firstName` is a required key; null is a value."""
    assert desk.post("/v1/contacts", {"defaultFields": {"firstName": None}}).status == 201
    assert desk.post("/v1/contacts", {"defaultFields": {}}).problems == ["/defaultFields/firstName"]
    assert desk.post("/v1/contacts", {}).problems == ["/defaultFields"]


@pytest.mark.parametrize(
    "source",
    ["openphone", "device", "csv", "zapier", "google-people", "other", "openphone-2", "csv-import", "", "x" * 73],
)
def test_reserved_sources_are_refused(desk, source):
    """The sources that are Quo's own cannot be claimed, nor empty or overlong ones."""
    answer = desk.post("/v1/contacts", {"defaultFields": {"firstName": "A"}, "source": source})

    assert (answer.status, answer.problems) == (400, ["/source"])


@pytest.mark.parametrize(
    ("external_id", "status"), [("", 400), ("x" * 76, 400), (7, 400), ("x" * 75, 201), (None, 201)]
)
def test_the_length_of_an_external_id(desk, external_id, status):
    """An external id has 1 to 75 characters, or is null."""
    assert desk.post("/v1/contacts", {"defaultFields": {"firstName": "A"}, "externalId": external_id}).status == status


def test_an_external_id_is_unique(desk):
    """A second contact with an external id is a conflict, on creation and on change; one's own is none."""
    first = desk.post("/v1/contacts", FULL).data["id"]
    second = desk.post("/v1/contacts", {"defaultFields": {"firstName": "B"}}).data["id"]

    assert desk.post("/v1/contacts", FULL).body["code"] == "0800409"
    assert desk.patch(f"/v1/contacts/{second}", {"externalId": "crm-1"}).status == 409
    assert desk.patch(f"/v1/contacts/{first}", {"externalId": "crm-1"}).status == 200


@pytest.mark.parametrize(
    ("item", "is_fine"),
    [
        ({"key": "tags", "value": ["a", "b"]}, True),
        ({"key": "tags", "value": "a"}, False),
        ({"key": "tags", "value": [1]}, False),
        ({"key": "age", "value": 4.5}, True),
        ({"key": "age", "value": "4"}, False),
        ({"key": "age", "value": True}, False),
        ({"key": "member", "value": True}, True),
        ({"key": "member", "value": "true"}, False),
        ({"key": "since", "value": "2026-11-23T00:00:00Z"}, True),
        ({"key": "since", "value": "yesterday"}, False),
        ({"key": "note", "value": "text"}, True),
        ({"key": "note", "value": 7}, False),
        ({"key": "note", "value": None}, True),
        ({"key": "unknown", "value": "x"}, False),
        ({"value": "x"}, False),
        ({"key": "note"}, False),
    ],
)
def test_custom_fields_are_checked_against_their_type(desk, item, is_fine):
    """A custom field must be there and its value of its type, else Quo's own code and no contact."""
    answer = desk.post("/v1/contacts", {"defaultFields": {"firstName": "A"}, "customFields": [item]})

    assert answer.status == (201 if is_fine else 400)
    assert len(desk.get("/v1/contacts").data) == int(is_fine)


def test_an_unknown_custom_field_has_its_own_code(desk):
    """An invalid custom field item is 0801400 and names the key."""
    body = {"defaultFields": {"firstName": "A"}, "customFields": [{"key": "nope", "value": "x"}]}
    answer = desk.post("/v1/contacts", body)

    assert (answer.body["code"], answer.problems) == ("0801400", ["/customFields/nope"])


def test_a_change_deletes_what_it_leaves_out(desk):
    """PATCH replaces: emails, phone numbers and custom fields that the body leaves out are gone; names stay."""
    contact = desk.post("/v1/contacts", FULL).data["id"]
    changed = desk.patch(f"/v1/contacts/{contact}", {"defaultFields": {"company": "New"}})

    assert changed.status == 200
    assert changed.data["defaultFields"] == {
        "company": "New",
        "emails": [],
        "firstName": "Anna",
        "lastName": "Berg",
        "phoneNumbers": [],
        "role": None,
    }
    assert changed.data["customFields"] == []
    assert changed.data["externalId"] == "crm-1"


def test_a_complete_change_keeps_the_items_and_their_ids(desk):
    """Items sent back with their ids keep them; a new one gets an id; a value of null takes one away."""
    row = desk.post("/v1/contacts", FULL).data
    numbers = row["defaultFields"]["phoneNumbers"]
    tags = row["customFields"][0]
    body = {
        "defaultFields": {
            **row["defaultFields"],
            "phoneNumbers": [numbers[0], {**numbers[1], "value": None}, {"name": "new", "value": "+15555550113"}],
        },
        "customFields": [{"id": tags["id"], "value": ["vip", "late"]}, {"key": "age", "value": None}],
    }
    changed = desk.patch(f"/v1/contacts/{row['id']}", body).data

    assert changed["defaultFields"]["emails"] == row["defaultFields"]["emails"]
    assert changed["defaultFields"]["phoneNumbers"][0] == numbers[0]
    assert [item["value"] for item in changed["defaultFields"]["phoneNumbers"]] == [ANNA, "+15555550113"]
    assert changed["customFields"] == [{**tags, "value": ["vip", "late"]}]


def test_a_made_up_item_id_is_not_taken(desk):
    """An item whose id the contact does not have gets one of Quo's own."""
    contact = desk.post("/v1/contacts", FULL).data["id"]
    body = {"defaultFields": {"emails": [{"name": "work", "value": "a@example.com", "id": "mine"}]}}
    item = desk.patch(f"/v1/contacts/{contact}", body).data["defaultFields"]["emails"][0]

    assert item["value"] == "a@example.com"
    assert item["id"].startswith("EM")


def test_a_refused_change_changes_nothing(desk):
    """A change that is refused for one field leaves the whole contact as it was."""
    row = desk.post("/v1/contacts", FULL).data
    body = {"defaultFields": {"company": "New"}, "customFields": [{"key": "age", "value": "old"}]}

    assert desk.patch(f"/v1/contacts/{row['id']}", body).status == 400
    assert desk.get(f"/v1/contacts/{row['id']}").data == row


def test_a_change_is_stamped(desk):
    """A change moves updatedAt and leaves createdAt."""
    row = desk.post("/v1/contacts", FULL).data
    desk.later(60)
    changed = desk.patch(f"/v1/contacts/{row['id']}", {"source": "my-crm"}).data

    assert (changed["createdAt"], changed["updatedAt"]) == (row["createdAt"], "2026-11-23T15:01:00.000Z")
    assert changed["source"] == "my-crm"


def test_synced_contacts_are_read_only(make_desk):
    """A contact of an integration can be read, and neither changed nor deleted."""
    desk = make_desk(contacts=[{"id": "CT1", "first_name": "Gus", "source": "hubspot"}])

    assert desk.get("/v1/contacts/CT1").status == 200
    assert desk.patch("/v1/contacts/CT1", {"defaultFields": {"company": "X"}}).body["code"] == "0801403"
    assert desk.ask("DELETE", "/v1/contacts/CT1").status == 403


def test_a_deleted_contact_is_gone(desk):
    """DELETE answers 204 without a body; then the contact is 404 for everything."""
    contact = desk.post("/v1/contacts", FULL).data["id"]
    deleted = desk.ask("DELETE", f"/v1/contacts/{contact}")

    assert (deleted.status, deleted.reply.body) == (204, b"")
    assert desk.get(f"/v1/contacts/{contact}").status == 404
    assert desk.patch(f"/v1/contacts/{contact}", {}).status == 404
    assert desk.ask("DELETE", f"/v1/contacts/{contact}").status == 404


def test_only_external_ids_and_sources_filter(make_desk):
    """Repeated keys filter; brackets, names and phone numbers are ignored silently."""
    contacts = [
        {"id": "CT1", "external_id": "a", "source": "crm"},
        {"id": "CT2", "external_id": "b", "source": "crm"},
        {"id": "CT3", "phones": ANNA, "source": "shop"},
    ]
    desk = make_desk(contacts=contacts)

    def found(*query):
        return [row["id"] for row in desk.get("/v1/contacts", *query).data]

    assert found(("externalIds", "a"), ("externalIds", "b")) == ["CT1", "CT2"]
    assert found(("sources", "shop")) == ["CT3"]
    assert found(("externalIds", "a"), ("sources", "shop")) == []
    assert found(("externalIds[]", "a")) == ["CT1", "CT2", "CT3"]
    assert found(("phoneNumber", ANNA)) == ["CT1", "CT2", "CT3"]


def test_at_most_fifty_contacts_a_page(desk):
    """`maxResults` of contacts and users is 1 to 50."""
    assert desk.get("/v1/contacts", ("maxResults", "50")).status == 200
    assert desk.get("/v1/contacts", ("maxResults", "51")).problems == ["/maxResults"]
    assert desk.get("/v1/users", ("maxResults", "51")).problems == ["/maxResults"]


def test_the_definitions_of_custom_fields(desk):
    """The definitions are name, key and type, in the order of the scenario."""
    assert desk.get("/v1/contact-custom-fields").data[0] == {"name": "Tags", "key": "tags", "type": "multi-select"}


def test_contacts_of_a_scenario_have_typed_fields(make_desk):
    """A scenario's values may all be text; the API shows them in the field's type."""
    fields = {"tags": "vip", "age": "41", "member": "true", "note": "7"}
    desk = make_desk(contacts=[{"id": "CT1", "fields": fields, "created": "-2d"}])
    row = desk.get("/v1/contacts/CT1").data

    assert {field["key"]: field["value"] for field in row["customFields"]} == {
        "tags": ["vip"],
        "age": 41.0,
        "member": True,
        "note": "7",
    }
    assert row["createdAt"] == "2026-11-21T15:00:00.000Z"
