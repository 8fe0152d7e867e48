"""Contact properties: which one is meant, and a text as a value of its type."""

from __future__ import annotations

import pytest

from quoflow.core import properties
from quoflow.core.facts import Property

PLAN = Property("plan", "Plan", "string")
KNOWN = (PLAN, Property("k1", "Plan B", "number"), Property("k2", "Twin", "url"), Property("k3", "twin", "date"))


@pytest.mark.parametrize(("written", "key"), [("plan", "plan"), ("PLAN", "plan"), (" plan b ", "k1"), ("k3", "k3")])
def test_a_property_is_named_by_key_or_name(written, key):
    """A key goes before a name, and a name fits in any case."""
    assert properties.find_property(KNOWN, written).key == key


@pytest.mark.parametrize(
    ("known", "written", "words"),
    [
        (KNOWN, "plam", "there is no contact property `plam`; did you mean `plan`?"),
        (KNOWN, "birthday", "there are `plan` (string), `k1` (number), `k2` (url), `k3` (date)"),
        (KNOWN, "twin", "several contact properties are called `twin`"),
        ((), "plan", "there are none"),
    ],
)
def test_a_property_that_is_not_there_is_said(known, written, words):
    """The message names those that there are, or the one that was meant."""
    with pytest.raises(ValueError, match="contact propert") as caught:
        properties.find_property(known, written)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("string", ["gold"], "gold"),
        ("address", ["1 Main St"], "1 Main St"),
        ("newer-than-us", ["gold"], "gold"),
        ("number", ["12"], 12),
        ("number", ["-1.5"], -1.5),
        ("boolean", ["True"], True),
        ("boolean", ["no"], False),
        ("date", ["2026-12-24"], "2026-12-24T00:00:00.000Z"),
        ("date", ["2026-12-24T10:00:00-05:00"], "2026-12-24T15:00:00.000Z"),
        ("url", ["https://example.com/a"], "https://example.com/a"),
        ("multi-select", ["a", "b", "a"], ["a", "b"]),
    ],
)
def test_a_text_becomes_a_value_of_the_type(kind, written, expected):
    """Numbers, dates and booleans come from text; what is newer than this version takes any text."""
    value = properties.read_value(Property("f", "F", kind), written)

    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        ("number", ["gold"], "`f` takes a number, and `gold` is none"),
        ("number", ["inf"], "`f` takes a number"),
        ("boolean", ["maybe"], "`f` takes true or false"),
        ("date", ["24.12.2026"], "`f` takes a date such as 2026-12-24"),
        ("date", ["2026-02-30"], "`f` takes a date"),
        ("url", ["example.com"], "`f` takes an address such as https://example.com"),
        ("string", ["a", "b"], "`f` takes one string, and these are 2"),
    ],
)
def test_what_does_not_fit_is_said(kind, written, words):
    """Quo would answer 400 to it; the message says what the property takes."""
    with pytest.raises(ValueError, match="takes") as caught:
        properties.read_value(Property("f", "F", kind), written)

    assert words in str(caught.value)
