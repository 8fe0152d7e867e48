"""Flow through the real command: what a run remembers, chooses, repeats and waits for."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA


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


def test_each_item_of_a_list_is_done_once_whenever_the_process_dies(make_firm):
    """The texts of a loop are asked for together, and each goes once, over a restart between any two of them."""
    rule = f"""
name: team
trigger: message.received
vars: {{team: ["{ANNA}", "{CORA}"]}}
actions:
  - choose:
      - if: "'urgent' in message.text"
        then:
          - for_each:
              in: vars.team
              as: number
              do:
                - id: sent
                  send_message: {{to: "{{{{ number }}}}", text: "{{{{ each.index }}}}: {{{{ contact.name }}}} wrote"}}
                - wait: 1h
                - log: "sent {{{{ steps.sent.text }}}}"
    else:
      - stop: not urgent
"""
    firm = make_firm(rule)
    firm.begin()
    firm.quo.write("urgent", peer=BILL)
    firm.once()
    asked = [one["text"] for one in firm.list("approvals")]
    firm.approve_all()
    firm.once()
    firm.once(ahead="2h")
    firm.approve_all()
    firm.once(ahead="2h")
    later = firm.once(ahead="4h")

    assert asked == ["1: Bill wrote"]
    assert firm.quo.texts() == ["1: Bill wrote", "2: Bill wrote"]
    assert "sent 2: Bill wrote" in later.err
    assert firm.states() == [("team", "succeeded")]
