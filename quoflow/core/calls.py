"""Rules that run other rules: which can be run, what they are given, and how deep it may go. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quoflow.core.events import Event
from quoflow.core.rules import Rule

DEEPEST = 10
"""How many rules may run each other in a row: `check` refuses a circle, but a rule may change while it waits."""

TOO_DEEP = f"rules have run each other {DEEPEST} deep"


def object_to(rule: Rule | None, name: str) -> str | None:
    """Give why a rule cannot be run by another, in words, or None when it can."""
    if rule is None:
        return f"there is no rule `{name}`"
    if not rule.enabled:
        return f"the rule `{name}` is not enabled"
    return None if is_callable(rule) else f"the rule `{name}` has no `manual` trigger"


def is_callable(rule: Rule) -> bool:
    """Whether a rule waits for somebody to ask for it."""
    return any(trigger.kind == "manual" for trigger in rule.triggers)


def make_data(began: Event, *, run_id: str, rule: str, values: Mapping[str, Any]) -> dict[str, Any]:  # JSON
    """Give the data of the event that begins the other rule: who fired the first one by hand stays known.

    Args:
        began: the event of the run that asks for it.
        run_id: that run.
        rule: the rule that is run.
        values: what it reads as `vars`.
    """
    depth = began.data.get("depth")
    data = {
        "rule": rule,
        "set": dict(values),
        "called_by": run_id,
        "depth": (depth if isinstance(depth, int) else 0) + 1,
    }
    by = began.data.get("by") if began.kind == "manual" else None
    return data if by is None else {**data, "by": by}


def find_caller(event: Event) -> str | None:
    """Give the run that asked for the rule of an event, or None when it was a person, or something that happened."""
    found = event.data.get("called_by") if event.kind == "manual" else None
    return str(found) if found else None


def is_too_deep(data: Mapping[str, Any]) -> bool:  # JSON
    """Whether rules have run each other too often in a row."""
    return int(data.get("depth", 0)) > DEEPEST
