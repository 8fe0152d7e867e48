"""Steps that change contacts: the gate, the journal, the way back, and what Quo refuses."""

from __future__ import annotations

import pytest

from .conftest import ANNA, BILL, STRANGER

UPDATE = """
name: update
trigger: call.missed
actions:
  - update_contact:
      company: "Berg & Sons"
      phones: "(555) 555-0118"
      remove_emails: office@berg.example
      fields: {Note: "called {{ call.from }}"}
  - tag_contact: {add: called}
"""


def fields_of(firm, contact):
    return {one["key"]: one["value"] for one in firm.quo.contact(contact)["custom_fields"]}


def values_of(firm, contact, name):
    return [one["value"] for one in firm.quo.contact(contact)["default_fields"][name]]


def test_a_contact_is_changed_with_a_yes_and_changed_back(make_firm):
    """Shown in words, approved, merged so that nothing else is lost, journalled, and undone to what it was."""
    firm = make_firm(UPDATE)
    firm.begin()
    before = firm.quo.contact("CTanna")
    firm.quo.miss_call(ANNA)
    shown = firm.run("run", "--once", "--dry-run").out
    firm.once()
    assert "company → Berg & Sons, add +15555550118, take out office@berg.example" in shown
    assert [one["action"] for one in firm.list("approvals")] == ["update_contact", "tag_contact"]
    assert firm.quo.writes() == []

    firm.approve_all()
    firm.once()
    assert values_of(firm, "CTanna", "phoneNumbers") == [ANNA, "+15555550119", "+15555550118"]
    assert values_of(firm, "CTanna", "emails") == ["anna@berg.example"]
    assert fields_of(firm, "CTanna") == {"tags": ["customer", "called"], "note": f"called {ANNA}"}
    assert firm.quo.contact("CTanna")["default_fields"]["company"] == "Berg & Sons"

    firm.run("undo", firm.list("runs")[0]["id"], "--yes")
    after = firm.quo.contact("CTanna")
    assert fields_of(firm, "CTanna") == {"tags": ["customer"], "note": "back door"}
    assert sorted(values_of(firm, "CTanna", "emails")) == ["anna@berg.example", "office@berg.example"]
    assert after["default_fields"]["phoneNumbers"] == before["default_fields"]["phoneNumbers"]
    assert after["default_fields"]["company"] == "Berg Bakery"


def test_a_change_of_which_nobody_knows_is_made_once(make_firm):
    """The answer is lost after the change, then before it: the contact is read, and changed where it was not."""
    firm = make_firm(UPDATE.replace("  - tag_contact: {add: called}\n", ""), auto=True)
    firm.begin()
    for fault, peer in (("reset_after", ANNA), ("reset_before", BILL)):
        firm.quo.fault(fault, "/v1/contacts/", method="PATCH")
        firm.quo.miss_call(peer)
        firm.once()
    firm.once(ahead="5m")

    assert [state for _, state in firm.states()] == ["succeeded", "succeeded"]
    assert fields_of(firm, "CTbill")["note"] == f"called {BILL}"
    patches = [one["path"] for one in firm.quo.writes()]
    assert [patches.count(f"/quo/v1/contacts/{one}") for one in ("CTanna", "CTbill")] == [1, 2]


CREATE = """
name: create
trigger: call.missed
when: not contact.known
actions:
  - id: new
    create_contact:
      first_name: New
      fields: {Note: "called {{ line.name }}"}
  - tag_contact: {add: lead}
"""
WATCH = "name: watch\ntrigger: [contact.created, contact.updated, contact.deleted]\nactions: [stop]\n"
UPSERT = """
name: upsert
trigger: message.received
actions:
  - upsert_contact: {external_id: "crm-{{ message.text }}", first_name: "{{ message.text }}", company: Upserted}
"""


def contacts_of(firm):
    return firm.quo._ask("GET", "state")["contacts"]


