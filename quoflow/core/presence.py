"""Which values are surely there once a condition holds: after `if contact.first_name`, it is not None. Pure."""

from __future__ import annotations

from jinja2 import nodes

from quoflow.core.filters import FILTERS, TESTS

_NOTHING: frozenset[str] = frozenset()


def read_path(node: nodes.Node) -> tuple[str, ...]:
    """Read `contact.fields['plan']` as ("contact", "fields", "plan"); what is no such path is empty.

    A path may begin with a call whose arguments are written out, such as `last('call.missed')`: it gives the same each
    time.
    """
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Call):
        return _read_call(node)
    if isinstance(node, nodes.Getattr):
        before = read_path(node.node)
        return (*before, node.attr) if before else ()
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before = read_path(node.node)
        return (*before, node.arg.value) if before else ()
    return ()


def _read_call(call: nodes.Call) -> tuple[str, ...]:
    written = [one.value for one in call.args if isinstance(one, nodes.Const)]
    if not isinstance(call.node, nodes.Name) or call.kwargs or len(written) < len(call.args):
        return ()
    return (f"{call.node.name}({', '.join(map(repr, written))})",)


def find_present(test: nodes.Node, *, holds: bool = True) -> frozenset[str]:
    """List the dotted paths that cannot be None when a condition holds (or, with `holds=False`, when it does not)."""
    match test:
        case nodes.Not():
            return find_present(test.node, holds=not holds)
        case nodes.And() | nodes.Or():
            left, right = find_present(test.left, holds=holds), find_present(test.right, holds=holds)
            return left | right if isinstance(test, nodes.And) == holds else left & right
        case nodes.Test():
            return _find_in_test(test, holds=holds)
        case nodes.Compare():
            return _find_in_compare(test, holds=holds)
        case nodes.Filter() if holds and test.node is not None and not FILTERS[test.name].mends:
            return find_present(test.node)
        case _:
            return _with_parents(test) if holds else _NOTHING


def _with_parents(node: nodes.Node) -> frozenset[str]:
    path = read_path(node)
    return frozenset(".".join(path[: length + 1]) for length in range(len(path)))


def _find_in_test(test: nodes.Test, *, holds: bool) -> frozenset[str]:
    says_missing = test.name in {"none", "undefined"}
    return _with_parents(test.node) if test.name in TESTS and says_missing != holds else _NOTHING


def _find_in_compare(compare: nodes.Compare, *, holds: bool) -> frozenset[str]:
    """After `x == 'a'`, `x != none`, `x > 3` or `'a' in x` there is an x; what compares with None would have failed."""
    if len(compare.ops) != 1:
        return _NOTHING
    operand = compare.ops[0]
    left, right = compare.expr, operand.expr
    if operand.op in {"eq", "ne"}:
        is_none = isinstance(right, nodes.Const) and right.value is None
        is_value = isinstance(right, nodes.Const) and not is_none
        says_there = (operand.op == "eq" and is_value) or (operand.op == "ne" and is_none)
        says_missing = (operand.op == "eq" and is_none) or (operand.op == "ne" and is_value)
        return _with_parents(left) if (says_there and holds) or (says_missing and not holds) else _NOTHING
    if operand.op in {"in", "notin"}:
        return _with_parents(right)
    return _with_parents(left) | _with_parents(right)
