"""Retry decisions: only what time can mend, within tries and deadline, never sooner than asked."""

from __future__ import annotations

import pytest

from quoflow.quo import errors
from quoflow.quo.retry import Patience, decide_pause

PATIENCE = Patience(tries=4, deadline=60, base=0.5, longest=8)


def decide(error, tries=1, elapsed=0.0, jitter=1.0):
    return decide_pause(error, tries=tries, elapsed=elapsed, jitter=lambda: jitter, patience=PATIENCE)


def test_pauses_double_up_to_the_longest():
    """Pauses double from the base and stop growing at the longest."""
    patience = Patience(tries=9, deadline=1e9)
    pauses = [
        decide_pause(errors.ServerFailed("x"), tries=n, elapsed=0, jitter=lambda: 1.0, patience=patience)
        for n in range(1, 8)
    ]

    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]


def test_jitter_is_full():
    """The whole pause is random: with jitter 0 there is none."""
    assert decide(errors.Unreachable("x"), jitter=0.0) == 0
    assert decide(errors.Unreachable("x"), jitter=0.5) == 0.25


def test_the_server_is_never_asked_sooner_than_it_wants():
    """Retry-After is the least."""
    assert decide(errors.RateLimited("x", retry_after=7), jitter=0.0) == 7


@pytest.mark.parametrize(
    "kind",
    [
        errors.Refused,
        errors.Unauthorized,
        errors.OutOfCredits,
        errors.Forbidden,
        errors.NotFound,
        errors.Conflict,
        errors.Unreadable,
        errors.PagingError,
        errors.WriteRefused,
    ],
)
def test_what_time_cannot_mend_is_not_tried_again(kind):
    """4xx but 408 and 429, and unreadable answers, are final."""
    assert decide(kind("x")) is None


def test_tries_and_deadline_end_it():
    """No try beyond the last, and none that would begin after the deadline."""
    assert decide(errors.ServerFailed("x"), tries=4) is None
    assert decide(errors.ServerFailed("x"), elapsed=59.6) is None
    assert decide(errors.RateLimited("x", retry_after=3600)) is None
