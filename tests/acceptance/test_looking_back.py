"""What went before with a contact decides, through the real command: counts, the newest event, texts from before."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA, UNLIMITED

AGAIN = """
name: again
trigger: call.missed
when:
  - count('call.missed', '30m') >= 2
  - last('message.received') and 'open' in (last('message.received').text or '')
actions:
  - send_message:
      text: "{{ count('call.missed', '30m') }} calls; you asked: {{ last('message.received').text or '' }}"
  - wait: 10m
  - if: last('message.received').time and last('message.received').time > event.time
    then:
      - send_message: {text: "You wrote: {{ last('message.received').text or '' }}"}
"""


def test_the_second_lost_call_is_answered_with_what_they_asked_before_the_first_start(make_firm):
    """Both numbers of the contact count, nobody else's; what comes while a run waits is seen when it goes on."""
    firm = make_firm(AGAIN, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.miss_call(BILL)
    firm.quo.miss_call("+15555550119")
    firm.once()
    assert firm.quo.sent() == []

    firm.quo.miss_call(ANNA)
    firm.once()
    assert firm.quo.texts() == ["2 calls; you asked: Are you open today?"]

    firm.quo.write("Never mind", ANNA)
    firm.once()
    firm.once(ahead="11m")
    assert firm.quo.texts()[1:] == ["You wrote: Never mind"]
    said = firm.run("explain", firm.list("runs")[0]["event"]).out
    assert "count('call.missed', '30m') >= 2" in said


NUDGE = """
name: nudge
trigger: message.received
when: not replied_since(ago('7d'))
actions:
  - send_message: {text: "We will answer soon."}
  - wait: 30m
  - if: not replied_since(event.time)
    then:
      - send_message: {text: "Still on it."}
"""


def test_only_what_a_person_says_is_a_reply(make_firm):
    """Our own text, and Quo's answer within seconds, are none; a teammate's text is, and so is a call."""
    firm = make_firm(NUDGE, auto=True, guards=UNLIMITED)
    firm.begin()
    for peer in (ANNA, BILL, CORA):
        firm.quo.write("Hello?", peer)
    firm.quo.write("We are closed.", ANNA, direction="outgoing")
    firm.once()
    assert sorted(one["to"] for one in firm.quo.sent()) == [ANNA, BILL, CORA]

    firm.quo.advance("1m")
    firm.quo.write("On my way", BILL, direction="outgoing")
    firm.quo.miss_call(CORA, answered=True, duration="0s")
    firm.once(ahead="2m")
    firm.once(ahead="40m")
    assert [(one["to"], one["text"]) for one in firm.quo.sent()[3:]] == [(ANNA, "Still on it.")]

    firm.quo.write("And?", BILL)
    firm.once(ahead="41m")
    assert len(firm.quo.sent()) == 4
