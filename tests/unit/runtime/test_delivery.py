"""Delivery: what became of texts after Quo took them, told once each, at a bounded cost."""

from __future__ import annotations

import pytest

from quoflow.runtime import delivery
from quoflow.store import audit, outbox

from .conftest import ANNA, BILL, CORA

TEXTBACK = "name: textback\ntrigger: message.received\napproval: auto\nactions: [{send_message: {text: Thanks}}]\n"
WATCH = """
name: watch
trigger: [message.delivered, message.failed, message.sent]
approval: auto
actions:
  - notify: "{{ event.kind }} {{ message.status }} {{ message.rule or 'a person' }} {{ message.text }}"
"""
SLOW = {"sent_after": "1m", "delivered_after": "1h"}


def said(shop):
    return [one.text for one in shop.told if one.kind == "notify"]


def test_ours_and_a_persons_are_told_once_each(make_shop):
    """What arrived and what did not, whoever wrote it, with the rule that did; each once, however often it is read."""
    shop = make_shop(TEXTBACK, WATCH, options={"undeliverable": [BILL]})
    shop.write("Hello", ANNA)
    shop.write("Hello", BILL)
    shop.type("By hand", CORA)
    for _ in range(5):
        shop.work()
        shop.later(seconds=20)

    assert sorted(said(shop)) == [
        "message.delivered delivered a person By hand",
        "message.delivered delivered textback Thanks",
        "message.failed undelivered textback Thanks",
        "message.sent queued a person By hand",
    ]


def test_a_text_that_moves_on_alone_is_found(make_shop):
    """Its conversation does not change when it arrives: it is asked for by its id."""
    shop = make_shop(WATCH, options=SLOW)
    sent = shop.type("By hand")
    shop.work()
    shop.later(hours=2)
    shop.work()

    assert shop.events("message.delivered") == [f"message.delivered:{sent}"]
    assert shop.requests(f"/messages/{sent}") == 1


def test_the_outbox_says_whether_it_arrived(make_shop):
    """As Quo last said it; a text that nobody has read yet says nothing."""
    shop = make_shop(TEXTBACK, options=SLOW | {"undeliverable": [BILL]})
    shop.write("Hello", ANNA)
    shop.write("Hello", BILL)
    shop.work()
    before = [one.delivery for one in shop.ask(outbox.list_outbox)]
    shop.later(minutes=2)
    shop.work()
    between = [one.delivery for one in shop.ask(outbox.list_outbox)]
    shop.later(hours=2)
    shop.work()
    after = {one.to: (one.state, one.delivery) for one in shop.ask(outbox.list_outbox)}

    assert (before, between) == ([None, None], ["sent", "sent"])
    assert after == {ANNA: ("sent", "delivered"), BILL: ("sent", "undelivered")}


def test_a_failure_is_told_and_audited_without_any_rule(make_shop):
    """A text of ours that does not arrive is said in the log and in the audit, with the step that it was."""
    shop = make_shop(TEXTBACK, options={"undeliverable": [ANNA]})
    shop.write("Hello")
    shop.work()
    shop.later(seconds=20)
    shop.work()
    (row,) = shop.ask(outbox.list_outbox)
    told = [one.text for one in shop.told if one.kind == "write.undelivered"]
    with shop.database.read() as tx:
        entries = [entry.data for entry in audit.walk(tx) if entry.kind == "write.undelivered"]

    assert told == [f"textback: a text to {ANNA} did not arrive (undelivered): quoflow outbox show {row.id}"]
    assert [(one["step"], one["message"], one["status"]) for one in entries] == [
        (row.id, row.message_id, "undelivered")
    ]


@pytest.mark.parametrize("kind", ["message.failed", "message.delivered"])
def test_a_rule_that_answers_a_delivery_with_a_text_does_not_go_on_for_ever(make_shop, kind):
    """What is sent because of a delivery fires nothing by its own, with every guard off."""
    again = f"name: again\ntrigger: {kind}\napproval: auto\nactions: [{{send_message: {{text: Once more}}}}]\n"
    options = {"undeliverable": [ANNA]} if kind == "message.failed" else {}
    off = {"contact_cap": "off", "budget": "off", "loop": "off"}
    shop = make_shop(TEXTBACK, again, options=options, guards=off)
    shop.write("Hello")
    for _ in range(20):
        shop.work()
        shop.later(minutes=2)

    assert shop.texts == [(ANNA, "Thanks"), (ANNA, "Once more")]
    assert len(shop.events(kind)) == 1


