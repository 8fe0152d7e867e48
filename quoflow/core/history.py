"""What went before with an event's contact, as expressions ask for it: questions and their answers, as values. Pure.

The answers are fetched before anything is decided; `quoflow.core.retrospect` reads the questions from a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a rule asks about the past.

    Attributes:
        function: the function that asks, such as `count`.
        kind: the events that it is about; empty where it is about all of them.
        within: how far back it looks; zero where it looks back to the beginning.
    """

    function: str
    kind: str = ""
    within: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the past: when (UTC), in which direction, and what was written or said."""

    time: datetime
    direction: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The answers to a rule's questions about one contact. What is not in it was not asked.

    Attributes:
        counts: how many events there were, by kind and window.
        latest: the newest event by kind, this one left out; None where there is none.
        is_first: whether the event is of the very first text or call with them.
        replied_at: when a person of ours last wrote to them or talked to them (UTC); None where nobody has.
    """

    counts: Mapping[tuple[str, timedelta], int] = field(default_factory=dict)
    latest: Mapping[str, Happened | None] = field(default_factory=dict)
    is_first: bool = False
    replied_at: datetime | None = None
