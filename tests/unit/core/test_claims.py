"""Claims: which message belongs to which attempt, and when a text may go out a second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import claims

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TIMES = st.lists(st.integers(0, 8).map(lambda second: NOW + timedelta(seconds=second)), max_size=6).map(sorted)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def count_most(sinces, times):
    """Count by trying everything how many attempts can have a message each."""
    if not sinces:
        return 0
    best = count_most(sinces[1:], times)
    for which, time in enumerate(times):
        if time >= sinces[0]:
            best = max(best, 1 + count_most(sinces[1:], times[:which] + times[which + 1 :]))
    return best


@pytest.mark.parametrize(
    ("sinces", "times", "expected"),
    [
        ([0, 0], [1, 2], {0: 0, 1: 1}),
        ([0, 0], [1], {0: 0}),
        ([0], [1, 2], {0: 0}),
        ([5], [1, 2], {}),
        ([0, 5], [6], {0: 0}),
        ([5, 0], [1, 6], {0: 1, 1: 0}),
        ([0, 3, 3], [3, 4], {0: 0, 1: 1}),
        ([], [1], {}),
    ],
)
def test_the_oldest_goes_to_the_oldest(sinces, times, expected):
    """Attempts in their order take the oldest message that is left and not from before them."""
    assert claims.assign([at(one) for one in sinces], [at(one) for one in times]) == expected


def test_what_has_no_time_fits_any_attempt():
    """A contact that is as it should be has no time at which it became so."""
    assert claims.assign([NOW], [None]) == {0: 0}


@given(TIMES, TIMES)
def test_claims_are_distinct_in_order_and_as_many_as_can_be(sinces, times):
    """With attempts oldest first: no message twice, none from before its attempt, and no way finds more."""
    claimed = claims.assign(sinces, times)

    assert len(set(claimed.values())) == len(claimed)
    assert all(times[which] >= sinces[number] for number, which in claimed.items())
    assert list(claimed.values()) == sorted(claimed.values())
    assert len(claimed) == count_most(sinces, times)


@pytest.mark.parametrize(
    ("looks", "began_at", "now", "says"),
    [
        (2, NOW, at(120), None),
        (5, NOW, at(3600), None),
        (1, NOW, at(3600), "looked for only 1"),
        (2, NOW, at(119), "may still turn up"),
        (2, NOW, at(-60), "may still turn up"),
        (2, None, at(3600), "clock"),
        (2, NOW, None, "clock"),
    ],
)
def test_a_text_goes_out_again_only_after_two_looks_and_two_minutes(looks, began_at, now, says):
    """Both counts are needed, by Quo's clock; where that is not known nothing is sent again."""
    said = claims.may_send_again(looks=looks, began_at=began_at, now=now)

    assert (said is None) == (says is None)
    assert (says or "") in (said or "")
