"""Guards at work, through the real command at any hour: quiet hours, loops, countries, budget, a last look."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from .conftest import ANNA, ANSWER, BILL, CORA, SCENARIO, STRANGER, TEXTBACK

PATIENT = "\nmax_age: 12h\n"
JAMAICA = "+18765550123"

NEWS = """
name: news
purpose: marketing
trigger: call.missed
cancel_on: message.received
max_age: 12h
actions:
  - send_message: {text: "Pipes are half price in May."}
"""

COLD = f"""
name: cold
trigger: call.missed
max_age: 12h
actions:
  - send_message: {{to: "{STRANGER}", text: "A customer gave us your number."}}
"""


def name_zone_at(hour):
    """Name a time zone without summer time in which it is now this hour (Etc/GMT+5 is five hours behind UTC)."""
    ahead = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def quo_with_anna_at(zone):
    """Give Anna a time zone in her note."""
    anna, *others = SCENARIO["contacts"]
    return {"contacts": [{**anna, "fields": {**anna["fields"], "note": zone}}, *others]}


def look_at_nights(make_firm, *rules, zone, **options):
    guards = {"quiet_hours": {"timezone_field": "note"}}
    firm = make_firm(*rules, auto=True, quo=quo_with_anna_at(zone), guards=guards, **options)
    firm.begin()
    return firm


def count_looks(quo):
    """Count the requests for messages so far."""
    return sum(one["method"] == "GET" and one["path"].endswith("/messages") for one in quo.log())


def test_a_text_waits_for_the_morning_of_the_contact_and_goes_then_once(make_firm):
    """At 3 in the night where Anna lives it is held, in the preview as at work, and goes after her 8 in the morning."""
    firm = look_at_nights(make_firm, TEXTBACK + PATIENT, zone=name_zone_at(3))
    firm.quo.miss_call(ANNA)
    (planned,) = [one["gate"] for one in firm.preview()["writes"]]
    firm.once()
    (held,) = firm.list("outbox")
    firm.once(ahead="4h")

    assert (planned["state"], held["state"], firm.quo.sent()) == ("held", "held", [])
    assert re.search(
        r"may be texted 08:00 to 20:00 on its own clock, it is 03:\d\d in Etc/GMT.*; passes at", held["reason"]
    )
    opening = datetime.fromisoformat(planned["until"])
    assert opening.minute in range(6)  # it is spread over the five minutes behind the hour
    assert 4 <= (opening - datetime.now(UTC)).total_seconds() / 3600 <= 5.1

    firm.once(ahead="5h10m")
    firm.once(ahead="6h")
    assert len(firm.quo.sent()) == 1


def test_a_text_that_will_be_too_late_says_so_in_the_night(make_firm):
    """With 15 minutes of patience it is held, says that it will be too late, and in the morning is not sent."""
    firm = look_at_nights(make_firm, TEXTBACK + "\nmax_age: 15m\n", zone=name_zone_at(3))
    firm.quo.miss_call(ANNA)
    firm.once()
    (held,) = firm.list("outbox")
    firm.once(ahead="5h10m")

    assert "when it will be too late: max_age is 15m" in held["reason"]
    assert (firm.states(), firm.quo.sent()) == ([("textback", "skipped")], [])


def test_at_noon_where_the_contact_lives_it_goes_at_once(make_firm):
    """Whatever the hour is where the number is from: the contact's own zone decides."""
    firm = look_at_nights(make_firm, TEXTBACK, zone=name_zone_at(12))
    firm.quo.miss_call(ANNA)
    firm.once()

    assert len(firm.quo.sent()) == 1


def test_an_automatic_rule_that_is_no_longer_allowed_asks_in_the_morning(make_firm):
    """What was held over night without approval needs one when the configuration no longer does without."""
    firm = look_at_nights(make_firm, TEXTBACK + PATIENT, zone=name_zone_at(3))
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.configure(approvals={"allow_auto": []}, guards={"quiet_hours": {"timezone_field": "note"}})
    firm.once(ahead="5h10m")

    assert (firm.states(), firm.quo.sent()) == ([("textback", "needs_approval")], [])


