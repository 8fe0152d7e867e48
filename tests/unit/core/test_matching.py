"""Matching: which rules are asked, what each filter and condition decides, and the reason it gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import indexing, matching
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.rules import AllOf, AnyOf, Filters, Holds, Not, Rule, Trigger

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
FUNCTIONS = Functions(now=NOW)
MAIN = Line(id="PNmain", number="+15550001111", name="Main Line")
SALES = Line(id="PNsales", number="+15550002222", name="Sales")
LINES = (MAIN, SALES)
VALUES = {"contact": {"tags": ["vip"], "name": None}, "message": {"text": "Hello"}}

MESSAGE = Event(
    id="message.received:AC1",
    kind="message.received",
    connection="main",
    occurred_at=NOW - timedelta(minutes=1),
    line_id="PNmain",
    peer="+15550104567",
    direction="incoming",
    data={
        "message": {
            "id": "AC1",
            "text": "I want a REFUND, bitte Straße",
            "from": "+15550104567",
            "to": "+15550001111",
            "direction": "incoming",
            "status": "received",
        }
    },
)
CALL = replace(
    MESSAGE,
    id="call.missed:AC2",
    kind="call.missed",
    data={
        "call": {"id": "AC2", "direction": "incoming", "status": "no-answer", "from": "+15550104567", "to": MAIN.number}
    },
)
VOICEMAIL = replace(
    CALL,
    id="voicemail.received:AC2",
    kind="voicemail.received",
    data={**CALL.data, "voicemail": {"text": "call me back"}},
)
LOST = replace(VOICEMAIL, data={**CALL.data, "voicemail": {"status": "missing"}})
SCHEDULE = Event(
    id="schedule:nightly:0:2026-11-23T09:00", kind="schedule", connection="main", occurred_at=NOW - timedelta(minutes=1)
)


def filters(**written):
    return Filters.model_validate(written)


def rule(*kinds, when=AllOf(), name="a-rule", **options):  # noqa: B008  a frozen value
    found = options.pop("filters", Filters())
    triggers = tuple(Trigger(kind=kind, filters=found) for kind in kinds or ("message.received",))
    return Rule(name=name, version="0" * 12, document={}, triggers=triggers, steps=(), when=when, **options)


def match(asked, event=MESSAGE, *, values=VALUES, region="US"):
    return matching.match(asked, event, values, FUNCTIONS, lines=LINES, region=region)


def holds(*sources):
    return AllOf(tuple(Holds(source) for source in sources))


def test_a_verdict_names_rule_version_and_event():
    """A verdict says which version of which rule it is about, and which event."""
    verdict = match(rule())

    assert verdict == matching.Verdict(
        rule="a-rule",
        rule_version="000000000000",
        event_id="message.received:AC1",
        matched=True,
        reason="message.received fits the trigger",
    )


@pytest.mark.parametrize(
    ("asked", "event", "reason"),
    [
        (rule(enabled=False), MESSAGE, "the rule is not enabled"),
        (rule(connections=("east", "west")), MESSAGE, "connection: it applies to `east` or `west`, not `main`"),
        (rule("call.missed"), MESSAGE, "trigger: it waits for `call.missed`, not `message.received`"),
        (rule("schedule"), SCHEDULE, "schedule: meant for another rule"),
        (rule("manual"), replace(SCHEDULE, id="manual:other:1", kind="manual"), "manual: meant for another rule"),
    ],
)
def test_what_does_not_concern_a_rule_is_told(asked, event, reason):
    """Off, another connection, another trigger, another rule's firing: each has its own reason."""
    verdict = match(asked, event)

    assert (verdict.matched, verdict.reason) == (False, reason)
    assert asked not in indexing.RuleIndex([asked]).candidates(event, LINES)


@pytest.mark.parametrize("kind", ["schedule", "manual"])
def test_a_firing_is_for_its_own_rule_only(kind):
    """`nightly-2` matches its firing; `nightly`, with which its name begins, does not."""
    event = replace(SCHEDULE, id=f"{kind}:nightly-2:0", kind=kind)
    own, other = rule(kind, name="nightly-2"), rule(kind, name="nightly")

    assert match(own, event).matched
    assert not match(other, event).matched
    assert indexing.RuleIndex([other, own]).candidates(event, LINES) == (own,)


