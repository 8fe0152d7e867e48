"""Checks which rules run which: each must be there and wait for it, and none may come back to itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quoflow.core import calls
from quoflow.core.rules import Call, Rule
from quoflow.errors import Problem
from quoflow.loader.report import suggest


def check_calls(rules: Sequence[Rule], *, is_whole: bool) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Give the rules whose calls can be made, and what is wrong with the others.

    Args:
        rules: every rule that has no error of its own.
        is_whole: whether these are all there are; a rule that could not be read may be the one that is missing.
    """
    by_name = {rule.name: rule for rule in rules}
    problems: list[Problem] = []
    refused: set[str] = set()
    for rule in rules:
        for call in rule.calls:
            told = _tell(rule, call, by_name, is_whole=is_whole)
            if told is not None:
                refused.add(rule.name)
                code, message, hint = told
                problems.append(Problem(rule.file, call.line, call.column, call.path, code, message, hint))
    return tuple(rule for rule in rules if rule.name not in refused), problems


def _tell(rule: Rule, call: Call, by_name: Mapping[str, Rule], *, is_whole: bool) -> tuple[str, str, str] | None:
    called = by_name.get(call.rule)
    if called is None:
        if not is_whole:
            return None
        known = [name for name, one in by_name.items() if calls.is_callable(one)]
        hint = suggest(call.rule, known, otherwise=f"rules with a `manual` trigger: {', '.join(known) or 'none'}")
        return "unknown-rule", f"there is no rule `{call.rule}`", hint
    if not calls.is_callable(called):
        hint = f"add `manual` to the triggers of `{called.name}` ({called.file}:{called.line})"
        return "not-callable", f"the rule `{called.name}` has no `manual` trigger", hint
    circle = _find_circle(rule.name, called, by_name)
    if circle is None:
        return None
    chain = " → ".join(f"`{name}`" for name in (rule.name, *circle))
    return "rule-circle", f"this comes back to where it began: {chain}", "take one of the calls out"


def _find_circle(start: str, rule: Rule, by_name: Mapping[str, Rule]) -> tuple[str, ...] | None:
    """Give the names by which one rule leads back to another, the last one included; None where it does not."""
    ways: list[tuple[Rule, tuple[str, ...]]] = [(rule, (rule.name,))]
    seen = {rule.name}
    while ways:
        current, way = ways.pop(0)
        if current.name == start:
            return way
        for call in current.calls:
            found = by_name.get(call.rule)
            if found is not None and (found.name not in seen or found.name == start):
                seen.add(found.name)
                ways.append((found, (*way, found.name)))
    return None
