"""Reads `set`: names and the values that they are given, each with its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from quoflow.core import shapes
from quoflow.core.shapes import Shape
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode, to_plain
from quoflow.loader.phrases import Checker

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
EXAMPLE = 'write names and values: `set: {price: "{{ vars.price | int * 2 }}"}`'


def read_values(node: Node, checker: Checker, path: Sequence[Key]) -> dict[str, Shape]:
    """Check what a `set` says, and give the shape of each name that can be read from then on."""
    if not isinstance(node, MappingNode) or not node.items:
        checker.report.add(node, path, ("wrong-type", "`set` takes names and values", EXAMPLE))
        return {}
    given: dict[str, Shape] = {}
    for name, written in node.items.items():
        if not _NAME.fullmatch(name):
            hint = "use letters, digits and `_`, the first a letter, so that it can be written as `vars.name`"
            checker.report.add(node.keys[name], (*path, name), ("wrong-value", f"`{name}` is not a name", hint))
        given[name] = _read_value(written, checker, (*path, name))
    return given


def _read_value(node: Node, checker: Checker, path: Sequence[Key]) -> Shape:
    if isinstance(node, ScalarNode) and isinstance(to_plain(node), str):
        return checker.check_value(node, path)
    for text in _list_texts(node):
        if "{{" in text.value:
            hint = "write the whole of it as one expression: `\"{{ ['a', contact.name] }}\"`"
            checker.report.add(text, path, ("wrong-value", "nothing is filled in inside a list or a mapping", hint))
    return shapes.shape_of(to_plain(node))


def _list_texts(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
        return
    for inner in node.items if isinstance(node, ListNode) else node.items.values():
        yield from _list_texts(inner)
