"""Flow through the real command: what a run remembers, chooses, repeats and waits for."""

from __future__ import annotations

from .conftest import ANNA, BILL


def test_a_run_remembers_and_fails_in_its_own_words(make_firm):
    """What `set` found stays over a wait and a restart; `fail` ends the run with its reason."""
    rule = """
name: quote
trigger: message.received
actions:
  - set: {who: "{{ contact.first_name }}", words: "{{ message.text | wordcount }}"}
  - if: vars.words > 2
    fail: "{{ vars.who }} writes {{ vars.words }} words"
  - wait: 1h
  - log: {text: "back to {{ vars.who }}", level: warning}
  - send_message: {text: "{{ vars.who }}, here is your quote."}
"""
    firm = make_firm(rule, auto=True)
    firm.begin()
    firm.quo.write("A quote please", peer=BILL)
    firm.quo.write("Quote?", peer=ANNA)
    firm.once()
    failed = next(one for one in firm.list("runs") if one["state"] == "failed")
    later = firm.once(ahead="2h")

    assert failed["reason"] == "Bill writes 3 words"
    assert "back to Anna" in later.err
    assert firm.quo.texts() == ["Anna, here is your quote."]
