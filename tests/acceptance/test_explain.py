"""Every event ends with a reason for every rule, and `quoflow explain` says it."""

from __future__ import annotations

import itertools
import json
import sqlite3

import pytest

from .conftest import ANNA, BILL, STRANGER, TEXTBACK, UNLIMITED

RULES = {
    "textback": TEXTBACK,
    "vip": """
name: vip
trigger: call.missed
when: "'vip' in contact.tags"
actions:
  - notify: {text: call}
""",
    "sales": "name: sales\ntrigger: {call.missed: {line: Sales}}\nactions:\n  - notify: {text: sales}\n",
    "quick": "name: quick\ntrigger: message.received\nmax_age: 5m\nactions:\n  - notify: {text: quick}\n",
    "once": """
name: once
trigger: call.missed
throttle: {once_within: 1h}
actions:
  - tag_contact: {add: [called]}
""",
    "off": "name: off\nenabled: false\ntrigger: call.missed\nactions:\n  - notify: {text: never}\n",
    "hand": "name: hand\ntrigger: manual\nactions:\n  - notify: {text: by hand}\n",
}
WORDS = {"matched", "skipped", "not_matched", "waiting", "quarantined", "no_event"}


def explain(firm, name, *options, **more):
    return firm.run("explain", name, "--json", *options, **more).json


def read_rules(told):
    return {one["rule"]: one for one in told["rules"]}


def list_events(firm):
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        return [row[0] for row in database.execute("SELECT id FROM events ORDER BY id")]


def test_every_event_has_a_reason_from_every_rule(make_firm):
    """Calls and texts, matched, skipped by age and throttle, filtered, disabled: one reason for each event and rule."""
    firm = make_firm(*RULES.values(), auto=True, guards=UNLIMITED)
    firm.begin()
    for peer in (ANNA, ANNA, BILL, STRANGER):
        firm.quo.miss_call(peer)
    firm.quo.write("Hello", ANNA)
    firm.once()
    firm.quo.write("Late", BILL)
    firm.once(ahead="20m")
    firm.run("trigger", "hand")  # waits in the inbox
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        database.execute(
            "UPDATE events SET state = 'quarantined', tries = 3, reason = 'ValueError: bad'"
            " WHERE id = (SELECT min(id) FROM events)"
        )

    events = list_events(firm)
    told = [explain(firm, event) for event in events]
    reasons = [(one["event"], rule["rule"], rule["verdict"], rule["reason"]) for one in told for rule in one["rules"]]
    assert sorted(reason[:2] for reason in reasons) == sorted(itertools.product(events, RULES))
    assert all(word in WORDS and reason.strip() for _, _, word, reason in reasons)
    assert {word for _, _, word, _ in reasons} == WORDS - {"no_event"}


def test_each_condition_and_gate_is_told(make_firm):
    """The rule that asks says what it waits for and when it would pass; the one that does not fit says which words."""
    firm = make_firm(RULES["textback"], RULES["vip"], RULES["sales"])
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    rules = read_rules(explain(firm, f"call.missed:{call}"))

    (gate,) = rules["textback"]["gates"]
    assert (rules["textback"]["verdict"], gate["state"], gate["to"]) == ("matched", "needs_approval", ANNA)
    assert [one["state"] for one in gate["approvals"]] == ["pending"]
    assert rules["vip"]["verdict"] == "not_matched"
    assert rules["vip"]["conditions"] == [
        {"expression": "'vip' in contact.tags", "value": False, "reads": {"contact.tags": ["customer"]}}
    ]
    assert (rules["vip"]["recomputed"], rules["sales"]["recomputed"]) == (True, False)
    assert "Sales" in rules["sales"]["reason"]


def test_what_was_decided_and_done_is_told(make_firm):
    """Who said yes, each attempt, and what came of it."""
    firm = make_firm(RULES["textback"])
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.approve_all()
    firm.once()
    (run,) = firm.list("runs")
    told = explain(firm, run["id"])

    rule = read_rules(told)["textback"]
    (gate,) = rule["gates"]
    (approval,), (attempt,) = gate["approvals"], gate["attempts"]
    assert (told["event"], rule["run"]["id"], rule["run"]["state"]) == (run["event"], run["id"], "succeeded")
    assert (approval["state"], bool(approval["decided_by"])) == ("approved", True)
    assert (attempt["state"], attempt["message_id"]) == ("sent", firm.quo.sent()[0]["id"])
    assert gate["outcome"]["message_id"] == attempt["message_id"]


