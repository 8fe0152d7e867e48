"""Expressions and templates of rules: checking, evaluating, rendering. Pure.

Checking parses and types, and compiles nothing; what runs is compiled when it first runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeVar

import jinja2
from jinja2 import nodes

from quoflow.core import checking, grammar, presence, printing, shapes, templating
from quoflow.core.contexts import Scope
from quoflow.core.faults import Fault
from quoflow.core.functions import SIGNATURES, Functions
from quoflow.core.shapes import Shape
from quoflow.errors import QuoflowError

__all__ = [
    "ExpressionError",
    "Fault",
    "check_expression",
    "check_template",
    "check_value",
    "evaluate",
    "find_bare",
    "find_references",
    "holds",
    "render",
]

LONGEST_TEXT = 1600
"""Characters that one text may hold (Quo API reference, `POST /v1/messages`)."""

_BARE = re.compile(r"(\s*\{\{[-+]?)(.*?)[-+]?\}\}\s*", re.DOTALL)

_Result = TypeVar("_Result")


class ExpressionError(QuoflowError):
    """An expression could not be evaluated, or a template not rendered, with these values."""


def check_expression(source: str, scope: Scope) -> tuple[Fault, ...]:
    """Find what is wrong with a bare condition, given which names there are. Never raises."""
    return _check(source, "expression", scope)


def check_template(source: str, scope: Scope) -> tuple[Fault, ...]:
    """Find what is wrong with a text that may hold `{{ }}`, given which names there are. Never raises."""
    if "{" not in source and len(source) <= grammar.LONGEST_SOURCE:
        return ()
    return _check(source, "template", scope)


def check_value(source: str, scope: Scope) -> tuple[tuple[Fault, ...], Shape]:
    """Find what is wrong with an expression whose value is wanted, and give the shape of it. Never raises."""
    parsed = grammar.parse(source, "expression")
    if parsed.tree is None:
        return parsed.faults, shapes.ANY
    return checking.check_value(parsed.tree, source, scope)


@lru_cache(maxsize=4096)
def find_bare(source: str) -> str | None:
    """Give the expression of a template that is one `{{ }}` and nothing else, or None; its places stay the same."""
    found = _BARE.fullmatch(source)
    if found is None:
        return None
    tree = grammar.parse(source.strip(), "template").tree
    body = tree.body if isinstance(tree, nodes.Template) else []
    if tree is not None and not (len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1):
        return None
    before, inner = found.groups()
    return " " * len(before) + inner


def _check(source: str, kind: grammar.Kind, scope: Scope) -> tuple[Fault, ...]:
    parsed = grammar.parse(source, kind)
    if parsed.tree is None:
        return parsed.faults
    return checking.check(parsed.tree, source, scope)


@lru_cache(maxsize=4096)
def find_references(source: str, kind: Literal["template", "expression"]) -> frozenset[str]:
    """List what a source reads: names with up to two fields, such as `contact.fields.plan` or `steps.transcript.text`.

    What cannot be read as an expression refers to nothing.
    """
    parsed = grammar.parse(source, kind)
    if parsed.tree is None:
        return frozenset()
    return frozenset(".".join(path) for path in _walk_paths(parsed.tree, frozenset()))


def _walk_paths(node: nodes.Node, own: frozenset[str]) -> Iterator[tuple[str, ...]]:
    path = presence.read_path(node)
    if path and not path[0].endswith(")"):
        if path[0] not in own and path[0] not in SIGNATURES:
            yield path[:3]
        return
    if isinstance(node, nodes.For):
        own = own | {str(getattr(node.target, "name", "")), "loop"}
    for child in node.iter_child_nodes():
        yield from _walk_paths(child, own)


def evaluate(source: str, values: Mapping[str, Any], functions: Functions) -> object:
    """Give the value of a bare expression.

    Args:
        source: the expression, as the rule has it.
        values: what `contexts.build_values` gives; plain data.
        functions: the functions of this moment.

    Raises:
        ExpressionError: it cannot be evaluated with these values; says why, for a person.
    """

    def run() -> object:
        result = templating.compile_source(source, "expression").evaluate(values, functions)
        templating.refuse_undefined(result)
        return result

    return _in_words(run, source)


def holds(source: str, values: Mapping[str, Any], functions: Functions) -> bool:
    """Tell whether a condition holds: whether its value is true, not 0, not empty and not nothing.

    Raises:
        ExpressionError: as `evaluate`.
    """
    return bool(evaluate(source, values, functions))


def render(source: str, values: Mapping[str, Any], functions: Functions, *, limit: int = LONGEST_TEXT) -> str:
    """Give a template's text; control characters but newline and tab are dropped.

    Args:
        source: the template, as the rule has it. Only ever a rule's text, never a customer's.
        values: what `contexts.build_values` gives; plain data.
        functions: the functions of this moment.
        limit: how many characters the text may have.

    Raises:
        ExpressionError: a value is nothing, true or false, a list or a record where text must be; the text is
            longer than the limit; or it cannot be evaluated with these values.
    """

    def run() -> str:
        parts: list[str] = []
        length = 0
        for part in templating.compile_source(source, "template").render(values, functions):
            parts.append(part)
            length += len(part)
            if length > limit:
                raise ValueError(f"the text is longer than {limit:,} characters")
        return printing.clean("".join(parts))

    try:
        return _in_words(run, source)
    except ExpressionError as error:
        raise ExpressionError(_name_empty(error.message, source, values)) from None


def _in_words(run: Callable[[], _Result], source: str) -> _Result:
    """Run compiled code, and put whatever values can bring about into words."""
    try:
        return run()
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        # An error is stored and shown too, and may quote what a customer wrote.
        raise ExpressionError(printing.clean(f"{_quote(source)}: {_explain(error)}")) from None


_NONE = "nothing cannot be printed"
_CANNOT_COMPARE = re.compile(r"'(.+)' not supported between instances of '(\w+)' and '(\w+)'")
_TYPES = {
    "NoneType": "nothing", "str": "a text", "int": "a number", "float": "a number", "bool": "true or false",
    "list": "a list", "tuple": "a list", "dict": "a record", "datetime": "a time", "date": "a date",
    "datetime.datetime": "a time", "datetime.date": "a date",
}  # fmt: skip


def _explain(error: Exception) -> str:
    said = str(error)
    if isinstance(error, TypeError):
        return _explain_types(said)
    if isinstance(error, ZeroDivisionError):
        return "it divides by zero"
    unknown = re.fullmatch(r"'(\w+)' is undefined", said)
    return f"there is no `{unknown[1]}`" if unknown else said


def _explain_types(said: str) -> str:
    """Put what Python says of values that do not fit together into words."""
    compared = _CANNOT_COMPARE.search(said)
    if compared:
        sign, left, right = compared.groups()
        return f"`{sign}` cannot compare {_TYPES.get(left, left)} with {_TYPES.get(right, right)}"
    if "can't compare" in said:
        return "a time cannot be compared with a date"
    if "is not iterable" in said or "requires string as left operand" in said:
        return "`in` and loops need a list or a text, and there is none"
    return f"these values do not fit together ({said})"


def _quote(source: str) -> str:
    line = " ".join(source.split())
    return f"`{line}`" if len(line) <= 60 else f"`{line[:57]}...`"


def _name_empty(message: str, source: str, values: Mapping[str, Any]) -> str:
    """Name the values that are None where one could not be printed."""
    if not message.endswith(_NONE):
        return message
    empty = sorted(path for path in find_references(source, "template") if _is_empty(path.split("."), values))
    if not empty:
        return message
    return f"{message.removesuffix(_NONE)}{' and '.join(empty)} {'has' if len(empty) == 1 else 'have'} no value here"


def _is_empty(path: list[str], values: object) -> bool:
    for name in path:
        if not isinstance(values, Mapping):
            return values is None
        values = values.get(name)
    return values is None
