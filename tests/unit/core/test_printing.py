"""Printing: times as people read them, no Python, and no characters that do harm."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import printing

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (7, "7"),
        (2.50, "2.5"),
        (3.0, "3"),
        (-0.25, "-0.25"),
        (datetime(2026, 11, 23, 15, 5, tzinfo=UTC), "Nov 23, 2026, 10:05 AM"),
        (datetime(2026, 7, 4, 16, 0, tzinfo=UTC), "Jul 4, 2026, 12:00 PM"),
        (date(2026, 7, 4), "Jul 4, 2026"),
    ],
)
def test_values_are_shown_as_people_write_them(value, expected):
    """Numbers without an empty fraction, times on the local clock, winter and summer."""
    assert expected == printing.show(value, ZONE)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "nothing"), (True, "true or false"), (False, "true or false"), ([], "a list"), ({}, "a record"),
     ((), "a list"), (object(), "this value")],
)  # fmt: skip
def test_what_is_no_text_is_refused(value, said):
    """Nothing that would print as Python gets into a text."""
    with pytest.raises(ValueError, match=said):
        printing.show(value, ZONE)


@pytest.mark.parametrize("form", ["%H:%M", "%-I:%M %p", "%A, %b %-d", "%Y-%m-%d", "100%%", "", "at noon"])
def test_usual_time_formats_are_fine(form):
    """The formats that people know pass."""
    assert printing.check_format(form) is None


@pytest.mark.parametrize(
    "form", ["%", "%9d", "%999999999d", "%c", "%-", "%--d", "%0100d", "%Q", "%H%", "%\n", "x" * 101]
)
def test_time_formats_with_widths_or_unknown_parts_are_refused(form):
    """A width could fill the memory, and an unknown part means different things on different systems."""
    assert printing.check_format(form)
    with pytest.raises(ValueError, match="time"):
        printing.show_time(date(2026, 1, 1), form, ZONE)


@given(text=st.text(max_size=200) | st.text(st.characters(categories=["Cc", "Cs", "Ll"])))
def test_cleaned_text_holds_no_control_characters_and_can_be_encoded(text):
    """Whatever a customer wrote can be stored, sent and shown; newlines, tabs and all else stay."""
    cleaned = printing.clean(text)

    assert cleaned.encode().decode() == cleaned
    assert not {character for character in cleaned if ord(character) < 32} - {"\n", "\t"}
    assert [c for c in text if c.isprintable() or c in "\n\t"] == [c for c in cleaned if c.isprintable() or c in "\n\t"]
