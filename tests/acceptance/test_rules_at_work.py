"""Rules at work: every trigger, wait, guard and option of this version, through the real command."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from .conftest import ANNA, ANSWER, BILL, CORA, MAIN, SALES, STRANGER, TEXTBACK, UNLIMITED


def test_pause_holds_and_resume_lets_go(make_firm):
    """The kill switch holds every write with its reason; polling goes on; resume sends what was held, once."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.run("pause", "the office is on fire")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.once()
    (held,) = firm.list("outbox")
    assert (held["state"], "the office is on fire" in held["reason"]) == ("held", True)
    assert firm.quo.writes() == []
    (gate,) = [one["gate"] for one in firm.preview()["writes"]]
    assert (gate["state"], bool(gate["until"])) == ("held", True)

    firm.run("resume")
    firm.once()
    firm.once()
    assert len(firm.quo.sent()) == 1
    assert firm.states() == [("textback", "succeeded")]


def test_the_contact_cap_counts_across_rules(make_firm):
    """Two rules, one contact, one text an hour: the second text is held, and goes out when the hour is over."""
    twin = TEXTBACK.replace("name: textback", "name: twin").replace("sorry", "so sorry")
    firm = make_firm(TEXTBACK, twin, auto=True, guards={"contact_cap": {"per_hour": 1}})
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    assert sorted(one["state"] for one in firm.list("outbox")) == ["held", "sent"]
    firm.once(ahead="30m")
    assert len(firm.quo.sent()) == 1

    firm.once(ahead="61m")
    assert len(set(firm.quo.texts())) == 2


def test_an_event_that_is_too_old_is_skipped_with_its_reason(make_firm):
    """After a night's downtime nobody is texted about last evening's call; the preview says why."""
    firm = make_firm(f"{TEXTBACK}\nmax_age: 15m\n", auto=True)
    firm.begin()
    call = firm.quo.miss_call(ANNA)
    preview = firm.preview(ahead="9h")
    firm.once(ahead="9h")

    (skipped,) = preview["skipped"]
    assert (skipped["rule"], skipped["event"]) == ("textback", f"call.missed:{call['id']}")
    assert "max_age" in skipped["reason"] or "old" in skipped["reason"]
    assert (preview["writes"], firm.quo.sent(), firm.list("runs")) == ([], [], [])


def test_a_throttle_keeps_one_contact_quiet_and_not_the_other(make_firm):
    """Three calls by Anna and one by Bill: one text each; after the time is over Anna may get one again."""
    firm = make_firm(f"{TEXTBACK}\nthrottle: {{once_within: 4h}}\n", auto=True)
    firm.begin()
    for peer in (ANNA, ANNA, BILL, ANNA):
        firm.quo.miss_call(peer)
    firm.once()
    assert sorted(one["to"] for one in firm.quo.sent()) == [ANNA, BILL]

    firm.quo.miss_call(ANNA)
    firm.once(ahead="5h")
    assert sorted(one["to"] for one in firm.quo.sent()) == [ANNA, ANNA, BILL]


REMINDER = """
name: reminder
trigger: call.missed
cancel_on: [message.received]
actions:
  - send_message: {text: "Sorry we missed you."}
  - wait: 1s
  - send_message: {text: "Still there, {{ contact.first_name }}?"}
"""


