"""Which shapes can be compared with each other, and what to write where they cannot. Pure."""

from __future__ import annotations

from jinja2 import nodes

from quoflow.core import shapes
from quoflow.core.faults import Report, suggest
from quoflow.core.presence import read_path
from quoflow.core.shapes import Shape

ORDERED = frozenset({"text", "number", "time", "date"})
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}


def check_comparison(report: Report, operand: nodes.Operand, left: tuple[nodes.Expr, Shape], right: Shape) -> None:
    """Note a comparison that can never work, is never true, or may meet None."""
    if operand.op in {"in", "notin"}:
        _check_membership(report, operand, left[1], right)
    elif operand.op in {"eq", "ne"}:
        _check_equality(report, operand, left, right)
    else:
        _check_order(report, operand, left, right)


def _check_order(report: Report, operand: nodes.Operand, left: tuple[nodes.Expr, Shape], right: Shape) -> None:
    node, shape = left
    sign = _SIGNS[operand.op]
    kinds = (shape.kinds | right.kinds) - {"any"}
    if len(kinds) > 1 or not kinds <= ORDERED:
        hint = _suggest_number(node, shape, operand.expr, right)
        report.add(operand.expr, f"`{sign}` cannot compare {shape} with {right}", hint, at=sign)
        return
    for side, one in ((node, shape), (operand.expr, right)):
        if one.maybe and one.kind != "any":
            name = _name(side)
            otherwise = "0" if one.kind == "number" else "'…'"
            hint = f"write `({name} or {otherwise})`, or `{name} and …` before it"
            report.warn(side, f"`{name}` may be nothing, which `{sign}` cannot compare", hint, at=name)


def _check_equality(report: Report, operand: nodes.Operand, left: tuple[nodes.Expr, Shape], right: Shape) -> None:
    node, shape = left
    if "any" in {shape.kind, right.kind} or "nothing" in {shape.kind, right.kind}:
        return
    if not shape.kinds & right.kinds and not shape.kinds | right.kinds <= {"record", "map"}:
        hint = _suggest_number(node, shape, operand.expr, right)
        report.add(operand.expr, f"{shape} is never equal to {right}", hint, at=_SIGNS[operand.op])
        return
    constant = operand.expr.value if isinstance(operand.expr, nodes.Const) else None
    if shape.choices and isinstance(constant, str) and constant not in shape.choices:
        hint = suggest(constant, shape.choices) or f"it is one of {', '.join(shape.choices)}"
        report.add(operand.expr, f"`{_name(node)}` is never '{constant}'", hint, at=constant)


def _check_membership(report: Report, operand: nodes.Operand, item: Shape, container: Shape) -> None:
    sign = _SIGNS[operand.op]
    name = _name(operand.expr)
    if not container.kinds <= {"text", "list", "map", "any"}:
        hint = "write `==`" if container.kind in {"number", "boolean", "time", "date"} else "name a list or a text"
        report.add(operand.expr, f"`{sign}` looks into a list or a text, and this is {container}", hint, at=name)
        return
    if container.maybe and container.kind != "any":
        hint = f"write `{name} and … in {name}`, or `({name} or '')`"
        report.warn(operand.expr, f"`{name}` may be nothing, which `{sign}` cannot look into", hint, at=name)
    if not _may_hold(container, item):
        report.add(operand.expr, f"{container} never holds {item}", "quote it, or use `| string`", at=sign)
    elif item.maybe and "text" in container.kinds:
        report.warn(operand.expr, f"what stands before `{sign}` may be nothing", "write `(value or '…')`", at=sign)


def _may_hold(container: Shape, item: Shape) -> bool:
    if "any" in item.kinds or container.kind == "any":
        return True
    if container.kinds & {"text", "map"}:
        return item.kinds == {"text"}
    inside = shapes.item_of(container)
    return bool(item.kinds & inside.kinds) or bool({"any", "nothing"} & (item.kinds | inside.kinds))


def _suggest_number(left_node: nodes.Expr, left: Shape, right_node: nodes.Expr, right: Shape) -> str:
    for node, shape, other in ((left_node, left, right), (right_node, right, left)):
        if shape.kind == "text" and other.kind == "number":
            if isinstance(node, nodes.Const):
                return "write the number without quotes"
            return f"write `{_name(node)} | int`"
    if "list" in {left.kind, right.kind}:
        return "use `| length`, or `in`"
    if {left.kind, right.kind} & {"time", "date"}:
        return "compare times with `now()` or `ago('2h')`, days with `days_until(…)`"
    return "compare like with like"


def _name(node: nodes.Node) -> str:
    while isinstance(node, nodes.Filter) and node.node is not None:
        node = node.node
    return ".".join(read_path(node)) or "value"