def test_a_guard_is_named_with_its_figures(make_firm):
    """A held text names the guard and when it would pass; a refused one names the guard that ended it."""
    twin = TEXTBACK.replace("name: textback", "name: twin").replace("sorry", "so sorry")
    firm = make_firm(TEXTBACK, twin, auto=True, guards={"contact_cap": {"per_hour": 1}})
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.quo.write("STOP", BILL)
    firm.once()
    firm.quo.miss_call(BILL)
    firm.once()
    held = [gate for one in explain(firm, ANNA)[0]["rules"] for gate in one["gates"] if gate["state"] == "held"]
    refused = [gate for one in explain(firm, BILL)[0]["rules"] for gate in one["gates"]]

    assert [(one["guard"], "cap 1" in one["reason"], bool(one["until"])) for one in held] == [
        ("contact_cap", True, True)
    ]
    assert [(one["guard"], one["state"]) for one in refused] == [("opt_out", "skipped")] * 2


def test_a_skipped_match_says_why(make_firm):
    """An event that was too old, and one that came too soon after another, say so with their figures."""
    firm = make_firm(RULES["quick"], RULES["once"], auto=True)
    firm.begin()
    text = firm.quo.write("Hello", ANNA)["id"]
    calls = [firm.quo.miss_call(ANNA)["id"] for _ in range(2)]
    firm.once(ahead="20m")
    quick = read_rules(explain(firm, text))["quick"]
    once = {
        read_rules(one)["once"]["verdict"]: read_rules(one)["once"]["reason"]
        for call in calls
        for one in explain(firm, call)
        if one["kind"] == "call.missed"
    }

    assert (quick["verdict"], "max_age is 5m" in quick["reason"]) == ("skipped", True)
    assert (sorted(once), "throttle" in once["skipped"]) == (["matched", "skipped"], True)


def test_what_is_no_event_says_why(make_firm):
    """Our own text, and what was there before the first look: every rule says why it was never asked."""
    firm = make_firm(RULES["textback"], RULES["quick"], auto=True)
    firm.begin()
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        (old,) = database.execute("SELECT id FROM messages").fetchone()
    firm.quo.miss_call(ANNA)
    firm.once()
    ours = explain(firm, firm.quo.sent()[0]["id"])
    history = explain(firm, old)

    assert (ours["event"], history["event"]) == (None, None)
    assert [one["verdict"] for one in (*ours["rules"], *history["rules"])] == ["no_event"] * 4
    assert all("quoflow sent this itself" in one["reason"] for one in ours["rules"])
    assert all("history never triggers" in one["reason"] for one in history["rules"])


def test_a_contact_shows_its_latest_events(make_firm):
    """By number as people write it, or by the contact's id: the latest events first, as many as asked for."""
    firm = make_firm(RULES["textback"], RULES["quick"], auto=True)
    firm.begin()
    for text in ("one", "two", "three"):
        firm.quo.write(text, ANNA)
    firm.quo.write("other", BILL)
    firm.once()
    by_number = explain(firm, "(555) 555-0111", "--limit", "2")
    by_id = explain(firm, "CTanna")

    assert len(by_number) == 2
    assert (by_number, {one["peer"] for one in by_id}) == (by_id[:2], {ANNA})
    assert explain(firm, STRANGER) == []


def test_an_edited_rule_keeps_the_reasons_of_its_version(make_firm):
    """What ran before an edit is told as it was, and marked; a rule that is gone is still in the story."""
    firm = make_firm(RULES["vip"].replace("'vip'", "'customer'"), RULES["textback"], auto=True)
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    firm.write_rules(RULES["vip"], RULES["quick"])
    rules = read_rules(explain(firm, f"call.missed:{call}"))

    assert set(rules) == {"vip", "quick", "textback"}
    vip, textback = rules["vip"], rules["textback"]
    assert (vip["verdict"], vip["is_current"]) == ("matched", False)
    assert [(one["expression"], one["value"]) for one in vip["conditions"]] == [("'customer' in contact.tags", True)]
    assert (textback["verdict"], textback["is_present"]) == ("matched", False)


