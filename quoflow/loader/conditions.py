"""Reads `when`: an expression or a list of them, with any, all and not inside."""

from __future__ import annotations

from collections.abc import Sequence

from quoflow.core.rules import AllOf, AnyOf, Condition, Holds, Not
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode
from quoflow.loader.phrases import Checker
from quoflow.loader.report import suggest

WORDS = ("any", "all", "not")
EXAMPLE = "write an expression, such as `is_open('office')`"


def read_when(node: Node | None, checker: Checker) -> AllOf:
    """Read a rule's `when`; every one of its parts must hold."""
    if node is None:
        return AllOf()
    if isinstance(node, ListNode):
        return AllOf(_read_parts(node, checker, ("when",)))
    part = _read_condition(node, checker, ("when",))
    return AllOf(() if part is None else (part,))


def _read_parts(node: ListNode, checker: Checker, path: Sequence[Key]) -> tuple[Condition, ...]:
    parts = (_read_condition(item, checker, (*path, at)) for at, item in enumerate(node.items))
    return tuple(part for part in parts if part is not None)


def _read_condition(node: Node, checker: Checker, path: Sequence[Key]) -> Condition | None:
    if isinstance(node, ScalarNode):
        return read_expression(node, checker, path)
    if isinstance(node, ListNode):
        problem = ("wrong-type", "a list inside a list of conditions", "write `any:` or `all:` before it")
        checker.report.add(node, path, problem)
        return None
    return _read_group(node, checker, path)


def read_expression(node: ScalarNode, checker: Checker, path: Sequence[Key]) -> Holds | None:
    """Read and check one bare expression; None when nothing is written."""
    if node.is_null or not node.value.strip():
        checker.report.add(node, path, ("empty", "an expression is missing", EXAMPLE))
        return None
    checker.check(node, path, "expression")
    return Holds(node.value)


def _read_group(node: MappingNode, checker: Checker, path: Sequence[Key]) -> Condition | None:
    if len(node.items) != 1 or (word := next(iter(node.items))) not in WORDS:
        for key in node.items.keys() - set(WORDS):
            hint = suggest(key, WORDS, otherwise="a text with `: ` inside needs quotes around the whole of it")
            problem = ("unknown-key", f"`{key}` is none of `any`, `all` and `not`", hint)
            checker.report.add(node.keys[key], (*path, key), problem)
        if not node.items.keys() - set(WORDS):
            problem = ("wrong-value", "one of `any`, `all` or `not` is expected here", "make each an item of its own")
            checker.report.add(node, path, problem)
        return None
    inner, path = node.items[word], (*path, word)
    if word == "not":
        return _read_not(inner, checker, path)
    if not isinstance(inner, ListNode) or not inner.items:
        problem = ("wrong-type", f"a list of conditions is expected under `{word}`", "begin each with `- `")
        checker.report.add(inner, path, problem)
        return None
    parts = _read_parts(inner, checker, path)
    return AnyOf(parts) if word == "any" else AllOf(parts)


def _read_not(node: Node, checker: Checker, path: Sequence[Key]) -> Condition | None:
    if isinstance(node, ListNode):
        problem = ("wrong-type", "`not` takes one condition", "write `not: {any: [...]}` or `not: {all: [...]}`")
        checker.report.add(node, path, problem)
        return None
    part = _read_condition(node, checker, path)
    return None if part is None else Not(part)