def test_an_edit_of_the_rule_does_not_change_what_was_approved_and_is_held(make_firm):
    """The yes is for the bytes and the rule's version that were shown: those go, the new ones wait for a yes."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.approve_all()
    firm.run("pause", "lunch")
    firm.once()
    firm.write_rules(TEXTBACK.replace("sorry", "so very sorry"))
    firm.run("resume")
    firm.once()

    assert ["very" in one for one in firm.quo.texts()] == [False]


def test_a_machine_that_answers_at_once_is_not_answered(make_firm):
    """Its answer comes faster than a person writes: ours is held, a person is told, and after an hour it would pass."""
    guards = {"loop": {"faster_than": "10m"}}  # our processes are not as quick as machines at Quo are
    firm = make_firm(ANSWER + "max_age: 12h\n", auto=True, guards=guards)
    firm.begin()
    firm.quo.write("hello", ANNA)
    firm.once()
    firm.quo.write("This is an automatic reply.", ANNA)
    told = firm.once()
    (held,) = [one for one in firm.list("outbox") if one["state"] == "held"]

    assert len(firm.quo.sent()) == 1
    assert held["reason"].startswith("loop: +1555***0111: they answered our text within ")
    assert "which is faster than 10m" in held["reason"]
    assert re.search(r"! answer: loop: .* it may be a machine", told.err)

    firm.once(ahead="61m")
    assert len(firm.quo.sent()) == 2


def test_a_person_who_takes_their_time_is_answered(make_firm):
    """With no time set for machines, an answer is answered, up to the number of the hour."""
    firm = make_firm(ANSWER, auto=True, guards={"loop": {"faster_than": "off"}})
    firm.begin()
    for text in ("one", "two", "three", "four"):
        firm.quo.write(text, ANNA)
        firm.once()

    assert len(firm.quo.sent()) == 3
    assert {one["state"] for one in firm.list("outbox")} == {"sent", "held"}


def test_the_same_text_again_is_held_without_a_yes_and_sent_with_one(make_firm):
    """Two missed calls: a rule that goes by itself says it once an hour; a person's yes counts each time."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    for _ in range(2):
        firm.quo.miss_call(ANNA)
        firm.once()
    (held,) = [one for one in firm.list("outbox") if one["state"] == "held"]
    assert "the same text went out" in held["reason"]
    assert len(firm.quo.sent()) == 1

    firm.configure(approvals={"allow_auto": []})
    for _ in range(2):
        firm.quo.miss_call(BILL)
        firm.once()
        firm.approve_all()
        firm.once()
    assert [one["to"] for one in firm.quo.sent()].count(BILL) == 2


