"""Whether an allow-listed expression or template fits the names and shapes of its rule. Pure."""

from __future__ import annotations

from jinja2 import nodes

from quoflow.core import shapes
from quoflow.core.contexts import Scope
from quoflow.core.faults import Fault, Report
from quoflow.core.inference import Inference
from quoflow.core.presence import find_present
from quoflow.core.shapes import BOOLEAN, NUMBER, Shape

LOOP = shapes.record({"index": NUMBER, "index0": NUMBER, "first": BOOLEAN, "last": BOOLEAN, "length": NUMBER})
"""What a loop tells of itself, as `loop`."""


def check(tree: nodes.Node, source: str, scope: Scope) -> tuple[Fault, ...]:
    """Type a parsed source, which has passed the allow-list, and give its faults."""
    inference = Inference(Report(source), scope)
    if isinstance(tree, nodes.Template):
        _visit_all(inference, tree.body)
    else:
        inference.infer(tree)
        if isinstance(tree, nodes.Const):
            inference.report.warn(tree, "this condition is always the same", "name a value, such as `contact.known`")
    return tuple(inference.report.found)


def check_value(tree: nodes.Node, source: str, scope: Scope) -> tuple[tuple[Fault, ...], Shape]:
    """Type a parsed expression, which has passed the allow-list, and give its faults and its shape."""
    inference = Inference(Report(source), scope)
    shape = inference.infer(tree)
    return tuple(inference.report.found), shape


def _visit_all(inference: Inference, body: list[nodes.Node]) -> None:
    for node in body:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if not isinstance(part, nodes.TemplateData):
                    inference.check_printable(part)
        elif isinstance(node, nodes.If):
            _visit_if(inference, node)
        elif isinstance(node, nodes.For):
            _visit_for(inference, node)


def _visit_if(inference: Inference, node: nodes.If) -> None:
    inference.infer(node.test)
    with inference.knowing(find_present(node.test)):
        _visit_all(inference, node.body)
    with inference.knowing(find_present(node.test, holds=False)):
        _visit_all(inference, [*node.elif_[:1]])
        if not node.elif_:
            _visit_all(inference, node.else_)


def _visit_for(inference: Inference, node: nodes.For) -> None:
    item = _infer_item(inference, node)
    assert isinstance(node.target, nodes.Name)  # noqa: S101 - the allow-list lets nothing else through
    with inference.knowing((), {node.target.name: item, "loop": LOOP}):
        if node.test is not None:
            inference.infer(node.test)
        with inference.knowing(find_present(node.test) if node.test is not None else ()):
            _visit_all(inference, node.body)
    _visit_all(inference, node.else_)


def _infer_item(inference: Inference, node: nodes.For) -> Shape:
    shape = inference.infer(node.iter)
    if shape.kind == "any":
        return shapes.UNSURE  # whatever a custom field holds, its items may be anything
    if shape.kind != "list":
        hint = "loop over a list, such as contact.tags"
        inference.report.add(node, f"a loop goes over a list, and this is {shape}", hint)
        return shapes.ANY
    inference.warn_if_missing(node.iter, shape, "[]")
    return shapes.item_of(shape)
