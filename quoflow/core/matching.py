"""Which rules an event matches, and why: an index of candidates, then one verdict for each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quoflow.core import expressions, fitting, phones
from quoflow.core.durations import format_duration
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.rules import AllOf, AnyOf, Condition, Filters, Holds, Not, Rule

ADDRESSED = ("schedule", "manual")
"""Kinds of events that are meant for one rule; their id is `<kind>:<rule>:…`."""

MOST_REMEMBERED = 4096
"""Answers that the index keeps at most: kinds times lines are far fewer."""

_Values = Mapping[str, Any]  # plain data, as contexts.build_values makes it


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule matched an event, and why.

    Attributes:
        conditions: every condition that was evaluated, in order, with its value; None where it could not be.
    """

    rule: str
    rule_version: str
    event_id: str
    matched: bool
    reason: str
    conditions: tuple[tuple[str, object], ...] = ()


class RuleIndex:
    """Finds the rules that may match an event without asking each one.

    Rules are filed by trigger kind and, where a trigger names its lines, by line. What is asked of the text would be
    a further key here.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._files: dict[tuple[str, str | None], dict[int, Rule]] = {}
        self._found: dict[tuple[str | None, ...], tuple[Rule, ...]] = {}
        for position, rule in enumerate(rules):
            for trigger in rule.triggers if rule.enabled else ():
                for key in _list_line_keys(trigger.filters):
                    self._files.setdefault((trigger.kind, key), {})[position] = rule

    def candidates(self, event: Event, lines: Sequence[Line]) -> tuple[Rule, ...]:
        """Give every enabled rule that may match, in the rules' order: never too few, as few as the index can tell."""
        line = fitting.find_line(event, lines)
        keys = (line.id, line.number, line.name) if line else (event.line_id,)
        question = (event.connection, event.kind, *keys)
        if question not in self._found:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()  # lines that nobody knows could go on for ever
            self._found[question] = self._look_up(event, keys)
        found = self._found[question]
        return tuple(rule for rule in found if _is_for(event, rule)) if event.kind in ADDRESSED else found

    def _look_up(self, event: Event, keys: tuple[str | None, ...]) -> tuple[Rule, ...]:
        found: dict[int, Rule] = {}
        for key in {None, *(fitting.fold(key) for key in keys if key)}:
            found |= self._files.get((event.kind, key), {})
        return tuple(found[position] for position in sorted(found) if _has_connection(found[position], event))


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
    objection = _object_to_rule(rule, event) or _object_to_triggers(rule, subject)
    if objection is not None:
        return _judge(rule, event, objection)
    judge = _Judge(values, functions)
    try:
        objection = judge.object_to(rule.when)
    except expressions.ExpressionError as error:
        objection = error.message
    return _judge(rule, event, objection, tuple(judge.asked))


def is_due_by_age(rule: Rule, event: Event, now: datetime) -> str | None:
    """Give why an event is too old for a rule (its `max_age`), or None when it is not."""
    age = now - event.occurred_at
    if age <= rule.max_age:
        return None
    return f"too old: it happened {format_duration(age)} ago and max_age is {format_duration(rule.max_age)}"


def _judge(rule: Rule, event: Event, objection: str | None, asked: tuple[tuple[str, object], ...] = ()) -> Verdict:
    return Verdict(
        rule=rule.name,
        rule_version=rule.version,
        event_id=event.id,
        matched=objection is None,
        reason=objection or f"{event.kind} fits the trigger{' and its conditions hold' if asked else ''}",
        conditions=asked,
    )


def _object_to_rule(rule: Rule, event: Event) -> str | None:
    if not rule.enabled:
        return "the rule is not enabled"
    if not _has_connection(rule, event):
        return f"connection: it applies to {fitting.list_names(rule.connections)}, not `{event.connection}`"
    if not _is_for(event, rule):
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


def _is_for(event: Event, rule: Rule) -> bool:
    return event.kind not in ADDRESSED or event.id.startswith(f"{event.kind}:{rule.name}:")


def _has_connection(rule: Rule, event: Event) -> bool:
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


def _list_line_keys(filters: Filters) -> tuple[str | None, ...]:
    """Give under which lines a trigger is filed; None is every line.

    A number that is not E.164 needs the region to be read, so its rule is filed under every line.
    """
    if any(not phones.is_e164(one) and not one.strip()[:1].isalpha() for one in filters.line):
        return (None,)
    return tuple(map(fitting.fold, filters.line)) or (None,)
