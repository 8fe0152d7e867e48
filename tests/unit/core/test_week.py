"""Days and hours as people write them."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from quoflow.core.week import Span, read_days, read_span, read_week


def test_days_are_names_ranges_and_dates():
    """A range may run over Sunday; a date is a date, in any spelling of two digits."""
    assert read_days("mon") == (0,)
    assert read_days("Fri - Mon") == (4, 5, 6, 0)
    assert read_days("2026-12-24") == date(2026, 12, 24)


def test_a_week_holds_days_and_dates_apart():
    """Days that are not named have no hours, and a date's hours stand beside its weekday's."""
    week = read_week({"mon-tue": ["09:00-17:00"], "2026-12-24": ["09:00-12:00"]})

    assert week.days == ((Span(540, 1020),),) * 2 + ((),) * 5
    assert week.dates == {date(2026, 12, 24): (Span(540, 720),)}


@given(start=st.integers(0, 1439), length=st.integers(1, 1440))
def test_span_keeps_its_start_and_length(start, length):
    """Any span up to a day reads back with the start and length it was written with."""
    end = start + length
    shown = end if end <= 1440 else end - 1440
    if shown == start:
        return

    actual = read_span(f"{start // 60:02}:{start % 60:02}-{shown // 60:02}:{shown % 60:02}")

    assert Span(start, end) == actual
