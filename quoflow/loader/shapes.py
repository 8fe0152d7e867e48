"""What a pydantic model expects at each key, so that texts can be made ready for it. Pure."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from quoflow.core.parameters.base import Marker
from quoflow.loader.nodes import BOOLEANS, Key, ListNode, Node, ScalarNode, to_plain
from quoflow.loader.report import Report


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at a place: a model, a list of `item`, a mapping to `value`, true/false, anything or a text."""

    model: type[BaseModel] | None = None
    item: Shape | None = None
    value: Shape | None = None
    is_boolean: bool = False
    is_free: bool = False
    is_template: bool = False
    is_expression: bool = False
    description: str = ""


FREE = Shape(is_free=True)
TEXT = Shape()


@cache
def list_fields(model: type[BaseModel]) -> Mapping[str, Shape]:
    """Give the shape of each key of a model, by the name it has in YAML, in the model's order."""
    return {
        info.alias or name: replace(
            _find_shape(info.annotation, info.description or ""),
            is_template=_is_marked(info.annotation, info.metadata, Marker("template")),
            is_expression=_is_marked(info.annotation, info.metadata, Marker("expression")),
        )
        for name, info in model.model_fields.items()
    }


def _is_marked(
    annotation: Any, metadata: Sequence[Any], marker: Marker
) -> bool:  # a type, in any of Python's spellings
    if marker in metadata or marker in getattr(annotation, "__metadata__", ()):
        return True
    return any(_is_marked(part, (), marker) for part in get_args(annotation) if get_origin(annotation) is not Literal)


def _find_shape(annotation: Any, description: str) -> Shape:  # a type, in any of Python's spellings
    model, item, value = None, None, None
    is_boolean = is_free = False
    for member in _list_members(annotation):
        origin = get_origin(member) or member
        if origin is bool:
            is_boolean = True
        elif origin in (Any, object):
            is_free = True
        elif isinstance(origin, type) and issubclass(origin, BaseModel):
            model = model or origin
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            value = _find_shape((get_args(member) or (str, Any))[1], description)
        elif isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset | Sequence):
            item = None if issubclass(origin, str) else _find_shape((get_args(member) or (Any,))[0], description)
    return Shape(model, item, value, is_boolean, is_free, description=description)


def _list_members(annotation: Any) -> Sequence[Any]:  # types
    origin = get_origin(annotation)
    if origin is Annotated:
        return _list_members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [member for part in get_args(annotation) for member in _list_members(part)]
    return () if origin is Literal else (annotation,)


def find_shape(model: type[BaseModel], path: Sequence[Key]) -> Shape:
    """Give what is expected at a path below a model; a text where it is not known."""
    shape = Shape(model=model)
    for key in path:
        if shape.model is not None and isinstance(key, str):
            shape = list_fields(shape.model).get(key, TEXT)
        elif isinstance(key, int):
            shape = shape.item or TEXT
        else:
            shape = shape.value or TEXT
    return shape


def shape_data(node: Node, shape: Shape, report: Report, path: Sequence[Key]) -> Any:  # what pydantic takes
    """Give plain data for a place: texts stay texts, but `true` and `false` where the shape asks for them.

    A boolean that is written in any other way is a problem, and counts as false from there on.
    """
    if shape.is_free:
        return to_plain(node)
    if isinstance(node, ScalarNode):
        return _shape_scalar(node, shape, report, path)
    if isinstance(node, ListNode):
        item = shape.item or TEXT
        return [shape_data(inner, item, report, (*path, at)) for at, inner in enumerate(node.items)]
    keys = list_fields(shape.model) if shape.model else {}
    otherwise = shape.value or TEXT
    return {key: shape_data(inner, keys.get(key, otherwise), report, (*path, key)) for key, inner in node.items.items()}


def _shape_scalar(node: ScalarNode, shape: Shape, report: Report, path: Sequence[Key]) -> Any:  # str, bool or None
    if node.is_null:
        return None
    if not shape.is_boolean:
        return node.value
    if node.value not in BOOLEANS:
        report.add(node, path, ("not-boolean", f"`{node.value}` is neither true nor false", "write `true` or `false`"))
        return False
    return BOOLEANS[node.value]