def test_a_rule_that_came_later_is_not_told_as_matched(make_firm):
    """A rule that was written after the event fits it now; it is said that it had no part in it."""
    firm = make_firm(RULES["quick"], auto=True)
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    firm.write_rules(RULES["quick"], RULES["textback"])
    textback = read_rules(explain(firm, f"call.missed:{call}"))["textback"]

    assert (textback["verdict"], textback["gates"]) == ("not_matched", [])
    assert "was not there yet" in textback["reason"]


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_nothing_is_asked_of_quo_and_nothing_written(make_firm, option):
    """It reads the database alone, also when Quo is not there; a name that nothing bears is one readable line."""
    firm = make_firm(RULES["textback"], auto=True)
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    requests = len(firm.quo.log())
    kept = sorted(path.name for path in firm.root.iterdir())
    told = firm.run("explain", f"call.missed:{call}", *option, MATON_API_KEY="").out
    unknown = firm.run("explain", "ACnever", *option, code=1)

    assert "textback" in told
    assert "nothing is known under `ACnever`" in unknown.err
    assert (len(firm.quo.log()), sorted(path.name for path in firm.root.iterdir())) == (requests, kept)


def test_a_prefix_must_be_unique(make_firm):
    """The beginning of an id is enough where one event begins so; otherwise they are listed."""
    firm = make_firm(RULES["textback"])
    firm.begin()
    call = f"call.missed:{firm.quo.miss_call(ANNA)['id']}"
    firm.once()
    alone = explain(firm, "call.mis")
    firm.quo.miss_call(BILL)
    firm.once()
    several = firm.run("explain", "call.mis", code=64)

    assert (alone["event"], call in several.err) == (call, True)


def test_words_of_customers_cannot_draw_on_the_terminal(make_firm):
    """Control characters and turned writing are shown as marks."""
    rule = 'name: hi\ntrigger: message.received\nactions:\n  - send_message: {text: "Hi: {{ message.text }}"}\n'
    firm = make_firm(f"{rule}when: message.text != ''\n")
    firm.begin()
    firm.quo.write("a\u202eb\u001b[31mc", ANNA)
    firm.once()
    told = firm.run("explain", ANNA).out

    assert not {"\u202e", "\u001b"} & set(told)
    assert "true" in told
    assert json.loads(firm.run("explain", ANNA, "--json").out)


def test_the_clock_is_that_of_the_event(make_firm):
    """Asked a day later, a condition on the time says what it said when the event was handled."""
    rule = "name: old\ntrigger: call.missed\nwhen: event.time < ago('1h')\nactions:\n  - notify: {text: old}\n"
    firm = make_firm(rule)
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    (told,) = explain(firm, f"call.missed:{call}", ahead="24h")["rules"]

    assert (told["verdict"], [one["value"] for one in told["conditions"]]) == ("not_matched", [False])
    assert told["reason"] == "`event.time < ago('1h')` does not hold"


def test_an_owners_answer_and_the_question_to_them_are_told(make_firm):
    """The answer was for quoflow and not for the rules; the question's run is in the story of its event."""
    sms = {"owners": {"maria": BILL}, "line": "Main Line"}
    firm = make_firm(RULES["textback"], RULES["quick"], approvals={"sms": sms})
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    asked = firm.quo.sent()[0]["text"]
    answer = firm.quo.write(f"YES {asked.split()[2]}", BILL)["id"]
    firm.once()
    rules = explain(firm, answer)["rules"]
    question = next(one for one in firm.list("runs") if one["rule"] == "approval by text")
    told = read_rules(explain(firm, question["id"]))["approval by text"]

    assert {(one["verdict"], "maria answered yes by text" in one["reason"]) for one in rules} == {("not_asked", True)}
    assert (told["verdict"], told["run"]["id"]) == ("matched", question["id"])


def test_an_event_without_its_words_makes_nothing_up(make_firm):
    """After its words were removed by age the kept reasons stand, and the others say that they are lost."""
    firm = make_firm(RULES["textback"], RULES["quick"], auto=True)
    firm.begin()
    call = firm.quo.miss_call(ANNA)["id"]
    firm.once()
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        database.execute("UPDATE events SET data = '{}'")
    rules = read_rules(explain(firm, f"call.missed:{call}"))

    assert rules["textback"]["verdict"] == "matched"
    assert (rules["quick"]["verdict"], "removed by age" in rules["quick"]["reason"]) == ("not_matched", True)
