"""Reads the steps that hold other steps, give names or wait: `if`, `choose`, `for_each`, `set`, `wait_for`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from quoflow.core import contexts, shapes
from quoflow.core.functions import SIGNATURES
from quoflow.core.parameters.flow import Choose, ForEach, If, RunRule, Set, WaitFor, WaitUntil
from quoflow.core.rules import Call
from quoflow.core.shapes import Shape
from quoflow.core.steps import Step, Way
from quoflow.loader import mappings
from quoflow.loader.conditions import read_expression
from quoflow.loader.kinds import write_out
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode, find_node, format_path, to_plain
from quoflow.loader.phrases import Checker
from quoflow.loader.report import Report, join_words, suggest
from quoflow.loader.triggers import check_pattern, tell_event
from quoflow.loader.validation import read_model
from quoflow.loader.values import read_values

WAY = ("if", "then")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")


class Reader(Protocol):
    """What reads the steps of a rule; `checker` knows what may have run before."""

    report: Report
    checker: Checker
    in_loop: bool
    calls: list[Call]

    def read_block(
        self, node: Node | None, path: tuple[Key, ...], checker: Checker
    ) -> tuple[tuple[Step, ...], Checker]:
        """Read the steps of a way, and give what is known behind it."""


def _read_if(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step:
    before = reader.checker
    then, after_then = reader.read_block(node.items["then"], (*path, "then"), before)
    otherwise, after_else = reader.read_block(node.items.get("else"), (*path, "else"), before)
    reader.checker = before.join(after_then, after_else)
    return Step(format_path(path), "if", If(), then=then, otherwise=otherwise)


def _read_choose(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step | None:
    before, inside = reader.checker, (*path, "choose")
    written = node.items["choose"]
    if not isinstance(written, ListNode) or not written.items:
        hint = "begin each way with `- if:` and give it a `then:`; `else:` stands beside `choose`"
        reader.report.add(written, inside, ("wrong-type", "`choose` takes a list of ways", hint))
        return None
    read = [_read_way(reader, one, (*inside, at), before) for at, one in enumerate(written.items)]
    otherwise, after_else = reader.read_block(node.items.get("else"), (*path, "else"), before)
    ways = tuple(way for way, _ in read if way is not None)
    reader.checker = before.join(*(after for _, after in read), after_else)
    return Step(format_path(path), "choose", Choose(), ways=ways, otherwise=otherwise)


def _read_way(reader: Reader, node: Node, path: tuple[Key, ...], checker: Checker) -> tuple[Way | None, Checker]:
    if not isinstance(node, MappingNode):
        problem = ("wrong-type", "a way is a condition and its steps", "write `if: …` and `then: [...]`")
        reader.report.add(node, path, problem)
        return None, checker
    for key in node.items.keys() - set(WAY):
        hint = "put it beside `choose`" if key == "else" else suggest(key, WAY, otherwise="a way has `if` and `then`")
        reader.report.add(node.keys[key], (*path, key), ("unknown-key", f"`{key}` is not known here", hint))
    for key in WAY:
        if key not in node.items:
            reader.report.add(node, path, ("missing-key", f"`{key}` is missing", "a way has `if` and `then`"))
    written, condition = node.items.get("if"), None
    if isinstance(written, ScalarNode):
        condition = read_expression(written, checker, (*path, "if"))
    elif written is not None:
        problem = ("wrong-type", "`if` takes one expression", "join several with `and` or `or`")
        reader.report.add(written, (*path, "if"), problem)
    block, after = reader.read_block(node.items.get("then"), (*path, "then"), checker)
    return (None if condition is None else Way(condition.expression, block)), after


def _read_for_each(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step | None:
    before, inside = reader.checker, (*path, "for_each")
    written = node.items["for_each"]
    if not isinstance(written, MappingNode):
        hint = "write `for_each: {in: contact.tags, do: [...]}`"
        reader.report.add(written, inside, ("wrong-type", "`for_each` takes a list and steps", hint))
        return None
    if reader.in_loop:
        problem = ("nested-loop", "a `for_each` cannot stand in another", "call a rule of its own with `run_rule`")
        reader.report.add(node.keys["for_each"], inside, problem)
    parameters = read_model(ForEach, mappings.drop_keys(written, ("do",)), reader.report, inside)
    if "do" not in written.items:
        hint = "say what is done for each item: a list of steps"
        reader.report.add(written, inside, ("missing-key", "`do` is missing", hint))
    item = _check_list(written.items.get("in"), before, (*inside, "in"))
    name = _read_name(written.items.get("as"), before, (*inside, "as"))
    was_in_loop, reader.in_loop = reader.in_loop, True
    body, after = reader.read_block(written.items.get("do"), (*inside, "do"), before.within(name, item))
    reader.in_loop = was_in_loop
    reader.checker = before.join(before, after.without_steps(before))
    return None if parameters is None else Step(format_path(path), "for_each", parameters, body=body)


def _check_list(node: Node | None, checker: Checker, path: Sequence[Key]) -> Shape:
    """Check the expression that gives the list, and give the shape of an item."""
    if not isinstance(node, ScalarNode) or node.is_null:
        return shapes.ANY
    shape = checker.infer(node, path)
    if shape.kind == "any":
        return shape
    if shape.kind != "list":
        hint = "give it a list, such as contact.tags"
        checker.report.add(node, path, ("expression", f"`for_each` goes over a list, and this is {shape}", hint))
        return shapes.ANY
    return shapes.item_of(shape)


def _read_name(node: Node | None, checker: Checker, path: Sequence[Key]) -> str:
    """Read the name that the steps of a loop read each item by."""
    name = node.value if isinstance(node, ScalarNode) else str(ForEach.model_fields["as_"].default)
    if node is None:
        return name
    if not _NAME.fullmatch(name):
        hint = "use letters, digits and `_`, the first a letter"
        checker.report.add(node, path, ("wrong-value", f"`{name}` is not a name", hint))
    elif name in contexts.NAMES or name in SIGNATURES or name in ("loop", "each"):
        hint = "choose another, such as `item`"
        checker.report.add(node, path, ("wrong-value", f"`{name}` means something else already", hint))
    return name


def _read_set(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step:
    written = node.items["set"]
    for name, shape in read_values(written, reader.checker, (*path, "set")).items():
        reader.checker = reader.checker.after_set(name, shape)
    values = to_plain(written) if isinstance(written, MappingNode) else {}
    return Step(format_path(path), "set", Set.model_construct(values=values))


def _read_wait_until(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step | None:
    inside, written = (*path, "wait_until"), write_out(node.items["wait_until"], "wait_until")
    parameters = read_model(WaitUntil, written, reader.report, inside)
    if parameters is None or not isinstance(written, MappingNode):
        return None
    calendars = reader.checker.known.calendars
    if parameters.open is not None and calendars is not None and parameters.open not in calendars:
        hint = suggest(parameters.open, calendars, otherwise=f"there are {join_words(calendars, last='and')}")
        problem = ("unknown-calendar", f"there is no calendar `{parameters.open}`", hint)
        reader.report.add(written.items["open"], (*inside, "open"), problem)
    return Step(format_path(path), "wait_until", parameters)


def _read_wait_for(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step | None:
    before, inside = reader.checker, (*path, "wait_for")
    written = write_out(node.items["wait_for"], "wait_for")
    late: tuple[Step, ...] = ()
    if isinstance(written, MappingNode):
        if isinstance(then := written.items.get("on_timeout"), ListNode):
            late, after = reader.read_block(then, (*inside, "on_timeout"), before)
            reader.checker = before.join(before, after)
            written = mappings.drop_keys(written, ("on_timeout",))
        check_pattern(written.items.get("text"), (*inside, "text", "matches"), reader.report)
        _check_events(reader, written, inside)
    if before.kinds and "contact" not in before.scope.names:
        hint = "it is there for what happens with somebody: a text, a call"
        message = f"`wait_for` waits for an event of the contact, and {join_words(before.kinds)} has none"
        reader.report.add(node.keys["wait_for"], inside, ("missing-part", message, hint))
    parameters = read_model(WaitFor, written, reader.report, inside)
    if parameters is None:
        return None
    if late:
        parameters = parameters.model_copy(update={"on_timeout": "continue"})
    return Step(format_path(path), "wait_for", parameters, late=late)


def _check_events(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> None:
    written = node.items.get("event")
    for at, one in enumerate(written.items if isinstance(written, ListNode) else (written,)):
        if isinstance(one, ScalarNode) and (told := tell_event(one.value)):
            place = (*path, "event", at) if isinstance(written, ListNode) else (*path, "event")
            reader.report.add(one, place, told)


def _read_run_rule(reader: Reader, node: MappingNode, path: tuple[Key, ...]) -> Step | None:
    inside, written = (*path, "run_rule"), write_out(node.items["run_rule"], "run_rule")
    given = written.items.get("vars") if isinstance(written, MappingNode) else None
    if isinstance(given, MappingNode) and given.items:
        read_values(given, reader.checker, (*inside, "vars"))
    parameters = read_model(RunRule, written, reader.report, inside)
    if parameters is None:
        return None
    place = find_node(written, ("rule",))
    reader.calls.append(Call(parameters.rule, place.line, place.column, format_path((*inside, "rule"))))
    return Step(format_path(path), "run_rule", parameters)


READERS: Mapping[str, Callable[[Reader, MappingNode, tuple[Key, ...]], Step | None]] = {
    "if": _read_if,
    "choose": _read_choose,
    "for_each": _read_for_each,
    "set": _read_set,
    "run_rule": _read_run_rule,
    "wait_until": _read_wait_until,
    "wait_for": _read_wait_for,
}
"""The steps that are read in a way of their own."""
