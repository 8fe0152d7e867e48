"""The irregularities of time stamps and rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quoflow.sandbox.wire import Writer, parse_moment, to_milliseconds

MOMENT = datetime(2026, 11, 23, 15, 0, 0, 123_000, tzinfo=UTC)


def test_stamps_come_with_and_without_milliseconds():
    """With oddities some ids have milliseconds and some have none, always the same for one id; without, all have."""
    odd, even = Writer(oddities=True), Writer(oddities=False)
    stamps = {odd.stamp(MOMENT, f"AC{number}") for number in range(30)}

    assert stamps == {"2026-11-23T15:00:00Z", "2026-11-23T15:00:00.123Z"}
    assert odd.stamp(MOMENT, "AC1") == odd.stamp(MOMENT, "AC1")
    assert {even.stamp(MOMENT, f"AC{number}") for number in range(30)} == {"2026-11-23T15:00:00.123Z"}


def test_rows_vary():
    """With oddities some rows lose their nulls and some gain a field; a value is never lost."""
    rows = [Writer().row({"id": f"AC{number}", "name": None, "text": "x"}, ("name", "text")) for number in range(60)]
    shapes = {frozenset(row) for row in rows}
    plain = {"id", "text"}

    assert shapes == {
        frozenset(plain | {"name"}),
        frozenset(plain),
        frozenset(plain | {"name", "_rollout"}),
        frozenset(plain | {"_rollout"}),
    }


def test_without_oddities_rows_are_plain():
    """Without oddities a row goes out as it is."""
    row = {"id": "AC1", "name": None}

    assert [Writer(oddities=False).row({**row, "id": f"AC{n}"}, ("name",)) for n in range(9)] == [
        {**row, "id": f"AC{n}"} for n in range(9)
    ]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  the zone is added below
def test_a_stamp_reads_back_as_it_was(naive):
    """What is written as a stamp is read as the same moment, to the millisecond or the second."""
    moment = to_milliseconds(naive.replace(tzinfo=UTC))
    exact, odd = Writer(oddities=False).stamp(moment, "a"), Writer().stamp(moment, "a")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", exact)
    assert parse_moment(exact) == moment
    assert abs(parse_moment(odd) - moment) < timedelta(seconds=1)


def test_moments_that_are_none():
    """A date alone, a word or a number is no moment; an offset is turned into UTC."""
    assert [parse_moment(text) for text in ("2026-11-23", "now", "1700000000", "")] == [None] * 4
    assert parse_moment("2026-11-23T10:00:00-05:00") == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert parse_moment("2026-11-23T15:00:00") == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
