"""Conversations that nobody answers, through the real command: rows that survive, told once, ended by people only."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA, STRANGER, UNLIMITED

NUDGE = """
name: nudge
trigger: {conversation.unanswered: {for: 30m}}
actions:
  - send_message: {text: "Sorry for the wait, {{ message.text if message else 'we missed your call' }}"}
"""
CLOSED = """
name: closed
trigger: {conversation.unanswered: {for: 30m, within: never}}
actions:
  - notify: too late
"""
GREET = """
name: greet
trigger: message.received
actions:
  - send_message: {text: "We have your message."}
"""


def test_whom_nobody_answers_is_told_of_once(make_firm):
    """An automatic text is no answer, a person's or a call is; a closed office has no time; each wait is told once."""
    hours = {"never": {"open": {"mon": "00:00-00:01"}, "closed": []}}
    firm = make_firm(NUDGE, CLOSED, GREET, auto=True, guards=UNLIMITED, hours=hours)
    firm.begin()
    for peer in (ANNA, BILL, CORA):
        firm.quo.write("hello", peer)
    firm.quo.miss_call(STRANGER)
    firm.once()
    assert len(firm.quo.sent()) == 3

    firm.quo.advance("5m")
    firm.quo.write("On my way", BILL, direction="outgoing")
    firm.quo.miss_call(CORA, answered=True, duration="0s")
    firm.once(ahead="10m")
    assert [one["action"] for one in firm.preview(ahead="31m")["writes"]] == ["send_message"] * 2
    for minute in (31, 45, 90):
        firm.once(ahead=f"{minute}m")

    assert sorted((one["to"], one["text"]) for one in firm.quo.sent()[3:]) == [
        (ANNA, "Sorry for the wait, hello"), (STRANGER, "Sorry for the wait, we missed your call"),
    ]  # fmt: skip
    assert {one["rule"] for one in firm.list("runs")} == {"greet", "nudge"}
