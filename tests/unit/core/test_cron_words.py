"""Cron expressions in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import cron
from quoflow.core.cron_words import describe_cron


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 9 * * MON-FRI", "at 09:00, Monday to Friday"),
        ("30 2 * * *", "at 02:30, every day"),
        ("0 9,17 * * 6,0", "at 09:00 and 17:00, every Saturday and Sunday"),
        ("*/15 8-18 * * 1,3,5", "every 15 minutes in the hours 8 to 18, every Monday, Wednesday and Friday"),
        ("* * * * *", "every minute, every day"),
        ("* 9 * * *", "every minute of the hour 9, every day"),
        ("5 * * * *", "at minute 5 of every hour, every day"),
        ("5/20 * * * *", "at minutes 5, 25 and 45 of every hour, every day"),
        ("10-20 9,17 * * *", "at minutes 10 to 20 of the hours 9 and 17, every day"),
        ("0 9 13 * FRI", "at 09:00, on day 13 of the month and also on every Friday"),
        ("0 9 1 * MON-FRI", "at 09:00, on day 1 of the month and also on Monday to Friday"),
        ("0 9 1-7,L * *", "at 09:00, on days 1 to 7 and the last day of the month"),
        ("0 9 * * 1#1", "at 09:00, on the first Monday of the month"),
        ("0 9 * * L5", "at 09:00, on the last Friday of the month"),
        ("0 9 1 * 1#2", "at 09:00, on day 1 of the month and also on the second Monday of the month"),
        ("0 0 1 jan,jul *", "at 00:00, on day 1 of the month, in January and July"),
        ("0 0 1 6-8 *", "at 00:00, on day 1 of the month, from June to August"),
    ],
)
def test_an_expression_is_told_as_people_say_it(expression, words):
    """Times of day, days of the month and of the week, months, and that either day is enough."""
    assert describe_cron(expression) == words


@given(st.text(alphabet="0123456789*/,-#LJANMON ", max_size=24))
def test_whatever_passes_the_check_can_be_told(expression):
    """Any expression that can fire has words for it, in one line."""
    if cron.check_cron(expression) is None:
        assert describe_cron(expression).isprintable()
