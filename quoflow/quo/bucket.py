"""The token bucket that everything using one key shares, with a common cool-down after a 429."""

from __future__ import annotations

import threading
from collections.abc import Callable

QUO_LIMIT = 10.0
"""Requests a second that Quo allows per key (its rate limit page), counted over all programs that use the key."""

_SHORTEST_WAIT = 0.001  # a shorter sleep could leave the clock where it was, and the caller in a tight loop


class TokenBucket:
    """Let through at most `rate` requests a second on average, and never more than Quo's limit in any second.

    A full bucket lets a burst through at once; burst + rate stay within 10, so that a window of one second, fixed or
    sliding, never sees more. A rate above the limit (the sandbox with its limit off) gets a quarter of it as burst.

    Args:
        rate: requests a second.
        clock: monotonic seconds.
        sleep: waits that many seconds.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        if not rate > 0:
            raise ValueError("the rate must be above 0 requests a second")
        room = QUO_LIMIT - rate if rate <= QUO_LIMIT else rate
        self.rate = rate
        self.burst = max(1.0, min(rate / 4, room))
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = self.burst
        self._refilled_at = clock()
        self._blocked_until = self._refilled_at
        self._urgent = 0  # how many of those that go first are waiting

    def take(self, *, within: float, is_urgent: bool = False) -> float:
        """Wait for a token, at most `within` seconds; give 0 when it is taken, else the seconds that are missing.

        Answers without waiting when the token cannot come in time, so that nobody sleeps for nothing. While someone
        urgent waits nobody else gets a token: reads yield to writes.
        """
        give_up_at = self._clock() + within
        self._count_urgent(is_urgent)
        try:
            while wait := self._try_take(is_urgent=is_urgent):
                if self._clock() + wait > give_up_at:
                    return wait
                self._sleep(max(wait, _SHORTEST_WAIT))
        finally:
            self._count_urgent(-is_urgent)
        return 0.0

    def cool_down(self, seconds: float) -> None:
        """Stop everyone for that many seconds, and start again from an empty bucket."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._clock() + seconds)
            self._tokens = 0.0
            self._refilled_at = self._blocked_until  # nothing flows in before that

    def _count_urgent(self, change: int) -> None:
        with self._lock:
            self._urgent += change

    def _try_take(self, *, is_urgent: bool) -> float:
        with self._lock:
            now = self._clock()
            if now < self._blocked_until:
                return self._blocked_until - now
            self._tokens = min(self.burst, self._tokens + (now - self._refilled_at) * self.rate)
            self._refilled_at = now
            if self._tokens >= 1 and (is_urgent or not self._urgent):
                self._tokens -= 1
                return 0.0
            ahead = 0 if is_urgent else self._urgent
            return (1 + ahead - self._tokens) / self.rate
