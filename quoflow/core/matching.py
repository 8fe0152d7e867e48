"""Whether a rule matches an event, and why: one verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from quoflow.core import expressions, fitting
from quoflow.core.durations import format_duration
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.rules import AllOf, AnyOf, Condition, Holds, Not, Rule

ADDRESSED = ("schedule", "manual")
"""Kinds of events that are meant for one rule; their id is `<kind>:<rule>:…`."""

_Values = Mapping[str, Any]  # plain data, as contexts.build_values makes it


class Verdict(NamedTuple):
    """Whether a rule matched an event, and why; a named tuple, because there is one for each pair that matches.

    Attributes:
        conditions: every condition that was evaluated, in order, with its value; None where it could not be.
    """

    rule: str
    rule_version: str
    event_id: str
    matched: bool
    reason: str
    conditions: tuple[tuple[str, object], ...] = ()


class Answer(NamedTuple):
    """What filters or conditions object, or None; and every condition that was asked, with its value."""

    objection: str | None
    asked: tuple[tuple[str, object], ...] = ()


def match(
    rule: Rule, event: Event, values: _Values, functions: Functions, *, lines: Sequence[Line], region: str
) -> Verdict:
    """Decide whether a rule matches an event.

    Args:
        rule: the rule; its connection, triggers, filters and conditions are looked at in this order.
        event: what happened.
        values: the rule's context for this event, as `contexts.build_values` makes it.
        functions: the functions of the language.
        lines: our lines, to resolve a filter's line.
        region: how a number without a country code is read (ISO, such as US).
    """
    subject = fitting.Subject(event, fitting.find_line(event, lines), region)
    objection = object_to(rule, subject)
    if objection is not None:
        return make_verdict(rule, event, Answer(objection))
    return make_verdict(rule, event, ask(rule.when, values, functions))


def object_to(rule: Rule, subject: fitting.Subject) -> str | None:
    """Give why an event does not come to a rule at all, in words; None where only its conditions are left to ask."""
    return _object_to_rule(rule, subject.event) or _object_to_triggers(rule, subject)


def ask(when: Condition, values: _Values, functions: Functions) -> Answer:
    """Ask a rule's conditions."""
    judge = _Judge(values, functions)
    try:
        objection = judge.object_to(when)
    except expressions.ExpressionError as error:
        objection = error.message
    return Answer(objection, tuple(judge.asked))


def make_verdict(rule: Rule, event: Event, answer: Answer) -> Verdict:
    """Give the verdict of a rule whose filters or conditions gave this answer."""
    fits = f"{event.kind} fits the trigger{' and its conditions hold' if answer.asked else ''}"
    objection, asked = answer
    return Verdict(rule.name, rule.version, event.id, objection is None, objection or fits, asked)


def is_due_by_age(rule: Rule, event: Event, now: datetime) -> str | None:
    """Give why an event is too old for a rule (its `max_age`), or None when it is not."""
    age = now - event.occurred_at
    if age <= rule.max_age:
        return None
    return f"too old: it happened {format_duration(age)} ago and max_age is {format_duration(rule.max_age)}"


def _object_to_rule(rule: Rule, event: Event) -> str | None:
    if not rule.enabled:
        return "the rule is not enabled"
    if not has_connection(rule, event):
        return f"connection: it applies to {fitting.list_names(rule.connections)}, not `{event.connection}`"
    if not is_for(event, rule):
        return f"{event.kind}: meant for another rule"
    return None


def _object_to_triggers(rule: Rule, subject: fitting.Subject) -> str | None:
    """Any trigger of the event's kind will do; where none does, each says why."""
    triggers = [trigger for trigger in rule.triggers if trigger.kind == subject.event.kind]
    if not triggers:
        kinds = fitting.list_names(trigger.kind for trigger in rule.triggers)
        return f"trigger: it waits for {kinds}, not `{subject.event.kind}`"
    objections = [fitting.object_to(trigger.filters, subject) for trigger in triggers]
    return None if None in objections else "; ".join(dict.fromkeys(filter(None, objections)))


def is_for(event: Event, rule: Rule) -> bool:
    """Tell whether an event that is addressed to a rule, a schedule's or a person's, means this one."""
    return event.kind not in ADDRESSED or event.id.startswith(f"{event.kind}:{rule.name}:")


def has_connection(rule: Rule, event: Event) -> bool:
    """Tell whether a rule applies to the event's connection."""
    return not rule.connections or event.connection in rule.connections


class _Judge:
    """Evaluates a rule's conditions, no more of them than needed, and remembers what was asked."""

    def __init__(self, values: _Values, functions: Functions) -> None:
        self.values = values
        self.functions = functions
        self.asked: list[tuple[str, object]] = []

    def object_to(self, condition: Condition) -> str | None:
        """Give why a condition does not hold, or None when it does. Raises ExpressionError when it cannot be told."""
        if isinstance(condition, AllOf):
            return next(filter(None, map(self.object_to, condition.parts)), None)
        if isinstance(condition, AnyOf):
            return self.object_to_every(condition.parts)
        if isinstance(condition, Not):
            return None if self.object_to(condition.part) else f"{_describe(condition.part)} holds, and must not"
        return None if self.ask(condition) else f"`{condition.expression}` does not hold"

    def object_to_every(self, parts: Iterable[Condition]) -> str | None:
        objections = []
        for part in parts:
            objection = self.object_to(part)
            if objection is None:
                return None
            objections.append(objection)
        return f"none of these: {'; '.join(objections)}" if objections else "`any` has nothing to choose from"

    def ask(self, leaf: Holds) -> bool:
        self.asked.append((leaf.expression, None))
        value = expressions.holds(leaf.expression, self.values, self.functions)
        self.asked[-1] = (leaf.expression, value)
        return value


def _describe(condition: Condition) -> str:
    if isinstance(condition, Holds):
        return f"`{condition.expression}`"
    if isinstance(condition, Not):
        return f"not {_describe(condition.part)}"
    word = "all" if isinstance(condition, AllOf) else "any"
    return f"{word}({', '.join(map(_describe, condition.parts))})"
