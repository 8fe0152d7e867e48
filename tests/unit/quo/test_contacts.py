"""Changing contacts against a server that deletes what a PATCH leaves out, as Quo's does."""

from __future__ import annotations

import copy
import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quoflow.quo import contacts, errors, wire

TAGS = {"name": "Tags", "key": "tags", "type": "multi-select"}


class Server:
    """One contact under Quo's documented semantics: PATCH replaces the three lists, null values remove items."""

    def __init__(self, contact, definitions=(TAGS,)) -> None:
        self.contact = copy.deepcopy(contact)
        self.definitions = {one["key"]: one for one in definitions}
        self.patches: list[dict] = []
        self.failures: list[httpx.Response] = []
        self.after_patch = lambda: None
        self.fails_to_read_back = False

    def __call__(self, request):
        if request.url.path.endswith("/contact-custom-fields"):
            return httpx.Response(200, json={"data": list(self.definitions.values())})
        if request.method == "PATCH":
            if self.failures:
                return self.failures.pop(0)
            self.patches.append(json.loads(request.content))
            self.apply(self.patches[-1])
            answer = httpx.Response(200, json={"data": copy.deepcopy(self.contact)})
            self.after_patch()
            return answer
        if self.fails_to_read_back and self.patches:
            return httpx.Response(404, json={})
        return httpx.Response(200, json={"data": self.contact})

    def apply(self, body) -> None:
        known = self.contact["defaultFields"]
        sent = body.get("defaultFields", {})
        for name in ("firstName", "lastName", "company", "role"):
            known[name] = sent.get(name, known[name])
        for name in ("emails", "phoneNumbers"):
            known[name] = [item for item in sent.get(name, []) if item["value"] is not None]
        old = {field["key"]: field for field in self.contact["customFields"]}
        self.contact["customFields"] = [
            {**old.get(field["key"], self.definitions.get(field["key"], {})), **field}
            for field in body.get("customFields", [])
            if field["value"] is not None
        ]


def make_contact(**changes):
    contact = {
        "id": "C1",
        "externalId": "ext",
        "source": None,
        "defaultFields": {
            "firstName": "Jane",
            "lastName": None,
            "company": "Acme",
            "role": None,
            "emails": [{"id": "E1", "name": "work", "value": "jane@example.com"}],
            "phoneNumbers": [
                {"id": "P1", "name": "mobile", "value": "+15551234567"},
                {"id": "P2", "name": "home", "value": "+15557654321"},
            ],
        },
        "customFields": [
            {"id": "F1", "key": "tags", "name": "Tags", "type": "multi-select", "value": ["vip"]},
            {"id": "F2", "key": "birthday", "name": "Birthday", "type": "date", "value": "2000-01-01T00:00:00.000Z"},
            {"id": "F3", "key": "score", "name": "Score", "type": "number", "value": 7.5},
        ],
        "createdAt": "2022-01-01T00:00:00Z",
        "updatedAt": "2022-01-01T00:00:00Z",
    }
    return {**contact, **changes}


def ignore(before, wanted):
    del before, wanted


def tag(make_quo, server, *, field_key="tags", add=(), remove=()):
    return contacts.tag_contact(make_quo(server), "C1", field_key=field_key, add=add, remove=remove, keep=ignore)


def test_the_complete_set_is_written_with_its_ids(make_quo):
    """The PATCH names every list item with its id, and no plain field that stays as it is."""
    server = Server(make_contact())
    change = tag(make_quo, server, add=["refund"], remove=["vip"])

    assert server.patches == [
        {
            "defaultFields": {
                "emails": [{"name": "work", "value": "jane@example.com", "id": "E1"}],
                "phoneNumbers": [
                    {"name": "mobile", "value": "+15551234567", "id": "P1"},
                    {"name": "home", "value": "+15557654321", "id": "P2"},
                ],
            },
            "customFields": [
                {"key": "tags", "id": "F1", "value": ["refund"]},
                {"key": "birthday", "id": "F2", "value": "2000-01-01T00:00:00.000Z"},
                {"key": "score", "id": "F3", "value": 7.5},
            ],
        }
    ]
    assert (change.changed, change.conflict) == (True, ())
    assert contacts.read_tags(change.before, "tags") == ("vip",)
    assert contacts.read_tags(change.after, "Tags") == ("refund",)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=8)
