"""Breakers: when what stands still is tried again, and how it is called."""

from __future__ import annotations

import pytest

from quoflow.core import breaking


@pytest.mark.parametrize("scope", [breaking.KEY, breaking.WRITES])
def test_what_a_person_mends_is_tried_every_minute(scope):
    """However long it lasts: who has put it right need not wait for more than a minute."""
    assert {breaking.choose_pause(scope, failures=failures).total_seconds() for failures in (1, 2, 50)} == {60}


def test_a_line_is_tried_less_and_less():
    """Each try of a line is a customer's text: the pauses double from a minute to a quarter of an hour."""
    minutes = [breaking.choose_pause("PNmain", failures=failures).total_seconds() / 60 for failures in (1, 2, 3, 5, 99)]

    assert minutes == [1, 2, 4, 15, 15]


def test_what_stands_still_is_named():
    """The words say how much of a connection stands still."""
    assert [breaking.describe_scope("main", scope) for scope in ("key", "writes", "PNmain")] == [
        "polling and writes of `main`",
        "the writes of `main`",
        "the texts of line PNmain of `main`",
    ]
