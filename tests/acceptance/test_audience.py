"""Audiences: a scheduled or manual rule acts on many, one run each, planned, counted and approved as one batch."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA, SCENARIO, UNLIMITED

OFFER = """
name: offer
trigger: manual
audience: {contacts: "'customer' in contact.tags"}
actions:
  - send_message:
      from: Main Line
      text: "Hi {{ contact.first_name or 'there' }}, {{ vars.offer }}"
"""
CALLED = """
name: called
trigger: manual
audience: {list: vars.numbers, where: contact.first_name != 'Cora'}
vars: {numbers: []}
actions:
  - send_message: {from: Sales, text: "We are closed."}
"""
QUIET = """
name: quiet
trigger: {schedule: {every: 1h}}
audience: {conversations: conversation.last_activity and conversation.last_activity < ago('90m')}
actions:
  - send_message: {text: "Anything else, {{ contact.name }}?"}
"""


def make_people(number):
    """Make contacts with made-up numbers, all of them customers."""
    return [
        {"id": f"CT{at}", "first_name": f"P{at}", "phones": [f"+1555555{at}"], "fields": {"tags": ["customer"]}}
        for at in range(2000, 2000 + number)
    ]


def test_each_member_gets_one_text_and_the_batch_is_counted(make_firm):
    """Plan, runs and explain show the batch; a number that two share is texted once, and who has none is told of."""
    twin = {"id": "CTtwin", "first_name": "Twin", "phones": [ANNA], "fields": {"tags": ["customer"]}}
    mute = {"id": "CTmute", "first_name": "Mute", "phones": [], "fields": {"tags": ["customer"]}}
    firm = make_firm(OFFER, quo={"contacts": [*SCENARIO["contacts"], *make_people(2), twin, mute]})
    firm.begin()
    firm.run("trigger", "offer", "--set", "offer=20 % off")
    planned = firm.run("plan", "--json", code=2).json
    (batch,) = planned["batches"]
    firm.once()
    runs = firm.list("runs")
    told = firm.run("explain", batch["event"], "--json").json["rules"][0]
    firm.approve_all()
    firm.once()

    assert (batch["looked_at"], batch["members"], batch["left_out"], batch["writes"]) == (7, 3, 2, 3)
    assert {one["batch"] for one in [*planned["writes"], *runs]} == {batch["id"]}
    assert sorted(one["reason"] for one in planned["skipped"]) == [
        "no number: the contact CTmute has none that can be texted",
        "same number: CTtwin has the number of CTanna",
    ]
    assert told["reason"] == f"manual fits the trigger; batch {batch['id']}: 3 of 7 contacts, 2 more left out"
    assert sorted(firm.quo.texts()) == ["Hi Anna, 20 % off", "Hi P2000, 20 % off", "Hi P2001, 20 % off"]


def test_too_many_are_none(make_firm):
    """With one more than it may text, nobody is texted, and plan, runs and explain give the figures."""
    rule = f"{OFFER}max_recipients: 2\n"
    firm = make_firm(rule, auto=True, quo={"contacts": make_people(3)}, guards=UNLIMITED)
    firm.begin()
    firm.run("trigger", "offer", "--set", "offer=20 % off")
    planned = firm.run("plan", "--json").json
    human = firm.run("plan").out
    firm.once()
    (run,) = firm.list("runs")
    told = firm.run("explain", run["id"], "--json").json["rules"][0]

    said = "max_recipients: it would text 3 numbers, and 2 is the most; stopped before the first write"
    assert (planned["writes"], planned["batches"][0]["reason"]) == ([], said)
    assert f"batch {planned['batches'][0]['id']}: 3 of 3 contacts: nothing, for it was stopped" in human
    assert said in human
    assert (run["state"], run["reason"], told["run"]["reason"]) == ("failed", said, said)
    assert firm.quo.sent() == []


def test_numbers_and_conversations_are_audiences_too(make_firm):
    """A list that is set by hand, and every conversation that has been quiet, from its own line."""
    firm = make_firm(CALLED, QUIET, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.run("trigger", "called", "--set", f"numbers={BILL},{CORA},(555) 555-0112,soon")
    firm.once()
    called = [(one["to"], one["from"]) for one in firm.quo.sent()]
    firm.once(ahead="65m")
    (quiet,) = firm.quo.sent()[len(called) :]

    assert called == [(BILL, "+15555550102")]
    assert quiet["text"] == "Anything else, Anna Berg?"
