"""The shape of an expression, and what does not fit in it: `message.txt`, a text compared with a number. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from quoflow.core import comparing, naming, shapes
from quoflow.core.arguments import check_arguments, check_constants
from quoflow.core.contexts import Scope
from quoflow.core.faults import Report
from quoflow.core.filters import FILTERS, TESTS, Filter, can_hold
from quoflow.core.functions import SIGNATURES
from quoflow.core.presence import find_present, read_path
from quoflow.core.shapes import ANY, BOOLEAN, NUMBER, TEXT, Shape


@dataclass(slots=True)
class Inference:
    """Types expressions of one source; `present` are the paths that are surely there where it stands now."""

    report: Report
    scope: Scope
    present: frozenset[str] = frozenset()
    own: Mapping[str, Shape] = field(default_factory=dict)

    @contextmanager
    def knowing(self, paths: Iterable[str], own: Mapping[str, Shape] | None = None) -> Iterator[None]:
        """Type what follows knowing that these paths are not None, and a loop's own names."""
        before = self.present, self.own
        if own:
            self.own = {**self.own, **own}
            self.present = frozenset(path for path in self.present if path.partition(".")[0] not in own)
        self.present |= frozenset(paths)
        try:
            yield
        finally:
            self.present, self.own = before

    def infer(self, node: nodes.Node) -> Shape:
        """Give the shape of an expression, noting its faults; after a fault it may be anything."""
        shape = _INFER[type(node).__name__](self, node)
        if shape.maybe and ".".join(read_path(node)) in self.present:
            return shapes.surely(shape)
        return shape

    def infer_const(self, node: nodes.Const) -> Shape:
        """A value that is written out."""
        return shapes.shape_of(node.value)

    def infer_name(self, node: nodes.Name) -> Shape:
        """A top-level name, or a loop's."""
        shape = self.own.get(node.name) or self.scope.names.get(node.name)
        if shape is None:
            message, hint = naming.explain_name(node.name, self.scope, self.own)
            self.report.add(node, message, hint, at=node.name)
            return ANY
        return shape

    def infer_getattr(self, node: nodes.Getattr) -> Shape:
        """A field of a record."""
        return self._infer_field(node, node.node, node.attr)

    def infer_getitem(self, node: nodes.Getitem) -> Shape:
        """A field by its quoted name, or an item of a list by its number."""
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._infer_field(node, node.node, node.arg.value)
        base, index = self.infer(node.node), self.infer(node.arg)
        if base.kind == "list" and index.kind in {"number", "any"}:
            return shapes.maybe(shapes.item_of(base))
        if base.kind in {"record", "map"} and index.kind in {"text", "any"}:
            return shapes.UNSURE
        if base.kind == "any":
            return shapes.UNSURE
        self.report.add(node, f"{base} has no items of that kind", "write `list[0]` or `record.field`")
        return ANY

    def _infer_field(self, node: nodes.Node, base_node: nodes.Expr, name: str) -> Shape:
        base = self.infer(base_node)
        if base.kind in {"any", "map"}:
            return shapes.UNSURE if base.kind == "map" or base.maybe else ANY
        found = base.fields.get(name)
        if found is not None:
            return shapes.maybe(found) if base.maybe else found
        if base.is_open:
            return shapes.UNSURE
        message, hint = naming.explain_field(read_path(base_node), base, name)
        self.report.add(node, message, hint, at=f".{name}")
        return ANY

    def infer_compare(self, node: nodes.Compare) -> Shape:
        """A comparison, or a chain of them."""
        left_node, left = node.expr, self.infer(node.expr)
        for operand in node.ops:
            right = self.infer(operand.expr)
            comparing.check_comparison(self.report, operand, (left_node, left), right)
            left_node, left = operand.expr, right
        return BOOLEAN

    def infer_and(self, node: nodes.And) -> Shape:
        """What follows `and` is only looked at when the left side holds."""
        left = self.infer(node.left)
        with self.knowing(find_present(node.left)):
            right = self.infer(node.right)
        return shapes.join(left, right)

    def infer_or(self, node: nodes.Or) -> Shape:
        """What stands left of `or` is only given when it is something."""
        left = self.infer(node.left)
        with self.knowing(find_present(node.left, holds=False)):
            right = self.infer(node.right)
        given = self._infer_when_true(node.left, left)
        return right if given.kind == "nothing" else shapes.join(given, right)

    def _infer_when_true(self, node: nodes.Expr, shape: Shape) -> Shape:
        """Give the shape of a value that counts as true: of `a and b`, it is b."""
        if not isinstance(node, nodes.And):
            return shapes.surely(shape)
        with self.knowing(find_present(node.left)):
            return self._infer_when_true(node.right, self.infer(node.right))

    def infer_not(self, node: nodes.Not) -> Shape:
        """True or false."""
        self.infer(node.node)
        return BOOLEAN

    def infer_condition(self, node: nodes.CondExpr) -> Shape:
        """`a if b else c`: one of two."""
        self.infer(node.test)
        with self.knowing(find_present(node.test)):
            yes = self.infer(node.expr1)
        if node.expr2 is None:
            self.report.add(node, "the `if` does not say what to give otherwise", "add `else ''`", at="if")
            return yes
        with self.knowing(find_present(node.test, holds=False)):
            no = self.infer(node.expr2)
        return shapes.join(yes, no)

    def infer_arithmetic(self, node: nodes.BinExpr) -> Shape:
        """Numbers make a number; `+` joins two texts too."""
        left, right = self.infer(node.left), self.infer(node.right)
        both = left.kinds | right.kinds
        if both == {"number"} or (both == {"text"} and node.operator == "+"):
            for side, shape in ((node.left, left), (node.right, right)):
                self.warn_if_missing(side, shape, "0" if left.kind == "number" else "''")
            return shapes.surely(left)
        if "text" in both:
            hint = "join texts with `~`" if node.operator == "+" else "make it a number with `| int`"
        else:
            hint = "compare times with `ago('2h')` or `days_until(…)`" if both & {"time", "date"} else "use `| int`"
        self.report.add(node, f"`{node.operator}` calculates with numbers; these are {left} and {right}", hint)
        return ANY if "any" in both else NUMBER

    def infer_sign(self, node: nodes.UnaryExpr) -> Shape:
        """`-x` of a number."""
        shape = self.infer(node.node)
        if shape.kind not in {"number", "any"}:
            self.report.add(node, f"`{node.operator}` takes a number, and this is {shape}", "use `| int`")
        self.warn_if_missing(node.node, shape, "0")
        return NUMBER

    def infer_concat(self, node: nodes.Concat) -> Shape:
        """`a ~ b`: texts, each of which must be printable."""
        for part in node.nodes:
            self.check_printable(part)
        return TEXT

    def infer_list(self, node: nodes.List | nodes.Tuple) -> Shape:
        """A list that is written out."""
        return shapes.list_of_all([self.infer(item) for item in node.items])

    def infer_call(self, node: nodes.Call) -> Shape:
        """A call of one of our functions."""
        assert isinstance(node.node, nodes.Name)  # noqa: S101 - the allow-list lets nothing else through
        signature = SIGNATURES[node.node.name]
        check_arguments(self.report, node, signature.parameters, self.infer)
        check_constants(self.report, node, self.scope)
        return signature.result

    def infer_filter(self, node: nodes.Filter) -> Shape:
        """A value through one of our filters."""
        assert node.node is not None  # noqa: S101 - the allow-list lets no filter blocks through
        shape = self._infer_piped(node, node.node, FILTERS[node.name])
        if node.name in {"default", "d"} and shape.kind != "any":
            return shapes.join(shapes.surely(shape), self.infer(node.args[0]) if node.args else TEXT)
        result = FILTERS[node.name].result
        made = result(shape) if callable(result) else result
        if FILTERS[node.name].mends:
            return shapes.surely(made)
        return shapes.maybe(made) if shape.maybe else made

    def infer_test(self, node: nodes.Test) -> Shape:
        """A value held against one of our tests."""
        self._infer_piped(node, node.node, TESTS[node.name])
        return BOOLEAN

    def _infer_piped(self, node: nodes.Filter | nodes.Test, value: nodes.Expr, kind: Filter) -> Shape:
        shape = self.infer(value)
        if shape.kind != "any" and not shape.kinds <= set(kind.takes):
            wanted = " or ".join(shapes.NOUNS[one] for one in kind.takes)
            message = f"`{node.name}` takes {wanted}, and this is {shape}"
            self.report.add(node, message, naming.suggest_conversion(shape, kind.takes), at=node.name)
            shape = ANY
        elif shape.item is not None and not can_hold(kind, shape.item):
            message = f"`{node.name}` cannot take a list that holds {shape.item}"
            self.report.add(node, message, "loop over it, and take a field of each", at=node.name)
            shape = ANY
        check_arguments(self.report, node, kind.parameters, self.infer)
        check_constants(self.report, node, self.scope)
        return shape

    def warn_if_missing(self, node: nodes.Node, shape: Shape, otherwise: str) -> None:
        """Warn where None would fail."""
        if shape.maybe and shape.kind != "nothing":
            name = ".".join(read_path(node)) or "this"
            reason = naming.explain_missing(read_path(node), self.scope)
            hint = f"write `{name if name != 'this' else 'value'} or {otherwise}`"
            self.report.warn(node, f"`{name}` may be nothing{reason}", hint, at=name)

    def check_printable(self, node: nodes.Expr) -> None:
        """Note what cannot stand in a text."""
        shape = self.infer(node)
        name = ".".join(read_path(node)) or "value"
        hint = naming.suggest_printable(name, shape)
        if hint:
            self.report.add(node, f"{shape} cannot be printed", hint, at=name)
        else:
            self.warn_if_missing(node, shape, "'there'" if name.endswith("name") else "''")


_INFER: Mapping[str, Callable[[Inference, Any], Shape]] = {  # each takes its own type of node
    "Const": Inference.infer_const,
    "Name": Inference.infer_name,
    "Getattr": Inference.infer_getattr,
    "Getitem": Inference.infer_getitem,
    "Compare": Inference.infer_compare,
    "And": Inference.infer_and,
    "Or": Inference.infer_or,
    "Not": Inference.infer_not,
    "CondExpr": Inference.infer_condition,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod"), Inference.infer_arithmetic),
    **dict.fromkeys(("Neg", "Pos"), Inference.infer_sign),
    "Concat": Inference.infer_concat,
    **dict.fromkeys(("List", "Tuple"), Inference.infer_list),
    "Call": Inference.infer_call,
    "Filter": Inference.infer_filter,
    "Test": Inference.infer_test,
}
