"""Steps that read: their outcomes in later steps, their time-outs, and errors that stay their own."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA

TALK = """
name: talk
trigger: message.received
when: "'VIP' not in message.text"
actions:
  - id: talk
    fetch_messages: {limit: 2}
  - id: calls
    fetch_calls:
  - id: bakery
    find_contact: {where: "contact.company == 'Berg Bakery'"}
  - id: nobody
    find_contact: {email: nobody@example.com}
  - id: other
    find_contact: {external_id: crm-77}
  - tag_contact:
      add:
        - "{% for one in steps.talk.messages or [] %}{{ one.text }}/{% endfor %}"
        - "calls {{ steps.calls.count }} {{ (steps.calls.calls | first).status or 'none' }}"
        - "{{ steps.bakery.id or 'none' }} {{ steps.nobody.id or 'none' }} {{ steps.other.first_name or 'none' }}"
"""

VOICEMAIL = """
name: voicemail
trigger: call.missed
actions:
  - id: left
    fetch_voicemail: {timeout: 10m, on_timeout: continue}
  - tag_contact: {add: "{{ steps.left.text or 'nothing' }}"}
"""

MANY = """
name: many
trigger: message.received
when: "'VIP' in message.text"
actions:
  - find_contact: {where: contact.known}
"""


LATER = """
name: later
trigger: call.missed
actions:
  - wait: 1m
  - id: calls
    fetch_calls:
  - id: talk
    fetch_messages: {timeout: 5m, on_timeout: continue}
  - tag_contact: {add: "{{ steps.talk.count }} texts"}
"""


def tags_of(firm, contact):
    return {one["key"]: one["value"] for one in firm.quo.contact(contact)["custom_fields"]}.get("tags")


def test_what_was_read_is_there_for_later_steps(make_firm):
    """Texts, calls and contacts are typed outcomes; several contacts where one was meant fail the run."""
    firm = make_firm(TALK, MANY, auto=True)
    firm.begin()
    firm.quo.happen("contacts", first_name="Eve", external_id="crm-77")
    firm.quo.miss_call(ANNA)
    firm.quo.write("one", ANNA)
    firm.quo.write("two", ANNA)
    firm.quo.write("two", BILL)
    firm.quo.write("VIP", CORA)
    firm.once()

    assert tags_of(firm, "CTanna") == ["customer", "one/two/", "calls 2 missed", "CTanna none Eve"]
    assert tags_of(firm, "CTbill") == ["two/", "calls 0 none", "CTanna none Eve"]
    (failed,) = [one for one in firm.list("runs") if one["rule"] == "many"]
    assert (failed["state"], "contacts fit" in failed["steps"][0]["reason"]) == ("failed", True)


def test_a_voicemail_is_waited_for_and_then_gone_without(make_firm):
    """One that comes in time is read; one that does not leaves `text` empty, and the run goes on."""
    firm = make_firm(VOICEMAIL, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA, voicemail={"after": "90s", "text": "Please call me"})
    firm.quo.miss_call(BILL)
    firm.once()
    firm.quo.advance("2m")
    firm.once(ahead="2m")
    assert tags_of(firm, "CTbill") is None

    firm.once(ahead="11m")
    assert tags_of(firm, "CTanna") == ["customer", "Please call me"]
    assert tags_of(firm, "CTbill") == ["nothing"]


def test_a_read_that_fails_is_the_steps_own(make_firm):
    """What Quo refuses fails the step with its reason; where it cannot be reached, the time-out decides."""
    firm = make_firm(LATER, auto=True)
    firm.begin()
    firm.quo.miss_call(BILL)
    firm.once()
    firm.quo.fault("403", "/v1/calls", method="GET")
    firm.once(ahead="2m")
    (refused,) = firm.list("runs")
    assert refused["state"] == "failed"
    assert "403" in refused["steps"][1]["reason"]

    firm.quo.miss_call(ANNA)
    firm.once()
    firm.quo.fault("503", "/v1/messages", times=None, method="GET")
    firm.once(ahead="2m")
    assert firm.states()[1] == ("later", "queued")
    firm.once(ahead="8m")
    assert firm.states()[1] == ("later", "succeeded")
    assert tags_of(firm, "CTanna") == ["customer", "0 texts"]
