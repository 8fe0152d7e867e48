"""Cron expressions: words for what is wrong, and for what is easily misread."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import cron, schedule
from quoflow.core.rules import Schedule

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "0 9 * * MON-FRI",
        "*/15 8-18 * * 1,3,5",
        "0 0 29 2 *",
        "0 0 1 jan *",
        "0 9 L * *",
        "0 9 * * 1#1",
        "*/1 0-23 1-31 1-12 *",
        "0 9 * * */1",
    ],
)
def test_good_cron_expressions_pass(expression):
    """Five fields with names, lists, ranges, steps, the last day and the nth weekday are fine."""
    assert cron.check_cron(expression) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "0 of five fields"),
        ("0 9 * *", "4 of five fields"),
        ("0 0 9 * * *", "seconds"),
        ("0 0 9 * * * 2026", "seconds and years"),
        ("@daily", "alias"),
        ("@reboot", "alias"),
        ("61 * * * *", "`61` does not fit the minute"),
        ("0 24 * * *", "`24` does not fit the hour"),
        ("0 0 0 * *", "`0` does not fit the day of month"),
        ("0 0 * 13 *", "`13` does not fit the month"),
        ("0 0 * * 8", "`8` does not fit the day of week"),
        ("*/0 * * * *", "does not fit the minute"),
        ("*/90 * * * *", "write `every:`"),
        ("R * * * *", "`R` does not fit the minute"),
        ("H H * * *", "`H` does not fit the minute"),
        ("-5 * * * *", "`-5` does not fit the minute"),
        ("0 9 * * 1,", "does not fit the day of week"),
        ("0 9 * * FUNDAY", "`FUNDAY` does not fit the day of week"),
        ("0 9-9 * * *", "`9-9` is a range of one; write `9`"),
        ("0 9 5-5 * *", "`5-5` is a range of one; write `5`"),
        ("0 9 * * MON-MON", "`MON-MON` is a range of one; write `MON`"),
        ("0 9 13 * 0-6", "`0-6` is every day of the week; write `*`"),
        ("0 9 13 * SUN-SAT", "is every day of the week"),
        ("0 0 31 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
    ],
)
def test_bad_cron_expressions_are_explained(expression, words):
    """What cannot fire is refused in words that name the field and the way out."""
    assert words in (cron.check_cron(expression) or "")


@given(st.text(alphabet="0123456789*/,-#LRHWJANMON@? ", max_size=24))
def test_checking_never_crashes_and_what_passes_fires(expression):
    """Any text is answered in words, and an expression that passes has a next firing."""
    if cron.check_cron(expression) is None:
        spec = Schedule(cron=expression)

        assert schedule.next_firing(spec, after=ANCHOR, timezone="UTC", anchor=ANCHOR) is not None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 9 13 * FRI", "fires on day 13 of the month and also on every FRI"),
        ("0 9 1-7 * MON", "cron takes either"),
        ("0 9 */2 * MON", "cron takes either"),
        ("0 9 13 * *", ""),
        ("0 9 ? * FRI", ""),
    ],
)
def test_two_day_fields_are_explained(expression, said):
    """With both day fields set either is enough, and that is said; with one there is nothing to say."""
    warned = cron.warn_cron(expression) or ""

    assert said in warned
    assert bool(said) == bool(warned)
