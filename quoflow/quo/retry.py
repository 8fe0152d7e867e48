"""Whether a failed GET is tried again, and after how long: one decision, as a value. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quoflow.quo import errors


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a GET is tried: `tries` in all, within `deadline` seconds, with pauses from `base` up to `longest`."""

    tries: int = 5
    deadline: float = 60.0
    base: float = 0.5
    longest: float = 8.0


def decide_pause(
    error: errors.QuoError, *, tries: int, elapsed: float, jitter: Callable[[], float], patience: Patience
) -> float | None:
    """Give the seconds to wait before the next try, or None to give up.

    Exponential with full jitter (the whole pause is random, so that those who failed together do not come back
    together), but never shorter than the server asked for.

    Args:
        error: what the last try ended with.
        tries: how many were made, from 1.
        elapsed: seconds since the first began.
        jitter: gives a random number from 0 to 1.
        patience: the limits.
    """
    if not error.is_retryable or tries >= patience.tries:
        return None
    pause = max(jitter() * min(patience.longest, patience.base * 2 ** (tries - 1)), error.retry_after or 0.0)
    return pause if elapsed + pause < patience.deadline else None
