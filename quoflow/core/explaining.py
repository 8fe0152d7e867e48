"""Why each rule did what it did about an event: one reason for every rule, whatever became of the event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from quoflow.core import expressions
from quoflow.core.matching import Verdict

Word = Literal["matched", "skipped", "not_matched", "waiting", "quarantined", "not_asked", "no_event"]

NOW_BUT_NOT_THEN = "it fits as rules and facts are now; when the event was handled it did not, or was not there yet"

BLANK = "it did not match; the words that would say why have been removed by age"


@dataclass(frozen=True, slots=True)
class Handling:
    """How far an event has come.

    Attributes:
        state: `new`, `handled` or `quarantined`.
        tries: how often it was taken up.
        reason: why the last try failed; of one that is handled, what became of it in place of asking the rules.
        is_blank: whether its words have been removed since, by age.
    """

    state: str
    tries: int = 0
    reason: str = ""
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict that was recorded when the event was handled. `conditions` is None where they were not kept."""

    rule: str
    rule_version: str
    matched: bool
    reason: str
    conditions: tuple[tuple[str, object], ...] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule made of one event.

    Attributes:
        verdict: `matched`; `skipped` (it matched, and max_age or throttle kept it quiet); `not_matched`; `waiting`
            (no rule has been asked yet); `quarantined` (none could be); `not_asked` (it was not for the rules);
            `no_event` (there is nothing that a rule is asked about).
        conditions: each condition that was asked, with what it came to; None where it could not be told.
        is_recomputed: whether the conditions were asked again with the facts of now, which may have changed since.
    """

    rule: str
    rule_version: str
    verdict: Word
    reason: str
    conditions: tuple[tuple[str, object], ...] = ()
    is_recomputed: bool = False


def find_reason(handling: Handling, kept: Kept | None, judged: Verdict) -> Finding:
    """Give what a rule of the present set made of an event that is in the inbox.

    Args:
        handling: how far the event has come.
        kept: the verdict on record for a rule of this name, if there is one.
        judged: the rule's verdict on the event as it comes out now.
    """
    if kept is not None:
        return find_kept_reason(kept, judged)
    if handling.state == "quarantined":
        reason = f"the event was set aside after {handling.tries} tries: {handling.reason}"
        return Finding(judged.rule, judged.rule_version, "quarantined", reason)
    if handling.state == "new":
        reason = f"; try {handling.tries} failed: {handling.reason}" if handling.tries else ""
        return Finding(judged.rule, judged.rule_version, "waiting", f"the event has not been handled yet{reason}")
    if handling.reason:
        return Finding(judged.rule, judged.rule_version, "not_asked", handling.reason)
    if handling.is_blank:
        return Finding(judged.rule, judged.rule_version, "not_matched", BLANK)
    reason = NOW_BUT_NOT_THEN if judged.matched else judged.reason
    asked = judged.conditions
    return Finding(judged.rule, judged.rule_version, "not_matched", reason, asked, is_recomputed=bool(asked))


def find_kept_reason(kept: Kept, judged: Verdict | None = None) -> Finding:
    """Give what a verdict on record says; its conditions are those of now where they were not kept with it."""
    conditions = kept.conditions
    is_recomputed = conditions is None and judged is not None and bool(judged.conditions)
    if conditions is None:
        conditions = judged.conditions if judged is not None else ()
    word: Word = "matched" if kept.matched else "skipped"
    return Finding(kept.rule, kept.rule_version, word, kept.reason, conditions, is_recomputed)


def list_operands(expression: str, values: Mapping[str, Any]) -> dict[str, Any]:  # plain data
    """Give what an expression reads, with what it holds: `contact.tags` and its tags. What is not there is left out."""
    found: dict[str, Any] = {}
    for reference in sorted(expressions.find_references(expression, "expression")):
        value: Any = values  # plain data
        for name in reference.split("."):
            if not isinstance(value, Mapping) or name not in value:
                break
            value = value[name]
        else:
            found[reference] = value
    return found
