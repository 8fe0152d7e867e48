"""Concurrency: what becomes of one more run of a key, in each mode."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from quoflow.core.concurrency import Standing, Turn, has_room, take_turn
from quoflow.core.rules import Concurrency

BEGUN, WAITS = Standing("r1"), Standing("r2", is_waiting=True)


def take(mode, *others, most=None):
    return take_turn(Concurrency(mode=mode, max=most), "k", "r9", others)


@pytest.mark.parametrize("mode", ["queued", "single", "restart", "parallel"])
def test_the_only_run_begins(mode):
    """Whatever the mode."""
    assert take(mode) == Turn("begin")


def test_a_queue_keeps_its_order():
    """The new one stands behind the last."""
    assert take("queued", BEGUN) == Turn("wait", "concurrency: its turn comes after run r1 of `k`")
    assert take("queued", BEGUN, WAITS).reason.endswith("after run r2 of `k`")
    assert (has_room(Concurrency(), 0), has_room(Concurrency(), 1)) == (True, False)


def test_a_single_one_goes_on_and_the_new_one_is_skipped():
    """With the reason."""
    assert take("single", BEGUN) == Turn("skip", "concurrency: run r1 of `k` has not ended")


def test_a_restart_takes_the_place_of_the_others():
    """The reason is theirs."""
    assert take("restart", BEGUN) == Turn("restart", "concurrency: run r9 of `k` came and took its place")


def test_parallel_runs_have_a_most():
    """Without one all begin; with one the next waits, and nobody passes who waits."""
    assert take("parallel", BEGUN, BEGUN) == Turn("begin")
    assert take("parallel", BEGUN, most=2) == Turn("begin")
    assert take("parallel", BEGUN, BEGUN, most=2).what == "wait"
    assert take("parallel", BEGUN, WAITS, most=2).what == "wait"
    assert has_room(Concurrency(mode="parallel", max=2), 1)


@pytest.mark.parametrize("mode", ["queued", "single", "restart"])
def test_a_most_is_for_parallel_runs_only(mode):
    """Elsewhere it would mean nothing, and is refused."""
    with pytest.raises(ValidationError, match="`max` is for `mode: parallel`"):
        Concurrency(mode=mode, max=2)