def test_a_number_of_jamaica_is_not_american(make_firm):
    """It begins with +1, costs more, and is refused with the reason; nothing is asked."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(JAMAICA)
    (planned,) = firm.preview()["writes"]
    firm.once()

    assert planned["gate"]["state"] == "refused"
    assert "is in JM; allowed: US, CA" in planned["gate"]["reason"]
    assert (firm.list("approvals"), firm.quo.sent()) == ([], [])


def test_the_budget_of_a_day_holds_the_rest(make_firm):
    """Accents count as dear: two texts of one segment each cost two each at most, so a budget of three takes one."""
    rule = TEXTBACK.replace("Hi", "é" * 71)
    firm = make_firm(
        rule.replace("sorry we missed you – we’ll call back.", ""),
        auto=True,
        guards={"budget": {"segments_per_day": 3}},
    )
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.miss_call(BILL)
    firm.once()
    states = sorted((one["state"], one["reason"].split(";")[0]) for one in firm.list("outbox"))

    assert states == [("held", "budget: 2 segments today and 2 more are over 3 ($0.03)"), ("sent", "")]


@pytest.mark.parametrize(("cap", "sent"), [({"per_rule_per_day": 1}, 2), ({"per_conversation_per_day": 1}, 1)])
def test_caps_of_rules_and_conversations(make_firm, cap, sent):
    """Two rules on one line for one contact: each may text once a day, or the line may once."""
    twin = TEXTBACK.replace("name: textback", "name: twin").replace("sorry", "so sorry")
    firm = make_firm(TEXTBACK, twin, auto=True, guards={"contact_cap": cap})
    firm.begin()
    for _ in range(2):
        firm.quo.miss_call(CORA)
        firm.once()

    assert len(firm.quo.sent()) == sent
    assert all("contact cap: 1 text to" in one["reason"] for one in firm.list("outbox") if one["state"] == "held")


# -- a last look before marketing and first contacts


def prepare_news(make_firm, rule=NEWS, wait="1h"):
    """Let a text be held by a pause, then let it go while the conversations cannot be listed: nothing is polled."""
    firm = make_firm(rule, auto=True)
    firm.begin()
    firm.run("pause", "lunch")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.run("resume")
    firm.quo.fault("503", "/v1/conversations", times=None)
    return firm


@pytest.mark.parametrize(
    ("text", "state", "why"),
    [("STOP", "skipped", "opt-out"), ("No thanks, I moved", "cancelled", "cancelled by message.received")],
)
def test_marketing_sees_what_came_since_the_last_poll(make_firm, text, state, why):
    """A STOP or an answer that polling has not seen yet stops the text all the same."""
    rule = NEWS if state == "cancelled" else NEWS.replace("cancel_on: message.received\n", "")
    firm = prepare_news(make_firm, rule)
    firm.quo.write(text, ANNA)
    firm.once(code=1)
    (run,) = [one for one in firm.list("runs") if one["rule"] == "news"]

    assert (run["state"], firm.quo.sent()) == (state, [])
    assert why in json.dumps(run)


def test_a_look_that_fails_holds_the_text_until_it_succeeds(make_firm):
    """Without the last look nothing is sent; with it the text goes, once."""
    firm = prepare_news(make_firm)
    firm.quo.fault("503", "/v1/messages", method="GET", times=None)
    firm.once(code=1)
    (held,) = firm.list("outbox")
    assert (held["state"], held["reason"].split(":")[0], firm.quo.sent()) == ("held", "freshness", [])

    firm.quo.clear_faults()
    firm.once(ahead="2m")
    assert len(firm.quo.sent()) == 1


@pytest.mark.parametrize(
    ("rule", "looks"), [(NEWS, 1), (COLD, 1), (TEXTBACK + PATIENT, 0), (f"{TEXTBACK}{PATIENT}unless_human: 15m\n", 1)]
)
def test_the_last_look_costs_one_request_and_only_where_it_is_due(make_firm, rule, looks):
    """Marketing, a stranger's number, a rule that waits for people: one GET more; a text to somebody known: none."""
    firm = prepare_news(make_firm, rule)
    before = count_looks(firm.quo)
    firm.once(code=1)

    assert (len(firm.quo.sent()), count_looks(firm.quo) - before) == (1, looks)


def test_what_stands_in_the_way_anyhow_is_not_looked_for(make_firm):
    """A text that is held is not looked for again and again: the look is the last thing before the intent."""
    firm = make_firm(NEWS, auto=True)
    firm.begin()
    firm.run("pause", "lunch")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.quo.fault("503", "/v1/conversations", times=None)
    before = count_looks(firm.quo)
    for ahead in ("2m", "4m"):
        firm.once(code=1, ahead=ahead)

    assert count_looks(firm.quo) == before


REMIND = f"""
name: remind
purpose: marketing
trigger: manual
max_age: 12h
actions:
  - send_message: {{from: Main Line, to: "{STRANGER}", text: "Half price in May."}}
"""


def test_a_first_marketing_text_without_a_way_out_is_told_of(make_firm):
    """The plan and the person who is asked see that it does not say how to opt out; so does who writes the rule."""
    firm = make_firm(REMIND)
    firm.begin()
    checked = firm.run("check", "--json").json["problems"]
    firm.run("trigger", "remind")
    (planned,) = firm.run("plan", "--json", code=2).json["writes"]
    firm.once()
    told = firm.run("explain", firm.list("runs")[0]["id"], "--json").json["rules"][0]

    said = "marketing: the first text to +1555***0177 does not say how to opt out; add such as `Reply STOP to end.`"
    assert [one["code"] for one in checked] == ["opt-out-wording"]
    assert (planned["gate"]["state"], planned["gate"]["reason"]) == ("needs_approval", said)
    assert told["gates"][0]["reason"] == said
