"""Checks expressions and templates where they stand in a file: faults become problems at their line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from quoflow.core import contexts, expressions
from quoflow.loader.documents import LARGEST_TEXT
from quoflow.loader.known import Known
from quoflow.loader.nodes import Key, ScalarNode, locate
from quoflow.loader.report import Report


@dataclass(frozen=True)
class Checker:
    """Checks a rule's expressions and templates, given its triggers, its `vars` and the steps before.

    Without triggers that are known nothing can be said about names, and nothing is.
    """

    report: Report
    kinds: tuple[str, ...]
    known: Known = field(default_factory=Known)
    variables: Mapping[str, Any] = field(default_factory=dict)  # plain data
    steps: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Ids of steps that could not be read: nothing is said of what uses them."""

    @cached_property
    def scope(self) -> contexts.Scope:
        """Give the names that are there and their shapes."""
        return contexts.build_scope(
            self.kinds,
            variables={**self.known.variables, **self.variables},
            steps=self.steps,
            hours=self.known.calendars,
        )

    def after(self, name: str, kind: str) -> Checker:
        """Give the checker for what comes after a step with an id."""
        return replace(self, steps={**self.steps, name: kind})

    def after_unread(self, name: str) -> Checker:
        """Give the checker for what comes after a step with an id that could not be read."""
        return replace(self, unread=self.unread | {name})

    def join(self, *others: Checker) -> Checker:
        """Give the checker for what comes after branches: any of their steps may have run."""
        steps = dict(self.steps)
        for other in others:
            steps.update(other.steps)
        unread = self.unread.union(*(other.unread for other in others))
        is_same = len(steps) == len(self.steps) and len(unread) == len(self.unread)
        return self if is_same else replace(self, steps=steps, unread=unread)

    def check(self, node: ScalarNode, path: Sequence[Key], kind: Literal["expression", "template"]) -> None:
        """Check one expression or template and report each fault at its place."""
        if not self.kinds or len(node.value) > LARGEST_TEXT:
            return
        if any(f"steps.{name}" in node.value for name in self.unread):
            return
        check = expressions.check_expression if kind == "expression" else expressions.check_template
        for fault in check(node.value, self.scope):
            place = locate(node, (fault.line, fault.column), self.report.lines)
            self.report.add_at(place, path, (kind, fault.message, fault.hint), severity=fault.severity)
