"""Taking a change of a contact back: what was ours and nobody has changed since, and nothing else. Pure.

A contact is looked at as a flat map: a plain field is one entry, and each phone number, e-mail address or option of a
list is one of its own. So two changes of one list, ours and somebody else's, do not stand in each other's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Key = tuple[str, str]
"""A field's name, and the item of it (`phone number`, its digits); the item of a plain field is empty."""

Fields = Mapping[Key, Any]  # JSON; what is not there, or None, does not exist


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that a write changed: from `before` to `wanted` (JSON, None where there was or is nothing)."""

    key: Key
    before: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class Undoing:
    """What becomes of one change.

    Attributes:
        now: what the entry holds now.
        verdict: `restore` (it is still as we wrote it), `same` (it is as it was before), `left` (somebody has
            changed it since, and it stays as they left it).
    """

    change: Change
    now: Any
    verdict: Literal["restore", "same", "left"]


def list_changes(before: Fields, wanted: Fields) -> tuple[Change, ...]:
    """List the entries in which two states of a contact differ, in the order of the fields."""
    keys = dict.fromkeys((*before, *wanted))
    changes = (Change(key, before.get(key), wanted.get(key)) for key in keys)
    return tuple(change for change in changes if change.before != change.wanted)


def merge_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Join the changes of tries at one step: where a later one repeats an earlier one, the later one counts.

    A try of which nobody knew whether it happened is made again from the contact as it is then. Where the later try
    had to change an entry again, the earlier one had not changed it, or somebody had taken it back since.
    """
    return tuple({change.key: change for change in changes}.values())


def chain_changes(steps: Iterable[Iterable[Change]]) -> tuple[Change, ...]:
    """Join the changes of a run's steps, the oldest first: from before the first to after the last.

    An entry that a later step put back as it was is no change. Where somebody changed it between two steps, undoing
    goes back to what they had made of it, and no further.
    """
    joined: dict[Key, Change] = {}
    for changes in steps:
        for change in changes:
            earlier = joined.get(change.key)
            goes_on = earlier is not None and earlier.wanted == change.before
            before = earlier.before if earlier is not None and goes_on else change.before
            joined[change.key] = Change(change.key, before, change.wanted)
    return tuple(change for change in joined.values() if change.before != change.wanted)


def undo_changes(changes: Iterable[Change], now: Fields) -> tuple[Undoing, ...]:
    """Decide what becomes of each change: three states, before, wanted and now, say whose the present one is."""
    return tuple(_undo_change(change, now.get(change.key)) for change in changes)


def _undo_change(change: Change, now: Any) -> Undoing:  # JSON
    if now == change.before:
        return Undoing(change, now, "same")
    return Undoing(change, now, "restore" if now == change.wanted else "left")
