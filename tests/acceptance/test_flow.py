"""Flow through the real command: what a run remembers, chooses, repeats and waits for."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA, UNLIMITED


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


def test_a_run_waits_for_an_answer_over_restarts(make_firm):
    """An answer wakes the run that waits for it, with its words; who does not answer is dealt with otherwise."""
    rule = """
name: follow-up
trigger: {message.received: {text: {contains: offer}}}
actions:
  - send_message: {text: "Shall we come on Tuesday?"}
  - id: answer
    wait_for:
      event: message.received
      text: {contains: ["yes", "no"]}
      timeout: 2h
      on_timeout:
        - send_message: {text: "Are you still interested?"}
        - stop: no answer
  - send_message: {text: "You said: {{ steps.answer.text }}"}
"""
    firm = make_firm(rule, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("An offer, yes?", peer=ANNA)
    firm.quo.write("An offer, no?", peer=BILL)
    firm.once()
    waiting = firm.states()
    firm.quo.write("Which Tuesday?", peer=ANNA)
    firm.once()
    firm.quo.write("Yes!", peer=ANNA)
    firm.once()
    answered = firm.quo.texts()
    firm.once(ahead="3h")

    assert waiting == [("follow-up", "waiting")] * 2
    assert answered[2:] == ["You said: Yes!"]
    assert firm.quo.texts()[3:] == ["Are you still interested?"]
    assert [one["reason"] for one in firm.list("runs")] == ["no answer", ""]


def test_what_provably_was_not_sent_is_tried_again_and_nothing_else(make_firm):
    """A refused text goes out with a later try, once; one whose answer is lost is parked, whatever `retry` says."""
    rule = """
name: answer
trigger: message.received
actions:
  - send_message: {text: "Got it: {{ message.text }}"}
    retry: {times: 2, every: 1m}
    on_error:
      - log: {text: "gave up: {{ error.message }}", level: warning}
"""
    firm = make_firm(rule, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.fault("404", "/v1/messages", method="POST")
    firm.quo.write("one", peer=ANNA)
    firm.once()
    refused = firm.list("runs")[0]["steps"][0]
    firm.once(ahead="2m")
    firm.quo.fault("404", "/v1/messages", method="POST", times=3)
    firm.quo.write("two", peer=BILL)
    for later in ("2m", "5m", "10m", "20m"):
        told = firm.once(ahead=later).err
        if "gave up" in told:
            break
    firm.quo.clear_faults()
    firm.quo.fault("reset_before", "/v1/messages", method="POST")
    firm.quo.write("three", peer=CORA)
    for later in ("20m", "30m", "3h"):
        firm.once(ahead=later)

    assert (refused["state"], refused["reason"].partition(",")[0]) == ("queued", "tried again")
    assert firm.quo.texts() == ["Got it: one"]
    assert "gave up: " in told
    assert [one["state"] for one in firm.list("outbox", ahead="3h") if "three" in one["text"]] == ["unknown"]


def test_what_is_not_done_in_time_has_failed(make_firm):
    """A text that nobody approves within its time is not sent, cannot be approved any more, and the run goes on."""
    rule = """
name: quick
trigger: message.received
actions:
  - send_message: {text: "On our way"}
    timeout: 10m
    on_error:
      - log: {text: "too late: {{ error.message }}", level: warning}
"""
    firm = make_firm(rule)
    firm.begin()
    firm.quo.write("Hello", peer=ANNA)
    firm.once()
    asked = firm.list("approvals")
    late = firm.once(ahead="15m")

    assert len(asked) == 1
    assert "too late: not done in time" in late.err
    assert firm.list("approvals") == []
    assert "already cancelled" in firm.run("approvals", "approve", asked[0]["id"], code=1).err
    assert firm.quo.texts() == []


def test_a_question_stops_a_run_until_a_person_says_yes(make_firm):
    """What stands behind `approve` is not planned before the yes; a no, and no answer, are the end of it."""
    rule = """
name: refund
trigger: message.received
actions:
  - id: asked
    approve: {message: "Refund for {{ contact.first_name }}?", expire_after: 2h}
  - send_message: {text: "Approved by {{ 'somebody' if steps.asked.by else 'nobody' }}"}
"""
    firm = make_firm(rule, auto=True, guards=UNLIMITED)
    firm.begin()
    for peer in (ANNA, BILL, CORA):
        firm.quo.write("Money back", peer=peer)
    firm.once()
    asked = {one["to"]: one for one in firm.list("approvals")}
    planned = firm.list("outbox")
    firm.run("approvals", "approve", asked[ANNA]["id"])
    firm.run("approvals", "reject", asked[BILL]["id"])
    refused = firm.run("approvals", "edit", asked[CORA]["id"], "--text", "x", code=1)
    firm.once()
    firm.once(ahead="3h")

    assert (planned, asked[ANNA]["text"], asked[ANNA]["action"]) == ([], "Refund for Anna?", "approve")
    assert "is no text but approve" in refused.err
    assert firm.quo.texts() == ["Approved by somebody"]
    assert sorted(state for _, state in firm.states()) == ["cancelled", "cancelled", "succeeded"]


def test_a_rule_runs_another_as_a_run_of_its_own(make_firm):
    """The other rule begins once, with what it is given; its run knows which one asked for it."""
    first = """
name: new-caller
trigger: message.received
actions:
  - run_rule: {rule: greet, vars: {phone: "{{ contact.phone }}", name: "{{ contact.first_name }}"}}
  - send_message: {text: "We will call you."}
"""
    greet = """
name: greet
trigger: manual
vars: {phone: "", name: friend}
actions:
  - send_message: {from: Main Line, to: "{{ vars.phone }}", text: "Welcome, {{ vars.name }}!"}
"""
    firm = make_firm(first, greet, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("Hello", peer=ANNA)
    firm.once()
    firm.once()
    listed = {one["rule"]: one for one in firm.list("runs")}

    assert sorted(firm.quo.texts()) == ["We will call you.", "Welcome, Anna!"]
    assert listed["greet"]["called_by"] == listed["new-caller"]["id"]
    assert [one["state"] for one in listed.values()] == ["succeeded"] * 2
