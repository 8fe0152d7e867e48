"""What a throttle makes of one more event of a key: fire, keep quiet, wait, or join those that wait. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from quoflow.core.rules import Throttle

MOST_GATHERED = 1000
"""Events that `accumulate` gathers at most: with the last of them the run begins, before its time."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run of a key that has not begun: when its event happened, when it begins, and how many events it has."""

    run_id: str
    step_id: str
    occurred_at: datetime
    due_at: datetime
    events: int = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of an event.

    Attributes:
        what: `begin` a run now; `skip` the event; `wait`, begin a run that waits; `replace` the one that waits by one
            for this event; `join` the one that waits.
        reason: why no run begins now, in words; empty for `begin`.
        due_at: when the run that waits begins, UTC; None for `begin` and `skip`.
    """

    what: Literal["begin", "skip", "wait", "replace", "join"]
    reason: str = ""
    due_at: datetime | None = None


def take_turn(
    throttle: Throttle,
    key: str,
    *,
    occurred_at: datetime,
    now: datetime,
    last_fired: datetime | None,
    waiting: Waiting | None,
) -> Turn:
    """Decide about an event that matched.

    Args:
        throttle: what the rule says.
        key: the key of this event.
        occurred_at: when it happened; what Quo's clock puts ahead of ours happens now.
        now: the time, UTC.
        last_fired: when the rule last fired for the key, for `once_within`.
        waiting: the run of the key that has not begun, for `once_after` and `accumulate`; the latest if there are more.
    """
    happened = min(occurred_at, now)
    if waiting is not None and happened >= waiting.due_at:
        waiting = None  # its time was over before this event: both begin, each in its own time
    if throttle.once_within is not None:
        if last_fired is None or now - last_fired >= throttle.once_within:
            return Turn("begin")
        reason = f"throttle: it fired for `{key}` at {_write(last_fired)}, and does so once within the time set"
        return Turn("skip", reason)
    if throttle.once_after is not None:
        return _debounce(happened, happened + throttle.once_after, key, waiting)
    assert throttle.accumulate is not None  # noqa: S101 - the model has made sure
    return _gather(happened + throttle.accumulate, key, now, waiting)


def _debounce(happened: datetime, due_at: datetime, key: str, waiting: Waiting | None) -> Turn:
    if waiting is not None and happened < waiting.occurred_at:
        return Turn("skip", f"throttle: a later event of `{key}` is there already")
    due_at = max(due_at, waiting.due_at) if waiting else due_at
    reason = f"throttle: begins at {_write(due_at)} unless there is another event of `{key}` before"
    return Turn("replace" if waiting else "wait", reason, due_at)


def _gather(due_at: datetime, key: str, now: datetime, waiting: Waiting | None) -> Turn:
    if waiting is None:
        return Turn("wait", f"throttle: gathers the events of `{key}` until {_write(due_at)}", due_at)
    is_full = waiting.events + 1 >= MOST_GATHERED
    due_at = min(now, waiting.due_at) if is_full else waiting.due_at
    reason = f"throttle: gathered as event {waiting.events + 1} of `{key}` for run {waiting.run_id}"
    return Turn("join", f"{reason}, which begins at {_write(due_at)}", due_at)


def _write(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