def test_a_late_failure_is_as_old_as_quo_says(make_shop):
    """After an outage a rule with a short max_age does not answer a failure of yesterday."""
    again = (
        "name: again\ntrigger: message.failed\nmax_age: 15m\napproval: auto\nactions: [{send_message: {text: Again}}]\n"
    )
    shop = make_shop(again, options={"undeliverable": [ANNA]})
    shop.type("By hand")
    shop.later(seconds=1)
    shop.work()
    shop.later(hours=10)
    shop.work()

    assert len(shop.events("message.failed")) == 1
    assert shop.texts == []


def test_a_text_that_never_ends_costs_few_requests_and_is_given_up(make_shop):
    """The pauses double up to an hour, and after a day nobody asks any more."""
    shop = make_shop(WATCH, options={"sent_after": "30d", "delivered_after": "30d"})
    sent = shop.type("By hand")
    asked = []
    for pause in [15] * 60 + [900] * 4 * 30:
        shop.work()
        asked.append(shop.requests(f"/messages/{sent}"))
        shop.later(seconds=pause)

    first_quarter, first_day, end = asked[59], asked[59 + 4 * 24], asked[-1]
    assert (first_quarter, first_day <= 32, end - first_day <= 1) == (6, True, True)
    assert shop.events("message.") == [f"message.sent:{sent}"]


def test_one_cycle_asks_for_a_bounded_number_of_texts(make_shop):
    """Many texts at once wait their turn, and each gets it."""
    shop = make_shop(WATCH, options=SLOW)
    many = 2 * delivery.MOST_A_CYCLE + 3
    for number in range(many):
        shop.type("By hand", f"+1212555{number + 1000}")
    shop.work()
    shop.later(hours=2)
    begun = len(shop.sandbox.log)
    asked = []
    for _ in range(4):
        shop.work()
        asked.append(sum("/messages/" in entry["path"] for entry in list(shop.sandbox.log)[begun:]))
        begun = len(shop.sandbox.log)

    assert asked == [delivery.MOST_A_CYCLE, delivery.MOST_A_CYCLE, 3, 0]
    assert len(shop.events("message.delivered")) == many


def test_what_people_wrote_is_followed_only_where_a_rule_waits_for_it(make_shop):
    """Without such a rule not one request is made for it."""
    shop = make_shop(TEXTBACK, options=SLOW)
    sent = shop.type("By hand")
    shop.work()
    shop.later(hours=2)
    shop.work()

    assert (shop.requests(f"/messages/{sent}"), shop.events("message.delivered")) == (0, [])


def test_history_is_not_followed(make_shop):
    """A text that was on its way at the first look is history, however it ends."""
    past = {"at": "-2m", "message": {"id": "ACold", "peer": ANNA, "direction": "outgoing", "text": "Hi"}}
    shop = make_shop(WATCH, options=SLOW, history=[past])
    shop.write("Hello")
    shop.work()
    shop.later(hours=2)
    shop.work()

    assert shop.events("message.delivered") == shop.events("message.failed") == []
    assert shop.requests("/messages/ACold") == 0


def test_a_failing_look_ends_the_cycle_and_is_tried_again(make_shop):
    """Trouble with one text is told once, and does not hold up the poll."""
    shop = make_shop(WATCH, options=SLOW)
    sent = [shop.type("By hand", peer) for peer in (ANNA, BILL)]
    shop.work()
    shop.later(hours=2)
    shop.happen("faults", kind="403", path="/v1/messages/AC", times=1)
    shop.work()
    assert [one.kind for one in shop.told].count("watch.failed") == 1

    shop.later(minutes=1)
    shop.work()
    assert shop.events("message.delivered") == sorted(f"message.delivered:{one}" for one in sent)