FITTING = [
    ({"line": "Main Line"}, MESSAGE),
    ({"line": " main line "}, MESSAGE),
    ({"line": "PNmain"}, MESSAGE),
    ({"line": "+15550001111"}, MESSAGE),
    ({"line": "(555) 000-1111"}, MESSAGE),
    ({"line": ["Sales", "MAIN LINE"]}, MESSAGE),
    ({"on": "completed"}, VOICEMAIL),
    ({"on": ["failed", "completed"]}, VOICEMAIL),
    ({"on": "failed"}, LOST),
    ({"on": ["completed", "failed"]}, LOST),
    ({"line": "PNgone"}, replace(MESSAGE, line_id="PNgone")),
    ({"direction": "incoming"}, MESSAGE),
    ({"from": "+15550104567"}, MESSAGE),
    ({"from": "555.010.4567"}, MESSAGE),
    ({"from": ["22395", "+15550104567"]}, CALL),
    ({"to": "+1 555 000 1111"}, MESSAGE),
    ({"to": "+15550001111"}, CALL),
    ({"from": "22395"}, replace(MESSAGE, data={"message": {"from": "22395", "text": ""}})),
    ({"to": "+15550104567"}, replace(MESSAGE, data={"message": {"to": ["+15550003333", "+15550104567"]}})),
    ({"from": "+15550104567", "to": "+15550001111"}, replace(CALL, data={"call": {}})),
    ({"from": "+15550001111", "to": "+15550104567"}, replace(CALL, direction="outgoing", data={})),
    ({"status": "RECEIVED"}, MESSAGE),
    ({"status": ["missed", "no-answer"]}, CALL),
    ({"text": {"contains": "refund"}}, MESSAGE),
    ({"text": {"contains": ["cash", "Refund"]}}, MESSAGE),
    ({"text": {"contains": "STRASSE"}}, MESSAGE),
    ({"text": {"matches": "REF(UND|ER)"}}, MESSAGE),
    ({"text": {"matches": "(?i)refund"}}, MESSAGE),
    ({"text": {"contains": "call me"}}, VOICEMAIL),
    ({"text": {"matches": "back$"}}, VOICEMAIL),
    ({"text": {"contains": "two"}}, replace(CALL, data={**CALL.data, "transcript": {"text": "one two"}})),
    ({"text": {"matches": "hi"}}, replace(MESSAGE, data={"message": {"text": "\ud83d hi"}})),
    ({"line": "Main Line", "direction": "incoming", "text": {"contains": "refund"}}, MESSAGE),
]


@pytest.mark.parametrize(("written", "event"), FITTING)
def test_filters_let_through_what_fits(written, event):
    """Lines by name, number or id; numbers however written; any of a list; text in any case or by RE2."""
    asked = rule(event.kind, filters=filters(**written))

    verdict = match(asked, event)

    assert verdict.matched, verdict.reason
    assert indexing.RuleIndex([asked]).candidates(event, LINES) == (asked,)


@pytest.mark.parametrize(
    ("written", "event", "reason"),
    [
        ({"line": "Sales"}, MESSAGE, "line: it wants `Sales`, and this was `Main Line`"),
        ({"line": "Sales"}, SCHEDULE, "line: it wants `Sales`, and this was none"),
        ({"direction": "outgoing"}, MESSAGE, "direction: it wants outgoing, and this was incoming"),
        ({"direction": "outgoing"}, SCHEDULE, "direction: it wants outgoing, and this was neither"),
        ({"from": "+15550109999"}, MESSAGE, "from: it wants `+15550109999`, and this was `+1555***4567`"),
        ({"from": "22395"}, SCHEDULE, "from: it wants `22395`, and this was no number"),
        ({"to": "+15550104567"}, CALL, "to: it wants `+15550104567`, and this was `+1555***1111`"),
        ({"status": "missed"}, CALL, "status: it wants `missed`, and this was `no-answer`"),
        ({"status": "missed"}, SCHEDULE, "status: it wants `missed`, and this was `none`"),
        ({"text": {"contains": ["a b", "money"]}}, MESSAGE, "text: it does not contain `a b` or `money`"),
        ({"text": {"matches": "refund"}}, MESSAGE, "text: it does not match `refund`"),
        ({"text": {"contains": "refund"}}, CALL, "text: the event has none"),
        ({}, LOST, "on: it wants `completed`, and this never came"),
        ({"on": "failed"}, VOICEMAIL, "on: it wants `failed`, and this has come"),
        (
            {"text": {"contains": "x"}},
            replace(MESSAGE, data={"message": {"text": None}}),
            "text: it does not contain `x`",
        ),
        (
            {"text": {"matches": "(?=x)"}},
            MESSAGE,
            "text: `(?=x)` is not a regular expression that RE2 reads (invalid perl operator: (?=)",
        ),
    ],
)
def test_filters_say_what_does_not_fit(written, event, reason):
    """The reason names the filter, what it wants and what there was; customers' numbers are masked."""
    asked = rule(event.kind, name="nightly", filters=filters(**written))

    verdict = match(asked, event)

    assert (verdict.matched, verdict.reason) == (False, reason)


def test_a_number_is_read_by_the_region():
    """A number without a country code belongs to the configured region."""
    written = filters(**{"from": "020 7946 0958"})
    event = replace(MESSAGE, data={"message": {"from": "+442079460958"}})

    assert match(rule(filters=written), event, region="GB").matched
    assert not match(rule(filters=written), event, region="US").matched


