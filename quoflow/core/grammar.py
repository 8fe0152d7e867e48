"""Which Jinja2 a rule may write: parsing, and the allow-list over the parsed tree. Pure.

Everything that is not named here is refused, whatever a later Jinja2 may bring. No types are known here:
`quoflow.core.checking` looks at those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import jinja2
from jinja2 import nodes
from jinja2.parser import Parser

from quoflow.core import faults
from quoflow.core.faults import Fault, Report
from quoflow.core.filters import FILTERS, TESTS
from quoflow.core.functions import SIGNATURES

Kind = Literal["template", "expression"]

LONGEST_SOURCE = 8_192
MOST_NODES = 600
DEEPEST = 40
MOST_LOOPS = 5
LARGEST_NUMBER = 10**12

COMPARISONS = frozenset({"eq", "ne", "in", "lt", "lteq", "gt", "gteq"})
"""jinja2's tests that are comparisons: `x is eq y`, `x is in list`."""

SYNTAX = jinja2.Environment(autoescape=False)  # noqa: S701 - it only parses; what is rendered are texts, not HTML


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source as a tree, or None and the faults why there is none that may be used."""

    tree: nodes.Node | None
    faults: tuple[Fault, ...] = ()


_REFUSED: Mapping[str, tuple[str, str]] = {
    "Assign": ("`set` is not part of rule templates", "put the value under the rule's `vars`"),
    "AssignBlock": ("`set` is not part of rule templates", "put the value under the rule's `vars`"),
    "Macro": ("macros are not part of rule templates", "write the text out"),
    "CallBlock": ("`call` blocks are not part of rule templates", "write the text out"),
    "Include": ("`include` is not part of rule templates", "write the text out"),
    "Import": ("`import` is not part of rule templates", "write the text out"),
    "FromImport": ("`import` is not part of rule templates", "write the text out"),
    "Extends": ("`extends` is not part of rule templates", "write the text out"),
    "Block": ("`block` is not part of rule templates", "write the text out"),
    "FilterBlock": ("`filter` blocks are not part of rule templates", "put `| filter` behind each value"),
    "With": ("`with` is not part of rule templates", "use the value where it is needed"),
    "ScopedEvalContextModifier": ("`autoescape` is not part of rule templates", "texts are never HTML"),
    "Pow": ("`**` is not part of rule expressions", "multiply instead"),
    "Slice": ("slices such as [0:5] are not part of rule expressions", "use `| truncate(100)` or `| first`"),
    "Dict": ("records cannot be written in expressions", "put it under the rule's `vars`"),
}

_SELF_NAMES = frozenset({"self", "super", "caller", "varargs", "kwargs"})


@lru_cache(maxsize=256)
def parse(source: str, kind: Kind) -> Parsed:
    """Read a source and hold it against the allow-list. Never raises; the tree is only for reading."""
    refused = _refuse_source(source, kind)
    if refused:
        return Parsed(None, (refused,))
    try:
        tree = _parse_expression(source) if kind == "expression" else SYNTAX.parse(source)
        report = Report(source)
        _Walk(report).visit(tree)
    except jinja2.TemplateSyntaxError as error:
        return Parsed(None, (faults.explain_syntax(error, source, kind),))
    except (RecursionError, MemoryError):
        return Parsed(None, (Fault("it is nested too deep", "take it apart into several conditions"),))
    except (ValueError, ArithmeticError, AssertionError) as error:
        # jinja2 and Python raise these for such as a number of 5,000 digits.
        return Parsed(None, (Fault(f"it cannot be read: {error}", "look for numbers or quotes that are wrong"),))
    return Parsed(None if report.found else tree, tuple(report.found))


def _refuse_source(source: str, kind: Kind) -> Fault | None:
    if len(source) > LONGEST_SOURCE:
        return Fault(f"it is longer than {LONGEST_SOURCE:,} characters", "take it apart")
    if kind == "template":
        raw = re.search(r"\{%[-+]?\s*raw\b", source)
        if raw is None:
            return None
        line = source.count("\n", 0, raw.start()) + 1
        return Fault("`raw` is not part of rule templates", "write {{ '{{' }} for braces", line, 1)
    if not source.strip():
        return Fault("the condition is empty", "write what must hold, such as `contact.known`")
    if source.lstrip().startswith(("{{", "{%")):
        return Fault("a condition is a bare expression", "leave out the braces and write `contact.known`")
    return None


def _parse_expression(source: str) -> nodes.Node:
    parser = Parser(SYNTAX, source, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        token = parser.stream.current
        raise jinja2.TemplateSyntaxError(f"expected token 'end of expression', got {token.value!r}", token.lineno)
    tree.set_environment(SYNTAX)
    return tree


@dataclass(slots=True)
class _Walk:
    """One pass over a tree, collecting what the allow-list does not have."""

    report: Report
    count: int = 0
    loops: int = 0
    in_loop: bool = False
    is_full: bool = False

    def visit(self, node: nodes.Node, depth: int = 0) -> None:
        """Check a node and everything below it."""
        self.count += 1
        if self.is_full:
            return
        if self.count > MOST_NODES or depth > DEEPEST:
            self.is_full = True
            self.refuse(node, "it is too long or nested too deep", "take it apart")
            return
        name = type(node).__name__
        if name in _REFUSED:
            self.refuse(node, *_REFUSED[name])
            return
        check = _CHECKS.get(name)
        if check is None:
            self.refuse(node, f"`{name.lower()}` is not part of rule templates", "use {{ }}, `if` and `for` only")
            return
        if check(self, node):
            self.visit_below(node, depth)

    def visit_below(self, node: nodes.Node, depth: int) -> None:
        """Check the children; a loop's are inside the loop."""
        was_in_loop = self.in_loop
        self.in_loop = was_in_loop or isinstance(node, nodes.For)
        for child in node.iter_child_nodes(exclude=_SEEN.get(type(node).__name__, ())):
            self.visit(child, depth + 1)
        self.in_loop = was_in_loop

    def refuse(self, node: nodes.Node, message: str, hint: str, needle: str = "") -> bool:
        """Note a fault at a node; gives False, so that what is below is not looked at."""
        self.report.add(node, message, hint, at=needle)
        return False

    def allow(self, _node: nodes.Node) -> bool:
        """Take a node as it is."""
        return True

    def check_name(self, node: nodes.Name) -> bool:
        """A name is read, is not private, and is not a function without its brackets."""
        if node.name.startswith("_"):
            return self.refuse(node, f"`{node.name}` is private", "names do not begin with `_`", node.name)
        if node.name in _SELF_NAMES or (node.name == "loop" and not self.in_loop):
            return self.refuse(node, f"`{node.name}` has no meaning here", "name something of the context", node.name)
        if node.ctx == "load" and node.name in SIGNATURES:
            return self.refuse(node, f"`{node.name}` is a function", f"write `{node.name}(…)`", node.name)
        return True

    def check_const(self, node: nodes.Const) -> bool:
        """A number is of a size that people write."""
        if isinstance(node.value, int | float) and not abs(node.value) <= LARGEST_NUMBER:
            return self.refuse(node, "a number is too large", f"{LARGEST_NUMBER:,} is the most")
        return True

    def check_getattr(self, node: nodes.Getattr) -> bool:
        """A field is not private."""
        if node.attr.startswith("_"):
            return self.refuse(node, f"`{node.attr}` is private", "fields do not begin with `_`", f".{node.attr}")
        return True

    def check_getitem(self, node: nodes.Getitem) -> bool:
        """What stands in brackets is a text, a number or a plain name."""
        arg = node.arg
        if isinstance(arg, nodes.Slice):
            return self.refuse(node, *_REFUSED["Slice"])
        if isinstance(arg, nodes.Const) and isinstance(arg.value, str) and arg.value.startswith("_"):
            return self.refuse(node, f"`{arg.value}` is private", "fields do not begin with `_`")
        inner = arg.node if isinstance(arg, nodes.Neg) else arg
        if isinstance(inner, nodes.Const) and isinstance(inner.value, str | int):
            return True
        if isinstance(inner, nodes.Name | nodes.Getattr):
            return True
        return self.refuse(node, "what stands in brackets must be simple", "write a number or a quoted name")

    def check_call(self, node: nodes.Call) -> bool:
        """Only our own functions are called, by their bare names."""
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return self.refuse(node, "`*` cannot unpack arguments", "write each argument")
        called = node.node
        if isinstance(called, nodes.Getattr):
            hint = faults.METHODS.get(called.attr, "use a filter: `value | upper`")
            return self.refuse(
                node, f"`.{called.attr}()` cannot be called: values have no methods", hint, f".{called.attr}"
            )
        if not isinstance(called, nodes.Name):
            return self.refuse(node, "only functions can be called", f"there are {', '.join(SIGNATURES)}")
        if called.name in SIGNATURES:
            return True
        hint = faults.CALLS_ELSEWHERE.get(called.name) or (f"use `| {called.name}`" if called.name in FILTERS else "")
        hint = hint or faults.suggest(called.name, SIGNATURES) or f"there are {', '.join(SIGNATURES)}"
        return self.refuse(node, f"there is no function `{called.name}`", hint, called.name)

    def check_filter(self, node: nodes.Filter) -> bool:
        """Only our own filters."""
        if node.dyn_args is not None or node.dyn_kwargs is not None or node.node is None:
            return self.refuse(node, "`*` cannot unpack arguments", "write each argument")
        if node.name in FILTERS:
            return True
        hint = (
            faults.FILTERS_ELSEWHERE.get(node.name)
            or faults.suggest(node.name, FILTERS)
            or f"there are {', '.join(FILTERS)}"
        )
        return self.refuse(node, f"there is no filter `{node.name}`", hint, node.name)

    def check_test(self, node: nodes.Test) -> bool:
        """Only our own tests."""
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return self.refuse(node, "`*` cannot unpack arguments", "write each argument")
        if node.name in TESTS:
            return True
        hint = "write ==, <, > or `in`" if node.name in COMPARISONS else faults.suggest(node.name, TESTS)
        hint = hint or f"there are {', '.join(TESTS)}"
        return self.refuse(node, f"there is no test `{node.name}`", hint, node.name)

    def check_for(self, node: nodes.For) -> bool:
        """One loop within none other, over one plain name."""
        self.loops += 1
        if self.in_loop:
            return self.refuse(node, "loops cannot stand in loops", "loop once")
        if node.recursive:
            return self.refuse(node, "loops cannot be recursive", "leave out `recursive`")
        if self.loops > MOST_LOOPS:
            return self.refuse(node, f"there are more than {MOST_LOOPS} loops", "loop less often")
        if not isinstance(node.target, nodes.Name):
            return self.refuse(node, "a loop takes one name", "write {% for item in list %}")
        if node.target.name in {*SIGNATURES, "loop"}:
            return self.refuse(node, f"`{node.target.name}` already means something", "name the item otherwise")
        return True


_SEEN: Mapping[str, tuple[str, ...]] = {"Call": ("node",)}
"""Children that their parent's check has looked at."""

_CHECKS: Mapping[str, Callable[[_Walk, Any], bool]] = {  # each takes its own type of node
    **dict.fromkeys(
        (
            "Template", "Output", "TemplateData", "Compare", "Operand", "And", "Or", "Not", "CondExpr", "Add", "Sub",
            "Mul", "Div", "FloorDiv", "Mod", "Concat", "Neg", "Pos", "List", "Tuple", "If", "Keyword",
        ),
        _Walk.allow,
    ),
    "Name": _Walk.check_name,
    "Const": _Walk.check_const,
    "Getattr": _Walk.check_getattr,
    "Getitem": _Walk.check_getitem,
    "Call": _Walk.check_call,
    "Filter": _Walk.check_filter,
    "Test": _Walk.check_test,
    "For": _Walk.check_for,
}  # fmt: skip
"""The allow-list: every node of Jinja2's that a rule may hold."""
