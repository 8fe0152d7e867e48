"""Limits: how far a run reaches, and what is said of one that goes too far."""

from __future__ import annotations

from datetime import UTC, datetime

from quoflow.core import lifecycle, limits, plans, steps
from quoflow.core.lifecycle import StepState
from quoflow.core.parameters.flow import Choose, ForEach, If, Wait
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.rules import Rule, Trigger

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
ANNA, BILL = "+15555550111", "+15555550112"


def text(path, **blocks):
    return steps.Step(path, "send_message", SendMessage(text="Hello"), **blocks)


def make_rule(*sequence, **options):
    return Rule("rule", "1", {}, (Trigger("message.received"),), sequence, **options)


def write(to=ANNA, action="send_message"):
    return plans.Write("main", action, to, None, None, {}, 1, "1")


def record(number, state, *, to=ANNA, action="send_message"):
    return lifecycle.StepRecord(
        id=str(number), run_id="1", connection="main", path=f"actions[{number}]", position=number, action=action,
        state=state, created_at=NOW, updated_at=NOW, is_write=True, to=to,
    )  # fmt: skip


def test_what_is_on_record_counts_with_what_is_new():
    """A limit holds for a run from its first write to its last, however many waits lie between."""
    records = [record(0, StepState.SUCCEEDED), record(1, StepState.UNKNOWN, to=BILL)]
    rule = make_rule(max_actions=2, max_recipients=2)
    reach = limits.measure(rule, records, [write()], ())

    assert limits.object_to(rule, reach) == (
        "max_actions: it has made 2 writes, it would make 1 write now, and 2 is the most; stopped after 2"
    )


def test_what_was_never_made_does_not_count():
    """Writes that were refused, that failed provably or that were cancelled reach nobody."""
    states = (StepState.SKIPPED, StepState.FAILED, StepState.CANCELLED)
    records = [record(number, state) for number, state in enumerate(states)]
    reach = limits.measure(make_rule(), records, [], ())

    assert reach == limits.Reach()


def test_only_texts_have_recipients():
    """A number that is only tagged is not texted; one that is texted twice counts once."""
    planned = [write(), write(), write(BILL, "tag_contact")]
    reach = limits.measure(make_rule(), [], planned, ())

    assert (reach.now, reach.recipients) == (3, frozenset({ANNA}))


def test_of_two_ways_the_longer_counts():
    """Behind an undecided branch stands the most that may follow; of a way that was not taken nothing does."""
    way = "actions[1]"
    branch = steps.Step(
        way, "if", If(), condition="contact.known", then=(text(f"{way}.then[0]"), text(f"{way}.then[1]")),
        otherwise=(text(f"{way}.else[0]"),),
    )  # fmt: skip
    rule = make_rule(steps.Step("actions[0]", "wait", Wait(duration="1h")), branch)
    undecided = ("actions[0]", way, f"{way}.then[0]", f"{way}.then[1]", f"{way}.else[0]")

    assert limits.measure(rule, [], [], undecided).later == 2
    assert limits.measure(rule, [], [], (f"{way}.else[0]",)).later == 1


def test_both_limits_are_told_at_once():
    """Whoever must raise a limit learns of the other one, too."""
    rule = make_rule(max_actions=1, max_recipients=1)
    reach = limits.measure(rule, [], [write(), write(BILL)], ())

    assert limits.object_to(rule, reach) == (
        "max_recipients: it would text 2 numbers, and 1 is the most; "
        "max_actions: 2 writes to make, and 1 is the most; stopped before the first write"
    )


def test_a_limit_that_is_reached_is_not_exceeded():
    """The figure itself is allowed, and without a figure there is no limit."""
    reach = limits.measure(make_rule(), [], [write(), write(BILL)], ())

    assert limits.object_to(make_rule(max_actions=2, max_recipients=2), reach) is None
    assert limits.object_to(make_rule(), reach) is None


def test_reaches_add_up():
    """Those of several runs together: writes are summed, a number that several text counts once."""
    one, other = limits.Reach(1, 2, 3, frozenset({ANNA})), limits.Reach(1, 1, 1, frozenset({ANNA, BILL}))

    assert one + other == limits.Reach(2, 3, 4, frozenset({ANNA, BILL}))


def test_of_several_ways_the_longest_counts():
    """Only one way of a choice is taken, so the most that may follow is what the longest has."""
    ways = (steps.Way("a", (text("w0"), text("w1"))), steps.Way("b", (text("w2"),)))
    made = make_rule(steps.Step("choice", "choose", Choose(), ways=ways, otherwise=(text("w3"),)))

    assert limits.measure(made, [], [], ("choice", "w0", "w1", "w2", "w3")).later == 2


def test_a_loop_that_has_not_begun_counts_as_often_as_it_may_turn():
    """What a list will hold is not known: the most that `max` lets through counts; once begun, what is left of it."""
    body = (text("loop.for_each.do[0]"),)
    made = make_rule(steps.Step("loop", "for_each", ForEach.model_validate({"in": "x", "max": 10}), body=body))
    before = limits.measure(made, [], [], ("loop", "loop.for_each.do[0]"))
    begun = limits.measure(made, [], [], ("loop.for_each[1].do[0]", "loop.for_each[2].do[0]"))

    assert (before.later, begun.later) == (10, 2)
