"""Throttles: what becomes of one more event of a key, with what was there before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from quoflow.core import throttling
from quoflow.core.rules import Throttle
from quoflow.core.throttling import Turn, Waiting

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def take(*, minute=0.0, now=None, last=None, waiting=None, **throttle):
    """Decide about an event that happened at a minute, and is looked at then unless said."""
    return throttling.take_turn(
        Throttle.model_validate(throttle),
        "k",
        occurred_at=at(minute),
        now=at(minute if now is None else now),
        last_fired=None if last is None else at(last),
        waiting=waiting,
    )


def test_once_within_fires_and_then_keeps_quiet():
    """The first begins, the next is skipped until the time is over, to the second."""
    skipped = take(once_within="10m", minute=9.9, last=0)

    assert take(once_within="10m") == Turn("begin")
    assert (skipped.what, skipped.due_at) == ("skip", None)
    assert skipped.reason.startswith("throttle: it fired for `k` at 2026-11-23 15:00 UTC")
    assert take(once_within="10m", minute=10, last=0) == Turn("begin")


def test_once_after_waits_and_is_pushed_by_the_next_event():
    """It begins so long after the last event, for the last event."""
    first = take(once_after="10m")
    second = take(once_after="10m", minute=6, waiting=Waiting("r1", "s1", at(0), at(10)))

    assert first == Turn(
        "wait", "throttle: begins at 2026-11-23 15:10 UTC unless there is another event of `k` before", at(10)
    )
    assert (second.what, second.due_at) == ("replace", at(16))


def test_once_after_leaves_alone_what_was_due_before_the_event():
    """The silence was over when it came, although nobody had looked yet: both begin."""
    waiting = Waiting("r1", "s1", at(0), at(10))

    assert take(once_after="10m", minute=10, now=60, waiting=waiting).what == "wait"
    assert take(once_after="10m", minute=9.9, now=60, waiting=waiting).what == "replace"


def test_once_after_takes_no_earlier_event_for_the_last():
    """What Quo shows late is no reason to forget what came after it."""
    skipped = take(once_after="10m", minute=3, now=8, waiting=Waiting("r1", "s1", at(5), at(15)))

    assert skipped == Turn("skip", "throttle: a later event of `k` is there already")


def test_a_replacement_begins_no_earlier_than_what_it_replaces():
    """The rule may have been edited to a shorter time meanwhile."""
    turn = take(once_after="1m", minute=1, waiting=Waiting("r1", "s1", at(0), at(10)))

    assert (turn.what, turn.due_at) == ("replace", at(10))


def test_a_time_ahead_of_ours_is_now():
    """Quo's clock may be ahead: a wait is never longer than the rule says."""
    assert take(once_after="10m", minute=30, now=0).due_at == at(10)
    assert take(accumulate="10m", minute=30, now=0).due_at == at(10)


def test_accumulate_gathers_from_the_first_event_on():
    """The first begins a wait; the others join it, and put nothing off."""
    first = take(accumulate="1h")
    second = take(accumulate="1h", minute=59, waiting=Waiting("r1", "s1", at(0), at(60), events=4))
    later = take(accumulate="1h", minute=60, waiting=Waiting("r1", "s1", at(0), at(60), events=4))

    assert first == Turn("wait", "throttle: gathers the events of `k` until 2026-11-23 16:00 UTC", at(60))
    assert second == Turn(
        "join", "throttle: gathered as event 5 of `k` for run r1, which begins at 2026-11-23 16:00 UTC", at(60)
    )
    assert (later.what, later.due_at) == ("wait", at(120))


def test_the_thousandth_event_begins_it_at_once():
    """What is gathered has a bound; nothing is lost by it."""
    full = Waiting("r1", "s1", at(0), at(60), events=throttling.MOST_GATHERED - 1)
    almost = Waiting("r1", "s1", at(0), at(60), events=throttling.MOST_GATHERED - 2)

    assert take(accumulate="1h", minute=5, waiting=full).due_at == at(5)
    assert take(accumulate="1h", minute=5, waiting=almost).due_at == at(60)


@pytest.mark.parametrize(
    "written",
    [{}, {"key": "k"}, {"once_within": "1h", "once_after": "1h"}, {"once_within": None, "accumulate": None}],
)
def test_a_throttle_says_exactly_one_way(written):
    """None, or more than one, is refused."""
    with pytest.raises(ValidationError, match="say one of `once_within`, `once_after` and `accumulate`"):
        Throttle.model_validate(written)
