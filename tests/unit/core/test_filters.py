"""Filters and tests of the rule language: what each gives, that None goes through, and that nothing grows too long."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from quoflow.core import filters
from quoflow.core.expressions import ExpressionError, evaluate
from quoflow.core.functions import Functions

NOW = datetime(2026, 11, 23, 15, 5, tzinfo=UTC)
FUNCTIONS = Functions(now=NOW, timezone="America/New_York")


def give(source: str, value: object) -> object:
    return evaluate(f"vars {source}", {"vars": value}, FUNCTIONS)


@pytest.mark.parametrize(
    ("value", "source", "expected"),
    [
        ("Ann", "| upper", "ANN"),
        ("Ann", "| lower", "ann"),
        ("ann o'neil", "| title", "Ann O'neil"),
        ("ann LEE", "| capitalize", "Ann lee"),
        ("  a b \n", "| trim", "a b"),
        ("a-b-c", "| replace('-', '')", "abc"),
        ("one two three", "| truncate(9)", "one..."),
        ("one two three", "| truncate(13)", "one two three"),
        ("onetwothree", "| truncate(8)", "onetw..."),
        ("onetwothree", "| truncate(8, '')", "onetwoth"),
        ("one two", "| truncate(2)", ".."),
        ("one two three", "| wordcount", 3),
        ("abc", "| length", 3),
        (["a", "b"], "| count", 2),
        ({"a": 1}, "| length", 1),
        (["a", "b"], "| join", "ab"),
        (["a", 2, 1.5, NOW], "| join(', ')", "a, 2, 1.5, Nov 23, 2026, 10:05 AM"),
        (["a", "b"], "| first", "a"),
        (["a", "b"], "| last", "b"),
        ([], "| first", None),
        ([], "| last", None),
        ([3, 1, 2], "| min", 1),
        ([3, 1, 2], "| max", 3),
        ([], "| max", None),
        (["b", "A", "c"], "| sort", ["A", "b", "c"]),
        ([1, 3, 2], "| sort(reverse=true)", [3, 2, 1]),
        (["a", "A", "b", "a"], "| unique", ["a", "b"]),
        ([1, 2], "| reverse", [2, 1]),
        ("12", "| int", 12),
        ("12.9", "| int", 12),
        ("many", "| int", 0),
        ("many", "| int(-1)", -1),
        ("1e999", "| int", 0),
        ("9" * 5000, "| int(1)", 1),
        (7.9, "| int", 7),
        (None, "| int", 0),
        ("1.5", "| float", 1.5),
        ("nan", "| float", 0.0),
        ("inf", "| float(2)", 2),
        (None, "| float", 0.0),
        (2.5, "| round", 2),
        (2.567, "| round(2)", 2.57),
        (-2, "| abs", 2),
        (NOW, "| time('%H:%M')", "10:05"),
        (NOW, "| time", "Nov 23, 2026, 10:05 AM"),
        (date(2026, 1, 2), "| time('%A')", "Friday"),
        (3, "| string", "3"),
        (3.0, "| string", "3"),
        (None, "| default('x')", "x"),
        ("", "| default('x')", ""),
        ("", "| default('x', true)", "x"),
        (0, "| d(5)", 0),
        (None, "| default", ""),
        ("x", "is defined", True),
        (None, "is defined", False),
        (None, "is undefined", True),
        (None, "is none", True),
        ("x", "is not none", True),
        ("x", "is string", True),
        (1, "is number", True),
        (True, "is number", False),
        (True, "is boolean", True),
        ("My Refund!", "is matches('(?i)\\\\brefund\\\\b')", True),
        ("refunded", "is matches('\\\\brefund\\\\b')", False),
        (None, "is matches('x')", False),
        ("a" * 50_000, "is matches('(a+)+$')", True),
        ("a" * 50_000 + "!", "is matches('^(a|a)*$')", False),
    ],
)
def test_filter_gives(value, source, expected):
    """Each filter and test gives what its name says."""
    actual = give(source, value)

    assert expected == actual
    assert type(expected) is type(actual)


@pytest.mark.parametrize("name", [name for name, one in filters.FILTERS.items() if not one.mends])
def test_none_goes_through_every_filter(name):
    """No filter makes "None" of None; what is missing stays missing, for `or` to mend."""
    arguments = {"replace": "('a', 'b')"}.get(name, "")

    assert give(f"| {name}{arguments}", None) is None


@pytest.mark.parametrize(
    ("value", "source", "said"),
    [
        (3, "| upper", "`| upper` cannot take a number"),
        (True, "| abs", "`| abs` cannot take true or false"),
        ("a", "| join", "`| join` cannot take a text"),
        ([None], "| join", "nothing cannot be printed"),
        ([["a"]], "| join", "a list cannot be printed"),
        (["a"], "| string", "a list cannot be printed"),
        (["a", 1], "| sort", "cannot compare"),
        ([{"a": 1}], "| unique", "do not fit together"),
        ("a", "| replace(1, 'b')", "`| replace` cannot take a number"),
        ("a", "| time", "`| time` cannot take a text"),
        (NOW, "| time('%999d')", "`%9` is not a part of a time"),
        ("a", "is matches('(')", "is not a regular expression that RE2 reads"),
        ("a", "is matches('" + "a" * 501 + "')", "500 characters at most"),
        (5, "is matches('a')", "`| matches` cannot take a number"),
        ("a" * 40_000, "| replace('a', 'bb')", "beyond 65,536 characters"),
        ("a" * 10, "| replace('', '" + "b" * 7000 + "')", "beyond 65,536 characters"),
        (["a" * 40_000] * 2, "| join", "beyond 65,536 characters"),
    ],
)
def test_filter_that_cannot_says_why(value, source, said):
    """A value that a filter cannot take, or a text that would grow without bound, is an error in words."""
    with pytest.raises(ExpressionError) as raised:
        give(source, value)

    assert said in raised.value.message


@pytest.mark.parametrize("name", filters.FILTERS)
def test_parameters_are_those_of_the_doing(name):
    """What the check believes that a filter takes can be given to it."""
    one = filters.FILTERS[name]
    words = {"text": "'a'", "number": "1", "boolean": "true"}
    arguments = ", ".join(f"{words[parameter.kinds[0]]}" for parameter in one.parameters)
    value = {"text": "b", "number": 2, "list": ["b"], "time": NOW}[one.takes[0]]
    arguments = "'%H'" if name == "time" else arguments

    give(f"| {name}({arguments})", value)

    too_many = f"{arguments}, 1" if arguments else "1"
    with pytest.raises(ExpressionError):
        give(f"| {name}({too_many})", value)
