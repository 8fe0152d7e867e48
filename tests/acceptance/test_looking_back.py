"""What went before with a contact decides, through the real command: counts, the newest event, texts from before."""

from __future__ import annotations

from .conftest import ANNA, BILL, UNLIMITED

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
