"""Virtual time: it passes only when someone waits, and our wall clock may stand, or step, away from the true one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)
"""A Tuesday: 13:30 in New York, 8:30 in Honolulu."""


class Clock:
    """One time line, and our own wall clock beside it. What Quo shows is the true time."""

    def __init__(self, *, ahead: timedelta = timedelta(0)) -> None:
        self.true = EPOCH
        self.ahead = ahead

    def read(self) -> datetime:
        """Give our wall clock, UTC."""
        return self.true + self.ahead

    def read_true(self) -> datetime:
        """Give the time at Quo, UTC."""
        return self.true

    def monotonic(self) -> float:
        """Give seconds that no step of the wall clock changes."""
        return (self.true - EPOCH).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.true += timedelta(seconds=seconds)

    def step(self, by: timedelta) -> None:
        """Set our wall clock forward or back; no time passes."""
        self.ahead += by