def test_a_contact_is_made_once_and_tagged_and_deleted_again(make_firm):
    """A stranger becomes a contact of the rule's making; undo deletes it whole; neither is an event."""
    firm = make_firm(CREATE, WATCH)
    firm.begin()
    firm.quo.miss_call(STRANGER)
    firm.quo.miss_call(ANNA)
    (shown,) = firm.preview()["writes"]
    assert (shown["action"], shown["to"]) == ("create_contact", STRANGER)
    firm.once()
    for _ in range(2):
        firm.approve_all()
        firm.once()

    (made,) = [one for one in contacts_of(firm) if one["external_id"]]
    assert made["external_id"] == shown["payload"]["external_id"]
    assert values_of(firm, made["id"], "phoneNumbers") == [STRANGER]
    assert fields_of(firm, made["id"]) == {"note": "called Main Line", "tags": ["lead"]}
    assert firm.states() == [("create", "succeeded")]

    told = firm.run("undo", firm.list("runs")[0]["id"], "--yes").out
    assert "deleted again" in told
    assert len(contacts_of(firm)) == 3
    firm.once()
    assert firm.states() == [("create", "succeeded")]


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_killed_while_a_contact_is_made_it_is_made_once(make_firm, fault):
    """`kill -9` with the request on its way, before Quo took it or after: one contact in the end."""
    firm = make_firm(CREATE, WATCH, auto=True)
    firm.begin()
    firm.quo.fault(fault, "/v1/contacts", method="POST")
    firm.quo.miss_call(STRANGER)
    with firm.serving() as service:
        service.wait_for(lambda: any(one["method"] == "POST" for one in firm.quo.writes()))
    assert [one["state"] for one in firm.list("outbox")] == ["sending"]
    for ahead in ("1m", "4m", "8m"):
        firm.once(ahead=ahead)

    (made,) = [one for one in contacts_of(firm) if one["external_id"]]
    assert fields_of(firm, made["id"])["tags"] == ["lead"]
    assert firm.states() == [("create", "succeeded")]


def test_a_contact_that_is_changed_or_made(make_firm):
    """The external id says who is meant: changed where they are, made where they are not, and one of each."""
    firm = make_firm(UPSERT, auto=True)
    firm.begin()
    firm.quo.happen("contacts", first_name="Old", external_id="crm-Dora", phones=["+15555550155"])
    for text in ("Dora", "Eve", "Eve"):
        firm.quo.write(text, STRANGER)
        firm.once()

    named = {one["external_id"]: one["default_fields"] for one in contacts_of(firm) if one["external_id"]}
    assert {key: (one["firstName"], one["company"]) for key, one in named.items()} == {
        "crm-Dora": ("Dora", "Upserted"),
        "crm-Eve": ("Eve", "Upserted"),
    }
    assert [one["value"] for one in named["crm-Dora"]["phoneNumbers"]] == ["+15555550155", STRANGER]
    assert [one["method"] for one in firm.quo.writes()] == ["PATCH", "POST"]


MARK = "name: mark\ntrigger: message.received\nactions:\n  - mark_conversation: done\n"


def test_a_conversation_is_marked_with_a_yes(make_firm):
    """Shown, approved, marked once; where the answer is lost it is marked once more, and no text is sent."""
    firm = make_firm(MARK)
    firm.begin()
    firm.quo.write("Thanks", ANNA)
    assert "as done" in firm.run("run", "--once", "--dry-run").out
    firm.once()
    firm.approve_all()
    firm.quo.fault("reset_after", "/v1/conversations", method="POST")
    firm.once()
    firm.once(ahead="1m")

    assert firm.states() == [("mark", "succeeded")]
    assert [one["path"].rpartition("/")[2] for one in firm.quo.writes()] == ["mark-as-done"] * 2
    assert firm.quo.sent() == []


DELETE = "name: delete\ntrigger: call.missed\napproval: auto\nactions:\n  - delete_contact:\n"


def test_a_deletion_is_always_asked_for_and_can_be_taken_back(make_firm):
    """`auto` is not enough; what was deleted is made again by undo, with all that it had, and neither is an event."""
    firm = make_firm(DELETE, WATCH, approvals={"allow_auto": ["*"]})
    before = firm.quo.contact("CTanna")
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    (waiting,) = firm.list("approvals")
    assert (waiting["action"], waiting["payload"]) == ("delete_contact", {"contact_id": "CTanna", "name": "Anna Berg"})
    firm.approve_all()
    firm.once()
    firm.once()
    assert [one["id"] for one in contacts_of(firm)] == ["CTbill", "CTcora"]

    told = firm.run("undo", firm.list("runs")[0]["id"], "--yes").out
    again = contacts_of(firm)[-1]
    assert "made again" in told
    assert values_of(firm, again["id"], "phoneNumbers") == [ANNA, "+15555550119"]
    assert fields_of(firm, again["id"]) == {"tags": ["customer"], "note": "back door"}
    assert again["default_fields"]["company"] == before["default_fields"]["company"]
    firm.once()
    assert firm.states() == [("delete", "succeeded")]


def test_the_configuration_may_let_a_rule_delete_alone(make_firm):
    """Where it names the rule for that, nobody is asked."""
    firm = make_firm(DELETE, approvals={"allow_auto": ["*"], "allow_delete": ["delete"]})
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()

    assert [one["id"] for one in contacts_of(firm)] == ["CTbill", "CTcora"]
