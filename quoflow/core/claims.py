"""Which message at Quo belongs to which attempt, and when an attempt that nobody found may be made again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

FEWEST_LOOKS = 2
SETTLES_WITHIN = timedelta(minutes=2)
"""How long an accepted text may take to show in its conversation: before that, "not there" says nothing."""


def assign(sinces: Sequence[datetime], times: Sequence[datetime | None]) -> dict[int, int]:
    """Give each attempt, in the order given, the oldest message that is left and came no earlier than it.

    With the attempts oldest first no other way finds more of them. Where fewer messages than attempts are there, the
    attempts left over belong to nobody's message: they stay unknown.

    Args:
        sinces: the earliest time at which each attempt can have been accepted.
        times: when each message was accepted, oldest first; None for something that has no time, which fits all.

    Returns:
        Positions of messages by positions of attempts, each at most once.
    """
    left = dict(enumerate(times))
    claimed: dict[int, int] = {}
    for number, since in enumerate(sinces):
        fitting = next((which for which, at in left.items() if at is None or at >= since), None)
        if fitting is not None:
            claimed[number] = fitting
            del left[fitting]
    return claimed


def may_send_again(*, looks: int, began_at: datetime | None, now: datetime | None) -> str | None:
    """Give why a text that was not found may not be sent again yet; None when it may.

    Both times are Quo's, so that a step of our own clock cannot shorten the wait; None when they are not known.
    """
    if looks < FEWEST_LOOKS:
        return f"it was looked for only {looks} times"
    if began_at is None or now is None:
        return "Quo's clock is not known"
    if now - began_at < SETTLES_WITHIN:
        return "it may still turn up"
    return None
