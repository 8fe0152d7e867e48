"""Reads `actions`: each step does one thing, or chooses between two ways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from quoflow.core import steps
from quoflow.core.rules import Call
from quoflow.core.steps import Step
from quoflow.loader import flow, needs, outside
from quoflow.loader.documents import LARGEST_TEXT
from quoflow.loader.kinds import ENDS, find_kind, write_out
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode, format_path
from quoflow.loader.phrases import Checker
from quoflow.loader.report import Report
from quoflow.loader.shapes import list_fields
from quoflow.loader.step_options import OptionReader
from quoflow.loader.triggers import read_number, tell_number
from quoflow.loader.validation import read_model

MOST_CHARACTERS = 1_600
DEEPEST = 2
"""How deep templates stand in a step: in a list that is a value of a mapping."""

_SLOT = re.compile(r"\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)


@dataclass(slots=True)
class StepReader:
    """Reads a rule's steps in order; `checker` knows the steps that may have run before."""

    report: Report
    checker: Checker
    region: str
    options: OptionReader = field(init=False)
    in_loop: bool = False
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.options = OptionReader(self.report)

    def read(self, node: Node | None, owner: MappingNode) -> tuple[Step, ...]:
        """Read a rule's `actions`; `owner` is where missing ones are told of."""
        if node is None or (isinstance(node, ScalarNode) and node.is_null):
            problem = ("missing-key", "`actions` is missing", "say what the rule does: a list of steps")
            self.report.add(node or owner, ("actions",), problem)
            return ()
        return self._read_list(node, ("actions",))

    def read_on_error(self, node: Node | None, before: Checker) -> tuple[Step, ...]:
        """Read a rule's `on_error`: steps, before which any of the actions may have been done; `fail` says nothing."""
        if node is None or (isinstance(node, ScalarNode) and node.value == "fail"):
            return ()
        if isinstance(node, ScalarNode):
            hint = "write steps here, such as `- notify: …`; `on_error: continue` is for the step that may fail"
            problem = ("wrong-value", "a rule's `on_error` is `fail` or a list of steps", hint)
            self.report.add(node, ("on_error",), problem)
            return ()
        self.checker = before.join(before, self.checker)
        return self._read_list(node, ("on_error",))

    def _read_list(self, node: Node, path: tuple[Key, ...]) -> tuple[Step, ...]:
        if isinstance(node, MappingNode) and node.items:
            self.report.add(node, path, ("wrong-type", "a list of steps is expected here", "begin each step with `- `"))
            return ()
        if not isinstance(node, ListNode) or not node.items:
            self.report.add(node, path, ("empty", "there is no step here", "write at least one, beginning with `- `"))
            return ()
        found = [self._read_step(item, (*path, at)) for at, item in enumerate(node.items)]
        self._warn_unreachable(found, node, path)
        return tuple(step for step in found if step is not None)

    def _warn_unreachable(self, found: Sequence[Step | None], node: ListNode, path: Sequence[Key]) -> None:
        for at, step in enumerate(found[:-1]):
            if step is not None and _always_ends(step):
                hint = "give `stop` or `fail` an `if:`, or take out what stands behind it"
                problem = ("unreachable", "this step is never reached: the run ends before it", hint)
                self.report.warn(node.items[at + 1], (*path, at + 1), problem)
                return

    def _read_step(self, node: Node, path: tuple[Key, ...]) -> Step | None:
        if isinstance(node, ScalarNode) and node.value in ENDS:
            node = MappingNode({node.value: ScalarNode("")}, {node.value: node}, node.line, node.column)
        if not isinstance(node, MappingNode):
            problem = ("wrong-type", "a step is a mapping, such as `send_message: {text: Hello}`", "write `name: …`")
            self.report.add(node, path, problem)
            return None
        kind = find_kind(node, self.report, path)
        common = self._read_common(node, kind, path)
        if kind is None:
            if common.id is not None:
                self.checker = self.checker.after_unread(common.id)
            return None
        before = self.checker
        step = self._read_kind(node, kind, path)
        if (common.condition is not None and kind != "if") or common.on_error == "continue":
            self.checker = before.join(before, self.checker)
        rescue = self._read_rescue(node.items.get("on_error"), (*path, "on_error"))
        options = self.options.read_rest(node, kind, path)
        if step is not None:
            step = replace(step, id=common.id, condition=common.condition, on_error=common.on_error, rescue=rescue)
            step = replace(step, **options)
        if common.id is not None:
            self.checker = self.checker.after(common.id, kind)
        return step

    def _read_common(self, node: MappingNode, kind: str | None, path: tuple[Key, ...]) -> _Common:
        return _Common(
            condition=self.options.read_if(node.items.get("if"), self.checker, (*path, "if")),
            id=self.options.read_id(node.items.get("id"), (*path, "id")),
            on_error=self.options.read_on_error(node.items.get("on_error"), kind, (*path, "on_error")),
        )

    def _read_rescue(self, node: Node | None, path: tuple[Key, ...]) -> tuple[Step, ...]:
        """Read the steps that are done when a step fails; they read why as `error`."""
        if not isinstance(node, ListNode):
            return ()
        after = self.checker
        rescue, behind = self.read_block(node, path, after.with_error())
        self.checker = after.join(after, behind.without_error(after))
        return rescue

    def _read_kind(self, node: MappingNode, kind: str, path: tuple[Key, ...]) -> Step | None:
        read = flow.READERS.get(kind)
        return read(self, node, path) if read else self._read_action(node, kind, path)

    def read_block(
        self, node: Node | None, path: tuple[Key, ...], checker: Checker
    ) -> tuple[tuple[Step, ...], Checker]:
        """Read the steps of a way, and give what is known behind it; a way that ends the run tells nothing."""
        self.checker = checker
        block = () if node is None else self._read_list(node, path)
        return block, checker if any(map(_always_ends, block)) else self.checker

    def _read_action(self, node: MappingNode, kind: str, path: tuple[Key, ...]) -> Step | None:
        inside = (*path, kind)
        written = node.items[kind]
        given = write_out(written, kind)
        parameters = read_model(steps.STEPS[kind], given, self.report, inside)
        for key, place, at in _list_templates(given, kind):
            check = self.checker.check_value if list_fields(steps.STEPS[kind])[key].is_free else self._check_template
            check(place, (*inside, key, *at) if given is written else inside)
            if kind == "send_message":
                self._check_message(place, (*inside, key, *at), key)
        self._check_expressions(given, kind, inside)
        self._check_needs(node, kind, inside)
        if kind == "notify":
            outside.check_target(given, self.checker.known, self.report, inside)
        if kind == "http":
            outside.check_request(given, self.checker, inside)
        return None if parameters is None else Step(format_path(path), kind, parameters)

    def _check_needs(self, node: MappingNode, kind: str, inside: Sequence[Key]) -> None:
        """Say what a step takes from the event that its triggers do not give; a condition may see to those that do."""
        is_conditional = "if" in node.items or len(inside) > len(("actions", 0, kind))
        for problem, is_error in needs.list_missing(kind, node.items[kind], self.checker.scope):
            if is_error:
                self.report.add(node.keys[kind], inside, problem)
            elif not is_conditional:
                self.report.warn(node.keys[kind], inside, problem)

    def _check_expressions(self, given: Node, kind: str, inside: Sequence[Key]) -> None:
        """Check what stands for an expression about contacts: that of a look for one."""
        for key, shape in list_fields(steps.STEPS[kind]).items():
            written = given.items.get(key) if shape.is_expression and isinstance(given, MappingNode) else None
            if isinstance(written, ScalarNode) and not written.is_null:
                self.checker.about_contacts().check(written, (*inside, key), "expression")

    def _check_template(self, node: ScalarNode, path: Sequence[Key]) -> None:
        if node.value and not node.value.strip():  # where there is nothing at all, the model has said so
            self.report.add(node, path, ("empty", "nothing is written here", "write the text"))
        self.checker.check(node, path, "template")

    def _check_message(self, node: ScalarNode, path: Sequence[Key], key: str) -> None:
        if key == "to" and node.value.strip() and "{" not in node.value and read_number(node.value) is None:
            self.report.add(node, path, tell_number(node.value, self.region))
        if key == "text" and "{%" not in node.value:
            length = len(_SLOT.sub("", node.value))
            if MOST_CHARACTERS < length <= LARGEST_TEXT:
                message = f"this text has {length:,} characters before anything is filled in; 1,600 can be sent"
                self.report.add(node, path, ("too-long", message, "shorten it"))


