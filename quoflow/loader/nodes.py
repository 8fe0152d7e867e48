"""YAML as text with places: scalars, lists and mappings, each with the line and column where it begins. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NULLS = frozenset({"", "~", "null"})
BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}

_WRITTEN = {
    "'": re.compile(r"''|\S"),
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.|$)|\S"),
}
_ANY = re.compile(r"\S")
_BLANK_ESCAPES = frozenset({"\\n", "\\t", "\\r", "\\ ", "\\_", "\\N", "\\L", "\\P", "\\v", "\\f", "\\\t", "\\"})


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text as it was written; `style` is one of `'`, `"`, `|`, `>`, or empty for one without quotes."""

    value: str
    line: int = 1
    column: int = 1
    style: str = ""

    @property
    def is_null(self) -> bool:
        """Tell whether nothing is written here: empty, `~` or `null`, without quotes."""
        return not self.style and self.value in NULLS


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    items: tuple[Node, ...] = ()
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping in the order of the file; `keys` holds where each key stands."""

    items: Mapping[str, Node] = field(default_factory=dict)
    keys: Mapping[str, ScalarNode] = field(default_factory=dict)
    line: int = 1
    column: int = 1


Node = ScalarNode | ListNode | MappingNode
Key = str | int


def to_plain(node: Node) -> Any:  # JSON, without numbers
    """Give plain data: texts as str; only `true`, `false`, `null`, `~` and nothing without quotes become values."""
    if isinstance(node, ScalarNode):
        if node.style:
            return node.value
        return None if node.value in NULLS else BOOLEANS.get(node.value, node.value)
    if isinstance(node, ListNode):
        return [to_plain(item) for item in node.items]
    return {key: to_plain(value) for key, value in node.items.items()}


def from_plain(data: Any) -> Node:  # JSON
    """Give nodes, all at line 1 and column 1, that read the same as those which the plain data came from."""
    if isinstance(data, Mapping):
        keys = {str(key): ScalarNode(str(key), style="'") for key in data}
        return MappingNode({str(key): from_plain(value) for key, value in data.items()}, keys)
    if isinstance(data, list | tuple):
        return ListNode(tuple(from_plain(item) for item in data))
    if data is None or isinstance(data, bool):
        return ScalarNode("null" if data is None else str(data).lower())
    return ScalarNode(str(data), style="'")


def find_node(node: Node, path: Sequence[Key]) -> Node:
    """Follow keys and positions as far as they lead; give the last node there is."""
    for key in path:
        inner = _find_inner(node, key)
        if inner is None:
            break
        node = inner
    return node


def _find_inner(node: Node, key: Key) -> Node | None:
    if isinstance(node, MappingNode):
        return node.items.get(str(key))
    if isinstance(node, ListNode) and isinstance(key, int) and key < len(node.items):
        return node.items[key]
    return None


def format_path(path: Sequence[Key]) -> str:
    """Write a key's path: `actions[0].send_message.text`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def locate(scalar: ScalarNode, place: tuple[int, int], lines: Sequence[str]) -> tuple[int, int]:
    """Give the line and column in the file of a place (line, column; from 1) within a scalar's value.

    The value and its source hold the same characters but for blanks and escapes, so those that are not blank are
    counted in the value and again in the source. Where the place is beyond the end, the scalar's start is given.
    """
    value_lines = scalar.value.split("\n")
    line, column = place
    before = (
        "".join(value_lines[: line - 1]) + (value_lines[line - 1] if line <= len(value_lines) else "")[: column - 1]
    )
    wanted = len(re.sub(r"\s", "", before))
    for number, position in _iterate_written(scalar, lines):
        if wanted == 0:
            return number, position
        wanted -= 1
    return scalar.line, scalar.column


def _iterate_written(scalar: ScalarNode, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Walk the places of a scalar's characters in its source, blanks left out."""
    first, start = scalar.line - 1, scalar.column - 1
    if scalar.style in ("|", ">"):
        first, start = first + 1, 0
    elif scalar.style:
        start += 1
    pattern = _WRITTEN.get(scalar.style, _ANY)
    for number in range(first, len(lines)):
        for match in pattern.finditer(lines[number], start):
            if scalar.style != '"' or match[0] not in _BLANK_ESCAPES:
                yield number + 1, match.start() + 1
        start = 0
