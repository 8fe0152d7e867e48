"""Jinja2, cut down: the environment that allow-listed expressions and templates run in. Pure.

The allow-list (`quoflow.core.grammar`) is the first wall and this sandbox the second: data is read by key only,
nothing but our functions can be called, and what would print as Python raises. `compile_source` is the seam:
whatever gives a `Program` from a source can stand in for Jinja2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import EvalContext
from jinja2.runtime import LoopContext, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from quoflow.core import contexts, filters, grammar, printing
from quoflow.core.functions import Functions

LOOP_FIELDS = frozenset({"index", "index0", "first", "last", "length"})
"""What a loop tells of itself."""

_RESULT = "result"


class Refused(ValueError):
    """The source is not one that a rule may hold; says the first reason."""


class Context:
    """What compiled templates resolve names in: one event's values and the functions of the moment, not copied."""

    __slots__ = ("eval_ctx", "exported_vars", "functions", "values", "vars")

    def __init__(self, values: Mapping[str, Any], functions: Functions) -> None:
        self.values = values
        self.functions = functions
        self.vars: dict[str, object] = {}
        self.exported_vars: set[str] = set()
        self.eval_ctx = _EVAL_CONTEXT

    def resolve_or_missing(self, name: str) -> object:
        """Give the value of a name; one that this event does not have is None, an unknown one is missing."""
        value = self.values.get(name, missing)
        if value is not missing:
            return value
        if name in self.functions.callables:
            return self.functions.callables[name]
        return None if name in contexts.NAMES else missing


class _Generator(CodeGenerator):
    """Compiles `~` to a join that prints values as `{{ }}` does, so that it cannot make "Hi None"."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - jinja2's name
        self.write("environment.join_texts(context, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which values have keys, and no attributes or methods at all."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read a field by key; of None it is None, and a record without it has None there."""
        if isinstance(obj, dict):
            return obj.get(attribute)
        if obj is None or isinstance(obj, Undefined):
            return obj
        if isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        return self.undefined(f"{printing.describe(obj)} has no field `{attribute}`")

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Read a field by key, or an item of a list by number; what is not there is None."""
        if isinstance(obj, list | tuple) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else None
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return None if obj is None else self.undefined(f"{printing.describe(obj)} has no item {argument!r}")

    def call(self, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call one of our functions; nothing else can be called."""
        if called not in context.functions.callables.values():
            raise ValueError("only functions can be called")
        kwargs.pop("_loop_vars", None)  # jinja2 passes these to every call within a loop
        kwargs.pop("_block_vars", None)
        return called(*args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers only; `+` joins two texts too."""
        for side in (left, right):
            refuse_undefined(side)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return left + right
        if operator != "**" and _is_number(left) and _is_number(right):
            return super().call_binop(context, operator, left, right)
        raise ValueError(f"`{operator}` cannot take {printing.describe(left)} and {printing.describe(right)}")

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        """Negate numbers only."""
        if not _is_number(arg):
            raise ValueError(f"`{operator}` cannot take {printing.describe(arg)}")
        return super().call_unop(context, operator, arg)

    def join_texts(self, context: Context, parts: Iterable[object]) -> str:
        """Join what stands around `~`."""
        return "".join(_finalize(context, part) for part in parts)


def refuse_undefined(value: object) -> None:
    """Raise jinja2's UndefinedError for what has no value; an `if` without `else` has none either."""
    if isinstance(value, Undefined):
        raise jinja2.UndefinedError(value._undefined_message)  # noqa: SLF001 - its only way to say what is missing


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= grammar.LARGEST_NUMBER**2


@jinja2.pass_context
def _finalize(context: Any, value: object) -> str:  # jinja2 hands our Context on
    refuse_undefined(value)
    return printing.show(value, context.functions.zone)


def _make_environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, finalize=_finalize, autoescape=False, optimized=False, cache_size=0
    )  # texts, not HTML
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({name: one.do for name, one in filters.FILTERS.items()})
    environment.tests.clear()
    environment.tests.update({name: one.do for name, one in filters.TESTS.items()})
    return environment


_ENVIRONMENT = _make_environment()
_EVAL_CONTEXT = EvalContext(_ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled source: run it against values to get the parts of a text, or an expression's value."""

    run: Callable[[Any], Iterable[str]]

    def evaluate(self, values: Mapping[str, Any], functions: Functions) -> object:
        """Give an expression's value."""
        context = Context(values, functions)
        for _ in self.run(context):
            pass
        return context.vars[_RESULT]

    def render(self, values: Mapping[str, Any], functions: Functions) -> Iterable[str]:
        """Give a template's text, part by part."""
        return self.run(Context(values, functions))


@lru_cache(maxsize=4096)
def compile_source(source: str, kind: grammar.Kind) -> Program:
    """Compile what the allow-list has let through; kept for the next time.

    Raises:
        Refused: the allow-list does not let it through.
    """
    parsed = grammar.parse(source, kind)
    if parsed.tree is None:
        raise Refused(parsed.faults[0].message)
    tree = parsed.tree
    if isinstance(tree, nodes.Expr):
        assign = nodes.Assign(nodes.Name(_RESULT, "store", lineno=1), tree, lineno=1)
        tree = nodes.Template([assign], lineno=1)
    assert isinstance(tree, nodes.Template)  # noqa: S101 - the parser gives nothing else
    tree.set_environment(_ENVIRONMENT)
    return Program(_ENVIRONMENT.from_string(tree).root_render_func)
