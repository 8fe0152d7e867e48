"""What becomes of a run while others of its rule and key go on: begin, wait, skip, or take their place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quoflow.core.rules import Concurrency


@dataclass(frozen=True, slots=True)
class Standing:
    """A run of the same rule and key that has not ended: has it begun, or does it wait for its turn?"""

    run_id: str
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of the new run: `begin`, `wait`, `skip`, or `restart`, which begins after the others were cancelled.

    The reason, in words, is empty for `begin`; for `restart` it is the one of the others.
    """

    what: Literal["begin", "wait", "skip", "restart"]
    reason: str = ""


def take_turn(concurrency: Concurrency, key: str, run_id: str, others: Sequence[Standing]) -> Turn:
    """Decide about a run that would begin.

    Args:
        concurrency: what the rule says.
        key: the run's key.
        run_id: its id.
        others: the runs of the rule and key that have not ended, in the order in which they came.
    """
    if not others:
        return Turn("begin")
    if concurrency.mode == "restart":
        return Turn("restart", f"concurrency: run {run_id} of `{key}` came and took its place")
    if concurrency.mode == "single":
        return Turn("skip", f"concurrency: run {others[0].run_id} of `{key}` has not ended")
    if has_room(concurrency, sum(not one.is_waiting for one in others)) and not any(one.is_waiting for one in others):
        return Turn("begin")
    return Turn("wait", f"concurrency: its turn comes after run {others[-1].run_id} of `{key}`")


def has_room(concurrency: Concurrency, begun: int) -> bool:
    """Whether the next of those that wait may begin when so many have begun and not ended."""
    if concurrency.mode == "parallel":
        return concurrency.max is None or begun < concurrency.max
    return begun == 0