def test_a_wait_survives_the_process(make_firm):
    """The second text goes out from another process than the first, once its time has come, and once only."""
    firm = make_firm(REMINDER.replace("wait: 1s", "wait: 2h"), auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.once()
    assert firm.states() == [("reminder", "waiting")]
    assert firm.quo.texts() == ["Sorry we missed you."]

    for _ in range(2):
        firm.once(ahead="121m")
    assert firm.quo.texts() == ["Sorry we missed you.", "Still there, Anna?"]
    assert firm.states() == [("reminder", "succeeded")]


def test_a_run_goes_on_with_the_rule_it_began_with(make_firm):
    """An edit of the file while a run waits changes the next run, and not a word of this one."""
    rule = REMINDER.replace("wait: 1s", "wait: 2h")
    firm = make_firm(rule, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.write_rules(f"{rule.replace('Still there', 'EDITED').strip()}\napproval: auto\n")
    firm.once(ahead="121m")

    assert firm.quo.texts() == ["Sorry we missed you.", "Still there, Anna?"]


def test_a_wait_ends_by_itself_in_the_service(make_firm):
    """A service that was stopped within the wait is started again and carries on."""
    firm = make_firm(REMINDER, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    time.sleep(1.1)
    with firm.serving() as service:
        service.wait_for(lambda: len(firm.quo.texts()) == 2)

    assert firm.quo.texts() == ["Sorry we missed you.", "Still there, Anna?"]


def test_an_answer_cancels_what_waits(make_firm):
    """When the customer writes meanwhile, the waiting run is cancelled with the reason, and no reminder goes out."""
    firm = make_firm(REMINDER.replace("wait: 1s", "wait: 2h"), auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.quo.write("No worries", ANNA)
    firm.once()
    firm.once(ahead="3h")

    (run,) = firm.list("runs")
    assert (run["state"], "message.received" in run["reason"]) == ("cancelled", True)
    assert firm.quo.texts() == ["Sorry we missed you."]


def test_a_voicemail_cancels_what_waits_though_no_rule_is_triggered_by_one(make_firm):
    """What comes after a call is looked for also when it can only cancel: the reminder does not go out."""
    rule = REMINDER.replace("wait: 1s", "wait: 2h").replace("[message.received]", "voicemail.received")
    firm = make_firm(rule, auto=True)
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    firm.quo.change_call(call, voicemail={"text": "Call me"})
    firm.once(ahead="10m")
    firm.once(ahead="3h")

    assert firm.quo.texts() == ["Sorry we missed you."]
    (run,) = firm.list("runs")
    assert (run["state"], "voicemail.received" in run["reason"]) == ("cancelled", True)


def test_an_answer_cancels_what_comes_after_a_lost_text(make_firm):
    """The first text is lost on its way when the customer writes: the run is cancelled, and nothing comes after it."""
    firm = make_firm(REMINDER.replace("wait: 1s", "wait: 2h"), auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.fault("reset_before", path="/v1/messages", method="POST")
    firm.once()
    (lost,) = firm.list("outbox", "--state", "unknown")
    firm.quo.write("No worries", ANNA)
    firm.once()
    assert firm.states() == [("reminder", "cancelled")]

    firm.run("outbox", "resolve", lost["id"], "--not-sent")
    firm.once()
    firm.once(ahead="3h")
    assert firm.quo.texts() == []
    assert [one["state"] for one in firm.list("outbox")] == ["failed"]


def test_a_transcript_that_arrives_late_decides_the_branch(make_firm):
    """fetch_transcript waits until it is made, and `if` takes the way that its words say."""
    rule = """
name: refunds
trigger: call.answered
actions:
  - id: transcript
    fetch_transcript: {timeout: 1h}
  - if: "'refund' in steps.transcript.text | lower"
    then:
      - tag_contact: {add: refund}
      - send_message: {text: "We are looking into your refund."}
    else:
      - send_message: {text: "Thanks for calling."}
"""
    firm = make_firm(rule, auto=True)
    firm.begin()
    calls = [
        firm.quo.happen("calls", peer=peer, ring="0s", answered=True, duration="0s")["id"] for peer in (ANNA, BILL)
    ]
    firm.once()
    assert [state for _, state in firm.states()] == ["queued", "queued"]

    for call, words in zip(calls, ("I want a REFUND", "Just saying hello"), strict=True):
        firm.quo.change_call(call, transcript={"lines": [{"text": words}]})
    firm.once(ahead="10m")
    sent = {one["to"]: one["text"] for one in firm.quo.sent()}
    assert sent == {ANNA: "We are looking into your refund.", BILL: "Thanks for calling."}
    assert firm.states() == [("refunds", "succeeded")] * 2
    assert [one["method"] for one in firm.quo.writes()].count("PATCH") == 1


def test_a_tag_keeps_everything_else_of_the_contact(make_firm):
    """Tags are merged after approval; numbers, e-mails, names and other fields are what they were."""
    rule = (
        "name: tag\ntrigger: call.missed\nactions:\n  - tag_contact: {add: [missed-call, customer], remove: [lead]}\n"
    )
    firm = make_firm(rule)
    firm.begin()
    before = firm.quo.contact("CTanna")
    firm.quo.miss_call(ANNA)
    firm.quo.miss_call(STRANGER)
    firm.once()
    (asked,) = firm.list("approvals")
    assert (asked["action"], asked["text"], asked["payload"]["add"]) == (
        "tag_contact", None, ["missed-call", "customer"],
    )  # fmt: skip
    firm.approve_all()
    firm.once()

    after = firm.quo.contact("CTanna")
    fields = {one["key"]: one["value"] for one in after["custom_fields"]}
    assert fields == {"tags": ["customer", "missed-call"], "note": "back door"}
    assert after["default_fields"] == before["default_fields"]
    assert sorted(state for _, state in firm.states()) == ["skipped", "succeeded"]


def test_a_manual_trigger_carries_its_values(make_firm):
    """`trigger NAME --set` fires the rule with those values once; an unknown rule gets a suggestion."""
    rule = """
name: announce
trigger: manual
vars: {day: Monday}
actions:
  - send_message: {from: Sales, to: "{{ vars.who }}", text: "We are closed on {{ vars.day }}."}
"""
    firm = make_firm(rule.replace("{day: Monday}", "{day: Monday, who: ''}"), auto=True)
    firm.begin()
    firm.run("trigger", "announce", "--set", f"who={BILL}", "--set", "day=Friday")
    firm.once()
    firm.once()
    (sent,) = firm.quo.sent()
    wrong = firm.run("trigger", "anounce", code=1)
    firm.run("trigger", "announce", "--set", "nonsense", code=64)

    assert (sent["to"], sent["from"], sent["text"]) == (BILL, SALES, "We are closed on Friday.")
    assert "Did you mean `announce`?" in wrong.err


def test_a_schedule_fires_by_the_clock_and_not_at_the_start(make_firm):
    """`every` fires once for each interval that came while it runs; the first start fires nothing."""
    rule = f"""
name: hourly
trigger: {{schedule: {{every: 1h}}}}
actions:
  - send_message: {{from: Main Line, to: "{BILL}", text: "{{{{ rule.name }}}}: good morning"}}
"""
    firm = make_firm(rule, auto=True)
    firm.begin()
    firm.once()
    assert firm.list("runs") == []
    firm.once(ahead="61m")
    firm.once(ahead="61m")
    assert len(firm.quo.sent()) == 1

    firm.once(ahead="125m")
    assert [one["from"] for one in firm.quo.sent()] == [MAIN, MAIN]


def test_what_was_missed_is_caught_up_once(make_firm):
    """An interval and a moment in one rule, two hours away, `all`: each is one run, and none comes a second time."""
    moment = datetime.now(UTC) + timedelta(minutes=30)
    rule = f"""
name: caught-up
trigger:
  - schedule: {{every: 1h, catchup: all}}
  - schedule: {{at: "{moment:%Y-%m-%dT%H:%M:%SZ}", catchup: all}}
actions:
  - notify: "{{{{ event.time | time('%H:%M') }}}}"
"""
    firm = make_firm(rule)
    firm.begin()
    firm.once(ahead="121m")
    firm.once(ahead="122m")

    events = sorted(one["event"] for one in firm.list("runs"))
    assert len(events) == 3
    assert f"schedule:caught-up:{moment:%Y-%m-%dT%H:%M:%SZ}" in events


def test_a_line_keeps_its_own_clock(make_firm):
    """A calendar for the first half of the day is open on one of two lines that are twelve hours apart, never both."""
    rule = """
name: half
trigger: message.received
actions:
  - send_message: {text: "{{ 'open' if is_open('morning') else 'closed' }}"}
"""
    lines = {"Main line": {"timezone": "Etc/GMT+6"}, SALES: {"timezone": "Etc/GMT-6"}}
    hours = {"morning": {"open": {"mon-sun": "00:00-12:00"}}}
    firm = make_firm(rule, auto=True, lines=lines, hours=hours)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.quo.write("hi", BILL, line="Sales")
    firm.once()

    assert sorted(firm.quo.texts()) == ["closed", "open"]
    assert f"Main Line {MAIN} (Etc/GMT+6), Sales {SALES} (Etc/GMT-6)" in firm.run("doctor").out


LATE = """
name: {part}
trigger: {kind}
actions:
  - send_message: {{text: "{part}: {{{{ {field} or '' }}}}"}}
"""
NEVER = """
name: never-came
trigger: {summary.completed: {on: failed}}
actions:
  - send_message: {text: "no summary ({{ summary.status }})"}
"""
SUMMED_UP = "name: summed-up\ntrigger: call.answered\ncancel_on: summary.completed\nactions: [{wait: 3d}, stop]\n"


def test_what_is_made_after_a_call_triggers_when_it_is_there_and_when_it_never_comes(make_firm):
    """Each is an event once, with its words; one that failed, or is missing after a day, for `on: failed` alone."""
    fields = {
        "voicemail.received": "voicemail.text",
        "recording.completed": "recording.url",
        "summary.completed": "summary.text",
        "transcript.completed": "transcript.text",
    }
    rules = [LATE.format(part=field.partition(".")[0], kind=kind, field=field) for kind, field in fields.items()]
    firm = make_firm(*rules, NEVER, SUMMED_UP, auto=True, guards=UNLIMITED)
    firm.begin()
    taken = {"answered": True, "duration": "0s"}
    missed = firm.quo.miss_call(ANNA)["id"]
    answered, failed, forgotten = (firm.quo.miss_call(peer, **taken)["id"] for peer in (BILL, CORA, STRANGER))
    for _ in range(2):
        firm.once()
    assert firm.quo.sent() == []

    firm.quo.change_call(missed, voicemail={"text": "Call me"})
    made = {"recording": {}, "summary": {"points": "Wants a tap"}, "transcript": {"lines": [{"text": "Hello"}]}}
    firm.quo.change_call(answered, **made)
    firm.quo.change_call(failed, summary={"status": "failed"})
    for _ in range(2):
        firm.once(ahead="10m")
    told = [one.partition("?")[0] for one in firm.quo.texts()]  # the address of a recording is good for a while only
    assert sorted(told) == [
        "no summary (failed)",
        f"recording: {firm.quo.url}/_media/recordings/{answered}",
        "summary: Wants a tap",
        f"transcript: {BILL}: Hello",
        "voicemail: Call me",
    ]

    for _ in range(2):
        firm.once(ahead="25h")
    assert [one["to"] for one in firm.quo.sent()[5:]] == [STRANGER]
    assert firm.quo.texts()[5:] == ["no summary (missing)"]
    waiting = {one["event"]: one["state"] for one in firm.list("runs") if one["rule"] == "summed-up"}
    assert waiting == {
        f"call.answered:{answered}": "cancelled",
        f"call.answered:{failed}": "waiting",
        f"call.answered:{forgotten}": "waiting",
    }


CALLS = """
name: {kind}
trigger: {kind}
actions:
  - send_message: {{text: "{kind}: {{{{ call.status }}}} {{{{ call.forwarded_to or '' }}}}"}}
"""


def test_a_call_starts_once_and_ends_once_however_often_it_is_read(make_firm):
    """It starts while it rings, or with its end where nobody looked; one that rang at the first look is history."""
    kinds = ("call.started", "call.completed", "call.missed", "call.forwarded")
    firm = make_firm(*(CALLS.format(kind=kind) for kind in kinds), auto=True, guards=UNLIMITED)
    firm.quo.happen("calls", peer=CORA, ring="10m")
    firm.begin()
    firm.quo.happen("calls", peer=ANNA, ring="10m")
    firm.quo.happen("calls", peer=BILL, ring="0s", forwarded_to="+15555550144")
    for _ in range(2):
        firm.once()
    to_bill = ["call.completed: forwarded +15555550144", "call.forwarded: forwarded +15555550144"]
    assert sorted((one["to"], one["text"].strip()) for one in firm.quo.sent()) == [
        (ANNA, "call.started: ringing"),
        *((BILL, text) for text in [*to_bill, "call.started: forwarded +15555550144"]),
    ]

    firm.quo.advance("11m")
    for _ in range(2):
        firm.once(ahead="11m")
    assert sorted((one["to"], one["text"].strip()) for one in firm.quo.sent()[4:]) == [
        *((peer, f"call.{end}: missed") for peer in (ANNA, CORA) for end in ("completed", "missed")),
    ]


UNDELIVERED = f"""
name: ring-them
trigger: message.failed
actions:
  - send_message: {{to: "{ANNA}", text: "{{{{ message.rule }}}} did not reach {{{{ message.to[0] }}}}"}}
"""


def test_a_text_that_does_not_arrive_is_shown_and_told_once(make_firm):
    """202 is not delivery: the outbox says what became of the text, and message.failed fires once."""
    firm = make_firm(ANSWER, UNDELIVERED, auto=True, quo={"options": {"undeliverable": BILL}})
    firm.begin()
    firm.quo.write("Hello", BILL)
    firm.once()
    assert [one["delivery"] for one in firm.list("outbox")] == [None]

    assert f"✗ answer: a text to {BILL[:5]}***{BILL[-4:]} did not arrive (undelivered)" in firm.once().err
    for _ in range(2):
        firm.once()
    assert [(one["to"], one["state"], one["delivery"]) for one in firm.list("outbox")] == [
        (ANNA, "sent", "delivered"),
        (BILL, "sent", "undelivered"),
    ]
    assert firm.quo.texts() == ["Got it: Hello", f"answer did not reach {BILL}"]
    assert "sent, undelivered" in firm.run("outbox", "list").out


def test_filters_choose_by_line_text_and_person(make_firm):
    """Only what fits every filter triggers: our line, the words, and who wrote."""
    rule = f"""
name: picky
trigger: {{message.received: {{line: Sales, text: {{matches: "(?i)\\\\bquote\\\\b"}}, from: ["{BILL}", "{ANNA}"]}}}}
actions:
  - notify: {{text: "quote wanted"}}
"""
    firm = make_firm(rule)
    firm.begin()
    for peer, line, words in (
        (ANNA, "Sales", "A Quote please"),
        (ANNA, "Main Line", "A quote please"),
        (ANNA, "Sales", "unquoted"),
        (STRANGER, "Sales", "quote"),
    ):
        firm.quo.write(words, peer, line=line)
    firm.once()

    assert firm.states() == [("picky", "succeeded")]
