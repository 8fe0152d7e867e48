"""Validates nodes by any pydantic model; what is wrong becomes problems with places, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from quoflow.errors import Problem
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode, find_node
from quoflow.loader.report import Report, join_words, suggest
from quoflow.loader.shapes import Shape, find_shape, list_fields, shape_data

Model = TypeVar("Model", bound=BaseModel)
Told = tuple[str, str, str]
"""A problem's code, message and hint."""

LONGEST_SHOWN = 60


def validate(model: type[Model], node: Node, file: str) -> tuple[Model | None, tuple[Problem, ...]]:
    """Read a node as a model; None when there is any error."""
    report = Report(file)
    read = read_model(model, node, report, ())
    return read, tuple(report.problems)


def read_model(model: type[Model], node: Node, report: Report, path: Sequence[Key]) -> Model | None:
    """Read a node as a model; problems go to the report, with `path` before their own."""
    begun = len(report.problems)
    data = shape_data(node, Shape(model=model), report, path)
    if data is None:
        data = {}  # `poll:` with nothing behind it says nothing
    try:
        read = model.model_validate(data)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_context=True):
            if report.is_full:
                break
            _report(details, (model, node), report, path)
        return None
    return read if len(report.problems) == begun else None


def _report(details: ErrorDetails, read: tuple[type[BaseModel], Node], report: Report, path: Sequence[Key]) -> None:
    model, node = read
    inner = _clean_path(node, details["loc"])
    place: Node = find_node(node, inner)
    if details["type"] == "extra_forbidden":
        place = _find_key(node, inner) or place
        told = _tell_unknown(str(inner[-1]), tuple(list_fields(_find_model(model, inner[:-1]))))
    else:
        told = tell_error(details, place, find_shape(model, inner).description)
        if details["loc"][-1:] == ("[key]",):
            place = _find_key(node, inner) or place
    report.add(place, (*path, *inner), told)


def _find_key(node: Node, path: Sequence[Key]) -> Node | None:
    """Find where the last key of a path is written."""
    holder = find_node(node, path[:-1])
    return holder.keys.get(str(path[-1])) if isinstance(holder, MappingNode) else None


def _find_model(model: type[BaseModel], path: Sequence[Key]) -> type[BaseModel]:
    return find_shape(model, path).model or model


def _clean_path(node: Node, path: Sequence[Key]) -> tuple[Key, ...]:
    """Leave out what pydantic adds to a path: names of unions and functions, positions in what is no list."""
    cleaned: list[Key] = []
    for key in path:
        place = find_node(node, cleaned)
        if isinstance(place, ListNode):
            is_real = isinstance(key, int)
        else:
            is_real = isinstance(key, str) and key != "[key]" and (isinstance(place, MappingNode) or place.is_null)
        if is_real:
            cleaned.append(key)
    return tuple(cleaned)


def _tell_unknown(key: str, known: Sequence[str]) -> Told:
    there = f"known here: {join_words(known, last='and')}" if known else "nothing can stand here"
    return "unknown-key", f"`{key}` is not known here", suggest(key, known, otherwise=there)


def tell_error(details: ErrorDetails, node: Node, description: str) -> Told:
    """Say a pydantic error in plain words: a code, what is wrong, and what to write."""
    kind = details["type"]
    if kind == "missing":
        return "missing-key", f"`{details['loc'][-1]}` is missing", description
    if kind == "value_error":
        message, _, hint = str(details["ctx"]["error"]).partition("; ")
        return "wrong-value", message, hint or description
    if isinstance(node, ScalarNode) and not node.value.strip() and kind in EMPTY:
        return "empty", "nothing is written here", description
    for prefix, tell in TELLERS.items():
        if kind.startswith(prefix):
            message, hint = tell(details, node)
            return "wrong-value", message, hint or description
    return "wrong-value", f"{describe(node)} does not fit here", description


def describe(node: Node) -> str:
    """Name what stands at a node: a list, a mapping, or the text itself."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    if node.is_null:
        return "nothing"
    shown = node.value if len(node.value) <= LONGEST_SHOWN else f"{node.value[:LONGEST_SHOWN]}…"
    return f"`{shown}`"


EMPTY = ("string_type", "string_too_short", "int_type", "int_parsing", "float_type", "float_parsing", "decimal_type",
         "literal_error", "time_delta_type", "string_pattern_mismatch")  # fmt: skip

Teller = Callable[[ErrorDetails, Node], tuple[str, str]]


def _expect(what: str) -> Teller:
    return lambda _details, node: (f"expected {what}, found {describe(node)}", "")


def _limit(word: str, key: str) -> Teller:
    return lambda details, node: (f"{describe(node)} is {word} {_read_context(details)[key]:g}", "")


def _tell_literal(details: ErrorDetails, node: Node) -> tuple[str, str]:
    expected = str(_read_context(details)["expected"]).replace("'", "`")
    words = expected.replace(" or ", ", ").replace("`", "").split(", ")
    written = node.value if isinstance(node, ScalarNode) else ""
    return f"{describe(node)} is not possible here", suggest(written, words, otherwise=f"write {expected}")


def _tell_length(details: ErrorDetails, _node: Node) -> tuple[str, str]:
    return f"this text is longer than {_read_context(details)['max_length']} characters", ""


def _read_context(details: ErrorDetails) -> Mapping[str, Any]:  # pydantic's figures
    return details.get("ctx", {})


TELLERS: Mapping[str, Teller] = {
    "string_too_short": lambda _details, _node: ("nothing is written here", ""),
    "string_too_long": _tell_length,
    "string_pattern_mismatch": lambda _details, node: (f"{describe(node)} has not the form that is expected here", ""),
    "string": _expect("a text"),
    "literal_error": _tell_literal,
    "model": _expect("a mapping (`key: value`)"),
    "mapping": _expect("a mapping (`key: value`)"),
    "dict": _expect("a mapping (`key: value`)"),
    "too_short": lambda _details, _node: ("nothing is listed here", ""),
    "tuple": _expect("a list"),
    "list": _expect("a list"),
    "bool": _expect("true or false"),
    "int": _expect("a whole number"),
    "float": _expect("a number"),
    "decimal": _expect("a number"),
    "finite": _expect("a number"),
    "time_delta": _expect("a duration such as 15m"),
    "date": _expect("a date such as 2026-12-25"),
    "greater_than_equal": _limit("less than", "ge"),
    "greater_than": _limit("not more than", "gt"),
    "less_than_equal": _limit("more than", "le"),
    "less_than": _limit("not less than", "lt"),
}
"""Plain words by the beginning of pydantic's error type; the first that fits is taken."""