ITEMS = st.lists(
    st.builds(lambda name, value, key: {"name": name, "value": value, "id": key}, TEXT, TEXT, TEXT), max_size=4
)
VALUES = st.one_of(TEXT, st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e6, 1e6), st.lists(TEXT, max_size=3))
FIELDS = st.dictionaries(TEXT.filter(lambda key: key not in ("tags", "Tags")), VALUES, max_size=4)
SCALAR = st.none() | TEXT


@st.composite
def any_contact(draw):
    fields = [
        {"key": k, "id": f"F-{k}", "name": k.upper() + "!", "type": "x", "value": v} for k, v in draw(FIELDS).items()
    ]
    tags = draw(st.none() | st.lists(TEXT, max_size=4))
    if tags is not None:
        place = draw(st.integers(0, len(fields)))
        fields.insert(place, {**TAGS, "id": "F-tags", "value": tags})
    known = {name: draw(SCALAR) for name in ("firstName", "lastName", "company", "role")}
    lists = {"emails": draw(ITEMS), "phoneNumbers": draw(ITEMS)}
    return make_contact(defaultFields={**known, **lists}, customFields=fields)


def without_tags(contact):
    fields = [field for field in contact["customFields"] if field["key"] != "tags"]
    return {**contact, "customFields": fields}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(any_contact(), st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=3))
def test_a_tag_change_changes_nothing_else(make_quo, contact, add, remove):
    """For any contact and any tags, under replace-on-PATCH, everything but the tags is as it was."""
    server = Server(contact)
    change = tag(make_quo, server, add=add, remove=remove)
    held = next((field["value"] for field in contact["customFields"] if field["key"] == "tags"), [])
    expected = contacts.merge_tags(held, add, remove)

    assert without_tags(server.contact) == without_tags(contact)
    assert contacts.read_tags(change.after, "tags") == expected
    assert change.conflict == ()
    assert change.changed == (tuple(held) != expected) == bool(server.patches)


@given(st.lists(TEXT, max_size=5, unique=True), st.lists(TEXT, max_size=5), st.lists(TEXT, max_size=5))
def test_merging_tags_twice_is_merging_once(current, add, remove):
    """Merging is idempotent, adds each tag once, and keeps the order of the others."""
    once = contacts.merge_tags(current, add, remove)

    assert contacts.merge_tags(once, add, remove) == once
    assert set(once) == (set(current) - set(remove)) | set(add)
    assert len(once) == len(set(once))
    assert once[: len(current)] == tuple(current) or remove


def test_what_is_there_already_is_not_written(make_quo):
    """No PATCH when nothing changes."""
    server = Server(make_contact())
    change = tag(make_quo, server, add=["vip"], remove=["other"])

    assert not server.patches
    assert (change.changed, change.before) == (False, change.after)


def test_the_field_may_be_named_and_need_not_be_on_the_contact(make_quo):
    """A contact without the property gets it, found by its name among the workspace's definitions."""
    server = Server(make_contact(customFields=[]))
    change = tag(make_quo, server, field_key="Tags", add=["new"])

    assert server.patches[0]["customFields"] == [{"key": "tags", "value": ["new"]}]
    assert contacts.read_tags(change.after, "Tags") == ("new",)


@pytest.mark.parametrize("definitions", [(), ({**TAGS, "type": "string"},)])
def test_a_missing_property_says_how_to_make_it(make_quo, definitions):
    """No multi-select of that name: how to make one in the app and where to name it; nothing is written."""
    server = Server(make_contact(customFields=[]), definitions)
    with pytest.raises(errors.TagFieldMissing) as caught:
        tag(make_quo, server, add=["x"])

    assert "Contact properties" in caught.value.hint
    assert "quoflow.yaml" in caught.value.hint
    assert not server.patches


def test_a_conflict_is_read_again_and_merged(make_quo):
    """A 409 wrote nothing: read, merge and write once more."""
    server = Server(make_contact())
    server.failures = [httpx.Response(409, json={})]

    assert tag(make_quo, server, add=["x"]).changed
    assert len(server.patches) == 1


