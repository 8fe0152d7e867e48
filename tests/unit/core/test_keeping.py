"""Keeping: values of expressions come back from JSON as what they were."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import keeping

LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.dates() | st.datetimes(timezones=st.just(UTC))
PLAIN = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc"), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_what_is_kept_comes_back(value):
    """Whatever plain data there is, JSON holds it and gives it back with its types."""
    assert keeping.from_json(json.loads(json.dumps(keeping.to_json(value)))) == value


def test_a_time_is_no_date():
    """A time comes back as a time, a date as a date: they are not compared with each other."""
    now = datetime(2026, 11, 23, tzinfo=UTC)

    assert keeping.from_json(keeping.to_json([now, now.date()])) == [now, date(2026, 11, 23)]
