"""Edits of the rules while the service runs: seen, checked, and taken over whole; what is broken changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from quoflow.core.rules import Rule
from quoflow.errors import Problem
from quoflow.loader.folder import Loaded, Stock
from quoflow.runtime import auditing, orphans, rulebook
from quoflow.runtime.engine import Engine, Notice

MOST_TOLD = 5
"""Problems of a broken edit that are told one by one; `quoflow check` tells them all."""

MOST_NAMED = 5


@dataclass(slots=True)
class Reloader:
    """Looks whether the files of the rules have changed, and lets the engine work with what they say then.

    Attributes:
        take_stock: lists the files with what changes when they are written.
        load: reads and checks them all.
        loaded: the stock that was last read, good or bad.
        seen: the stock of the last look: what still changes is being written, and is left alone.
        is_settled: whether all that follows from the present rules is on the disk.
    """

    engine: Engine
    take_stock: Callable[[], Stock]
    load: Callable[[], Loaded]
    loaded: Stock
    seen: Stock = field(init=False)
    is_settled: bool = True

    def __post_init__(self) -> None:
        self.seen = self.loaded

    def look(self) -> bool:
        """Take over what has changed, once it has stood still from one look to the next. Gives whether it did.

        Raises:
            StoreError: when the disk does not take what follows from it; the next look tries that again.
        """
        if not self.is_settled:
            self._settle()
        stock, before = self.take_stock(), self.seen
        self.seen = stock
        if stock == self.loaded or stock != before:
            return False
        found = self.load()
        self.loaded = stock
        broken = [problem for problem in found.problems if problem.severity == "error"]
        if broken:
            self._tell_broken(broken)
            return False
        self._take_over(found.rules)
        return True

    def _take_over(self, rules: tuple[Rule, ...]) -> None:
        before = self.engine.rulebook.present.by_name
        present = rulebook.make_set(rules)
        self.engine.rulebook.present = present
        change = describe_change(before, present.by_name)
        if change:
            self.engine.tell(Notice("rules.changed", f"the rules have changed: {change}"))
        self.is_settled = False
        self._settle()

    def _settle(self) -> None:
        auditing.record_configuration(self.engine)
        orphans.cancel_orphans(self.engine)
        self.is_settled = True

    def _tell_broken(self, problems: list[Problem]) -> None:
        count = f"{len(problems)} error{'' if len(problems) == 1 else 's'}"
        kept = "the rules from before go on, all of them; mend it, or see `quoflow check`"
        self.engine.tell(Notice("rules.broken", f"an edit of the rules is not taken over, it has {count}: {kept}"))
        for problem in problems[:MOST_TOLD]:
            hint = f"; {problem.hint}" if problem.hint else ""
            self.engine.tell(Notice("rules.broken", f"{problem}{hint}"))


def describe_change(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> str:
    """Say which rules have come, changed or gone; empty where none has."""
    changed = [name for name in before.keys() & after.keys() if before[name].version != after[name].version]
    groups = (("added", after.keys() - before.keys()), ("changed", changed), ("removed", before.keys() - after.keys()))
    return "; ".join(f"{word} {_list_names(sorted(names))}" for word, names in groups if names)


def _list_names(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
