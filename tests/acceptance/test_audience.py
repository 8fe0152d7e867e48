"""Audiences: a scheduled or manual rule acts on many, one run each, planned, counted and approved as one batch."""

from __future__ import annotations

import time
from collections import Counter

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
OTHER = """
name: other
trigger: message.received
actions:
  - send_message: {text: You wrote.}
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
    human = firm.run("plan", code=2).out
    told_once = firm.once().err
    runs = firm.list("runs", "--batch", batch["id"])
    told = firm.run("explain", batch["event"], "--json").json["rules"][0]
    firm.approve_all()
    firm.once()

    assert human.startswith(
        f"offer  batch {batch['id']}: 3 of 7 contacts, 2 more left out: 3 writes\n"
        f"    → {ANNA}  [needs approval]  Hi Anna, 20 % off\n"
    )
    assert told_once.count("offer") == 4  # the firing, the batch, and who was left out: not each of its members
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


def read_sum(listing):
    """Give the sum that stands in what `approvals list` says of a batch."""
    return listing.partition("--sum ")[2].partition("`")[0]


def test_a_yes_to_a_batch_covers_exactly_what_was_listed(make_firm):
    """One row stands for all; who was edited since waits for a yes of their own, and a sum holds to what was shown."""
    rules = (f"{OFFER}  - wait: 1h\n  - send_message: {{from: Main Line, text: Still here}}\n", OTHER)
    firm = make_firm(*rules, quo={"contacts": make_people(3)}, guards=UNLIMITED)
    firm.begin()
    firm.run("trigger", "offer", "--set", "offer=20 % off")
    firm.quo.write("hello", peer=BILL)
    firm.once()
    listing = firm.run("approvals", "list").out
    batch = firm.list("runs")[0]["batch"] or firm.list("runs")[1]["batch"]
    waiting = [one for one in firm.list("approvals") if one["batch"] == batch]
    firm.run("approvals", "edit", waiting[0]["id"], "--text", "in other words")
    refused = firm.run("approvals", "approve", "--batch", batch, "--sum", read_sum(listing), code=1).err
    firm.run("approvals", "approve", "--batch", batch, code=64)  # nobody has looked, and there is nobody to ask
    firm.run("approvals", "approve", "--batch", batch, "--yes")
    firm.once()
    left = firm.list("approvals")
    firm.once(ahead="61m")
    followers = [one for one in firm.list("approvals") if one["text"] == "Still here"]

    assert f"`quoflow approvals list --batch {batch}` shows each of its 3 writes." in listing
    assert "is not what was listed" in refused
    assert "2 that wait" in refused
    assert sorted(firm.quo.texts()) == ["Hi P2001, 20 % off", "Hi P2002, 20 % off"]
    assert [one["text"] for one in left] == ["You wrote.", "in other words"]
    assert len(followers) == 2
    assert {one["batch"] for one in followers}.isdisjoint({batch, None})


def test_a_listed_batch_is_approved_by_its_sum_or_rejected_whole(make_firm):
    """The sum that was shown says as much as a look; a no needs none."""
    firm = make_firm(OFFER, quo={"contacts": make_people(2)}, guards=UNLIMITED)
    firm.begin()
    firm.run("trigger", "offer", "--set", "offer=10 % off")
    firm.run("trigger", "offer", "--set", "offer=20 % off")
    firm.once()
    first, second = dict.fromkeys(one["batch"] for one in firm.list("approvals"))
    listing = firm.run("approvals", "list", "--batch", first).out
    firm.run("approvals", "reject", "--batch", second)
    firm.run("approvals", "approve", "--batch", first, "--sum", read_sum(listing))
    firm.once()

    assert listing.count("10 % off") + listing.count("20 % off") == 2
    assert len(firm.quo.texts()) == 2
    assert len(set(firm.quo.texts())) == 2
    assert firm.list("approvals") == []


def test_killed_in_the_middle_each_member_has_one_run_and_one_text(make_firm):
    """`kill -9` while a batch of thirty is planned and sent: after the restarts nobody was texted twice or left out."""
    firm = make_firm(OFFER, auto=True, quo={"contacts": make_people(30)}, guards=UNLIMITED)
    firm.environ |= {"QUOFLOW_POLL__EVERY": "30s"}
    firm.begin()
    firm.run("trigger", "offer", "--set", "offer=20 % off")
    for number in (0, 4, 11, 19):
        with firm.living():
            wait_for_texts(firm.quo, number)
    for ahead in ("0s", "5m"):  # what was in flight is looked for again
        firm.once(ahead=ahead)

    runs = firm.list("runs")
    numbers = Counter(one["to"] for one in firm.quo.sent())
    unknown = [one["to"] for one in firm.list("outbox") if one["state"] == "unknown"]
    assert (len(runs), len({one["event"] for one in runs}), len({one["batch"] for one in runs})) == (30, 30, 1)
    assert sorted([*numbers.elements(), *unknown]) == sorted(f"+1555555{at}" for at in range(2000, 2030))
    assert len(numbers) >= 26


def wait_for_texts(quo, number):
    """Wait until so many texts were accepted; for the first one only until the service has begun to read."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (len(quo.sent()) < number or not quo.log()):
        time.sleep(0.005)


def test_a_plan_may_look_ahead_whom_a_schedule_would_reach(make_firm):
    """`plan --fire` shows the batch as if the rule fired now, and leaves nothing behind; what cannot fire is told."""
    weekly = OFFER.replace("trigger: manual", 'trigger: {schedule: {cron: "0 9 1 1 *"}}\nvars: {offer: 20 % off}')
    firm = make_firm(weekly, OTHER, "name: off\ntrigger: manual\nenabled: false\nactions: [stop]\n")
    firm.begin()
    quiet = firm.run("plan", "--json").json
    (batch,) = firm.run("plan", "--fire", "offer", "--json", code=2).json["batches"]
    human = firm.run("plan", "--fire", "offer", code=2).out

    assert (quiet["batches"], quiet["writes"]) == ([], [])
    assert (batch["rule"], batch["members"], batch["writes"]) == ("offer", 1, 1)
    assert f"    → {ANNA}  [needs approval]  Hi Anna, 20 % off\n" in human
    assert firm.list("runs") == []
    assert (
        "there is no rule `other` with a `manual` or `schedule` trigger"
        in firm.run("plan", "--fire", "other", code=1).err
    )
    assert "not enabled" in firm.run("trigger", "off", code=1).err
    assert "--set is for rules" in firm.run("plan", "--fire", "offer", "--set", "offer=x", code=64).err
    assert "belong to --fire" in firm.run("plan", "--set", "a=b", code=64).err