def test_one_fitting_trigger_is_enough():
    """Of several triggers of a kind any will do; where none does, each reason is given."""
    first, second = (Trigger("message.received", filters=filters(line=name)) for name in ("Sales", "Main Line"))
    asked = replace(rule(), triggers=(first, second))
    neither = replace(rule(), triggers=(first, replace(second, filters=filters(direction="outgoing"))))

    assert match(asked).matched
    assert match(neither).reason == (
        "line: it wants `Sales`, and this was `Main Line`; direction: it wants outgoing, and this was incoming"
    )


def test_every_evaluated_condition_is_recorded_and_no_other():
    """Evaluation stops at the first condition that does not hold; what was asked is kept with its value."""
    asked = rule(when=holds("'vip' in contact.tags", "message.text == 'Bye'", "message.text == 'Hello'"))

    verdict = match(asked)

    assert verdict.reason == "`message.text == 'Bye'` does not hold"
    assert verdict.conditions == (("'vip' in contact.tags", True), ("message.text == 'Bye'", False))


TRUE, FALSE = Holds("1 == 1"), Holds("1 == 2")


@pytest.mark.parametrize(
    ("when", "matched", "asked"),
    [
        (AllOf(), True, 0),
        (AllOf((TRUE, TRUE)), True, 2),
        (AllOf((FALSE, TRUE)), False, 1),
        (AllOf((AnyOf((FALSE, TRUE, TRUE)),)), True, 2),
        (AllOf((AnyOf((FALSE, FALSE)),)), False, 2),
        (AllOf((AnyOf(),)), False, 0),
        (AllOf((Not(FALSE), TRUE)), True, 2),
        (AllOf((Not(TRUE), TRUE)), False, 1),
        (AllOf((Not(Not(TRUE)),)), True, 1),
        (AllOf((Not(AllOf((TRUE, FALSE))), AnyOf((AllOf((FALSE,)), Not(AnyOf((FALSE, FALSE))))))), True, 5),
    ],
)
def test_conditions_nest(when, matched, asked):
    """all, any and not nest, and each asks no more than it needs."""
    verdict = match(rule(when=when))

    assert verdict.matched is matched
    assert len(verdict.conditions) == asked


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (AllOf((Not(TRUE),)), "`1 == 1` holds, and must not"),
        (AllOf((Not(AllOf((TRUE, Not(FALSE)))),)), "all(`1 == 1`, not `1 == 2`) holds, and must not"),
        (AllOf((Not(AnyOf((TRUE,))),)), "any(`1 == 1`) holds, and must not"),
        (AllOf((AnyOf((FALSE, Not(TRUE))),)), "none of these: `1 == 2` does not hold; `1 == 1` holds, and must not"),
        (AllOf((AnyOf(),)), "`any` has nothing to choose from"),
    ],
)
def test_conditions_say_why_they_do_not_hold(when, reason):
    """The reason shows the conditions that decided, as the rule has them."""
    assert match(rule(when=when)).reason == reason


CONDITIONS = st.recursive(
    st.sampled_from([TRUE, FALSE]),
    lambda part: st.one_of(
        st.lists(part, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(part, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        part.map(Not),
    ),
    max_leaves=8,
)


def tell(condition):
    """Decide a tree of true and false the plain way."""
    if isinstance(condition, AllOf | AnyOf):
        return (all if isinstance(condition, AllOf) else any)(map(tell, condition.parts))
    return not tell(condition.part) if isinstance(condition, Not) else condition is TRUE


@given(CONDITIONS)
def test_any_tree_is_decided_like_logic(condition):
    """However deep the nesting, the verdict is that of all(), any() and not."""
    assert match(rule(when=AllOf((condition,)))).matched is tell(condition)


@pytest.mark.parametrize("source", ["nothing == 1", "message.text > 3", "1 / 0 == 1", "1 +"])
def test_a_condition_that_cannot_be_told_is_no_match(source):
    """An expression that fails makes a verdict in words, never a crash, even behind `not`."""
    for when in (holds("1 == 1", source), AllOf((TRUE, Not(Holds(source))))):
        verdict = match(rule(when=when))

        assert not verdict.matched
        assert source in verdict.reason
        assert verdict.conditions == (("1 == 1", True), (source, None))


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(minutes=15), None),
        (timedelta(minutes=-5), None),
        (timedelta(minutes=15, seconds=1), "too old: it happened 15m1s ago and max_age is 15m"),
        (timedelta(days=2), "too old: it happened 2d ago and max_age is 15m"),
    ],
)
def test_an_old_event_is_too_old(age, reason):
    """Older than max_age is too old; from the future is not."""
    asked = rule(max_age=timedelta(minutes=15))
    event = replace(MESSAGE, occurred_at=NOW - age)

    assert matching.is_due_by_age(asked, event, NOW) == reason
