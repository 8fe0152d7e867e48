"""What was skipped, told so that a person can read it: the first few one by one, the rest as one line for each cause.

After an outage of days thousands of events are too old; a line for each would bury what matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

MOST_TOLD = 5
"""Skips of one rule for one cause that are told one by one, until the next summary."""

Cause = tuple[str, str, str]
"""Connection, rule, and the first words of the reason, such as `too old`."""


@dataclass(eq=False)
class Skips:
    """Counts skips by cause, since the last summary. As large as there are rules, however much is skipped."""

    counts: dict[Cause, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, connection: str, rule: str, reason: str) -> bool:
        """Count one skip. Gives whether it is among the few that are told one by one."""
        cause = (connection, rule, find_cause(reason))
        with self._lock:
            self.counts[cause] = self.counts.get(cause, 0) + 1
            return self.counts[cause] <= MOST_TOLD

    def take(self) -> dict[Cause, int]:
        """Give the counts since the last time, the greatest first, and begin anew."""
        with self._lock:
            taken, self.counts = self.counts, {}
        return dict(sorted(taken.items(), key=lambda item: (-item[1], item[0])))


def find_cause(reason: str) -> str:
    """Give the part of a reason that is the same for all: what stands before the colon."""
    return reason.split(":", 1)[0]


def summarise(counts: dict[Cause, int]) -> list[tuple[str, str]]:
    """Give (connection, line) for each cause of which more was skipped than was told one by one."""
    return [
        (connection, f"{rule}: skipped {count} in all, {cause}")
        for (connection, rule, cause), count in counts.items()
        if count > MOST_TOLD
    ]
