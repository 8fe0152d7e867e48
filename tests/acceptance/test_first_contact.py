"""Who has to do with us for the first time, through the real command."""

from __future__ import annotations

from .conftest import ANNA, BILL, MAIN, SALES, STRANGER, UNLIMITED

WELCOME = """
name: welcome
trigger: {conversation.started: {direction: incoming}}
actions:
  - send_message: {text: "Welcome, thanks for your {{ 'text' if message else 'call' }}!"}
"""
FIRST = """
name: first
trigger: [message.received, message.sent]
when: first_contact()
actions:
  - notify: "first: {{ message.text }}"
"""
OFFER = """
name: offer
trigger: manual
vars: {phone: ""}
actions:
  - send_message: {from: Main Line, to: "{{ vars.phone }}", text: "An offer"}
"""
OTHER, THIRD = "+15555550178", "+15555550179"


def test_a_new_number_is_welcomed_once(make_firm):
    """By its first text or lost call, on whichever line; who was there at the start, or is answering us, is not new."""
    firm = make_firm(WELCOME, FIRST, OFFER, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.run("trigger", "offer", "--set", f"phone={OTHER}")
    firm.once()
    assert [one["to"] for one in firm.quo.sent()] == [OTHER]

    firm.quo.write("Who is this?", OTHER)
    firm.quo.write("Hello again", ANNA)
    firm.quo.write("A price, please", STRANGER)
    firm.quo.write("Out of the blue", THIRD, direction="outgoing")
    firm.quo.happen("calls", peer="+15555550180", ring="10m")
    firm.once()
    firm.quo.advance("11m")
    firm.quo.write("Hello?", STRANGER, line=SALES)
    firm.quo.write("Yes?", THIRD)
    for _ in range(2):
        firm.once(ahead="12m")

    assert [(one["from"], one["to"], one["text"]) for one in firm.quo.sent()[1:]] == [
        (MAIN, STRANGER, "Welcome, thanks for your text!"),
        (MAIN, "+15555550180", "Welcome, thanks for your call!"),
    ]
    told = [one["event"] for one in firm.list("runs") if one["rule"] == "first"]
    assert len(told) == 2
    assert BILL not in str(told)
