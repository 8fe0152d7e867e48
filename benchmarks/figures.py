"""One measured figure, and how several runs become one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured: a number with its unit, and the target beside it."""

    what: str
    value: float
    unit: str
    target: str = ""

    def __str__(self) -> str:
        shown = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:,.1f}"
        return f"{self.what:<58} {shown:>10} {self.unit:<12} {self.target}"


def take_median(work: Callable[[], object], *, times: int) -> float:
    """Give the median seconds of several runs."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)
