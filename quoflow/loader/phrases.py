"""Checks expressions and templates where they stand in a file: faults become problems at their line and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any, Literal

from quoflow.core import checking, contexts, expressions, shapes
from quoflow.core.shapes import Shape
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
    given: Mapping[str, Shape] = field(default_factory=dict)
    """The shapes of the values that steps before have put under `vars`."""
    own: Mapping[str, Shape] = field(default_factory=dict)
    """Names that mean something else where this stands than in the rest of the rule."""
    audience: str | None = None
    """Where the members of the rule's audience come from, where what is checked is of a member."""

    @cached_property
    def scope(self) -> contexts.Scope:
        """Give the names that are there and their shapes."""
        scope = contexts.build_scope(
            self.kinds,
            variables={**self.known.variables, **self.variables},
            steps=self.steps,
            hours=self.known.calendars,
            given=self.given,
            audience=self.audience,
        )
        return replace(scope, names={**scope.names, **self.own}) if self.own else scope

    def about_contacts(self) -> Checker:
        """Give the checker for an expression about each of many contacts: `contact` is one of them."""
        return replace(self, own={**self.own, "contact": contexts.CONTACT})

    def for_members(self, audience: str | None) -> Checker:
        """Give the checker for what is of each member of an audience, by where its members come from."""
        return replace(self, audience=audience)

    def after(self, name: str, kind: str) -> Checker:
        """Give the checker for what comes after a step with an id."""
        return replace(self, steps={**self.steps, name: kind})

    def after_unread(self, name: str) -> Checker:
        """Give the checker for what comes after a step with an id that could not be read."""
        return replace(self, unread=self.unread | {name})

    def after_set(self, name: str, shape: Shape) -> Checker:
        """Give the checker for what comes after a step that has put a value under `vars`."""
        return replace(self, given={**self.given, name: shape})

    def within(self, name: str, item: Shape) -> Checker:
        """Give the checker for the steps of a loop, which read each item by a name."""
        return replace(self, own={**self.own, name: item, "each": checking.LOOP})

    def with_error(self) -> Checker:
        """Give the checker for what is done when a step has failed: it reads why."""
        return replace(self, own={**self.own, "error": contexts.ERROR})

    def without_error(self, before: Checker) -> Checker:
        """Give the checker for what comes after that."""
        return replace(self, own=before.own)

    def without_steps(self, before: Checker) -> Checker:
        """Give the checker for what comes after a loop: what it set stays, its names and its steps' do not."""
        return replace(self, own=before.own, steps=before.steps)

    def join(self, *others: Checker) -> Checker:
        """Give the checker for what comes after branches: any of their steps may have run."""
        steps = dict(self.steps)
        for other in others:
            steps.update(other.steps)
        unread = self.unread.union(*(other.unread for other in others))
        given = {name: self._join_given(name, others) for other in others for name in other.given}
        is_same = len(steps) == len(self.steps) and len(unread) == len(self.unread) and given == self.given
        return self if is_same else replace(self, steps=steps, unread=unread, given=given)

    def _join_given(self, name: str, ways: Sequence[Checker]) -> Shape:
        """Give the shape of a value after branches: what one of them leaves alone is what it was, or nothing."""
        known = {**self.known.variables, **self.variables}
        before = shapes.shape_of(known[name]) if name in known else shapes.NOTHING
        return reduce(shapes.join, (way.given.get(name, before) for way in ways))

    def infer(self, node: ScalarNode, path: Sequence[Key]) -> Shape:
        """Check an expression whose value is wanted, report each fault at its place, and give the value's shape."""
        if not self._can_check(node):
            return shapes.ANY
        faults, shape = expressions.check_value(node.value, self.scope)
        self._report(faults, node, path, "expression")
        return shape

    def check_list(self, node: ScalarNode, path: Sequence[Key]) -> None:
        """Check an expression that must give a list; a text will do where `trigger --set` may have given it."""
        shape = self.infer(node, path)
        fitting = {"list", "any", "text"} if "manual" in self.kinds else {"list", "any"}
        if not shape.kinds <= fitting:
            hint = "name a list of phone numbers, such as `vars.numbers`"
            self.report.add(node, path, ("expression", f"a list is expected here, and this is {shape}", hint))

    def check_value(self, node: ScalarNode, path: Sequence[Key]) -> Shape:
        """Check a text that becomes a value, report each fault at its place, and give the value's shape."""
        bare = expressions.find_bare(node.value)
        if bare is None or not self._can_check(node):
            self.check(node, path, "template")
            return shapes.TEXT if bare is None else shapes.UNSURE
        faults, shape = expressions.check_value(bare, self.scope)
        self._report(faults, node, path, "template")
        return shape

    def check(self, node: ScalarNode, path: Sequence[Key], kind: Literal["expression", "template"]) -> None:
        """Check one expression or template and report each fault at its place."""
        if self._can_check(node):
            check = expressions.check_expression if kind == "expression" else expressions.check_template
            self._report(check(node.value, self.scope), node, path, kind)

    def _can_check(self, node: ScalarNode) -> bool:
        if not self.kinds or len(node.value) > LARGEST_TEXT:
            return False
        return not any(f"steps.{name}" in node.value for name in self.unread)

    def _report(self, faults: Iterable[expressions.Fault], node: ScalarNode, path: Sequence[Key], kind: str) -> None:
        for fault in faults:
            place = locate(node, (fault.line, fault.column), self.report.lines)
            self.report.add_at(place, path, (kind, fault.message, fault.hint), severity=fault.severity)