def test_a_lasting_conflict_is_raised(make_quo):
    """After three tries the conflict is the caller's."""
    server = Server(make_contact())
    server.failures = [httpx.Response(409, json={}) for _ in range(9)]
    with pytest.raises(errors.Conflict):
        tag(make_quo, server, add=["x"])

    assert len(server.failures) == 6


@pytest.mark.parametrize("status", [400, 403])
def test_an_integrations_contact_is_explained(make_quo, status):
    """A refusal for a contact that an integration owns says so; another refusal stays what it is."""
    server = Server(make_contact(source="hubspot"))
    server.failures = [httpx.Response(status, json={"message": "no", "code": "12"})]
    with pytest.raises(errors.ContactReadOnly, match="hubspot") as caught:
        tag(make_quo, server, add=["x"])

    assert (caught.value.status, caught.value.code) == (status, "12")
    server = Server(make_contact(source="public-api"))
    server.failures = [httpx.Response(status, json={})]
    with pytest.raises(errors.NotSentError) as caught:
        tag(make_quo, server, add=["x"])
    assert not isinstance(caught.value, errors.ContactReadOnly)


def test_an_ambiguous_write_is_not_repeated(make_quo):
    """A 500 may hide a change: raised as it is, for the caller to look."""
    server = Server(make_contact())
    server.failures = [httpx.Response(500)]
    with pytest.raises(errors.ServerFailed):
        tag(make_quo, server, add=["x"])

    assert not server.patches


def test_what_was_lost_is_reported(make_quo):
    """A server that loses more than it should, or a person who edits meanwhile, shows, with numbers masked."""
    server = Server(make_contact())

    def lose():
        server.contact["defaultFields"]["phoneNumbers"].pop()
        server.contact["defaultFields"]["emails"].append({"name": "x", "value": "new@example.org"})
        server.contact["defaultFields"]["company"] = "Other"
        server.contact["customFields"] = server.contact["customFields"][:2]
        server.contact["customFields"][1]["value"] = "2001-01-01T00:00:00.000Z"

    server.after_patch = lose

    assert tag(make_quo, server, add=["x"]).conflict == (
        "company is different",
        "e-mail address n…@example.org was added",
        "phone number …4321 is gone",
        "custom field `birthday` is different",
        "custom field `score` is gone",
    )


def test_a_number_written_otherwise_is_not_lost(make_quo):
    """Quo may reformat a number, change an id, or order options otherwise: no conflict."""
    server = Server(make_contact())

    def reformat():
        server.contact["defaultFields"]["phoneNumbers"][0].update(value="(555) 123-4567", id="P9")
        server.contact["customFields"][0]["value"].reverse()

    server.after_patch = reformat

    assert tag(make_quo, server, add=["x"]).conflict == ()


def test_a_failed_reading_back_does_not_pass_for_a_failed_write(make_quo):
    """The PATCH succeeded: not an error, but a change that could not be checked."""
    server = Server(make_contact())
    server.fails_to_read_back = True
    change = tag(make_quo, server, add=["x"])

    assert change.changed
    assert "could not be read back" in change.conflict[0]
    assert contacts.read_tags(change.after, "tags") == ("vip", "x")


def test_a_field_that_could_not_be_kept_stops_the_write(make_quo):
    """A custom field with neither key nor id would be deleted by a PATCH: refused before it."""
    server = Server(make_contact())
    server.contact["customFields"].append({"name": "Odd", "type": "string", "value": "x"})
    with pytest.raises(errors.Refused, match="Odd"):
        tag(make_quo, server, add=["x"])

    assert not server.patches


def test_plain_fields_are_written_where_they_change(make_quo):
    """A changed company is in the body, the unchanged names are not; the lists are complete all the same."""
    server = Server(make_contact())

    def rename(contact: wire.Contact) -> wire.Contact:
        known = contact.default_fields.model_copy(update={"company": None})
        return contact.model_copy(update={"default_fields": known})

    change = contacts.change_contact(make_quo(server), "C1", rename, keep=ignore)
    sent = server.patches[0]["defaultFields"]

    assert {key: sent[key] for key in sent if key not in ("emails", "phoneNumbers")} == {"company": None}
    assert len(sent["phoneNumbers"]) == 2
    assert change.conflict == ()
