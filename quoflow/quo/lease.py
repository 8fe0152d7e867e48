"""How long a decision to write holds: a request that would leave later is not sent. Pure but for the clock given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """The time within which a write must leave, so that what was asked before it is still true when it does.

    Attributes:
        clock: seconds that never go back, and go on while the machine is suspended.
        begun_at: what it said when the lease began.
        seconds: how long the lease lasts.
    """

    clock: Callable[[], float]
    begun_at: float
    seconds: float

    def measure_delay(self) -> float | None:
        """Give how many seconds have passed since the lease began once it is over; None while it lasts."""
        passed = self.clock() - self.begun_at
        return passed if passed >= self.seconds else None
