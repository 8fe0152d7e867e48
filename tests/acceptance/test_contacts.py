"""Steps that change contacts: the gate, the journal, the way back, and what Quo refuses."""

from __future__ import annotations

from .conftest import ANNA, BILL

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
