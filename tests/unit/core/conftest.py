"""What tests of the core share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from quoflow.core.shapes import Shape

Fits = Callable[[Shape, object], bool]


def _is_aware(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


_SCALARS: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "time": _is_aware,
    "date": lambda value: isinstance(value, date),
    "map": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}


def _fits(shape: Shape, value: object) -> bool:
    if value is None:
        return shape.maybe or shape.kind == "any"
    if shape.options:
        return any(_fits(option, value) for option in shape.options)
    if shape.kind == "list":
        return isinstance(value, list) and all(shape.item is not None and _fits(shape.item, one) for one in value)
    if shape.kind == "record":
        is_whole = isinstance(value, dict) and (value.keys() == shape.fields.keys() or shape.is_open)
        return is_whole and all(_fits(part, value[name]) for name, part in shape.fields.items())
    return shape.kind in _SCALARS and _SCALARS[shape.kind](value)


@pytest.fixture(scope="session")
def fits() -> Fits:
    """Tell whether a value is of a shape, written apart from the code that makes it so."""
    return _fits
