"""Durations: what people write is read, written back and refused in words."""

from __future__ import annotations

import re
from datetime import timedelta

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from quoflow.core import durations
from quoflow.core.durations import Duration

SECONDS = st.integers(0, int(durations.LONGEST.total_seconds()))


class Holder(BaseModel):
    wait: Duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("4h", 14_400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1h30m", 5_400),
        ("1w2d3h4m5s", 788_645),
        ("90m", 5_400),
        ("0s", 0),
        (" 15m ", 900),
        ("366d", 31_622_400),
    ],
)
def test_durations_are_read(text, seconds):
    """Whole numbers with units, each once and the largest first, are seconds."""
    assert durations.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", " ", "15", "m", "1.5h", "-5m", "5m1h", "1m1m", "5 m", "5min", "1M", "PT5M", "1h 30m", "5m\n5m"],
)
def test_other_writing_is_refused_with_examples(text):
    """What is no duration is refused, and the message says how one is written."""
    with pytest.raises(ValueError, match="is not a duration; write whole numbers with a unit"):
        durations.parse_duration(text)


@pytest.mark.parametrize("text", ["367d", "53w", "99999999999999999999s"])
def test_too_long_is_refused(text):
    """Nothing waits for more than 366 days, however many digits there are."""
    with pytest.raises(ValueError, match="longer than 366 days"):
        durations.parse_duration(text)


@given(SECONDS)
def test_what_is_written_reads_back(seconds):
    """Any duration is written in a form that reads as itself and fits the schema's pattern."""
    duration = timedelta(seconds=seconds)

    text = durations.format_duration(duration)

    assert durations.parse_duration(text) == duration
    assert re.fullmatch(durations.PATTERN, text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (90, "1m30s"), (5_400, "1h30m"), (0.9, "0s"), (694_861, "1w1d1h1m1s")]
)
def test_durations_are_written_largest_unit_first(seconds, text):
    """A duration is written the way rules write it, in whole seconds."""
    assert durations.format_duration(timedelta(seconds=seconds)) == text


def test_a_model_reads_and_writes_durations_as_text():
    """At the border a duration is text both ways, and a bad one names its field."""
    holder = Holder.model_validate({"wait": "30m"})

    assert holder.wait == timedelta(minutes=30)
    assert holder.model_dump(mode="json") == {"wait": "30m"}
    assert Holder.model_json_schema()["properties"]["wait"]["pattern"] == durations.PATTERN
    with pytest.raises(ValidationError, match="`soon` is not a duration"):
        Holder.model_validate({"wait": "soon"})


def test_what_is_kept_may_be_ten_years_old():
    """An age goes up to 3660 days, and no further."""
    ages = pydantic.TypeAdapter(durations.Age)

    assert ages.validate_python("400d").days == 400
    assert ages.dump_python(ages.validate_python("3660d")) == "522w6d"
    with pytest.raises(ValueError, match="longer than 3660 days"):
        ages.validate_python("3661d")
