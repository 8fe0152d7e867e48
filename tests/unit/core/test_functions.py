"""The functions of the rule language: each example in its documentation is run."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from quoflow.core import expressions
from quoflow.core.functions import SIGNATURES, Functions
from quoflow.core.history import Happened, History
from quoflow.core.hours import OfficeHours

OFFICE = OfficeHours.model_validate({"open": {"mon-fri": "09:00-17:00"}})
PAST = History(
    counts={("call.missed", timedelta(days=7)): 2},
    latest={
        "message.sent": Happened(datetime(2026, 11, 20, 15, tzinfo=UTC), "outgoing", "Any time"),
        "call.answered": None,
    },
    replied_at=datetime(2026, 11, 23, 14, tzinfo=UTC),
    is_first=True,
)
MONDAY = Functions(
    now=datetime(2026, 11, 23, 15, tzinfo=UTC),
    timezone="America/New_York",
    region="US",
    hours={"office": OFFICE, "never": OfficeHours.model_validate({"open": {"mon": []}})},
    history=PAST,
)


def test_every_function_has_a_signature_and_a_doing():
    """What the check knows and what can be called are the same."""
    assert SIGNATURES.keys() == MONDAY.callables.keys()


@pytest.mark.parametrize("name", SIGNATURES)
def test_example_in_the_documentation_is_true(name):
    """Each function's documentation shows one example, and what it gives is what it says."""
    documentation = inspect.getdoc(MONDAY.callables[name]) or ""
    example = re.search(r"Example: `(.+)` → (.+)", documentation)
    assert example is not None
    source, said = example.groups()
    said = said.split(" on ")[0]

    if said == "true":
        assert expressions.evaluate(source, {}, MONDAY) is True
    else:
        assert said == expressions.render(f"{{{{ {source} }}}}", {}, MONDAY)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_agrees_with_the_method(name):
    """The names of arguments, and which may be left out, are as the check believes."""
    actual = [
        (parameter.name, parameter.default is not inspect.Parameter.empty)
        for parameter in inspect.signature(MONDAY.callables[name]).parameters.values()
    ]

    expected = [(parameter.name, parameter.optional) for parameter in SIGNATURES[name].parameters]

    assert expected == actual


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-23", 0),
        ("2026-11-24", 1),
        ("2025-11-23", -365),
        (date(2026, 11, 30), 7),
        (datetime(2026, 11, 24, 4, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), 1),
        ("2026-11-24T04:59:00Z", 0),
        ("2026-11-24T04:59:00", 1),
        (" 2026-11-24 ", 1),
    ],
)
def test_days_are_counted_by_the_local_calendar(day, expected):
    """A day begins at local midnight, whatever the hour in UTC."""
    actual = MONDAY.days_until(day)

    assert expected == actual


def test_today_is_the_local_date():
    """Late in the evening, today is not yet tomorrow because it is in UTC."""
    late = Functions(now=datetime(2026, 11, 24, 3, tzinfo=UTC), timezone="America/New_York")

    assert late.today() == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("+12125550123", "(212) 555-0123"), ("212 555 0123", "(212) 555-0123"), ("+442079460958", "+44 20 7946 0958"),
     ("anonymous", "anonymous"), ("", "")],
)  # fmt: skip
def test_numbers_are_written_for_people(number, expected):
    """A number at home is written the national way, one from abroad with its country, anything else stays."""
    actual = MONDAY.format_phone(number)

    assert expected == actual


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("is_open('shop')", "there is no calendar `shop`"),
        ("opens_at('shop')", "there is no calendar `shop`"),
        ("opens_at('never')", "the calendar `never` does not open within a year"),
        ("ago('soon')", "`soon` is not a duration"),
        ("days_until('tomorrow')", "write it as 2026-12-31"),
        ("days_until(7)", "takes a date"),
        ("format_phone(none)", "takes a text"),
        ("segments(5)", "takes a text"),
        ("count('call.missed', '1h')", "must be written out"),
        ("count('call.missed', 'soon')", "`soon` is not a duration"),
        ("last('call.missed')", "must be written out"),
        ("replied_since('1h')", "takes a time"),
    ],
)
def test_wrong_argument_is_said_in_words(source, said):
    """A function that cannot answer says why, and what it takes."""
    with pytest.raises(expressions.ExpressionError) as raised:
        expressions.evaluate(source, {}, MONDAY)

    assert said in raised.value.message


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T10:00-05:00", "2026-11-23T10:00-05:00"),
        ("2026-11-23T17:00-05:00", "2026-11-24T09:00-05:00"),
        ("2026-11-27T18:00-05:00", "2026-11-30T09:00-05:00"),
        ("2026-10-31T12:00-04:00", "2026-11-02T09:00-05:00"),  # the clocks change on the Sunday between
    ],
)
def test_the_next_opening_is_now_or_on_a_later_day(now, expected):
    """Now while the office is open, else the next morning, over a weekend and a change of clocks, on its own clock."""
    moment, opening = (datetime.fromisoformat(text).astimezone(UTC) for text in (now, expected))

    assert replace(MONDAY, now=moment).opens_at() == opening


def test_last_is_a_record_or_nothing():
    """The newest event has its time, its direction and its text; where there is none, it is nothing, and so is each."""
    assert MONDAY.last("message.sent") == {
        "time": datetime(2026, 11, 20, 15, tzinfo=UTC),
        "direction": "outgoing",
        "text": "Any time",
    }
    assert expressions.evaluate("last('call.answered')", {}, MONDAY) is None
    assert expressions.evaluate("last('call.answered').time", {}, MONDAY) is None


def test_a_reply_at_the_very_time_is_not_after_it():
    """Only what came later is a reply; where nobody ever replied, there is none."""
    at = PAST.replied_at

    assert not MONDAY.has_replied_since(at)
    assert MONDAY.has_replied_since(at - timedelta(seconds=1))
    assert not Functions(now=MONDAY.now).has_replied_since(at - timedelta(days=300))
