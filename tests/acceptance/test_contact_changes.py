"""What somebody does to contacts, through the real command: events of differences, and none of our own."""

from __future__ import annotations

from .conftest import ANNA, BILL, STRANGER, UNLIMITED

MADE = """
name: made
trigger: contact.created
actions:
  - send_message: {from: Main Line, text: "Welcome {{ contact.first_name or 'there' }}"}
"""
VIP = """
name: vip
trigger: {contact.updated: {changed: [tags, fields.note]}}
when: "'vip' in change.tags_added or 'fields.note' in change.names"
actions:
  - send_message:
      from: Sales
      text: >-
        {{ change.names | join(' ') }}: {{ change.before.fields.note or '-' }}/{{ change.after.fields.note or '-' }}
  - tag_contact: {add: greeted}
"""
ANY = "name: any\ntrigger: contact.updated\nactions: [{notify: changed}]\n"
GONE = """
name: gone
trigger: contact.deleted
actions:
  - notify: "{{ contact.name }} ({{ contact.phone or 'no number' }}) is gone"
"""
WAIT = "name: wait\ntrigger: message.received\ncancel_on: contact.deleted\nactions: [{wait: 3d}, stop]\n"


def test_differences_of_contacts_are_events_and_our_own_changes_are_not(make_firm):
    """A contact made, changed and deleted in the app, each once; a tag of ours, or a change nobody asks for, never."""
    firm = make_firm(MADE, VIP, ANY, GONE, WAIT, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.once(ahead="11m")
    assert firm.list("runs") == []

    firm.quo.write("Hello", BILL)
    firm.once(ahead="12m")
    firm.quo.happen("contacts", first_name="Ida", phones=[STRANGER])
    firm.quo.happen("contacts", id="CTmute", first_name="Mute")
    firm.quo.change_contact("CTanna", fields={"tags": ["customer", "vip"], "note": "front door"})
    firm.quo.delete_contact("CTbill")
    for minute in (25, 40, 55):
        firm.once(ahead=f"{minute}m")

    assert sorted((one["to"], one["text"]) for one in firm.quo.sent()) == [
        (ANNA, "tags fields.Note fields.note: back door/front door"), (STRANGER, "Welcome Ida"),
    ]  # fmt: skip
    assert "greeted" in str(firm.quo.contact("CTanna"))
    by_rule = sorted((one["rule"], one["state"]) for one in firm.list("runs"))
    assert by_rule == [
        ("any", "succeeded"), ("gone", "succeeded"), ("made", "failed"), ("made", "succeeded"), ("vip", "succeeded"),
        ("wait", "cancelled"),
    ]  # fmt: skip
    told = firm.run("explain", "CTanna").out
    assert "contact.updated" in told


def test_a_list_that_is_not_whole_deletes_nobody(make_firm):
    """A page that lacks a contact, one that cannot be read, a look that fails: who is missing is asked for alone."""
    firm = make_firm(GONE, ANY, auto=True)
    firm.begin()
    firm.quo.fault("short_list", "/v1/contacts", times=2)
    firm.once(ahead="11m")
    firm.quo.clear_faults()
    firm.quo.fault("bad_item", "/v1/contacts", times=2)
    firm.once(ahead="22m")
    firm.quo.clear_faults()
    firm.quo.delete_contact("CTcora")
    firm.quo.fault("503", "/v1/contacts/", times=None)
    firm.once(ahead="33m")
    assert firm.list("runs") == []

    firm.quo.clear_faults()
    for minute in (44, 55):
        firm.once(ahead=f"{minute}m")
    assert [one["rule"] for one in firm.list("runs")] == ["gone"]
