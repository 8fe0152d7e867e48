"""What reading one connection needs at hand: a frozen value that is made anew for each look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quoflow.core import facts
from quoflow.quo.client import Quo
from quoflow.runtime.engine import Engine
from quoflow.store import cursors


@dataclass(frozen=True, slots=True)
class Desk:
    """What reading one connection needs at hand."""

    engine: Engine
    connection: str
    quo: Quo
    state: cursors.ConnectionState
    lines: tuple[facts.Line, ...]

    @property
    def own_numbers(self) -> frozenset[str]:
        """Give the numbers of our lines: they are never the other party."""
        return frozenset(line.number for line in self.lines)

    def find_number(self, line_id: str) -> str:
        """Give the number of one of our lines."""
        return next((line.number for line in self.lines if line.id == line_id), "")

    @property
    def earliest(self) -> datetime:
        """Give the time before which nothing is an event: history never triggers.

        The overlap lets a message in that became visible late; those that the baseline read are known by id.
        """
        begun = self.state.baseline_at or self.engine.clock()
        return begun - self.engine.settings.poll.overlap
