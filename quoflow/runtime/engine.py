"""The parts that the runtime works with, joined: one frozen value that app.py builds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from quoflow.actions import results
from quoflow.actions.errands import Outside
from quoflow.core import functions, history, hours, indexing
from quoflow.core.facts import Line
from quoflow.core.rules import Rule
from quoflow.quo.client import Quo
from quoflow.runtime.rulebook import Rulebook
from quoflow.runtime.skipping import Skips
from quoflow.settings import Settings
from quoflow.store import outbox
from quoflow.store.database import Database

Restore = Callable[[str, Mapping[str, object]], Rule]
"""Builds a rule again from its version and stored document."""


OFFICE = hours.OfficeHours(open={"mon-fri": ("09:00-17:00",)})
"""What `is_open('office')` means where the configuration does not say: weekdays from nine to five."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the feed: what the engine just did. `kind` is a slug; `fields` are plain data."""

    kind: str
    text: str
    connection: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that a hop needs: where to read and write, what the rules are, and what time it is.

    Attributes:
        quos: a client for each connection, by name.
        rulebook: the rules that are at work; a running service may put new ones there.
        restore: rebuilds a rule from a stored version, for runs that began before an edit.
        clock: gives the time, UTC. new_id: gives a fresh id. jitter: gives a number from 0 to 1.
        tell: takes each notice of the feed.
        outside: the targets of notifications, and the way to them.
        blind: connections that nobody watched for a while, and since when: nothing is done there before the first look.
        skips: what was skipped since it was last summed up.
        unsaved: what came of writes and could not be put on the disk yet; it goes there before anything new is sent.
    """

    database: Database
    settings: Settings
    rulebook: Rulebook
    quos: Mapping[str, Quo]
    restore: Restore
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    jitter: Callable[[], float]
    tell: Callable[[Notice], None]
    outside: Outside
    skips: Skips = field(default_factory=Skips)
    blind: dict[str, datetime] = field(default_factory=dict)
    unsaved: deque[tuple[outbox.Attempt, results.Done | results.Failure]] = field(default_factory=deque)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Give the rules that are at work now, in their order."""
        return self.rulebook.present.rules

    @property
    def index(self) -> indexing.RuleIndex:
        """Give what finds the rules that are at work now."""
        return self.rulebook.present.index

    def make_functions(self, now: datetime, line: Line | None, past: history.History) -> functions.Functions:
        """Give the language's functions as of a time, on a line's clock, with what is known of the contact's past.

        Without a line, or where that has no clock of its own, it is the configuration's.
        """
        return functions.Functions(
            now=now,
            timezone=self.settings.find_timezone(line.names if line else ()),
            region=self.settings.region,
            hours=self.calendars,
            history=past,
        )

    @property
    def calendars(self) -> Mapping[str, hours.OfficeHours]:
        """Give the calendars that rules may name."""
        return {"office": OFFICE, **self.settings.hours}

    def find_rule(self, name: str) -> Rule | None:
        """Find a rule of the present set by name."""
        return self.rulebook.present.by_name.get(name)