@dataclass(frozen=True, slots=True)
class _Common:
    """The keys that every step may have."""

    id: str | None
    condition: str | None
    on_error: Literal["fail", "continue"]


def _always_ends(step: Step) -> bool:
    """Whether the run never gets behind a step: it ends there, or every way through it does."""
    if step.kind in ENDS:
        return step.condition is None
    if not step.otherwise or (step.kind == "choose" and step.condition is not None):
        return False
    return all(any(map(_always_ends, block)) for key, block in step.list_blocks() if key != "on_error")


def _list_templates(node: Node, kind: str) -> Iterator[tuple[str, ScalarNode, tuple[Key, ...]]]:
    """List a step's templates as they are written: key, text, and the way to it where there are several."""
    if not isinstance(node, MappingNode):
        return
    for key, shape in list_fields(steps.STEPS[kind]).items():
        if shape.is_template and key in node.items:
            yield from ((key, text, at) for text, at in _list_texts(node.items[key], ()))


def _list_texts(node: Node, at: tuple[Key, ...]) -> Iterator[tuple[ScalarNode, tuple[Key, ...]]]:
    """List the texts of a value, of a list, or of a mapping of them."""
    if isinstance(node, ScalarNode):
        yield node, at
    elif len(at) < DEEPEST:
        inside = enumerate(node.items) if isinstance(node, ListNode) else node.items.items()
        for key, inner in inside:
            yield from _list_texts(inner, (*at, key))
